"""What a query means: the definition, in plain Python over what is known of one customer. Slow and obvious.

Every engine that answers for many customers is tested against this file. Sentences in “ ” are those of the contract.
"""

from __future__ import annotations

import datetime as dt
import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any, Protocol, cast

from regulars.segments.language import dates, tree
from regulars.segments.language.tree import (
    And,
    Anniversary,
    Argument,
    Ask,
    Call,
    Clause,
    Everybody,
    InGroups,
    Node,
    Not,
    Offset,
    Operator,
    Or,
    Place,
    Step,
    Test,
)
from regulars.segments.language.words import Function, Kind, Total, Words

Fold = Callable[[str], str]


class Row(Protocol):
    """One row of a function: an order, a line, a return."""

    @property
    def moment(self) -> dt.datetime | None:
        """When it happened, in UTC; None for what stands on no day."""
        ...

    def value(self, parameter: str) -> Any:
        """The parameter's value in this row. For a COUNT: what tells the things apart that are counted."""
        ...


class Facts(Protocol):
    """What is known of one customer on the day that is asked about. None is no value, and so is an empty list."""

    @property
    def words(self) -> Words:
        """The kinds of attributes and parameters, and which parameters are totals."""
        ...

    def value(self, attribute: str) -> Any:
        """The value of an attribute, as its kind looks in Python."""
        ...

    def birthday(self, attribute: str) -> tuple[int, int] | None:
        """Month and day of a date, also where its year is not known."""
        ...

    def rows(self, function: str, place: Place | None) -> Sequence[Row]:
        """The rows of a function; distances in them are those from the place."""
        ...

    def is_in(self, group: str) -> bool:
        """Whether the customer is in the group of this name."""
        ...


@dataclass(frozen=True, slots=True)
class Decided:
    """Whether a clause is true of somebody, and what decided it.

    `value` is that of the attribute, the month and day of an anniversary, the names of the groups that somebody is in,
    or the first total of a call (how many rows, where it names none; an average is a Fraction). `rows` are those that
    pass a call, or the steps that a sequence found.
    """

    is_true: bool
    value: Any = None
    rows: tuple[Row, ...] = ()
    totals: dict[str, Any] = field(default_factory=dict)


def matches(node: Node, facts: Facts, *, today: dt.date, zone: dt.tzinfo, fold: Fold) -> bool:
    """Whether a query is true of a customer."""
    match node:
        case Everybody():
            return True
        case And(parts):
            return all(matches(part, facts, today=today, zone=zone, fold=fold) for part in parts)
        case Or(parts):
            return any(matches(part, facts, today=today, zone=zone, fold=fold) for part in parts)
        case Not(part):  # “`q` and `NOT q` always split all customers into two piles”
            return not matches(part, facts, today=today, zone=zone, fold=fold)
        case _:
            return decided(node, facts, today=today, zone=zone, fold=fold).is_true


def decided(clause: Clause, facts: Facts, *, today: dt.date, zone: dt.tzinfo, fold: Fold) -> Decided:
    """Whether one clause is true of a customer, and by which value and which rows."""
    asked = _Asked(facts, today, zone, fold)
    match clause:
        case Ask(name, test):
            value = facts.value(name)
            return Decided(asked.passes(test, _known(facts.words.attribute(name), name).kind, value), value)
        case Anniversary(name, test):  # “the date with its year removed”
            birthday = facts.birthday(name)
            return Decided(_anniversary(test, birthday, today), birthday)
        case InGroups(names, is_negated):
            found = tuple(name for name in names if facts.is_in(name))
            return Decided(bool(found) != is_negated, found)
        case Call(name, arguments, is_negated):
            is_true, rows, totals = asked.call(name, arguments)
            value = next(iter(totals.values())) if totals else len(rows)
            return Decided(is_true != is_negated, value, rows, totals)
        case tree.Sequence(steps, within, is_negated):
            chain = next(asked.chains(steps, within), ())
            return Decided(bool(chain) != is_negated, len(chain), chain)


def test_value(test: Test, kind: Kind, value: Any, *, today: dt.date, zone: dt.tzinfo, fold: Fold) -> bool:
    """Whether one value passes a test.

    “A positive test on a missing value is false. The negative forms are the exact complement of the positive ones.”
    """
    return _positive(test, kind, value, today, zone, fold) != test.is_negated


def _positive(test: Test, kind: Kind, value: Any, today: dt.date, zone: dt.tzinfo, fold: Fold) -> bool:
    is_missing = value is None or value in ((), "")
    if test.operator is Operator.IS_NULL:
        return is_missing
    if is_missing:
        return False
    match kind:
        case Kind.NUMBER | Kind.DECIMAL | Kind.MONEY:  # compared exactly, never rounded
            return _compared(test, Fraction(value), [Fraction(cast("Decimal", one)) for one in test.values])
        case Kind.TEXT | Kind.CHOICE:
            return _text(test, value, [str(one) for one in test.values], fold)
        case Kind.LIST:  # “lists: has the element”; whatever its capitals and accents
            return bool({fold(one) for one in value} & {fold(str(one)) for one in test.values})
        case Kind.YES_NO:
            return value in test.values
        case Kind.MOMENT:  # “whole days in the shop's time zone”
            return any(_lies(value, low, high) for low, high in dates.intervals(test, today, zone))
        case Kind.DAY:
            return any(_lies(value, low, high) for low, high in dates.day_intervals(test, today))
    raise ValueError(f"a {kind} is compared with nothing")


