"""What is announced of mailboxes and mails. No fact says what a mail says, or whose it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _

from regulars.timeline.facts import Fact


@dataclass(frozen=True, slots=True)
class MailboxChanged(Fact):
    """A mailbox was added, changed, or turned on or off; `replaced` names secrets that are others now."""

    name: ClassVar[str] = "mailbox.changed"
    sentence: ClassVar = _("Mailbox changed: %(called)s")
    icon: ClassVar[str] = "mail"
    on_timeline: ClassVar[bool] = False
    is_public: ClassVar[bool] = False

    called: str = ""
    deed: str = "changed"
    changes: dict[str, list[Any]] = field(default_factory=dict)
    replaced: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MailsSorted(Fact):
    """Somebody had mails of the ledger read again, or decided by hand what one of them is."""

    name: ClassVar[str] = "mails.sorted"
    sentence: ClassVar = _("Mails sorted by hand: %(count)s")
    icon: ClassVar[str] = "mail"
    on_timeline: ClassVar[bool] = False
    is_public: ClassVar[bool] = False

    deed: str = "again"
    count: int = 1


@dataclass(frozen=True, slots=True)
class MailRead(Fact):
    """Somebody looked at a mail as it came, with whatever it says of people."""

    name: ClassVar[str] = "mail.opened"
    sentence: ClassVar = _("Mail read as it came")
    icon: ClassVar[str] = "eye"
    kind: ClassVar[str] = "read"
    on_timeline: ClassVar[bool] = False
    is_public: ClassVar[bool] = False

    mail: str = ""
