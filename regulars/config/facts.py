"""What the doors announce."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _

from regulars.timeline.facts import Fact


@dataclass(frozen=True, slots=True)
class ShopChanged(Fact):
    """Somebody changed the shop's settings; `changes` is {field: [old, new]}."""

    name: ClassVar[str] = "shop.changed"
    sentence: ClassVar = _("Shop settings changed")
    icon: ClassVar[str] = "store"
    on_timeline: ClassVar[bool] = False
    is_public: ClassVar[bool] = False

    changes: dict[str, list[Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BackupProven(Fact):
    """A backup was restored in a scratch place, and everything there was as it should be."""

    name: ClassVar[str] = "backup.proven"
    sentence: ClassVar = _("Backup %(backup)s taken and proven")
    icon: ClassVar[str] = "archive-restore"
    on_timeline: ClassVar[bool] = False
    is_public: ClassVar[bool] = False

    backup: str


@dataclass(frozen=True, slots=True)
class BackupFailed(Fact):
    """A backup could not be taken or not be proven, or it is damaged; `problem` says what is wrong."""

    name: ClassVar[str] = "backup.failed"
    sentence: ClassVar = _("Backup %(backup)s: %(problem)s")
    icon: ClassVar[str] = "archive-x"
    on_timeline: ClassVar[bool] = False
    is_public: ClassVar[bool] = False

    backup: str
    problem: str


@dataclass(frozen=True, slots=True)
class ShopRestored(Fact):
    """A database was restored from a backup, and is in quarantine; `taken_at` is the moment it shows."""

    name: ClassVar[str] = "shop.restored"
    sentence: ClassVar = _("Shop restored from the backup %(backup)s")
    icon: ClassVar[str] = "archive-restore"
    on_timeline: ClassVar[bool] = False
    is_public: ClassVar[bool] = False

    backup: str
    taken_at: str


@dataclass(frozen=True, slots=True)
class ShopReleased(Fact):
    """Somebody ended the quarantine of a restored shop: what waited in it goes out."""

    name: ClassVar[str] = "shop.released"
    sentence: ClassVar = _("Restored shop released from quarantine")
    icon: ClassVar[str] = "lock-open"
    on_timeline: ClassVar[bool] = False
    is_public: ClassVar[bool] = False

    backup: str
