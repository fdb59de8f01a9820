"""From minutes of working time to a moment people can be told: rounded up, on the customer's own clock."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from zoneinfo import ZoneInfo

from regulars.inbox.promises import clock

LATELY = 50
"""So many promises that ended last say whether promises are kept."""

_HALF_HOUR, _HOUR = 30, 60
_KEPT = 0.9


def kind(at: dt.datetime, now: dt.datetime, zone: ZoneInfo) -> dt.datetime:
    """The next half hour where it is the customer's today, the next full hour on a later day; never before `at`."""
    local = at.astimezone(zone)
    step = _HALF_HOUR if local.date() == now.astimezone(zone).date() else _HOUR
    past = dt.timedelta(minutes=local.minute % step, seconds=local.second, microseconds=local.microsecond)
    # in UTC, where an hour is an hour whatever a clock on the wall does meanwhile
    return at if not past else at + dt.timedelta(minutes=step) - past


def told(
    *,
    calendar: clock.Calendar,
    came: dt.datetime,
    minutes: float,
    promised: dt.datetime | None,
    keeps_promises: bool,
    zone: ZoneInfo,
) -> dt.datetime:
    """The moment to tell: when so much was worked, rounded up.

    Never later than what was promised, where promises are kept; where they are not, the truth is told though it is
    later. Raises clock.NeverOpen.
    """
    found = kind(clock.due(calendar, came, minutes), came, zone)
    if promised is not None and keeps_promises:
        return min(found, promised)
    return found


def are_kept(lately: Collection[bool]) -> bool:
    """Whether promises are kept, from whether each of the last ones was: nine of ten are enough."""
    return sum(lately) >= _KEPT * len(lately)
