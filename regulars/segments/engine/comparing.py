"""One test of a query as a condition in SQL. Columns are named by declarations; whatever somebody wrote is a parameter.

A condition is that of the positive form, and NULL or false where it does not hold: whoever negates takes all others.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any, cast

from regulars.core.text import fold
from regulars.segments.arrow import pa
from regulars.segments.language import dates
from regulars.segments.language.tree import Literal, Operator, Test
from regulars.segments.language.words import Kind
from regulars.segments.vocabulary.declared import Keys

Range = tuple[int | None, int | None]
"""Whole numbers from one to another, both included; None is no end on that side."""

NEVER = "FALSE"
FOLDED = "_folded"
_MOST = 2**63 - 1  # what a column of whole numbers can hold


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a query is asked about: the day (`is_past`: an earlier one than today), the shop's zone and currency."""

    today: dt.date
    zone: dt.tzinfo
    exponent: int = 2
    is_past: bool = False
    looked_up: dict[Keys, Mapping[str, Any]] = field(default_factory=dict, compare=False, repr=False)

    @property
    def end(self) -> dt.datetime:
        """The end of the day asked about, as columns hold moments: in UTC, without a zone."""
        return naive(dates.midnight(self.today + dt.timedelta(days=1), self.zone))

    def names(self, keys: Keys) -> Mapping[str, Any]:
        """What names stand for, looked up once for each question."""
        if keys not in self.looked_up:
            self.looked_up[keys] = keys()
        return self.looked_up[keys]


