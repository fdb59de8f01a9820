"""Working time: what is due when, and how long was worked between two moments. Pure, and right to the microsecond.

A moment is working time if the clock on the wall of the calendar's zone then shows a time inside a window. So a window
that a change to summer time skips has no length, and one that is gone through twice counts twice.

1. Of each year (in UTC) all windows become intervals of whole microseconds, put together where they overlap.
2. Running sums over them answer how much is open before any moment of that year, by bisection.
3. `worked` is the difference of two such sums, hence additive and monotone; `due` is their inverse.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from zoneinfo import ZoneInfo

Window = tuple[int, int]
"""Minutes from the midnight its day begins with; one over midnight ends after 1440."""

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICRO = dt.timedelta(microseconds=1)
_MINUTE = 60_000_000
_DAY = 1440 * _MINUTE
_EMPTY_YEARS = 3  # a calendar with no window in so many years has none
_FAR = 60  # years; nobody promises for longer
_FIRST_YEAR, _LAST_YEAR = 1971, 9000


class NeverOpen(ValueError):  # noqa: N818 — it says what is so of the calendar
    """The calendar has no working time, so that nothing is ever due."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """When a shop works: windows by the day of the week (Monday first), and days on which others hold instead.

    A window belongs to the day it begins on: a holiday takes its own windows away, not the end of yesterday's night.
    """

    zone: str
    week: tuple[tuple[Window, ...], ...]
    days: tuple[tuple[dt.date, tuple[Window, ...]], ...] = ()


ALWAYS = Calendar("UTC", (((0, 1440),),) * 7)


def due(calendar: Calendar, start: dt.datetime, minutes: float) -> dt.datetime:
    """The first moment at which so many minutes have been worked since `start`. Raises NeverOpen."""
    left = round(minutes * _MINUTE)
    at = _number(start)
    if left <= 0:
        return start
    year, empty = start.astimezone(dt.UTC).year, 0
    left += _before(_year(calendar, year), at)
    for one in range(year, year + _FAR):
        index = _year(calendar, one)
        if left <= index.total:
            place = bisect_left(index.sums, left) - 1
            return _moment(index.starts[place] + left - index.sums[place])
        left -= index.total
        empty = 0 if index.total else empty + 1
        if empty >= _EMPTY_YEARS:
            break
    raise NeverOpen("no working time")


def worked(calendar: Calendar, start: dt.datetime, end: dt.datetime) -> float:
    """How many minutes were worked between two moments; negative where `end` is before `start`."""
    return _worked(calendar, start, end) / _MINUTE


def is_open(calendar: Calendar, at: dt.datetime) -> bool:
    """Whether that moment is working time."""
    index, number = _year(calendar, at.astimezone(dt.UTC).year), _number(at)
    place = bisect_right(index.starts, number) - 1
    return place >= 0 and number < index.ends[place]


def opens(calendar: Calendar, at: dt.datetime) -> dt.datetime:
    """That moment where it is working time, else the next one that is. Raises NeverOpen."""
    return at if is_open(calendar, at) else due(calendar, at, 1 / _MINUTE) - _MICRO


def _worked(calendar: Calendar, start: dt.datetime, end: dt.datetime) -> int:
    if end < start:
        return -_worked(calendar, end, start)
    first, last = start.astimezone(dt.UTC).year, end.astimezone(dt.UTC).year
    whole = sum(_year(calendar, year).total for year in range(first, last))
    return whole + _before(_year(calendar, last), _number(end)) - _before(_year(calendar, first), _number(start))


@dataclass(frozen=True, slots=True)
class _Year:
    """The working time of one year: intervals, and how much is open before each; `sums` has one more, the total."""

    starts: tuple[int, ...]
    ends: tuple[int, ...]
    sums: tuple[int, ...]

    @property
    def total(self) -> int:
        return self.sums[-1]


def _before(index: _Year, at: int) -> int:
    place = bisect_right(index.starts, at) - 1
    if place < 0:
        return 0
    return index.sums[place] + min(at, index.ends[place]) - index.starts[place]


@lru_cache(maxsize=512)
def _year(calendar: Calendar, year: int) -> _Year:
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        raise NeverOpen("no calendar reaches so far")
    low = _number(dt.datetime(year, 1, 1, tzinfo=dt.UTC))
    high = _number(dt.datetime(year + 1, 1, 1, tzinfo=dt.UTC))
    pieces = sorted(_pieces(calendar, year))
    starts: list[int] = []
    ends: list[int] = []
    for begins, stops in pieces:
        begin, stop = max(begins, low), min(stops, high)
        if begin >= stop:
            continue
        if ends and begin <= ends[-1]:
            ends[-1] = max(ends[-1], stop)
        else:
            starts.append(begin)
            ends.append(stop)
    lengths = (stop - begin for begin, stop in zip(starts, ends, strict=True))
    return _Year(tuple(starts), tuple(ends), tuple(accumulate(lengths, initial=0)))


def _pieces(calendar: Calendar, year: int) -> list[tuple[int, int]]:
    """The intervals of all windows of a year's days, and of the days beside it, which may reach into it."""
    other, segments = dict(calendar.days), _segments(calendar.zone, year)
    pieces: list[tuple[int, int]] = []
    first = dt.date(year, 1, 1) - dt.timedelta(days=3)
    wall = (first - _EPOCH.date()).days * _DAY
    weekday, place = first.weekday(), 0
    for number in range(first.toordinal(), dt.date(year + 1, 1, 4).toordinal()):
        windows = calendar.week[weekday]
        if other:
            windows = other.get(dt.date.fromordinal(number), windows)
        while segments[place][1] < wall - 2 * _DAY:
            place += 1
        for begins, stops in windows:
            low, high = wall + begins * _MINUTE, wall + stops * _MINUTE
            for start, end, offset in segments[place : place + 3]:
                begin, stop = max(low - offset, start), min(high - offset, end)
                if begin < stop:
                    pieces.append((begin, stop))
        wall += _DAY
        weekday = (weekday + 1) % 7
    return pieces


@lru_cache(maxsize=256)
def _segments(zone: str, year: int) -> list[tuple[int, int, int]]:
    """The stretches around a year in which the zone keeps one offset: from, until (in UTC), and the offset."""
    clock = ZoneInfo(zone)
    at = dt.datetime(year, 1, 1, tzinfo=dt.UTC) - dt.timedelta(days=14)
    end = dt.datetime(year + 1, 1, 15, tzinfo=dt.UTC)
    begins, offset = _number(at), _offset(clock, at)
    segments: list[tuple[int, int, int]] = []
    while at < end:
        following = at + dt.timedelta(days=7)
        now = _offset(clock, following)
        if now != offset:
            low, high = at, following
            while high - low > dt.timedelta(seconds=1):
                middle = low + dt.timedelta(seconds=(high - low) // dt.timedelta(seconds=2))
                low, high = (middle, high) if _offset(clock, middle) == offset else (low, middle)
            segments.append((begins, _number(high), offset))
            begins, offset = _number(high), now
        at = following
    segments.append((begins, _number(at) + _DAY * 30, offset))
    return segments


def _offset(clock: ZoneInfo, at: dt.datetime) -> int:
    return (at.astimezone(clock).utcoffset() or dt.timedelta()) // _MICRO


def _number(at: dt.datetime) -> int:
    return (at - _EPOCH) // _MICRO


def _moment(number: int) -> dt.datetime:
    return _EPOCH + dt.timedelta(microseconds=number)
