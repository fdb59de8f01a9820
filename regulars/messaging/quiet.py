"""Quiet hours: from when on somebody may be written to, in their own time. Pure, and right when clocks are changed."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

_A_DAY = dt.timedelta(days=1)
_LOOKED_AHEAD = 4  # days; a window may lie in the hour that a change of clocks leaves out


def is_open(at: dt.datetime, zone: ZoneInfo, *, opens: dt.time, closes: dt.time) -> bool:
    """Whether a moment lies in the window of its day. A window may reach over midnight; from 8 to 8 is all day."""
    local = at.astimezone(zone).time()
    if opens < closes:
        return opens <= local < closes
    return opens == closes or local >= opens or local < closes


def opening(at: dt.datetime, zone: ZoneInfo, *, opens: dt.time, closes: dt.time) -> dt.datetime:
    """The first moment from `at` on that lies in the window."""
    if is_open(at, zone, opens=opens, closes=closes):
        return at
    day = at.astimezone(zone).date()
    for number in range(_LOOKED_AHEAD):
        found = dt.datetime.combine(day + number * _A_DAY, opens, tzinfo=zone).astimezone(dt.UTC)
        if found >= at and is_open(found, zone, opens=opens, closes=closes):
            return found
    return at  # a window that no clock ever shows keeps nothing back


def zone_of(name: str, default: ZoneInfo) -> ZoneInfo:
    """The time zone of that name; the default where there is none."""
    try:
        return ZoneInfo(name) if name else default
    except (LookupError, ValueError, OSError):
        return default
