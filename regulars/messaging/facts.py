"""What this room announces."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, ClassVar

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
class MessageBounced(Fact):
    """A message that had left came back; `reason` is a word of `bounces.sayings.Reason`, `consent` what allowed it."""

    name: ClassVar[str] = "message.bounced"
    sentence: ClassVar = _("Mail came back: %(about)s")
    icon: ClassVar[str] = "mail-x"
    kind: ClassVar[str] = "message"

    message: str = ""
    about: str = ""
    reason: str = ""
    is_hard: bool = False
    consent: str = ""


@dataclass(frozen=True, slots=True)
class MessageComplained(Fact):
    """The receiver of a message marked it as spam."""

    name: ClassVar[str] = "message.complained"
    sentence: ClassVar = _("Marked as spam: %(about)s")
    icon: ClassVar[str] = "mail-x"
    kind: ClassVar[str] = "message"

    message: str = ""
    about: str = ""
    consent: str = ""


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


@dataclass(frozen=True, slots=True)
class LimitsChanged(Fact):
    """The shop limits its messages otherwise."""

    name: ClassVar[str] = "message.limits_changed"
    sentence: ClassVar = _("Limits of messages changed")
    icon: ClassVar[str] = "sliders-horizontal"
    on_timeline: ClassVar[bool] = False
    is_public: ClassVar[bool] = False
    labels: ClassVar = MappingProxyType(
        {
            "is_counted": _("Limit how much marketing one person gets"),
            "most": _("Messages at most"),
            "days": _("In so many days"),
            "is_quiet": _("Wait until people are awake"),
            "opens": _("From"),
            "closes": _("Until"),
        }
    )

    changes: dict[str, list[Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SigningTurned(Fact):
    """Mail of a domain is signed from now on, or not any more."""

    name: ClassVar[str] = "message.signing_turned"
    sentence: ClassVar = _("Signatures of mail of %(domain)s: %(state)s")
    icon: ClassVar[str] = "key-round"
    on_timeline: ClassVar[bool] = False
    is_public: ClassVar[bool] = False

    domain: str = ""
    state: str = ""


@dataclass(frozen=True, slots=True)
class TemplateChanged(Fact):
    """A template of the library was made, changed or put away; `number` is the version of a language."""

    name: ClassVar[str] = "template.changed"
    sentence: ClassVar = _("Template changed: %(template)s")
    icon: ClassVar[str] = "file-text"
    on_timeline: ClassVar[bool] = False
    is_public: ClassVar[bool] = False

    template: str = ""
    language: str = ""
    number: int = 0
