"""What the dates in a query mean: days of the shop as spans of time, anniversaries, ages, and steps of the calendar.

A day is the time from its local midnight up to the next one, so that days tile all time, however clocks are moved.
Tests are read in their positive form here: whoever negates takes the complement.
"""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Callable, Iterable
from decimal import Decimal
from functools import lru_cache
from typing import TypeVar

from regulars.segments.language.tree import Literal, Offset, Operator, StartOf, Test, Unit

Point = TypeVar("Point", dt.date, dt.datetime)
Moments = tuple[tuple[dt.datetime | None, dt.datetime | None], ...]
Days = tuple[tuple[dt.date | None, dt.date | None], ...]

PERIODS = ("week", "month", "quarter", "year")

_DAY = dt.timedelta(days=1)
_SECOND = dt.timedelta(seconds=1)
_A_LEAP_YEAR = 2000
EVERY_DAY = frozenset(
    (month, day) for month in range(1, 13) for day in range(1, calendar.monthrange(_A_LEAP_YEAR, month)[1] + 1)
)


def intervals(test: Test, today: dt.date, zone: dt.tzinfo) -> Moments:
    """The moments that pass a test: half-open, in order, apart from each other, in UTC; None is no end on that side.

    A whole day is all of it; a moment is its second. One that the clock skips is the first that comes after it and
    equals none; of one that the clock repeats, the first is meant.
    """

    def begin(literal: Literal) -> dt.datetime:
        date = resolve(literal, today)
        return first_of(date, zone) if isinstance(date, dt.datetime) else midnight(date, zone)

    def end(literal: Literal) -> dt.datetime | None:
        date = resolve(literal, today)
        if isinstance(date, dt.datetime):
            first = first_of(date, zone)
            return first + _SECOND if _exists(date, zone) else first
        return None if date == dt.date.max else midnight(date + _DAY, zone)

    return _spans(test, begin, end)


def day_intervals(test: Test, today: dt.date) -> Days:
    """The days that pass a test: half-open, in order, apart from each other; None is no end on that side."""

    def end(literal: Literal) -> dt.date | None:
        return _next(_day(literal, today))

    return _spans(test, lambda literal: _day(literal, today), end)


def anniversaries(test: Test, today: dt.date) -> frozenset[tuple[int, int]]:
    """Month and day of all dates whose anniversary passes a test.

    The anniversary of 29 February is 28 February in common years. An open side ends with the year of the literal:
    `> 2026-11-03` is the rest of 2026.
    """
    found: set[tuple[int, int]] = set()
    for low, high in day_intervals(test, today):
        start = low or dt.date(_day(test.values[0], today).year, 1, 1)
        stop = high or dt.date(_day(test.values[-1], today).year, 12, 31) + _DAY
        if (stop - start).days > len(EVERY_DAY):
            return EVERY_DAY
        for count in range((stop - start).days):
            found |= celebrated(start + count * _DAY)
    return frozenset(found)


def celebrated(day: dt.date) -> frozenset[tuple[int, int]]:
    """Month and day of the dates that have their anniversary on a day."""
    if (day.month, day.day) == (2, 28) and not calendar.isleap(day.year):
        return frozenset({(2, 28), (2, 29)})
    return frozenset({(day.month, day.day)})


def ages(test: Test, today: dt.date) -> Days:
    """The days of birth of people whose age on a day passes a test. Whoever is not born yet has no age."""
    years = [int(one) for one in test.values if isinstance(one, Decimal)]
    tomorrow = _next(today)

    def of(age: int) -> dt.date | None:
        """The day before which people of this age or older were born."""
        return _born_by(age, today) if age > 0 else tomorrow

    match test.operator:
        case Operator.EQUAL | Operator.IN:
            return _joined((of(one + 1), of(one)) for one in years)
        case Operator.GREATER:
            return ((None, of(years[0] + 1)),)
        case Operator.AT_LEAST:
            return ((None, of(years[0])),)
        case Operator.LESS:
            return _joined([(of(years[0]), tomorrow)])
        case Operator.AT_MOST:
            return _joined([(of(years[0] + 1), tomorrow)])
        case Operator.BETWEEN:
            return _joined([(of(years[1] + 1), of(years[0]))])
    raise ValueError(f"no ages pass {test.operator}")


def age(born: dt.date, today: dt.date) -> int | None:
    """Whole years since a day of birth; who was born on 29 February has a birthday on 28 February in common years."""
    if born > today:
        return None
    years = today.year - born.year
    return years if add(born, Offset(years, Unit.YEAR)) <= today else years - 1


def resolve(literal: Literal, today: dt.date) -> dt.date | dt.datetime:
    """A date literal as a day, or as a moment by the shop's clock (naive), if `today` is the day asked about."""
    match literal:
        case Offset():
            return add(today, literal)
        case StartOf(period):
            return start_of(period, today)
        case dt.date():  # a datetime is one, too
            return literal
    raise ValueError(f"{literal!r} is no date")


def start_of(period: str, day: dt.date) -> dt.date:
    """The first day of the week (a Monday), month, quarter or year that a day lies in."""
    match period:
        case "week":
            return dt.date.fromordinal(max(day.toordinal() - day.weekday(), 1))
        case "month":
            return day.replace(day=1)
        case "quarter":
            return dt.date(day.year, day.month - (day.month - 1) % 3, 1)
        case "year":
            return dt.date(day.year, 1, 1)
    raise ValueError(f"no period is called {period}")


