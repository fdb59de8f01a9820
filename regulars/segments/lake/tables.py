"""What the lake copies. A room adds its tables in wiring.py; each row belongs to one listed customer.

Every table has the column `customer` first: the id of the listed customer whose row it is (what a merged record brought
along is found at the one it was merged into). Amounts are whole numbers of the base currency's smallest unit, moments
microseconds since 1970 in UTC (timestamp[us]), days date32. Words that people change, such as tags and channels, are
kept by their ids; texts as they are written. An empty text is no value, and stands as null.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from threading import RLock

from regulars.segments.arrow import pa

CUSTOMER = "customer"
MOST_REACHED = 10_000
"""Of more customers that one fact would touch beside its own, the rows wait for the next build."""

Read = Callable[[Collection[int] | None], Iterator["pa.RecordBatch"]]
"""The rows of some listed customers, or (None) of all, in batches, in any order. Reads as the system reads: all rows,
nothing masked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows of customers. `schema` is said without the database; `texts` are the text columns that are also asked for
    without regard to capitals and accents: the lake keeps `<name>_folded` beside each (core.text.fold).
    """

    name: str
    schema: Callable[[], pa.Schema]
    read: Read
    texts: Callable[[], Collection[str]] = tuple


@dataclass(frozen=True, slots=True, kw_only=True)
class Dimension:
    """What rows point at by `key`: products by variant. Small, read whole, and never part of a version.

    `stamp` changes whenever a row does; it is asked before every query and has to be quick.
    """

    name: str
    key: str
    schema: pa.Schema
    read: Callable[[], pa.Table]
    stamp: Callable[[], Hashable]


Reach = Callable[[Collection[int]], Collection[int]]
"""Whom facts about some rows (their subjects) touch, though their entries name no customer."""

_REACHES: dict[str, Reach] = {}
_WAITING: list[str] = []
_GATHERING = RLock()
_TABLES: dict[str, Table] = {}
_DIMENSIONS: dict[str, Dimension] = {}


def add(table: Table | Dimension) -> None:
    """Let the lake copy a table, or know a dimension; a name can be taken only once."""
    known: dict[str, Table] | dict[str, Dimension] = _TABLES if isinstance(table, Table) else _DIMENSIONS
    if known.get(table.name) not in (None, table):
        raise ValueError(f"the lake already has a table {table.name}")
    known[table.name] = table  # type: ignore[assignment]


def reaches(fact: str, whom: Reach) -> None:
    """Let a fact that names no customer touch some: a product that costs something else now touches who bought it.

    `whom` is asked for every new entry, before a question is answered, and has to be quick: it answers few, or nobody
    where they are many, whose rows then wait for the next build.
    """
    if _REACHES.get(fact) not in (None, whom):
        raise ValueError(f"the lake already knows whom {fact} touches")
    _REACHES[fact] = whom


def reaching() -> Mapping[str, Reach]:
    """Facts that touch customers whom their entries do not name."""
    return dict(_REACHES)


def come_from(module: str) -> None:
    """Let a module add its tables, those of its list `ALL`, when somebody first asks for them: it needs Arrow."""
    _WAITING.append(module)


def tables() -> Mapping[str, Table]:
    """All tables, by name."""
    _gather()
    return dict(sorted(_TABLES.items()))


def dimensions() -> Mapping[str, Dimension]:
    """All dimensions, by name."""
    _gather()
    return dict(sorted(_DIMENSIONS.items()))


def _gather() -> None:
    with _GATHERING:
        while _WAITING:
            for one in import_module(_WAITING[0]).ALL:
                add(one)
            del _WAITING[0]
