"""A query that was read. Trees are equal when they mean the same words in the same order, wherever these stood."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

Span = tuple[int, int]
"""Where something stands in the text: the place of its first character, and that behind its last."""

NOWHERE: Span = (0, 0)


class Operator(StrEnum):
    """How one value is compared with a literal. Negated forms are the same operator with `is_negated`."""

    EQUAL = "="
    GREATER = ">"
    AT_LEAST = ">="
    LESS = "<"
    AT_MOST = "<="
    CONTAINS = "CONTAINS"
    STARTS = "STARTS WITH"
    ENDS = "ENDS WITH"
    BETWEEN = "BETWEEN"
    IN = "IN"
    IS_NULL = "IS NULL"


class Unit(StrEnum):
    DAY = "d"
    WEEK = "w"
    MONTH = "m"
    YEAR = "y"


@dataclass(frozen=True, slots=True)
class Offset:
    """So many days, weeks, months or years from the day that is asked about: `-90d`."""

    count: int
    unit: Unit


@dataclass(frozen=True, slots=True)
class StartOf:
    """The first day of the period that the day asked about lies in: `week`, `month`, `quarter` or `year`."""

    period: str


@dataclass(frozen=True, slots=True)
class Place:
    """A point on the earth, in degrees."""

    latitude: Decimal
    longitude: Decimal


Date = dt.date | dt.datetime | Offset | StartOf
"""A whole day; a moment by the shop's clock (naive, to the second); or one that moves with the day asked about.
`today` is Offset(0, DAY), `yesterday` Offset(-1, DAY), `7_days_ago` Offset(-7, DAY)."""

Literal = str | Decimal | bool | Date | Place


@dataclass(frozen=True, slots=True)
class Test:
    """An operator and its literals: one, two of BETWEEN, any number of IN, none of IS NULL.

    `is_negated` is the exact complement: `!=`, NOT IN, NOT CONTAINS, NOT BETWEEN, IS NOT NULL and the rest.
    """

    operator: Operator
    values: tuple[Literal, ...] = ()
    is_negated: bool = False


@dataclass(frozen=True, slots=True)
class Ask:
    """A test on an attribute, by its true name: `amount_spent > 500`."""

    attribute: str
    test: Test
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Anniversary:
    """A test on a date with its year removed: `anniversary(birth_date) BETWEEN today AND +30d`."""

    attribute: str
    test: Test
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Argument:
    """A test on one parameter of a function."""

    parameter: str
    test: Test


@dataclass(frozen=True, slots=True)
class Call:
    """`function MATCHES (…)`: whether the rows of a customer are as the arguments say."""

    function: str
    arguments: tuple[Argument, ...] = ()
    is_negated: bool = False
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class InGroups:
    """`segment IN ('VIP', 'Regular')`: whether somebody is in one of these groups."""

    names: tuple[str, ...]
    is_negated: bool = False
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a sequence: rows as a call says; `is_negated` steps must not have happened in between."""

    function: str
    arguments: tuple[Argument, ...] = ()
    is_negated: bool = False


@dataclass(frozen=True, slots=True)
class Sequence:
    """Steps that happened one after the other, all `within` so long after the first (docs/guide/groups)."""

    steps: tuple[Step, ...]
    within: Offset
    is_negated: bool = False
    span: Span = field(default=NOWHERE, compare=False)


Clause = Ask | Anniversary | Call | InGroups | Sequence


@dataclass(frozen=True, slots=True)
class And:
    """All of some; at least two. A part of an And is no And."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """One of some; at least two. A part of an Or is no Or."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """Everybody else. A clause that can be negated itself may still stand in it, as it was written."""

    part: Node
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class Everybody:
    """The empty query: all customers."""


Node = And | Or | Not | Everybody | Ask | Anniversary | Call | InGroups | Sequence


def clauses(node: Node) -> Iterator[Clause]:
    """All clauses of a query, from left to right."""
    match node:
        case And(parts) | Or(parts):
            for part in parts:
                yield from clauses(part)
        case Not(part):
            yield from clauses(part)
        case Everybody():
            return
        case _:
            yield node
