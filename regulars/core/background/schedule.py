"""What runs by the clock: @every("03:30") each day in the shop's zone, @every(minutes=5) all day.

A slot is a moment at which something is due. Each is run once, however many workers there are; slots that passed while
no worker ran are made up for by one run, not by many.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.functional import Promise
from django_tasks import TaskResultStatus as Status
from django_tasks_db.models import DBTaskResult

from regulars.core import shop
from regulars.core.background.verbs import Background
from regulars.core.models import Schedule

_EPOCH = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)


@dataclass(frozen=True, slots=True)
class Clock:
    """When a verb runs: at a time of day, or every so many minutes."""

    verb: Background
    at: dt.time | None
    minutes: int

    def slot(self, now: dt.datetime) -> dt.datetime:
        """The latest slot that is not after `now`."""
        if self.at is None:
            return now - (now - _EPOCH) % dt.timedelta(minutes=self.minutes)
        local = now.astimezone(shop.zone())
        day = local.date() if local.time() >= self.at else local.date() - dt.timedelta(days=1)
        return dt.datetime.combine(day, self.at, tzinfo=shop.zone()).astimezone(dt.UTC)

    def next_slot(self, now: dt.datetime) -> dt.datetime:
        """The first slot after `now`."""
        slot = self.slot(now)
        if self.at is None:
            return slot + dt.timedelta(minutes=self.minutes)
        day = slot.astimezone(shop.zone()).date() + dt.timedelta(days=1)
        return dt.datetime.combine(day, self.at, tzinfo=shop.zone()).astimezone(dt.UTC)


_CLOCKS: dict[str, Clock] = {}


def every(
    time_of_day: str = "", *, minutes: int = 0, retries: int = 3, label: str | Promise = ""
) -> Callable[[Callable[[], Any]], Background]:
    """Run a verb without arguments by the clock; it is a background verb like any other, too."""
    if bool(time_of_day) == bool(minutes):
        raise ValueError('say either @every("03:30") or @every(minutes=5)')
    at = dt.time.fromisoformat(time_of_day) if time_of_day else None

    def register(verb: Callable[[], Any]) -> Background:
        job = Background(verb, retries=retries, label=label, is_atomic=False)
        _CLOCKS[job.path] = Clock(job, at, minutes)
        return job

    return register


def clocks() -> list[Clock]:
    """Everything that runs by the clock, by its path."""
    return [clock for _, clock in sorted(_CLOCKS.items())]


def tick(now: dt.datetime | None = None) -> int:
    """Enqueue what has become due since the last tick of any worker; the number of jobs enqueued.

    A verb seen for the first time waits for its next slot. One whose last job is still waiting or running lets the
    slot pass: the next one will do the work of both.
    """
    now = now or timezone.now()
    known = {row.verb: row for row in Schedule.objects.filter(verb__in=_CLOCKS)}
    return sum(_tick(clock, known.get(clock.verb.path), now) for clock in clocks())


def _tick(clock: Clock, row: Schedule | None, now: dt.datetime) -> bool:
    slot = clock.slot(now)
    if row is None:
        Schedule.objects.get_or_create(verb=clock.verb.path, defaults={"slot": slot})
        return False
    if row.slot >= slot:
        return False
    with transaction.atomic():
        # The condition is the fence: of several workers, one changes the row.
        if not Schedule.objects.filter(pk=row.pk, slot=row.slot).update(slot=slot):
            return False
        if _is_unfinished(row.job_id):
            return False
        Schedule.objects.filter(pk=row.pk).update(job_id=clock.verb.later())
    return True


def _is_unfinished(job_id: Any) -> bool:
    return (
        job_id is not None
        and DBTaskResult.objects.filter(pk=job_id, status__in=[Status.READY, Status.RUNNING]).exists()
    )
