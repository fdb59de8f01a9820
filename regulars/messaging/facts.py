"""What this room announces."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from django.utils.translation import gettext_lazy as _

from regulars.timeline.facts import Fact


@dataclass(frozen=True, slots=True)
class MessageSent(Fact):
    """A message left the house; `consent` is the line of the ledger that allowed it, where one had to."""

    name: ClassVar[str] = "message.sent"
    sentence: ClassVar = _("Mail sent: %(about)s")
    icon: ClassVar[str] = "send"
    kind: ClassVar[str] = "message"

    message: str = ""
    about: str = ""
    way: str = "email"
    consent: str = ""


@dataclass(frozen=True, slots=True)
class MessageFailed(Fact):
    """A message could not be delivered; `problem` is what the server said."""

    name: ClassVar[str] = "message.failed"
    sentence: ClassVar = _("Mail not delivered: %(about)s")
    icon: ClassVar[str] = "mail-x"
    kind: ClassVar[str] = "message"

    message: str = ""
    about: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class AddressSuppressed(Fact):
    """An address came onto the list of those not written to."""

    name: ClassVar[str] = "message.suppressed"
    sentence: ClassVar = _("An address is not written to any more")
    icon: ClassVar[str] = "mail-x"
    kind: ClassVar[str] = "message"

    way: str = ""
    reason: str = ""
    purpose: str = ""


@dataclass(frozen=True, slots=True)
class AddressLifted(Fact):
    """Somebody took an address off the list, and said why."""

    name: ClassVar[str] = "message.lifted"
    sentence: ClassVar = _("An address may be written to again: %(reason)s")
    icon: ClassVar[str] = "mail"
    kind: ClassVar[str] = "message"

    way: str = ""
    reason: str = ""
