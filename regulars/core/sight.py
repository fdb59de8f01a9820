"""Who reads, and how much they see: what every wall of the house asks (core/walls.py).

Outside requests, and in jobs that read for nobody, the system reads, and sees everything. A request begins with nobody
reading; whoever signs in, or calls the API, is named by `looking` (see staff/policy.py). The verbs of the house see
everything while they write (`writing`), the rows that they were given and those these lead to; what may be found for
a person inside a verb is asked for inside `as_reader`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Item = TypeVar("Item")

GROUPS: dict[str, Promise | str] = {
    "name": _("Names"),
    "email": _("E-mails"),
    "phone": _("Phone numbers"),
    "address": _("Addresses"),
    "birth": _("Birthdays and ages"),
    "notes": _("Notes and files"),
    "payment": _("Payment and restrictions"),
    "spend": _("Amounts and purchase figures"),
}
"""The protected groups of fields. What stands in none of them is seen by whoever sees the customer."""


class Level(StrEnum):
    """How much of a protected group is shown: all of it, a hint of it, or nothing."""

    FULL = "full"
    MASKED = "masked"
    HIDDEN = "hidden"


class Rows(StrEnum):
    """Which customers are seen: all, those that some people look after, those of some channels, or nobody."""

    ALL = "all"
    LOOKED_AFTER = "looked_after"
    CHANNELS = "channels"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What a reader sees. Without anything said it is everything."""

    user_id: int | None = None
    rows: Rows = Rows.ALL
    owner_ids: frozenset[int] = frozenset()
    channel_ids: frozenset[int] = frozenset()
    levels: tuple[tuple[str, Level], ...] = ()

    def level(self, group: str) -> Level:
        """How much of a protected group is shown."""
        if self.rows is Rows.NOBODY:
            return Level.HIDDEN
        return next((level for name, level in self.levels if name == group), Level.FULL)

    def shows(self, *groups: str) -> bool:
        """Whether all of these groups are shown in full."""
        return all(self.level(group) is Level.FULL for group in groups)

    @property
    def sees_all(self) -> bool:
        """Whether no customer is hidden."""
        return self.rows is Rows.ALL

    @property
    def is_open(self) -> bool:
        """Whether nothing at all is hidden or masked."""
        return self.rows is Rows.ALL and not self.levels

    @property
    def key(self) -> str:
        """The same for whoever sees the same: names what is kept for a while of what they saw."""
        if self.is_open:
            return "all"
        said = (self.rows, sorted(self.owner_ids), sorted(self.channel_ids), self.levels)
        return hashlib.sha256(repr(said).encode()).hexdigest()


EVERYTHING = Sight()
NOTHING = Sight(rows=Rows.NOBODY)


@dataclass(frozen=True, slots=True)
class _Looking:
    reader: Sight
    is_writing: bool = False


_SYSTEM = _Looking(EVERYTHING)
_looking: ContextVar[_Looking] = ContextVar("looking", default=_SYSTEM)


def current() -> Sight:
    """What is seen here and now: what the reader sees, and everything inside a verb."""
    looking = _looking.get()
    return EVERYTHING if looking.is_writing else looking.reader


def reader() -> Sight:
    """What the reader sees, also inside a verb that is done for them."""
    return _looking.get().reader


@contextmanager
def looking(sight: Sight) -> Iterator[None]:
    """Everything read inside is read by somebody who sees this much."""
    token = _looking.set(_Looking(sight))
    try:
        yield
    finally:
        _looking.reset(token)


@contextmanager
def writing() -> Iterator[None]:
    """Inside, rows are as they are: a verb is at work. Who reads is known all the same."""
    token = _looking.set(_Looking(_looking.get().reader, is_writing=True))
    try:
        yield
    finally:
        _looking.reset(token)


@contextmanager
def as_reader() -> Iterator[None]:
    """Inside a verb: what is looked for here is looked for by whoever it is done for."""
    with looking(_looking.get().reader):
        yield


def keep_looking(items: Iterable[Item], sight: Sight | None = None) -> Iterator[Item]:
    """The same items, each read as whoever asked for them (now, or `sight`): for what is sent after the request."""
    return _looked_at(iter(items), current() if sight is None else sight)


def _looked_at(iterator: Iterator[Item], who: Sight) -> Iterator[Item]:
    while True:
        with looking(who):
            try:
                item = next(iterator)
            except StopIteration:
                return
        yield item
