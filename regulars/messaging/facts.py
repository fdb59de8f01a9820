"""What this room announces."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from django.utils.translation import gettext_lazy as _

from regulars.timeline.facts import Fact


@dataclass(frozen=True, slots=True)
class MessageSent(Fact):
    """A mail left the house."""

    name: ClassVar[str] = "message.sent"
    sentence: ClassVar = _("Mail sent: %(about)s")
    icon: ClassVar[str] = "send"
    kind: ClassVar[str] = "message"

    message: str = ""
    about: str = ""


@dataclass(frozen=True, slots=True)
class MessageFailed(Fact):
    """A mail could not be delivered; `problem` is what the server said."""

    name: ClassVar[str] = "message.failed"
    sentence: ClassVar = _("Mail not delivered: %(about)s")
    icon: ClassVar[str] = "mail-x"
    kind: ClassVar[str] = "message"

    message: str = ""
    about: str = ""
    problem: str = ""