def add(day: dt.date, offset: Offset) -> dt.date:
    """The day so much later or earlier. Months and years keep the day of the month, or take the month's last one.

    Where the calendar ends (the years 1 and 9999) its first or last day is taken.
    """
    if offset.unit in (Unit.DAY, Unit.WEEK):
        days = offset.count * (7 if offset.unit is Unit.WEEK else 1)
        return dt.date.fromordinal(min(max(day.toordinal() + days, 1), dt.date.max.toordinal()))
    months = day.year * 12 + day.month - 1 + offset.count * (12 if offset.unit is Unit.YEAR else 1)
    year, month = divmod(months, 12)
    if year < dt.MINYEAR:
        return dt.date.min
    if year > dt.MAXYEAR:
        return dt.date.max
    return dt.date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def after(moment: dt.datetime, offset: Offset) -> dt.datetime:
    """The moment so much later, in the moment's own time: days of 24 hours, months by the date at the same time."""
    return dt.datetime.combine(add(moment.date(), offset), moment.timetz())


@lru_cache(maxsize=20_000)
def midnight(day: dt.date, zone: dt.tzinfo) -> dt.datetime:
    """When a day begins, in UTC. The first moment after it, where clocks skip midnight; the first of two."""
    return first_of(dt.datetime.combine(day, dt.time()), zone)


def first_of(clock: dt.datetime, zone: dt.tzinfo) -> dt.datetime:
    """When clocks in a zone first show this or later, in UTC.

    1. A time that exists is converted; of two, the earlier (fold=0).
    2. One in a gap lies between the two conversions that the old and the new offset give: the gap is found by halving.
    """
    late = _utc(clock.replace(tzinfo=zone, fold=0))
    if _exists(clock, zone):
        return late
    early = _utc(clock.replace(tzinfo=zone, fold=1))
    while late - early > _SECOND:
        middle = early + (late - early) // _SECOND // 2 * _SECOND
        if _shown(middle, zone) < clock:
            early = middle
        else:
            late = middle
    return late


def day_of(moment: dt.datetime, zone: dt.tzinfo) -> dt.date:
    """The day whose span a moment lies in."""
    day = _shown(moment, zone).date()
    if day != dt.date.max and midnight(day + _DAY, zone) <= moment:  # clocks went back over midnight
        return day + _DAY
    return day


def _born_by(years: int, today: dt.date) -> dt.date:
    year = today.year - years
    if year < dt.MINYEAR:
        return dt.date.min
    if (today.month, today.day) in ((2, 28), (2, 29)) and (2, 29) in celebrated(today):
        return dt.date(year, 3, 1)  # also who was born on 29 February, and 28 February if that year had no other
    return add(today, Offset(-years, Unit.YEAR)) + _DAY


def _day(literal: Literal, today: dt.date) -> dt.date:
    day = resolve(literal, today)
    if isinstance(day, dt.datetime):
        raise ValueError(f"{literal!r} is no whole day")  # noqa: TRY004 - the kind of value is wrong, not its type
    return day


def _next(day: dt.date) -> dt.date | None:
    return None if day == dt.date.max else day + _DAY


def _spans(
    test: Test, begin: Callable[[Literal], Point], end: Callable[[Literal], Point | None]
) -> tuple[tuple[Point | None, Point | None], ...]:
    values = test.values
    match test.operator:
        case Operator.EQUAL | Operator.IN:
            return _joined((begin(one), end(one)) for one in values)
        case Operator.GREATER:
            low = end(values[0])
            return () if low is None else ((low, None),)
        case Operator.AT_LEAST:
            return ((begin(values[0]), None),)
        case Operator.LESS:
            return ((None, begin(values[0])),)
        case Operator.AT_MOST:
            return ((None, end(values[0])),)
        case Operator.BETWEEN:
            return _joined([(begin(values[0]), end(values[1]))])
    raise ValueError(f"no dates pass {test.operator}")


def _joined(spans: Iterable[tuple[Point | None, Point | None]]) -> tuple[tuple[Point | None, Point | None], ...]:
    """Spans in order, those that touch made one, empty ones left out. Only the first may have no beginning."""
    joined: list[tuple[Point | None, Point | None]] = []
    for low, high in sorted(spans, key=lambda one: (one[0] is not None, one[0])):
        if low is not None and high is not None and low >= high:
            continue
        if joined and (last := joined[-1][1]) is not None and low is not None and low <= last:
            joined[-1] = (joined[-1][0], None if high is None else max(high, last))
        elif not joined or joined[-1][1] is not None:
            joined.append((low, high))
    return tuple(joined)


def _exists(clock: dt.datetime, zone: dt.tzinfo) -> bool:
    return _shown(_utc(clock.replace(tzinfo=zone, fold=0)), zone) == clock


def _shown(moment: dt.datetime, zone: dt.tzinfo) -> dt.datetime:
    try:
        return moment.astimezone(zone).replace(tzinfo=None, fold=0)
    except OverflowError:
        return moment.replace(tzinfo=None)


def _utc(local: dt.datetime) -> dt.datetime:
    try:
        return local.astimezone(dt.UTC)
    except OverflowError:  # the first and last hours of the calendar, where a zone leaves it
        return local.replace(tzinfo=dt.UTC, fold=0)
