"""What this room announces of reading: nothing changed, and somebody knows more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from django.utils.translation import gettext_lazy as _

from regulars.timeline.facts import Fact


@dataclass(frozen=True, slots=True)
class CustomerOpened(Fact):
    """Somebody or a program read what we know of a customer; `part` says which page or part of the API it was."""

    name: ClassVar[str] = "customer.opened"
    sentence: ClassVar = _("Looked at: %(part)s")
    icon: ClassVar[str] = "eye"
    kind: ClassVar[str] = "read"
    on_timeline: ClassVar[bool] = False
    is_public: ClassVar[bool] = False

    part: str = ""


@dataclass(frozen=True, slots=True)
class CustomersSearched(Fact):
    """Somebody or a program looked for a person: what was typed, how many there were on the page, and whom it showed.

    `words` are encrypted in the log (timeline/keys.py); `shown` are ids, so that what the log holds of a search for
    somebody who is erased can be found and blanked without its words.
    """

    name: ClassVar[str] = "customers.searched"
    sentence: ClassVar = _("Looked for customers")
    icon: ClassVar[str] = "search"
    kind: ClassVar[str] = "read"
    on_timeline: ClassVar[bool] = False
    is_public: ClassVar[bool] = False

    words: str = ""
    where: str = ""
    count: int = 0
    shown: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class CustomerRevealed(Fact):
    """Somebody is about to see a masked group of fields of one customer in full; written down before it is shown."""

    name: ClassVar[str] = "customer.revealed"
    sentence: ClassVar = _("Masked values shown")
    icon: ClassVar[str] = "eye"
    kind: ClassVar[str] = "read"
    on_timeline: ClassVar[bool] = False
    is_public: ClassVar[bool] = False

    group: str = ""
    reason: str = ""
