"""What is announced of accounts at message services; read by the audit log alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _

from regulars.timeline.facts import Fact


@dataclass(frozen=True, slots=True)
class ServiceConnected(Fact):
    """An account at a message service was connected: messages come in by it, and go out."""

    name: ClassVar[str] = "service.connected"
    sentence: ClassVar = _("Message service connected: %(called)s")
    icon: ClassVar[str] = "plug"
    on_timeline: ClassVar[bool] = False
    is_public: ClassVar[bool] = False

    called: str = ""
    provider: str = ""


@dataclass(frozen=True, slots=True)
class ServiceChanged(Fact):
    """An account was changed, switched on or off; `replaced` names the secrets that have another value now."""

    name: ClassVar[str] = "service.changed"
    sentence: ClassVar = _("Message service changed: %(called)s")
    icon: ClassVar[str] = "plug"
    on_timeline: ClassVar[bool] = False
    is_public: ClassVar[bool] = False

    called: str = ""
    changes: dict[str, list[Any]] = field(default_factory=dict)
    replaced: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ServiceRemoved(Fact):
    """An account was taken off."""

    name: ClassVar[str] = "service.removed"
    sentence: ClassVar = _("Message service removed: %(called)s")
    icon: ClassVar[str] = "unplug"
    on_timeline: ClassVar[bool] = False
    is_public: ClassVar[bool] = False

    called: str = ""


@dataclass(frozen=True, slots=True)
class ReportsReadAgain(Fact):
    """Reports that were not understood are read once more."""

    name: ClassVar[str] = "service.read_again"
    sentence: ClassVar = _("Reports of message services read again: %(count)s")
    icon: ClassVar[str] = "rotate-ccw"
    on_timeline: ClassVar[bool] = False
    is_public: ClassVar[bool] = False

    count: int = 0
