"""Promised and kept: what customers were told, week by week, and what came of it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from django.utils import timezone

from regulars.core import shop
from regulars.inbox.acknowledging import estimating, expecting
from regulars.inbox.models import Expectation

_WEEKS = 26


@dataclass(slots=True)
class Held:
    """How many moments were decided, how many of them held, and how they compare with the promise.

    `told` are the minutes of working time that were said, `promised` those of the promise, of the same inquiries.
    """

    begins: dt.date | None = None
    count: int = 0
    held: int = 0
    announced: int = 0
    told: float = 0.0
    promised: float = 0.0
    range: tuple[float, float] = field(default=(0.0, 1.0))

    @property
    def share(self) -> float | None:
        """How often it held; None where nothing was decided."""
        return self.held / self.count if self.count else None

    @property
    def tighter(self) -> float | None:
        """How much shorter the told time is than the promise; None where nothing was promised."""
        return 1 - self.told / self.promised if self.promised else None


def weeks() -> tuple[list[Held], Held, int]:
    """The last half year of weeks, newest first, all of them together, and how many moments are not decided yet."""
    now, zone = timezone.now(), shop.zone()
    since = now - dt.timedelta(weeks=_WEEKS)
    rows = Expectation.objects.filter(source=expecting.HISTORY, said_at__isnull=False, came_at__gte=since)
    columns = ("came_at", "said_at", "answered_at", "told_at", "minutes", "promised_minutes")
    found: dict[dt.date, Held] = {}
    total = Held()
    decided = rows.filter(expecting.decided(now))
    for came, said, answered, told, minutes, promised in decided.values_list(*columns):
        day = came.astimezone(zone).date()
        monday = day - dt.timedelta(days=day.weekday())
        for one in (found.setdefault(monday, Held(begins=monday)), total):
            one.count += 1
            one.held += answered is not None and answered <= said
            one.announced += told is not None
            if promised and minutes is not None:
                one.told += min(minutes, promised)
                one.promised += promised
    for one in (*found.values(), total):
        one.range = estimating.interval(one.held, one.count)
    return [found[day] for day in sorted(found, reverse=True)], total, rows.count() - total.count
