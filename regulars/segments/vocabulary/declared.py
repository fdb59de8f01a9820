"""How rooms declare what can be asked. Compiler and reference read the same declarations.

A declaration is nothing but data: which table, which column, what a missing value is. Nobody writes SQL here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from regulars.segments.language.words import Attribute, Function, Kind, Label, Parameter, Total, Words

Keys = Callable[[], Mapping[str, Any]]
"""What the column keeps for each value: ids of tags, codes of states."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A figure over rows of a table, for what was known on an earlier day: `total` of `column`, where `where` is true
    and `moment` lies before the end of that day. COUNT needs no column, and SUM of nothing is 0; the others are None.
    """

    table: str
    total: Total
    moment: str
    column: str = ""
    where: str = ""
    divisor: Figure | None = None  # the sum divided by this count, halves away from zero; None where that is 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """A list of the different values of a column in rows of a table, for today and for what was known on an earlier
    day: those that stand in at least `least` rows where `where` is true, or (`each`) with so many different values of
    another column (orders, where rows are lines).

    `column` is one of the `dimension` that rows point at by the column `points`, where that is named, and `instead` the
    row's own column for what the dimension does not know.
    """

    table: str
    moment: str
    column: str
    where: str = ""
    dimension: str = ""
    points: str = ""
    instead: str = ""
    each: str = ""
    least: int = 1


Bounds = Callable[[], Sequence[Sequence[Any]] | None]
"""For each graded column its bounds, rising, as the column keeps values; None while nothing can be graded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Graded:
    """A word for how high values of some columns of `customers` are among those of the whole shop.

    The grade of a column is the number of its bounds that its value reaches (value >= bound); `words` says the word for
    the grades of all `columns` together. Who has a null in one of them, or for whom the number in `where` is below one,
    is not graded, and has the value `absent` of the attribute; nobody is while there are no bounds. Bounds are asked
    with every query: what is remembered of an answer has to be remembered with them.
    """

    columns: tuple[str, ...]
    bounds: Bounds
    words: Mapping[tuple[int, ...], str]
    where: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """An attribute and its column in `table`, or (`figure`) a figure that is reckoned from rows.

    In another table than `customers` its values stand in the rows that fulfil `only`: {"field": 7}. `is_age` asks for
    the whole years since the day in the column. `birthday` is a column with month × 100 + day, for anniversaries of
    dates whose year may be unknown. `divisor` is a column of numbers that the column is divided by: amounts are rounded
    to the smallest unit, halves away from zero, and there is none where it is 0. Numbers of the table `custom` stand
    for days (their ordinals), for yes and no (1 and 0), and for amounts in the smallest unit. Without a column and all
    that follows nobody has a value of their own.

    `keys` translates values into what the column keeps, a value or a tuple of several that mean the same; what no value
    stands for is none. `absent` is the value of whoever has none (a consent that nobody asked for is NOT_SUBSCRIBED,
    and never missing). `as_of` is how the value of an earlier day is reckoned; without it, the value of today is taken
    for every day (docs/guide/groups says which). Who may ask: `permission`, the protected groups of core.sight that
    must be shown in full, and whom `may_ask` lets (None is the house itself). `section` is its heading in the docs.
    """

    attribute: Attribute
    section: Label
    table: str = "customers"
    column: str = ""
    only: Mapping[str, Any] | None = None
    is_age: bool = False
    birthday: str = ""
    divisor: str = ""
    figure: Figure | None = None
    gathered: Gathered | None = None
    graded: Graded | None = None
    as_of: Figure | None = None
    keys: Keys | None = None
    absent: str = ""
    permission: str = "customers.view"
    shows: tuple[str, ...] = ()
    may_ask: Callable[[Any], bool] | None = None
    about: Label = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """Where a parameter's value stands: a column of the function's table, or of a dimension the row points at.

    `instead` is the row's own column for what the dimension does not know. `each` counts different values of the column
    (orders, where rows are lines) instead of rows. A LIST is asked with = and IN: whether one of its elements is one of
    those. Who may ask for it: whoever sees the protected groups `shows` in full. `distance` is "km" or
    "mi": how far the row's `latitude` and `longitude` are from the place that the call names (haversine, a globe of
    6,371.0088 km).
    """

    parameter: Parameter
    column: str = ""
    dimension: str = ""
    instead: str = ""
    keys: Keys | None = None
    each: bool = False
    shows: tuple[str, ...] = ()
    distance: str = ""
    about: Label = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """A function and its table. Only rows where the column `where` is true count; `moment` is when one happened: on an
    earlier day, rows after it are not there yet (empty: it is there on every day, and in no sequence). `points` says by
    which column a row points at each dimension.
    """

    function: Function
    section: Label
    table: str
    moment: str
    columns: tuple[Column, ...]
    where: str = ""
    points: Mapping[str, str] | None = None
    permission: str = "customers.view"
    shows: tuple[str, ...] = ()
    about: Label = ""


Source = Callable[[], Sequence[Known]]
"""Attributes that come and go while the house runs: the shop's own fields."""

_KNOWN: dict[str, Known] = {}
_ROWS: dict[str, Rows] = {}
_SOURCES: list[Source] = []


def add(*declared: Known | Rows) -> None:
    """Put attributes and functions into the vocabulary; a name can be taken only once."""
    for one in declared:
        if isinstance(one, Known):
            _put(_KNOWN, one.attribute.name, one)
        else:
            _put(_ROWS, one.function.name, one)


def add_source(source: Source) -> None:
    """Let a room add attributes that come and go."""
    if source not in _SOURCES:
        _SOURCES.append(source)


def known() -> dict[str, Known]:
    """All attributes there are now, by name."""
    return _KNOWN | {one.attribute.name: one for source in _SOURCES for one in source()}


def permanent() -> list[Known]:
    """The attributes that every shop has, in the order they were added; needs no database."""
    return list(_KNOWN.values())


def rows() -> dict[str, Rows]:
    """All functions, by name."""
    return dict(_ROWS)


def _put(into: dict[str, Any], name: str, one: Any) -> None:
    if into.get(name, one) != one:
        raise ValueError(f"the vocabulary already has {name}")
    into[name] = one


__all__ = [
    "Attribute",
    "Column",
    "Figure",
    "Function",
    "Gathered",
    "Graded",
    "Keys",
    "Kind",
    "Known",
    "Parameter",
    "Rows",
    "Total",
    "Words",
    "add",
    "add_source",
    "known",
    "permanent",
    "rows",
]