@dataclass(slots=True)
class Values:
    """The parameters of one statement, in the order of their numbers."""

    known: list[Any] = field(default_factory=list)

    def add(self, value: Any) -> str:
        """How the statement names a value: `$1`."""
        self.known.append(value)
        return f"${len(self.known)}"

    def add_all(self, values: Iterable[Any]) -> str:
        """Several, as they stand behind IN."""
        return ", ".join(self.add(value) for value in values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Operand:
    """What is compared: its kind, the expression that gives it, the same folded, and the type it is kept in."""

    kind: Kind
    sql: str
    type: pa.DataType | None = None
    folded: str = ""
    keys: Keys | None = None
    is_age: bool = False

    @property
    def is_list(self) -> bool:
        """Whether one row holds several values."""
        return self.type is not None and (pa.types.is_list(self.type) or pa.types.is_large_list(self.type))

    @property
    def is_fraction(self) -> bool:
        """Whether it is kept as a floating number."""
        return self.type is not None and pa.types.is_floating(self.type)


def has_value(operand: Operand, values: Values) -> str:
    """The condition that there is a value at all. What no name stands for is none."""
    if operand.keys is not None:
        return _one_of(operand, list(dict.fromkeys(_kept(operand.keys().values()))), values)
    return f"len({operand.sql}) > 0" if operand.is_list else f"{operand.sql} IS NOT NULL"


def condition(test: Test, operand: Operand, asked: Asked, values: Values) -> str:
    """The condition of a test's positive form; `IS NULL` is the one that there is no value."""
    if test.operator is Operator.IS_NULL:
        return f"({has_value(operand, values)}) IS NOT TRUE"
    if operand.keys is not None:
        return _by_key(test, operand, operand.keys(), values)
    match operand.kind:
        case Kind.TEXT | Kind.CHOICE:
            return _text(test, operand, values)
        case Kind.LIST:
            return _among(operand, [fold(cast("str", one)) for one in test.values], values)
        case Kind.NUMBER if operand.is_age:
            return _spans(dates.ages(test, asked.today), operand, values)
        case Kind.NUMBER | Kind.MONEY if not operand.is_fraction:
            places = asked.exponent if operand.kind is Kind.MONEY else 0
            return within(operand.sql, ranges(test, places), values)
        case Kind.NUMBER | Kind.MONEY | Kind.DECIMAL:
            return _fraction(test, operand.sql, asked.exponent if operand.kind is Kind.MONEY else 0, values)
        case Kind.MOMENT:
            return _spans(dates.intervals(test, asked.today, asked.zone), operand, values)
        case Kind.DAY:
            return _spans(dates.day_intervals(test, asked.today), operand, values)
        case Kind.YES_NO:
            return _or(_is(operand, bool(one), values) for one in test.values)
    raise ValueError(f"{operand.kind} is compared with nothing")


def ranges(test: Test, places: int) -> list[Range]:
    """Whole numbers that pass a test whose literals have so many decimals moved before the point. Nothing is rounded:
    between two of them lies no whole number.
    """
    low, high = [], []
    for one in test.values:
        scaled = Decimal(str(one)).scaleb(places)
        low.append(int(scaled.to_integral_value(ROUND_FLOOR)))
        high.append(int(scaled.to_integral_value(ROUND_CEILING)))
    match test.operator:
        case Operator.EQUAL | Operator.IN:
            return [(down, down) for down, up in zip(low, high, strict=True) if down == up]
        case Operator.GREATER:
            return [(low[0] + 1, None)]
        case Operator.AT_LEAST:
            return [(high[0], None)]
        case Operator.LESS:
            return [(None, high[0] - 1)]
        case Operator.AT_MOST:
            return [(None, low[0])]
        case Operator.BETWEEN:
            return [(high[0], low[1])]
    raise ValueError(f"no numbers pass {test.operator}")


def holds(number: int, spans: Sequence[Range]) -> bool:
    """Whether a number lies in one of these ranges."""
    return any((low is None or number >= low) and (high is None or number <= high) for low, high in spans)


def within(sql: str, spans: Sequence[Range], values: Values) -> str:
    """The condition that a whole number lies in one of these ranges."""
    return _or(_within(sql, low, high, values) for low, high in spans)


def naive(moment: dt.datetime) -> dt.datetime:
    """A moment as columns hold it."""
    return moment.astimezone(dt.UTC).replace(tzinfo=None)


def _within(sql: str, low: int | None, high: int | None, values: Values) -> str:
    if (low is not None and low > _MOST) or (high is not None and high < -_MOST):
        return NEVER
    if low is not None and high is not None:
        if low == high:
            return f"{sql} = {values.add(low)}"
        if low > high:
            return NEVER
    parts = []
    if low is not None and low > -_MOST:
        parts.append(f"{sql} >= {values.add(low)}")
    if high is not None and high < _MOST:
        parts.append(f"{sql} <= {values.add(high)}")
    return " AND ".join(parts) or f"{sql} IS NOT NULL"


def _text(test: Test, operand: Operand, values: Values) -> str:
    sql, texts = operand.sql, [str(one) for one in test.values]
    match test.operator:
        case Operator.EQUAL | Operator.IN:
            return f"{sql} IN ({values.add_all(texts)})" if texts else NEVER
        case Operator.CONTAINS:
            return f"contains({operand.folded}, {values.add(fold(texts[0]))})"
        case Operator.STARTS:
            return f"starts_with({operand.folded}, {values.add(fold(texts[0]))})"
        case Operator.ENDS:
            return f"ends_with({operand.folded}, {values.add(fold(texts[0]))})"
        case Operator.BETWEEN:
            return f"{sql} >= {values.add(texts[0])} AND {sql} <= {values.add(texts[1])}"
        case Operator.GREATER | Operator.AT_LEAST | Operator.LESS | Operator.AT_MOST:
            return f"{sql} {test.operator.value} {values.add(texts[0])}"
    raise ValueError(f"no text passes {test.operator}")


def _among(operand: Operand, folded: Sequence[str], values: Values) -> str:
    if not folded:
        return NEVER
    if operand.is_list:
        return f"list_has_any({operand.folded}, [{values.add_all(folded)}])"
    return f"{operand.folded} IN ({values.add_all(folded)})"


def _by_key(test: Test, operand: Operand, keys: Mapping[str, Any], values: Values) -> str:
    """A test on names, where the column keeps what stands for them: those of the names that pass it."""
    return _one_of(operand, list(_standing_for(test, operand.kind, keys)), values)


def _standing_for(test: Test, kind: Kind, keys: Mapping[str, Any]) -> Iterator[Any]:
    """What the column keeps for names that pass a test. Of several names of one thing, the first is its name, except
    among the elements of a list.
    """
    seen: set[Any] = set()
    for name, found in keys.items():
        passed = passes(name, test, kind)
        for one in _kept([found]):
            if one not in seen and passed:
                yield one
            if passed or kind is not Kind.LIST:
                seen.add(one)


def _one_of(operand: Operand, kept: Sequence[Any], values: Values) -> str:
    if not kept:
        return NEVER
    listed = values.add_all(kept)
    return f"list_has_any({operand.sql}, [{listed}])" if operand.is_list else f"{operand.sql} IN ({listed})"


def passes(name: str, test: Test, kind: Kind) -> bool:
    """Whether a name passes the positive form of a test."""
    texts = [str(one) for one in test.values]
    match test.operator:
        case Operator.EQUAL | Operator.IN if kind is not Kind.LIST:
            return name in texts
        case Operator.BETWEEN if kind is not Kind.LIST:
            return texts[0] <= name <= texts[1]
        case Operator.EQUAL | Operator.IN:
            return fold(name) in map(fold, texts)
        case Operator.CONTAINS if kind is Kind.LIST:
            return fold(name) == fold(texts[0])
        case Operator.CONTAINS:
            return fold(texts[0]) in fold(name)
        case Operator.STARTS:
            return fold(name).startswith(fold(texts[0]))
        case Operator.ENDS:
            return fold(name).endswith(fold(texts[0]))
    raise ValueError(f"no name passes {test.operator}")


def _kept(found: Iterable[Any]) -> Iterator[Any]:
    for one in found:
        if isinstance(one, Collection) and not isinstance(one, str):
            yield from one
        else:
            yield one


def _fraction(test: Test, sql: str, places: int, values: Values) -> str:
    """Floating numbers against decimals, exactly: what lies between two floating numbers equals none of them."""
    return _or(_between_fractions(sql, low, high, values) for low, high in _bounds(test, places))


def _bounds(test: Test, places: int) -> Iterator[tuple[str, str]]:
    """For each span of a test its ends as SQL operators with floating numbers, written `>= 0.5`."""
    points = [_point(one, places) for one in test.values]
    match test.operator:
        case Operator.EQUAL | Operator.IN:
            yield from ((f">= {repr_}", f"<= {repr_}") for repr_, side in points if side == 0)
        case Operator.GREATER:
            yield (f">= {points[0][0]}" if points[0][1] < 0 else f"> {points[0][0]}"), ""
        case Operator.AT_LEAST:
            yield (f"> {points[0][0]}" if points[0][1] > 0 else f">= {points[0][0]}"), ""
        case Operator.LESS:
            yield "", (f"<= {points[0][0]}" if points[0][1] > 0 else f"< {points[0][0]}")
        case Operator.AT_MOST:
            yield "", (f"< {points[0][0]}" if points[0][1] < 0 else f"<= {points[0][0]}")
        case Operator.BETWEEN:
            low = f"> {points[0][0]}" if points[0][1] > 0 else f">= {points[0][0]}"
            yield low, (f"< {points[1][0]}" if points[1][1] < 0 else f"<= {points[1][0]}")
        case _:
            raise ValueError(f"no numbers pass {test.operator}")


def _point(literal: Literal, places: int) -> tuple[float, int]:
    """The floating number next to a decimal, and on which side of it the decimal lies: below (-1), above (1), on it."""
    exact = Decimal(str(literal)).scaleb(places)
    near = float(exact)
    shown = Decimal(repr(near))
    return near, (exact > shown) - (exact < shown)


def _between_fractions(sql: str, low: str, high: str, values: Values) -> str:
    parts = []
    for end in (low, high):
        if end:
            operator, number = end.split()
            parts.append(f"{sql} {operator} {values.add(float(number))}")
    return " AND ".join(parts)


def _spans(
    spans: Sequence[tuple[dt.date | dt.datetime | None, dt.date | dt.datetime | None]],
    operand: Operand,
    values: Values,
) -> str:
    """Half-open spans of time: of moments, of days, or of days that are kept as their ordinals."""

    def kept(end: dt.date | dt.datetime) -> Any:
        if isinstance(end, dt.datetime):
            return naive(end)
        return float(end.toordinal()) if operand.is_fraction else end

    conditions = []
    for low, high in spans:
        parts = []
        if low is not None:
            parts.append(f"{operand.sql} >= {values.add(kept(low))}")
        if high is not None:
            parts.append(f"{operand.sql} < {values.add(kept(high))}")
        conditions.append(" AND ".join(parts) or f"{operand.sql} IS NOT NULL")
    return _or(conditions)


def _is(operand: Operand, is_true: bool, values: Values) -> str:
    """A yes or no, where it stands as such, or as a number of an own field."""
    if operand.is_fraction:
        return f"{operand.sql} = {values.add(1.0 if is_true else 0.0)}"
    return f"{operand.sql} = {values.add(is_true)}"


def _or(conditions: Iterable[str]) -> str:
    parts = [one for one in conditions if one != NEVER]
    if not parts:
        return NEVER
    return parts[0] if len(parts) == 1 else " OR ".join(f"({one})" for one in parts)
