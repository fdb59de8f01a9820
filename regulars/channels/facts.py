"""What this room announces."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _

from regulars.timeline.facts import Fact


@dataclass(frozen=True, slots=True)
class ChannelAdded(Fact):
    """The shop sells somewhere that it did not before, as far as we know."""

    name: ClassVar[str] = "channel.added"
    sentence: ClassVar = _("Channel added: %(called)s")
    icon: ClassVar[str] = "store"
    on_timeline: ClassVar[bool] = False
    is_public: ClassVar[bool] = False

    code: str = ""
    called: str = ""
    sells: str = ""


@dataclass(frozen=True, slots=True)
class ChannelConnected(Fact):
    """A channel was joined to a shop system, which delivers from now on."""

    name: ClassVar[str] = "channel.connected"
    sentence: ClassVar = _("Channel joined: %(called)s")
    icon: ClassVar[str] = "cable"
    on_timeline: ClassVar[bool] = False
    is_public: ClassVar[bool] = False

    called: str = ""
    system: str = ""
    code: str = ""


@dataclass(frozen=True, slots=True)
class ConnectionChanged(Fact):
    """How a channel is joined was changed; `replaced` names the secrets that are others now, never what they are."""

    name: ClassVar[str] = "connection.changed"
    sentence: ClassVar = _("Joined channel changed: %(called)s")
    icon: ClassVar[str] = "cable"
    on_timeline: ClassVar[bool] = False
    is_public: ClassVar[bool] = False

    called: str = ""
    changes: dict[str, list[Any]] = field(default_factory=dict)
    replaced: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ConnectionPaused(Fact):
    """Nothing more is taken in from a shop system, until somebody says so."""

    name: ClassVar[str] = "connection.paused"
    sentence: ClassVar = _("Joined channel paused: %(called)s")
    icon: ClassVar[str] = "pause"
    on_timeline: ClassVar[bool] = False
    is_public: ClassVar[bool] = False

    called: str = ""


@dataclass(frozen=True, slots=True)
class ConnectionResumed(Fact):
    """A shop system that was paused delivers again."""

    name: ClassVar[str] = "connection.resumed"
    sentence: ClassVar = _("Joined channel goes on: %(called)s")
    icon: ClassVar[str] = "play"
    on_timeline: ClassVar[bool] = False
    is_public: ClassVar[bool] = False

    called: str = ""


@dataclass(frozen=True, slots=True)
class ConnectionRemoved(Fact):
    """A shop system was taken off, with `count` deliveries of it."""

    name: ClassVar[str] = "connection.removed"
    sentence: ClassVar = _("Joined channel taken off: %(called)s")
    icon: ClassVar[str] = "unplug"
    on_timeline: ClassVar[bool] = False
    is_public: ClassVar[bool] = False

    called: str = ""
    count: int = 0


@dataclass(frozen=True, slots=True)
class DeliveriesReplayed(Fact):
    """Somebody had deliveries taken in once more."""

    name: ClassVar[str] = "deliveries.replayed"
    sentence: ClassVar = _("Deliveries taken in again: %(count)s")
    icon: ClassVar[str] = "rotate-ccw"
    on_timeline: ClassVar[bool] = False
    is_public: ClassVar[bool] = False

    count: int = 0


@dataclass(frozen=True, slots=True)
class ChannelChanged(Fact):
    """A channel has another name or kind."""

    name: ClassVar[str] = "channel.changed"
    sentence: ClassVar = _("Channel changed: %(code)s")
    icon: ClassVar[str] = "store"
    on_timeline: ClassVar[bool] = False
    is_public: ClassVar[bool] = False

    code: str = ""
    changes: dict[str, list[Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DeliveryRead(Fact):
    """Somebody read a delivery as it arrived, with whatever it says of people."""

    name: ClassVar[str] = "delivery.read"
    sentence: ClassVar = _("Delivery read: %(topic)s %(delivery)s")
    icon: ClassVar[str] = "eye"
    kind: ClassVar[str] = "read"
    on_timeline: ClassVar[bool] = False
    is_public: ClassVar[bool] = False

    topic: str = ""
    delivery: str = ""


@dataclass(frozen=True, slots=True)
class DifferenceMended(Fact):
    """An order that differed from its platform's was taken in again as it is there."""

    name: ClassVar[str] = "difference.mended"
    sentence: ClassVar = _("Order %(number)s taken in again as the platform has it")
    icon: ClassVar[str] = "scale"
    on_timeline: ClassVar[bool] = False
    is_public: ClassVar[bool] = False

    number: str = ""
    reason: str = ""
