"""What stays of a person who is erased, and why: a room above says so for what it holds.

keeping.add(Keeper(name="orders", label=_("Orders"), stays=…, hinders=…))
"""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from django.utils.functional import Promise


@dataclass(frozen=True, slots=True)
class Stay:
    """A number of rows that stay, in whose name, until when, and by which rule."""

    what: str
    count: int
    reason: str
    until: dt.date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeper:
    """`stays` says what is kept of some records, without a person; `hinders` why erasing should wait, in sentences.

    `excludes` gives the ids among some that no rule may anonymise by itself: an order that is open, money that is due.
    """

    name: str
    label: str | Promise
    stays: Callable[[Sequence[int]], Iterable[Stay]]
    hinders: Callable[[Sequence[int]], Iterable[str]]
    excludes: Callable[[Sequence[int]], set[int]]


_KEEPERS: dict[str, Keeper] = {}
_number: ContextVar[int | None] = ContextVar("anonymous_number", default=None)


def add(keeper: Keeper) -> None:
    """Say that a room keeps something when a person is erased."""
    _KEEPERS[keeper.name] = keeper


def keepers() -> list[Keeper]:
    """All keepers, in the order they were added."""
    return list(_KEEPERS.values())


@contextmanager
def under_a_number() -> Iterator[int]:
    """What is kept inside stands under one anonymous number, drawn by chance: it leads back to nobody."""
    number = 100_000_000 + secrets.randbelow(900_000_000)
    token = _number.set(number)
    try:
        yield number
    finally:
        _number.reset(token)


def anonymous_number() -> int:
    """The number under which the erasure that is going on keeps what it must."""
    number = _number.get()
    return number if number is not None else 100_000_000 + secrets.randbelow(900_000_000)
