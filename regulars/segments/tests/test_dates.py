"""Days of the shop, anniversaries, ages and steps of the calendar."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.segments.language import dates
from regulars.segments.language.tree import Literal, Offset, Operator, StartOf, Unit
from regulars.segments.language.tree import Test as Asked

BERLIN = ZoneInfo("Europe/Berlin")
SKIP_MIDNIGHT = ("America/Havana", "Asia/Beirut", "Africa/Cairo", "America/Sao_Paulo", "America/Asuncion")
ODD = ("Pacific/Apia", "America/St_Johns", "Asia/Kathmandu", "America/Toronto", "Africa/Monrovia", "Pacific/Kwajalein")
TODAY = dt.date(2026, 5, 15)


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


def clock(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)


def having(operator: Operator, *values: Literal) -> Asked:
    return Asked(operator, values)


zones = st.sampled_from(("Europe/Berlin", "UTC", "Asia/Shanghai", *SKIP_MIDNIGHT, *ODD)).map(ZoneInfo)
days = st.dates(dt.date(1850, 1, 1), dt.date(2100, 12, 31))
moments = st.datetimes(clock("1850-01-01T00:00"), clock("2100-01-01T00:00")).map(lambda one: one.replace(microsecond=0))
offsets = st.builds(Offset, st.integers(-500, 500), st.sampled_from(Unit))
literals: st.SearchStrategy[Literal] = st.one_of(
    days, moments, offsets, st.builds(StartOf, st.sampled_from(dates.PERIODS))
)
PLAIN = (Operator.EQUAL, Operator.GREATER, Operator.AT_LEAST, Operator.LESS, Operator.AT_MOST)


def passes(spans: tuple[tuple[dt.date | None, dt.date | None], ...], point: dt.date) -> bool:
    return any((low is None or low <= point) and (high is None or point < high) for low, high in spans)


@given(days, zones)
def test_the_days_of_any_zone_tile_all_time(day: dt.date, zone: ZoneInfo) -> None:
    ((start, stop),) = dates.intervals(having(Operator.EQUAL, day), TODAY, zone) or ((dates.midnight(day, zone),) * 2,)
    ((following, _),) = dates.intervals(having(Operator.GREATER, day), TODAY, zone)
    ((_, before),) = dates.intervals(having(Operator.LESS, day), TODAY, zone)
    assert (before, stop) == (start, following)
    assert start <= stop  # a zone that crossed the date line has left days out
    if start < stop:
        assert dates.day_of(start, zone) == day
        assert dates.day_of(stop - dt.timedelta(microseconds=1), zone) == day


@given(moments, zones)
def test_every_moment_lies_in_the_day_that_it_is_said_to_lie_in(moment: dt.datetime, zone: ZoneInfo) -> None:
    moment = moment.replace(tzinfo=dt.UTC)
    day = dates.day_of(moment, zone)
    assert dates.midnight(day, zone) <= moment < dates.midnight(day + dt.timedelta(1), zone)


@pytest.mark.parametrize(
    ("zone", "day", "begins", "hours"),
    [
        ("Europe/Berlin", dt.date(2026, 3, 29), "2026-03-28T23:00", 23),
        ("Europe/Berlin", dt.date(2026, 10, 25), "2026-10-24T22:00", 25),
        ("America/Havana", dt.date(2026, 3, 8), "2026-03-08T05:00", 23),  # 00:00 becomes 01:00
        ("America/Havana", dt.date(2026, 11, 1), "2026-11-01T04:00", 25),  # 01:00 becomes 00:00, which comes twice
        ("Asia/Beirut", dt.date(2026, 3, 29), "2026-03-28T22:00", 23),
        ("Asia/Beirut", dt.date(2026, 10, 24), "2026-10-23T21:00", 25),  # the next midnight becomes 23:00
        ("America/Toronto", dt.date(1919, 3, 31), "1919-03-31T04:30", 23.5),  # 23:30 became 00:30
        ("Pacific/Apia", dt.date(2011, 12, 30), "2011-12-30T10:00", 0),  # never was
        ("Asia/Kathmandu", dt.date(2026, 1, 1), "2025-12-31T18:15", 24),
    ],
)
def test_a_day_begins_when_clocks_first_show_it(zone: str, day: dt.date, begins: str, hours: float) -> None:
    start = dates.midnight(day, ZoneInfo(zone))
    assert start == at(begins)
    assert start.tzinfo is dt.UTC
    assert dates.midnight(day + dt.timedelta(1), ZoneInfo(zone)) - start == dt.timedelta(hours=hours)


@pytest.mark.parametrize(
    ("test", "spans"),
    [
        (having(Operator.EQUAL, dt.date(2026, 5, 30)), [("2026-05-29T22:00", "2026-05-30T22:00")]),
        (having(Operator.GREATER, dt.date(2026, 5, 30)), [("2026-05-30T22:00", None)]),
        (having(Operator.AT_LEAST, dt.date(2026, 5, 30)), [("2026-05-29T22:00", None)]),
        (having(Operator.LESS, dt.date(2026, 5, 30)), [(None, "2026-05-29T22:00")]),
        (having(Operator.AT_MOST, dt.date(2026, 5, 30)), [(None, "2026-05-30T22:00")]),
        (having(Operator.EQUAL, clock("2026-05-30T16:00")), [("2026-05-30T14:00", "2026-05-30T14:00:01")]),
        (having(Operator.GREATER, clock("2026-05-30T16:00")), [("2026-05-30T14:00:01", None)]),
        (having(Operator.LESS, clock("2026-05-30T16:00")), [(None, "2026-05-30T14:00")]),
        # 02:30 does not exist on 29 March 2026, and comes twice on 25 October
        (having(Operator.EQUAL, clock("2026-03-29T02:30")), []),
        (having(Operator.AT_LEAST, clock("2026-03-29T02:30")), [("2026-03-29T01:00", None)]),
        (having(Operator.EQUAL, clock("2026-10-25T02:30")), [("2026-10-25T00:30", "2026-10-25T00:30:01")]),
        (having(Operator.BETWEEN, dt.date(2026, 5, 1), dt.date(2026, 4, 30)), []),
        (
            having(Operator.BETWEEN, clock("2026-05-01T12:00"), Offset(0, Unit.DAY)),
            [("2026-05-01T10:00", "2026-05-15T22:00")],
        ),
        (
            having(Operator.IN, dt.date(2026, 5, 2), dt.date(2026, 1, 1), dt.date(2026, 5, 1)),
            [("2025-12-31T23:00", "2026-01-01T23:00"), ("2026-04-30T22:00", "2026-05-02T22:00")],
        ),
        (having(Operator.AT_LEAST, StartOf("week")), [("2026-05-10T22:00", None)]),
        (having(Operator.GREATER, dt.date.max), []),
        (having(Operator.AT_MOST, dt.date.max), [(None, None)]),
        (having(Operator.GREATER, Offset(10**9, Unit.YEAR)), []),
    ],
)
def test_a_test_is_spans_of_time(test: Asked, spans: list[tuple[str | None, str | None]]) -> None:
    expected = tuple((low and at(low), high and at(high)) for low, high in spans)
    assert dates.intervals(test, TODAY, BERLIN) == expected


@given(literals, zones, days)
def test_below_equal_and_above_share_all_time_out(literal: Literal, zone: ZoneInfo, today: dt.date) -> None:
    below, equal, above = (
        dates.intervals(having(operator, literal), today, zone)
        for operator in (Operator.LESS, Operator.EQUAL, Operator.GREATER)
    )
    spans = [*below, *equal, *above]
    assert spans[0][0] is None
    assert spans[-1][1] is None
    assert all(left[1] == right[0] for left, right in pairwise(spans))
    assert dates.intervals(having(Operator.AT_MOST, literal), today, zone) == ((None, above[0][0]),)
    assert dates.intervals(having(Operator.AT_LEAST, literal), today, zone) == ((below[0][1], None),)


@given(st.lists(days, min_size=1, max_size=5), days, st.sampled_from(PLAIN))
def test_spans_of_days_hold_what_the_operator_says(values: list[dt.date], day: dt.date, operator: Operator) -> None:
    compared = {
        Operator.EQUAL: day == values[0],
        Operator.GREATER: day > values[0],
        Operator.AT_LEAST: day >= values[0],
        Operator.LESS: day < values[0],
        Operator.AT_MOST: day <= values[0],
    }
    assert passes(dates.day_intervals(having(operator, values[0]), TODAY), day) == compared[operator]
    assert passes(dates.day_intervals(having(Operator.IN, *values), TODAY), day) == (day in values)
    between = having(Operator.BETWEEN, values[0], values[-1])
    assert passes(dates.day_intervals(between, TODAY), day) == (values[0] <= day <= values[-1])


def test_days_that_touch_are_one_span() -> None:
    test = having(Operator.IN, dt.date(2026, 1, 2), dt.date(2026, 1, 1), dt.date(2026, 1, 1), dt.date(2026, 1, 9))
    assert dates.day_intervals(test, TODAY) == (
        (dt.date(2026, 1, 1), dt.date(2026, 1, 3)),
        (dt.date(2026, 1, 9), dt.date(2026, 1, 10)),
    )
    assert dates.day_intervals(having(Operator.EQUAL, dt.date.max), TODAY) == ((dt.date.max, None),)


def test_a_day_is_not_compared_with_a_moment() -> None:
    with pytest.raises(ValueError, match="no whole day"):
        dates.day_intervals(having(Operator.EQUAL, clock("2026-01-01T12:00")), TODAY)


def test_having_no_value_is_no_span() -> None:
    for read in (
        lambda test: dates.intervals(test, TODAY, BERLIN),
        lambda test: dates.day_intervals(test, TODAY),
        lambda test: dates.ages(test, TODAY),
    ):
        with pytest.raises(ValueError, match="IS NULL"):
            read(having(Operator.IS_NULL))


@pytest.mark.parametrize(
    ("day", "offset", "result"),
    [
        ("2026-01-31", Offset(1, Unit.MONTH), "2026-02-28"),
        ("2028-01-31", Offset(1, Unit.MONTH), "2028-02-29"),
        ("2026-03-31", Offset(-1, Unit.MONTH), "2026-02-28"),
        ("2026-12-31", Offset(2, Unit.MONTH), "2027-02-28"),
        ("2026-01-15", Offset(-1, Unit.MONTH), "2025-12-15"),
        ("2028-02-29", Offset(1, Unit.YEAR), "2029-02-28"),
        ("2028-02-29", Offset(-4, Unit.YEAR), "2024-02-29"),
        ("2026-05-15", Offset(-7, Unit.DAY), "2026-05-08"),  # Shopify's own example says 7 May
        ("2026-05-15", Offset(2, Unit.WEEK), "2026-05-29"),
        ("2026-05-15", Offset(-12, Unit.MONTH), "2025-05-15"),
        ("2026-05-15", Offset(0, Unit.DAY), "2026-05-15"),
        ("2026-05-15", Offset(-9999, Unit.YEAR), "0001-01-01"),
        ("2026-05-15", Offset(10**12, Unit.WEEK), "9999-12-31"),
        ("2026-05-15", Offset(-(10**12), Unit.DAY), "0001-01-01"),
        ("2026-05-15", Offset(10**12, Unit.MONTH), "9999-12-31"),
    ],
)
def test_steps_of_the_calendar_keep_the_day_or_take_the_last_of_the_month(
    day: str, offset: Offset, result: str
) -> None:
    assert dates.add(dt.date.fromisoformat(day), offset).isoformat() == result


@given(days, st.integers(-600, 600))
def test_months_move_by_their_number_and_keep_the_day_where_it_exists(day: dt.date, count: int) -> None:
    moved = dates.add(day, Offset(count, Unit.MONTH))
    assert (moved.year * 12 + moved.month) - (day.year * 12 + day.month) == count
    assert moved.day == day.day or (moved.day < day.day and (moved + dt.timedelta(1)).day == 1)


@pytest.mark.parametrize(
    ("period", "day", "first"),
    [
        ("week", "2026-05-15", "2026-05-11"),
        ("week", "2026-05-11", "2026-05-11"),
        ("week", "2026-05-17", "2026-05-11"),
        ("month", "2026-05-15", "2026-05-01"),
        ("quarter", "2026-05-15", "2026-04-01"),
        ("quarter", "2026-12-31", "2026-10-01"),
        ("year", "2026-05-15", "2026-01-01"),
        ("week", "0001-01-03", "0001-01-01"),
    ],
)
def test_periods_begin_on_their_first_day_and_weeks_on_monday(period: str, day: str, first: str) -> None:
    assert dates.resolve(StartOf(period), dt.date.fromisoformat(day)).isoformat() == first


def test_steps_in_time_are_days_of_24_hours_and_months_by_date() -> None:
    moment = at("2026-01-31T22:30:05")
    assert dates.after(moment, Offset(30, Unit.DAY)) == at("2026-03-02T22:30:05")
    assert dates.after(moment, Offset(1, Unit.MONTH)) == at("2026-02-28T22:30:05")
    assert dates.after(moment, Offset(2, Unit.WEEK)).tzinfo is dt.UTC


@pytest.mark.parametrize(
    ("test", "today", "celebrated"),
    [
        (having(Operator.EQUAL, Offset(0, Unit.DAY)), "2026-05-15", {(5, 15)}),
        (having(Operator.EQUAL, Offset(0, Unit.DAY)), "2026-02-28", {(2, 28), (2, 29)}),
        (having(Operator.EQUAL, Offset(0, Unit.DAY)), "2028-02-28", {(2, 28)}),
        (having(Operator.EQUAL, Offset(0, Unit.DAY)), "2028-02-29", {(2, 29)}),
        (
            having(Operator.BETWEEN, Offset(0, Unit.DAY), Offset(3, Unit.DAY)),
            "2026-12-30",
            {(12, 30), (12, 31), (1, 1), (1, 2)},
        ),
        (having(Operator.BETWEEN, Offset(1, Unit.DAY), Offset(0, Unit.DAY)), "2026-12-30", set()),
        (having(Operator.GREATER, dt.date(2026, 12, 29)), "2026-05-15", {(12, 30), (12, 31)}),
        (having(Operator.AT_LEAST, dt.date(2026, 12, 31)), "2026-05-15", {(12, 31)}),
        (having(Operator.GREATER, dt.date(2026, 12, 31)), "2026-05-15", set()),
        (having(Operator.LESS, dt.date(2026, 1, 3)), "2026-05-15", {(1, 1), (1, 2)}),
        (having(Operator.AT_MOST, dt.date(2026, 1, 1)), "2026-05-15", {(1, 1)}),
        (having(Operator.IN, dt.date(2026, 1, 3), dt.date(2020, 7, 1)), "2026-05-15", {(1, 3), (7, 1)}),
        (having(Operator.BETWEEN, Offset(0, Unit.DAY), Offset(1, Unit.YEAR)), "2026-05-15", dates.EVERY_DAY),
        (having(Operator.BETWEEN, dt.date(1, 1, 1), dt.date(9998, 1, 1)), "2026-05-15", dates.EVERY_DAY),
        (having(Operator.BETWEEN, dt.date(2025, 3, 1), dt.date(2026, 2, 28)), "2026-05-15", dates.EVERY_DAY),
        (
            having(Operator.BETWEEN, dt.date(2024, 2, 29), dt.date(2025, 2, 27)),
            "2026-05-15",
            dates.EVERY_DAY - {(2, 28)},
        ),
    ],
)
def test_anniversaries_are_days_without_their_year(test: Asked, today: str, celebrated: set[tuple[int, int]]) -> None:
    assert dates.anniversaries(test, dt.date.fromisoformat(today)) == celebrated


@given(days)
def test_every_date_has_one_anniversary_in_every_year(day: dt.date) -> None:
    for year in (2027, 2028):
        all_year = [dt.date(year, 1, 1) + dt.timedelta(count) for count in range(365 + (year == 2028))]
        assert sum((day.month, day.day) in dates.celebrated(one) for one in all_year) == 1


@given(days, st.integers(-3, 130), days, st.sampled_from(PLAIN))
def test_ages_are_spans_of_days_of_birth(born: dt.date, years: int, today: dt.date, operator: Operator) -> None:
    age = dates.age(born, today)
    compared = (
        age is not None
        and {
            Operator.EQUAL: age == years,
            Operator.GREATER: age > years,
            Operator.AT_LEAST: age >= years,
            Operator.LESS: age < years,
            Operator.AT_MOST: age <= years,
        }[operator]
    )
    assert passes(dates.ages(having(operator, Decimal(years)), today), born) == compared


@pytest.mark.parametrize(
    ("born", "today", "age"),
    [
        ("2000-05-16", "2026-05-15", 25),
        ("2000-05-15", "2026-05-15", 26),
        ("2004-02-29", "2026-02-27", 21),
        ("2004-02-29", "2026-02-28", 22),
        ("2004-02-29", "2028-02-28", 23),
        ("2004-02-29", "2028-02-29", 24),
        ("2026-05-15", "2026-05-15", 0),
        ("2026-05-16", "2026-05-15", None),
    ],
)
def test_age_is_whole_years(born: str, today: str, age: int | None) -> None:
    born_on, on = dt.date.fromisoformat(born), dt.date.fromisoformat(today)
    assert dates.age(born_on, on) == age
    assert passes(dates.ages(having(Operator.AT_LEAST, Decimal(0)), on), born_on) == (age is not None)


def test_several_ages_and_ranges_of_them() -> None:
    today = dt.date(2026, 2, 28)
    assert dates.ages(having(Operator.IN, Decimal(20), Decimal(22)), today) == (
        (dt.date(2003, 3, 1), dt.date(2004, 3, 1)),
        (dt.date(2005, 3, 1), dt.date(2006, 3, 1)),
    )
    assert dates.ages(having(Operator.BETWEEN, Decimal(20), Decimal(29)), today) == (
        (dt.date(1996, 3, 1), dt.date(2006, 3, 1)),
    )
    assert dates.ages(having(Operator.BETWEEN, Decimal(29), Decimal(20)), today) == ()
    assert not passes(dates.ages(having(Operator.GREATER, Decimal(5000)), today), dt.date(1, 1, 1))
