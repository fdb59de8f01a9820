"""What would flip an answer: the smallest change of one clause, and the first day on which time alone does it."""

from __future__ import annotations

import calendar
import datetime as dt
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from regulars.segments.engine import wording
from regulars.segments.engine.comparing import ranges
from regulars.segments.language import dates, evaluating
from regulars.segments.language.evaluating import Decided, Fold
from regulars.segments.language.tree import (
    And,
    Anniversary,
    Ask,
    Call,
    Clause,
    Everybody,
    Node,
    Not,
    Offset,
    Operator,
    Or,
    Place,
    StartOf,
    Test,
    Unit,
    clauses,
)
from regulars.segments.language.tree import Sequence as Steps
from regulars.segments.language.words import DATED, NUMERIC, Kind, Total
from regulars.segments.vocabulary.reading import Person

_AHEAD: Final = 731  # days that are looked ahead
_SECONDS: Final = 1.0  # that may be spent on looking ahead
_AROUND: Final = range(-3, 4)  # months are of different lengths
_A_YEAR: Final = 365
_SOME, _OTHER = 2.0, 3.0  # how large a change is that has no measure
_LAST_HOUR = dt.timedelta(microseconds=1)

Change = tuple[float, str]
"""How large a change is, and what it is."""


def is_true(node: Node, truths: Iterator[bool]) -> bool:
    """A query, if its clauses from left to right are so."""
    match node:
        case Everybody():
            return True
        case And(parts):
            return False not in [is_true(part, truths) for part in parts]
        case Or(parts):
            return True in [is_true(part, truths) for part in parts]
        case Not(part):
            return not is_true(part, truths)
        case _:
            return next(truths)


def flips(node: Node, truths: Sequence[bool], number: int) -> bool:
    """Whether another answer to one clause alone is another answer to all of it."""
    other = [truth != (place == number) for place, truth in enumerate(truths)]
    return is_true(node, iter(other)) != is_true(node, iter(truths))


def change_of(clause: Clause, found: Decided, words: str, person: Person) -> Change:
    """The smallest change that makes a clause answer otherwise."""
    known = person.words
    match clause:
        case Ask(name, test) if (attribute := known.attributes[name]).kind in NUMERIC:
            change = _of_number(test, attribute.kind, found.value, str(attribute.label), person)
        case Ask(name, test) if (attribute := known.attributes[name]).kind in DATED:
            change = _of_date(test, found, attribute.kind, str(attribute.label), person)
        case Call():
            change = _of_call(clause, found, person) if len(found.totals) <= 1 else None
        case _:
            change = None
    if change is not None:
        return change
    size = _SOME if isinstance(clause, Ask | Anniversary) else _OTHER
    if found.is_true:
        return size, _("if this did not hold: %(words)s") % {"words": words}
    return size, _("if this held: %(words)s") % {"words": words}


def flips_on(node: Node, truths: Sequence[bool], person: Person, fold: Fold) -> dt.date | None:
    """The first day within two years on which a query answers otherwise, if nothing happens until then."""
    today, zone, ends = person.scene.today, person.scene.zone, time.monotonic() + _SECONDS
    all_clauses = list(clauses(node))
    answer = is_true(node, iter(truths))
    moving = {
        number: days
        for number, clause in enumerate(all_clauses)
        if flips_at_all(clause, person) and (days := set(_days(clause, person)))
    }
    for day in sorted(set().union(*moving.values())) if moving else ():
        if not today < day <= today + dt.timedelta(days=_AHEAD):
            continue
        if time.monotonic() > ends:
            return None
        then = replace(person, scene=replace(person.scene, today=day, is_past=False))
        moved = list(truths)
        for number in moving:
            decided = evaluating.decided(all_clauses[number], then, today=day, zone=zone, fold=fold)
            moved[number] = decided.is_true
        if is_true(node, iter(moved)) != answer:
            return day
    return None


def flips_at_all(clause: Clause, person: Person) -> bool:
    """Whether the passing of time can change what a clause answers."""
    match clause:
        case Ask(name, test):
            return person.scene.known[name].is_age or _moves(test)
        case Anniversary(_name, test):
            return _moves(test)
        case Call(_name, arguments):
            return any(_moves(one.test) for one in arguments)
        case Steps(steps):
            return any(_moves(one.test) for step in steps for one in step.arguments)
        case _:
            return False


def _moves(test: Test) -> bool:
    return any(isinstance(one, Offset | StartOf) for one in test.values)


def _days(clause: Clause, person: Person) -> Iterator[dt.date]:
    """Days on which a clause may begin to answer otherwise; some too many."""
    match clause:
        case Ask(name, test):
            value = person.value(name)
            if person.scene.known[name].is_age:
                yield from _birthdays(person, person.scene.known[name].column)
            elif value is not None:
                yield from _days_of(test, [_day(value, person)], person)
        case Anniversary(name, test):
            birthday = person.birthday(name)
            if birthday is not None:
                years = range(person.scene.today.year - 1, person.scene.today.year + 4)
                yield from _days_of(test, [_on(year, *birthday) for year in years], person)
        case Call(name, arguments):
            yield from _days_of_rows(name, [one.test for one in arguments], person)
        case Steps(steps):
            for step in steps:
                yield from _days_of_rows(step.function, [one.test for one in step.arguments], person)


def _days_of_rows(name: str, tests: Sequence[Test], person: Person) -> Iterator[dt.date]:
    function = person.words.functions[name]
    dated = [one.name for one in function.parameters.values() if one.kind in DATED and one.total is not Total.COUNT]
    days = set()
    for row in person.rows(name):
        days |= {_day(value, person) for one in dated if (value := row.value(one)) is not None}
    for test in tests:
        if _moves(test):
            yield from _days_of(test, sorted(days), person)


