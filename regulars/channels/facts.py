"""What this room announces."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

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
