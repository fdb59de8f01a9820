"""What is announced of the addresses that are told; read by the audit log alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _

from regulars.timeline.facts import Fact


@dataclass(frozen=True, slots=True)
class WebhookAdded(Fact):
    """Another system is told from now on of these facts (none named: of every public one), as `owner` sees them."""

    name: ClassVar[str] = "webhook.added"
    sentence: ClassVar = _("Webhook added: %(webhook)s")
    icon: ClassVar[str] = "webhook"
    on_timeline: ClassVar[bool] = False
    is_public: ClassVar[bool] = False

    webhook: str = ""
    host: str = ""
    facts: tuple[str, ...] = ()
    owner: str = ""


@dataclass(frozen=True, slots=True)
class WebhookChanged(Fact):
    """Somebody changed, switched on or off, or gave a new secret to an address that is told; `deed` says which."""

    name: ClassVar[str] = "webhook.changed"
    sentence: ClassVar = _("Webhook changed: %(webhook)s")
    icon: ClassVar[str] = "webhook"
    on_timeline: ClassVar[bool] = False
    is_public: ClassVar[bool] = False

    webhook: str = ""
    deed: str = "changed"
    changes: dict[str, list[Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class WebhookStopped(Fact):
    """An address is told no more, because of what stands in `problem`."""

    name: ClassVar[str] = "webhook.stopped"
    sentence: ClassVar = _("Webhook switched off: %(webhook)s")
    icon: ClassVar[str] = "unplug"
    on_timeline: ClassVar[bool] = False
    is_public: ClassVar[bool] = False

    webhook: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class WebhookRemoved(Fact):
    """Another system is told no more."""

    name: ClassVar[str] = "webhook.removed"
    sentence: ClassVar = _("Webhook removed: %(webhook)s")
    icon: ClassVar[str] = "webhook"
    on_timeline: ClassVar[bool] = False
    is_public: ClassVar[bool] = False

    webhook: str = ""


@dataclass(frozen=True, slots=True)
class WebhookReplayed(Fact):
    """Messages are sent once more: one, all that were given up, or all from a moment on (`deed`, `since`)."""

    name: ClassVar[str] = "webhook.replayed"
    sentence: ClassVar = _("Messages of a webhook sent again: %(webhook)s")
    icon: ClassVar[str] = "rotate-ccw"
    on_timeline: ClassVar[bool] = False
    is_public: ClassVar[bool] = False

    webhook: str = ""
    deed: str = ""
    count: int = 0
    since: str = ""
