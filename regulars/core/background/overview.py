"""Reads for the page of jobs. Each list brings its lease along: the number of queries does not grow with the rows."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django_tasks import TaskResultStatus as Status
from django_tasks_db.models import DBTaskResult, get_date_max

from regulars.core.background import schedule, verbs
from regulars.core.background.verbs import Background, perform
from regulars.core.models import Lease, Schedule

_AT_MOST = 100


@dataclass(frozen=True, slots=True)
class Job:
    """One line of the page."""

    id: Any
    label: str | Promise
    arguments: dict[str, Any]
    enqueued_at: dt.datetime
    started_at: dt.datetime | None
    finished_at: dt.datetime | None
    again_at: dt.datetime | None
    attempts: int
    error: str
    done: int
    total: int
    is_cancelled: bool

    @property
    def share(self) -> float:
        """How much is done, from 0 to 1; 0 where the job does not say."""
        return min(1.0, self.done / self.total) if self.total else 0.0

    @property
    def done_megabytes(self) -> int:
        """What is done, of a job that counts bytes."""
        return self.done // 1_000_000

    @property
    def total_megabytes(self) -> int:
        """All there is to do, of a job that counts bytes."""
        return -(-self.total // 1_000_000)

    @property
    def stop_url(self) -> str:
        """Where to ask that it stops."""
        return reverse("job-stop", args=[self.id])


@dataclass(frozen=True, slots=True)
class Timed:
    """Something that runs by the clock: when it ran, when it runs next."""

    label: str | Promise
    at: dt.time | None
    minutes: int
    last: dt.datetime | None
    next: dt.datetime


def running() -> list[Job]:
    """What is being done now, the longest first."""
    return _jobs(_all().filter(status=Status.RUNNING).order_by("started_at"))


def running_of(*verbs_asked: Background) -> Job | None:
    """The job of one of these verbs that is being done now, if there is one."""
    paths = [verb.path for verb in verbs_asked]
    return next(iter(_jobs(_all().filter(status=Status.RUNNING, args_kwargs__kwargs__verb__in=paths))), None)


def waits(*verbs_asked: Background) -> bool:
    """Whether a job of one of these verbs is about to be done."""
    paths = [verb.path for verb in verbs_asked]
    return _all().filter(status=Status.READY, args_kwargs__kwargs__verb__in=paths).exists()


def waiting() -> list[Job]:
    """What is to be done, in the order it will be."""
    return _jobs(_all().filter(status=Status.READY))


def failed() -> list[Job]:
    """What could not be done or was stopped, the latest first."""
    return _jobs(_all().filter(status=Status.FAILED).order_by("-finished_at"))


def done() -> list[Job]:
    """What was done lately, the latest first."""
    return _jobs(_all().filter(status=Status.SUCCESSFUL).order_by("-finished_at"))


def by_the_clock() -> list[Timed]:
    """What runs by the clock, the next one first."""
    now = timezone.now()
    last = dict(Schedule.objects.exclude(job_id=None).values_list("verb", "slot"))
    timed = [
        Timed(label(clock.verb.path), clock.at, clock.minutes, last.get(clock.verb.path), clock.next_slot(now))
        for clock in schedule.clocks()
    ]
    return sorted(timed, key=lambda one: one.next)


def label(path: str) -> str | Promise:
    """What people call a verb; one that this version does not know is called by its path."""
    try:
        verb = verbs.find(path)
    except verbs.UnknownVerb:
        return path
    return verb.label or path.rpartition(".")[2].replace("_", " ").capitalize()


def _all() -> models.QuerySet[DBTaskResult]:
    return DBTaskResult.objects.filter(task_path=perform.module_path).select_related("lease")


def _jobs(rows: models.QuerySet[DBTaskResult]) -> list[Job]:
    return [_job(row) for row in rows[:_AT_MOST]]


def _job(row: DBTaskResult) -> Job:
    work = row.args_kwargs["kwargs"]
    lease = getattr(row, "lease", None) or Lease()
    return Job(
        id=row.pk,
        label=label(work["verb"]),
        arguments=work["arguments"],
        enqueued_at=row.enqueued_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
        again_at=row.run_after if lease.attempts and row.run_after != get_date_max() else None,
        attempts=lease.attempts,
        error=lease.error,
        done=lease.done,
        total=lease.total,
        is_cancelled=lease.is_cancelled,
    )
