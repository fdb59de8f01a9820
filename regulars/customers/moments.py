"""Moments: what stands on a customer's timeline.

This room draws the entries of the timeline. A room above draws its own rows (an order with what was in it), which says
more than the fact that it was placed, and is there for imported rows too, of which no single fact was kept.
"""

from __future__ import annotations

import datetime as dt
import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from regulars.customers.models import Customer

# A place in one source: everything strictly older comes after it.
Mark = tuple[dt.datetime, int]
_LAST = 2**63 - 1
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One line of the timeline: when, what icon, and the template that says it with `context`; `css` is its look."""

    at: dt.datetime
    id: int
    icon: str
    template: str
    context: dict[str, Any]
    css: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """`read(customer, kind, before, limit)` gives the newest moments older than `before`, newest first.

    `kind` is the timeline's filter (`order`, `change`) or empty for everything; `replaces` are the names of facts that
    this source draws from its own rows, so that nothing stands there twice.
    """

    name: str
    permission: str
    read: Callable[[Customer, str, Mark | None, int], list[Moment]]
    replaces: frozenset[str] = field(default_factory=frozenset)


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last moment of a page: its time, its source, its id."""

    at: dt.datetime
    source: str
    id: int

    def __str__(self) -> str:
        microseconds = (self.at - _EPOCH) // dt.timedelta(microseconds=1)
        return f"{microseconds}~{self.source}~{self.id}"

    @classmethod
    def parse(cls, text: str) -> Cursor | None:
        """The cursor a page link carries; None for text that is not one."""
        at, _, rest = text.partition("~")
        source, _, row = rest.partition("~")
        try:
            return cls(_EPOCH + dt.timedelta(microseconds=int(at)), source, min(int(row), _LAST))
        except (ValueError, OverflowError):
            return None


_SOURCES: dict[str, Source] = {}


def add(source: Source) -> None:
    """Let a room draw its rows on the timeline."""
    _SOURCES[source.name] = source


def replaced() -> frozenset[str]:
    """The names of facts whose entries are not drawn, because a source draws the rows themselves."""
    return frozenset().union(*(source.replaces for source in _SOURCES.values()))


def page(
    customer: Customer, *, may: Callable[[str], bool], kind: str = "", after: Cursor | None = None, size: int = 40
) -> tuple[list[Moment], Cursor | None]:
    """The next `size` moments of all sources, newest first, and the cursor of the page that follows, if there is one.

    Moments are ordered by time, then source name, then id, all descending; each source is asked for size + 1 rows
    before its own place in that order, so equal times are neither lost nor repeated.
    """
    sources = [source for source in _SOURCES.values() if may(source.permission)]
    runs = [
        [((moment.at, source.name, moment.id), moment) for moment in source.read(customer, kind, mark, size + 1)]
        for source in sources
        for mark in [_mark(source, after)]
    ]
    merged = list(islice(heapq.merge(*runs, key=lambda pair: pair[0], reverse=True), size + 1))
    shown = merged[:size]
    following = Cursor(*shown[-1][0]) if len(merged) > size else None
    return [moment for _, moment in shown], following


def _mark(source: Source, after: Cursor | None) -> Mark | None:
    if after is None:
        return None
    if source.name == after.source:
        return (after.at, after.id)
    return (after.at, _LAST if source.name < after.source else -1)
