"""From the rows of calendars to what the clock counts with."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

from regulars.core import shop
from regulars.inbox.models import Calendar, CalendarDay
from regulars.inbox.promises import clock

_MIDNIGHT = 1440
USUAL = [[["09:00", "18:00"]]] * 5 + [[], []]
"""Monday to Friday, nine to six: the calendar of a shop that has said nothing."""


def of(calendar: Calendar | None) -> clock.Calendar:
    """A calendar as the clock counts with it, with its days (`prefetch_related("days")`); without one, the default."""
    if calendar is None:
        calendar = Calendar.objects.prefetch_related("days").filter(is_default=True).first()
    if calendar is None:
        return clock.Calendar(shop.current().time_zone, weekly(USUAL))
    return built(calendar.time_zone, calendar.week, calendar.days.all())


def built(zone: str, week: Sequence[Sequence[Sequence[str]]], days: Iterable[CalendarDay]) -> clock.Calendar:
    """A calendar that may not have been saved; without a zone it goes by the shop's."""
    windows = weekly(week)
    zone = zone or shop.current().time_zone
    special = tuple(
        (day.on, windows[day.like] if day.like is not None else read(day.windows))
        for day in sorted(days, key=lambda day: day.on)
    )
    return clock.Calendar(zone, windows, special)


def weekly(week: Sequence[Sequence[Sequence[str]]]) -> tuple[tuple[clock.Window, ...], ...]:
    """The windows of seven days; a day that is not there has none."""
    return tuple(read(week[day]) if day < len(week) else () for day in range(7))


def read(windows: Iterable[Sequence[str]]) -> tuple[clock.Window, ...]:
    """Windows of a day in minutes: ["22:00", "02:00"] goes over midnight, ["00:00", "24:00"] is all day."""
    found = []
    for begins, ends in windows:
        start, end = minute(begins), minute(ends)
        found.append((start, end if end > start else end + _MIDNIGHT))
    return tuple(sorted(found))


def minute(time: str) -> int:
    """“09:30” as a number of minutes, up to “24:00”. Raises ValueError."""
    hours, _colon, minutes = time.partition(":")
    if time == "24:00":
        return _MIDNIGHT
    at = dt.time(int(hours), int(minutes))
    return at.hour * 60 + at.minute
