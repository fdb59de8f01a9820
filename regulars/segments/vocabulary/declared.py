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
    divisor: Figure | None = None  # the sum divided by this count, halves rounded up; None where that is 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """An attribute and its column in `table`, or (`figure`) a figure that is reckoned from rows.

    In another table than `customers` its values stand in the rows that fulfil `only`: {"field": 7}. `is_age` asks for
    the whole years since the day in the column. `birthday` is a column with month × 100 + day, for anniversaries of
    dates whose year may be unknown.

    `keys` translates values into what the column keeps; `absent` is the value of whoever has none (a consent that
    nobody asked for is NOT_SUBSCRIBED, and never missing). `as_of` is how the value of an earlier day is reckoned;
    without it, the value of today is taken for every day (docs/guide/groups says which). Who may ask: `permission`, and
    the protected groups of core.sight that must be shown in full. `section` is its heading in the docs.
    """

    attribute: Attribute
    section: Label
    table: str = "customers"
    column: str = ""
    only: Mapping[str, Any] | None = None
    is_age: bool = False
    birthday: str = ""
    figure: Figure | None = None
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

    `each` counts different values of the column (orders, where rows are lines) instead of rows. `distance` is "km" or
    "mi": how far the row's `latitude` and `longitude` are from the place that the call names (haversine, a globe of
    6,371.0088 km).
    """

    parameter: Parameter
    column: str = ""
    dimension: str = ""
    keys: Keys | None = None
    each: bool = False
    distance: str = ""
    about: Label = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """A function and its table. Only rows where the column `where` is true count; `moment` is when one happened: on an
    earlier day, rows after it are not there yet. `points` says by which column a row points at each dimension.
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
    "rows",
]