def _text(test: Test, value: str, texts: list[str], fold: Fold) -> bool:
    """“Text compares exactly with `=`; CONTAINS, STARTS WITH, ENDS WITH ignore case.”"""
    match test.operator:
        case Operator.CONTAINS:
            return fold(texts[0]) in fold(value)
        case Operator.STARTS:
            return fold(value).startswith(fold(texts[0]))
        case Operator.ENDS:
            return fold(value).endswith(fold(texts[0]))
        case _:
            return _compared(test, value, texts)


def _compared(test: Test, value: Any, literals: list[Any]) -> bool:
    match test.operator:
        case Operator.EQUAL:
            return bool(value == literals[0])
        case Operator.GREATER:
            return bool(value > literals[0])
        case Operator.AT_LEAST:
            return bool(value >= literals[0])
        case Operator.LESS:
            return bool(value < literals[0])
        case Operator.AT_MOST:
            return bool(value <= literals[0])
        case Operator.BETWEEN:  # “both ends included”
            return bool(literals[0] <= value <= literals[1])
        case Operator.IN:
            return value in literals
    raise ValueError(f"{value!r} is not asked with {test.operator}")


def _lies(point: Any, low: Any, high: Any) -> bool:
    return (low is None or low <= point) and (high is None or point < high)


def _anniversary(test: Test, birthday: tuple[int, int] | None, today: dt.date) -> bool:
    if test.operator is Operator.IS_NULL:
        return (birthday is None) != test.is_negated
    return (birthday in dates.anniversaries(test, today)) != test.is_negated


def _known(found: Any, name: str) -> Any:
    if found is None:
        raise ValueError(f"the vocabulary has no {name}")
    return found


@dataclass(frozen=True, slots=True)
class _Asked:
    """What rows are asked against."""

    facts: Facts
    today: dt.date
    zone: dt.tzinfo
    fold: Fold

    def passes(self, test: Test, kind: Kind, value: Any) -> bool:
        return test_value(test, kind, value, today=self.today, zone=self.zone, fold=self.fold)

    def call(self, name: str, arguments: Sequence[Argument]) -> tuple[bool, tuple[Row, ...], dict[str, Any]]:
        """Whether a call matches, the rows that pass, and the totals that it asks about, by parameter."""
        function: Function = _known(self.facts.words.function(name), name)
        rows = self.rows(function, arguments)
        totals: dict[str, Any] = {}
        is_true = True
        for argument in arguments:
            parameter = function.parameters[argument.parameter]
            if parameter.total is not None:
                found = _total(parameter.total, [row.value(parameter.name) for row in rows])
                totals[parameter.name] = found
                # what is counted is a number, whatever tells the counted apart
                kind = Kind.NUMBER if parameter.total is Total.COUNT else parameter.kind
                is_true = is_true and self.passes(argument.test, kind, found)
        # without a word about all rows, one row is enough
        return (is_true if totals else bool(rows)), rows, totals

    def rows(self, function: Function, arguments: Sequence[Argument]) -> tuple[Row, ...]:
        """The rows of which every argument about rows is true. Rows have two values only, too."""
        place, tests = None, []
        for argument in arguments:
            parameter = function.parameters[argument.parameter]
            if parameter.kind is Kind.PLACE:
                place = cast("Place", argument.test.values[0])
            elif parameter.total is None:
                tests.append((parameter, argument.test))
        return tuple(
            row
            for row in self.facts.rows(function.name, place)
            if all(self.passes(test, parameter.kind, row.value(parameter.name)) for parameter, test in tests)
        )

    def chains(self, steps: Sequence[Step], within: Offset) -> Iterator[tuple[Row, ...]]:
        """The rows of each way in which the steps happened one after the other.

        1. Positive steps stand at strictly rising moments, none later than the first and `within`.
        2. Of a NOT step there is no row strictly between the steps around it;
        3. one behind the last step: none after that, up to the first and `within`.
        """
        found = [(step, self._moments(step)) for step in steps]

        def go_on(at: int, chain: tuple[Row, ...], forbidden: tuple[list[Row], ...]) -> Iterator[tuple[Row, ...]]:
            end = dates.after(_moment(chain[0]), within)
            last = _moment(chain[-1])
            if at == len(found):
                if not any(last < _moment(row) <= end for rows in forbidden for row in rows):
                    yield chain
                return
            step, rows = found[at]
            if step.is_negated:
                yield from go_on(at + 1, chain, (*forbidden, rows))
                return
            for row in rows:
                moment = _moment(row)
                if last < moment <= end and not any(
                    last < _moment(one) < moment for others in forbidden for one in others
                ):
                    yield from go_on(at + 1, (*chain, row), ())

        for first in found[0][1]:
            yield from go_on(1, (first,), ())

    def _moments(self, step: Step) -> list[Row]:
        function: Function = _known(self.facts.words.function(step.function), step.function)
        return [row for row in self.rows(function, step.arguments) if row.moment is not None]


def _moment(row: Row) -> dt.datetime:
    return cast("dt.datetime", row.moment)


def _total(total: Total, values: list[Any]) -> Any:
    """What the values of all rows come to. Count and sum of no row are 0; average, least and most of none are none."""
    known = [value for value in values if value is not None]
    match total:
        case Total.COUNT:
            return len(set(known))
        case Total.SUM:
            return sum(known)
        case Total.AVERAGE:
            return statistics.mean(map(Fraction, known)) if known else None
        case Total.MINIMUM:
            return min(known, default=None)
        case Total.MAXIMUM:
            return max(known, default=None)