def _days_of(test: Test, days: Sequence[dt.date], person: Person) -> Iterator[dt.date]:
    """The days on which a date in a test passes one of some days."""
    for literal in test.values:
        if isinstance(literal, Offset):
            back = Offset(-literal.count, literal.unit)
            around = range(2) if literal.unit in (Unit.DAY, Unit.WEEK) else _AROUND
            for day in days:
                yield from (dates.add(dates.add(day, back), Offset(one, Unit.DAY)) for one in around)
        elif isinstance(literal, StartOf):
            day = person.scene.today
            for ahead in range(1, _AHEAD + 1):
                later = day + dt.timedelta(days=ahead)
                if dates.start_of(literal.period, later) == later:
                    yield later


def _birthdays(person: Person, column: str) -> Iterator[dt.date]:
    born = person.tables["customers"][0].get(column)
    if born is not None:
        for year in range(person.scene.today.year, person.scene.today.year + 4):
            yield _on(year, born.month, born.day)


def _on(year: int, month: int, day: int) -> dt.date:
    return dt.date(year, month, min(day, calendar.monthrange(year, month)[1]))


def _day(value: Any, person: Person) -> dt.date:
    return dates.day_of(value, person.scene.zone) if isinstance(value, dt.datetime) else value


def _of_number(test: Test, kind: Kind, value: Any, label: str, person: Person) -> Change | None:
    if test.operator is Operator.IS_NULL:
        return None
    if value is None:
        return _SOME, _("%(what)s: a value") % {"what": label}
    places = person.scene.exponent if kind is Kind.MONEY else 0 if kind is Kind.NUMBER else 2
    exact = Fraction(value) * 10**places
    away = _nearest(test, places, exact)
    if away is None:
        return None
    far = Fraction(abs(away), 10**places)
    told = wording.amount(far) if kind is Kind.MONEY else wording.number(far)
    size = float(abs(away) / max(abs(exact), 1))
    more, less = _("%(what)s: %(amount)s more"), _("%(what)s: %(amount)s less")
    return size, (more if away > 0 else less) % {"what": label, "amount": told}


def _nearest(test: Test, places: int, value: Fraction) -> Fraction | None:
    """How far it is to the next whole number that answers a test otherwise."""
    spans = ranges(test, places)

    def passes(number: Fraction | int) -> bool:
        return any((low is None or number >= low) and (high is None or number <= high) for low, high in spans)

    now = passes(value)
    ends = [end for low, high in spans for end in (low, high) if end is not None]
    others = [one for end in ends for one in (end - 1, end, end + 1) if passes(one) != now]
    away = [one - value for one in others if one != value]
    return min(away, key=lambda one: (abs(one), -one), default=None)


def _of_date(test: Test, found: Decided, kind: Kind, label: str, person: Person) -> Change | None:
    if test.operator is Operator.IS_NULL:
        return None
    if found.value is None:
        return _SOME, _("%(what)s: a date") % {"what": label}
    day, scene = _day(found.value, person), person.scene
    passes: Callable[[dt.date], bool]
    if kind is Kind.MOMENT:
        spans = dates.intervals(test, scene.today, scene.zone)

        def passes(one: dt.date) -> bool:
            noon = dates.midnight(one, scene.zone) + dt.timedelta(hours=12)
            return any((low is None or low <= noon) and (high is None or noon < high) for low, high in spans)

        ends = [dates.day_of(end, scene.zone) for span in spans for end in span if end is not None]
    else:
        whole = dates.day_intervals(test, scene.today)

        def passes(one: dt.date) -> bool:
            return any((low is None or low <= one) and (high is None or one < high) for low, high in whole)

        ends = [end for span in whole for end in span if end is not None]
    now = found.is_true != test.is_negated
    near = [dates.add(end, Offset(one, Unit.DAY)) for end in ends for one in (-1, 0, 1)]
    away = min(((one - day).days for one in near if passes(one) != now and one != day), key=abs, default=None)
    if away is None:
        return None
    if away > 0:
        text = ngettext("%(what)s: %(count)s day later", "%(what)s: %(count)s days later", away)
    else:
        text = ngettext("%(what)s: %(count)s day earlier", "%(what)s: %(count)s days earlier", -away)
    return abs(away) / _A_YEAR, text % {"what": label, "count": wording.number(abs(away))}


def _of_call(clause: Call, found: Decided, person: Person) -> Change | None:
    function = person.words.functions[clause.function]
    label = str(function.label)
    tests = {one.parameter: one.test for one in clause.arguments}
    if any(isinstance(one, Place) for test in tests.values() for one in test.values):
        return None
    if not found.totals:
        if found.is_true == clause.is_negated:
            # there are some, where there should be none
            return float(len(found.rows)), _fewer(len(found.rows), label)
        if not found.rows:
            return 1.0, _more(1, label)
        return float(len(found.rows)), _fewer(len(found.rows), label)
    ((name, total),) = found.totals.items()
    parameter = function.parameters[name]
    if parameter.total is Total.COUNT:
        away = _nearest(tests[name], 0, Fraction(total))
        if away is None:
            return None
        size = float(abs(away) / max(abs(total), 1))
        return size, _more(int(away), label) if away > 0 else _fewer(int(-away), label)
    if parameter.kind in NUMERIC:
        return _of_number(tests[name], parameter.kind, total, f"{label}, {parameter.label}", person)
    return None


def _more(count: int, label: str) -> str:
    said = {"what": label, "count": wording.number(count)}
    return ngettext("%(what)s: %(count)s more", "%(what)s: %(count)s more", count) % said


def _fewer(count: int, label: str) -> str:
    said = {"what": label, "count": wording.number(count)}
    return ngettext("%(what)s: %(count)s fewer", "%(what)s: %(count)s fewer", count) % said
