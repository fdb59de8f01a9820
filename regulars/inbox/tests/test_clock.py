"""Working time: over holidays, nights, and changes to summer time and back."""

import datetime as dt
import time

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from regulars.inbox.models import CalendarDay
from regulars.inbox.promises import calendars, clock

OFFICE = [[["09:00", "18:00"]]] * 5 + [[], []]
ZONES = (
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Shanghai",
    "America/Sao_Paulo",
    "Asia/Tehran",
)
ZONES += ("Africa/Casablanca", "Pacific/Apia", "Asia/Kathmandu", "America/St_Johns", "Africa/Cairo", "UTC")


def at(text, zone="Europe/Berlin"):
    from zoneinfo import ZoneInfo

    return dt.datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


def calendar(week=OFFICE, *days, zone="Europe/Berlin"):
    return calendars.built(zone, week, days)


def day(on, *windows, like=None):
    return CalendarDay(on=dt.date.fromisoformat(on), windows=[list(window) for window in windows], like=like)


@pytest.mark.parametrize(
    ("start", "minutes", "due"),
    [
        ("2026-11-20 16:30", 60, "2026-11-20 17:30"),
        ("2026-11-20 16:30", 90, "2026-11-20 18:00"),
        ("2026-11-20 16:30", 120, "2026-11-23 09:30"),
        ("2026-11-21 11:00", 30, "2026-11-23 09:30"),
        ("2026-11-20 07:00", 0, "2026-11-20 07:00"),
    ],
)
def test_what_is_due_skips_the_night_and_the_weekend(start, minutes, due):
    assert clock.due(calendar(), at(start), minutes) == at(due)


def test_a_lunch_break_stands_still_and_so_does_a_holiday_or_its_half():
    split = calendar([[["09:00", "12:00"], ["13:00", "17:00"]]] * 7, day("2026-12-24", ("09:00", "11:00")))
    assert clock.due(split, at("2026-11-23 11:30"), 60) == at("2026-11-23 13:30")
    assert clock.due(split, at("2026-12-24 10:30"), 60) == at("2026-12-25 09:30")
    closed = calendar(OFFICE, day("2026-12-25"))
    assert clock.due(closed, at("2026-12-24 17:30"), 60) == at("2026-12-28 09:30")


def test_a_saturday_works_like_a_monday():
    made_up = calendar(OFFICE, day("2026-10-10", like=0), zone="Asia/Shanghai")
    start = at("2026-10-09 17:30", "Asia/Shanghai")
    assert clock.due(made_up, start, 60) == at("2026-10-10 09:30", "Asia/Shanghai")


def test_a_window_over_midnight_belongs_to_the_day_it_begins_on():
    night = calendar([[["22:00", "02:00"]]] * 5 + [[], []], day("2026-11-24"))
    assert clock.due(night, at("2026-11-23 23:00"), 120) == at("2026-11-24 01:00")
    assert clock.due(night, at("2026-11-23 23:00"), 240) == at("2026-11-25 23:00")
    assert clock.worked(night, at("2026-11-27 00:00"), at("2026-11-29 00:00")) == 120 + 240


def test_an_hour_that_does_not_exist_is_not_worked_and_one_that_is_twice_counts_twice():
    small = calendar([[["02:15", "02:45"]]] * 7)
    assert clock.worked(small, at("2026-03-28 12:00"), at("2026-03-29 12:00")) == 0
    assert clock.worked(small, at("2026-10-24 12:00"), at("2026-10-25 12:00")) == 60
    night = calendar([[["22:00", "06:00"]]] * 7)
    assert clock.worked(night, at("2026-03-28 12:00"), at("2026-03-29 12:00")) == 7 * 60
    assert clock.worked(night, at("2026-10-24 12:00"), at("2026-10-25 12:00")) == 9 * 60
    assert clock.due(small, at("2026-03-28 12:00"), 10) == at("2026-03-30 02:25")


def test_a_calendar_that_never_opens_says_so():
    with pytest.raises(clock.NeverOpen):
        clock.due(calendar([[]] * 7), at("2026-01-01 00:00"), 1)
    assert clock.worked(calendar([[]] * 7), at("2026-01-01 00:00"), at("2027-01-01 00:00")) == 0


def test_years_ahead_are_found_at_once():
    office, start = calendar(), at("2026-11-20 16:30")
    clock.due(office, start, 600_000)
    began = time.perf_counter()
    for minutes in range(600_000, 600_050):
        clock.due(office, start, minutes)
    assert (time.perf_counter() - began) / 50 < 0.001


_TIMES = st.integers(0, 95).map(lambda quarter: f"{quarter // 4:02}:{quarter % 4 * 15:02}")
_WINDOWS = st.lists(st.tuples(_TIMES, _TIMES), max_size=3)
_WEEKS = st.lists(_WINDOWS, min_size=7, max_size=7)
_DAYS = st.dictionaries(st.dates(dt.date(2025, 1, 1), dt.date(2026, 12, 31)), _WINDOWS, max_size=4)
_FIRST, _LAST = dt.datetime(2025, 1, 1), dt.datetime(2026, 12, 31)  # noqa: DTZ001 — hypothesis adds the zone
_MOMENTS = st.datetimes(_FIRST, _LAST, timezones=st.just(dt.UTC))


@st.composite
def drawn_calendars(draw):
    days = [CalendarDay(on=on, windows=windows) for on, windows in draw(_DAYS).items()]
    return calendars.built(draw(st.sampled_from(ZONES)), draw(_WEEKS), days)


@given(drawn_calendars(), _MOMENTS, st.integers(1, 40_000))
def test_so_many_minutes_are_worked_until_they_are_due(drawn, start, minutes):
    assume(any(drawn.week))
    due = clock.due(drawn, start, minutes)
    assert clock.worked(drawn, start, due) == minutes
    assert clock.worked(drawn, start, due - dt.timedelta(microseconds=1)) < minutes
    assert clock.due(drawn, start, minutes + 1) > due


@given(drawn_calendars(), _MOMENTS, _MOMENTS, _MOMENTS)
def test_working_time_adds_up_and_never_runs_backwards(drawn, one, two, three):
    first, second, third = sorted((one, two, three))
    parts = clock.worked(drawn, first, second) + clock.worked(drawn, second, third)
    assert parts == pytest.approx(clock.worked(drawn, first, third), abs=1e-6)
    assert 0 <= clock.worked(drawn, first, second) <= (second - first) / dt.timedelta(minutes=1)


@given(drawn_calendars(), _MOMENTS)
def test_what_is_open_is_what_the_clock_on_the_wall_says(drawn, moment):
    from zoneinfo import ZoneInfo

    wall = moment.astimezone(ZoneInfo(drawn.zone))
    minute = wall.hour * 60 + wall.minute
    special, today = dict(drawn.days), wall.date()
    yesterday = today - dt.timedelta(days=1)
    here = special.get(today, drawn.week[today.weekday()])
    before = special.get(yesterday, drawn.week[yesterday.weekday()])
    is_open = any(begin <= minute < end for begin, end in here)
    is_open = is_open or any(begin <= minute + 1440 < end for begin, end in before)
    assert clock.is_open(drawn, moment) == is_open
