"""The rows of the queue. The backend's row says what is to be done; our Lease beside it says who does it, until when.

A job is claimed by one worker with a lease. The worker renews it while it lives; when a lease runs out, the next worker
takes the job over. Whoever lost the lease can no longer mark the job (worker and attempt are the fence).
"""

from __future__ import annotations

import datetime as dt
import traceback
from collections.abc import Callable, Collection
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django_tasks import TaskResultStatus as Status
from django_tasks_db.models import DBTaskResult

from regulars.core.background.verbs import Cancelled, UnknownVerb, find, perform, running
from regulars.core.errors import Refusal
from regulars.core.models import Lease
from regulars.core.quarantine import HeldBack

LEASE = dt.timedelta(seconds=60)
_HELD_BACK = dt.timedelta(seconds=20)
_DELAYS = [dt.timedelta(seconds=seconds) for seconds in (10, 60, 5 * 60, 30 * 60, 2 * 3600)]
_KEEP_DONE = dt.timedelta(days=1)
_KEEP_FAILED = dt.timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Held:
    """A job that this worker holds: the fence is (worker, attempt)."""

    job_id: Any
    verb: str
    arguments: dict[str, Any]
    context: dict[str, Any]
    worker: str
    attempt: int

    @property
    def lease(self) -> models.QuerySet[Lease]:
        """The lease, as long as it is still ours."""
        return Lease.objects.filter(job_id=self.job_id, worker=self.worker, attempts=self.attempt)


def claim(worker: str, *, lease: dt.timedelta = LEASE) -> Held | None:
    """Take the next job that is due, or one whose worker is gone; None when there is nothing to do."""
    now = timezone.now()
    # Look before locking: an idle worker must not take SQLite's write lock every second.
    if not _due().exists() and not _abandoned(now).exists():
        return None
    with transaction.atomic():
        job = _locked(_due()) or _locked(_abandoned(now))
        if job is None:
            return None
        held = Lease.objects.filter(job=job).first() or Lease(job=job)
        held.worker, held.until, held.attempts = worker, now + lease, held.attempts + 1
        held.save()
        job.claim(worker)
    return Held(job.pk, worker=worker, attempt=held.attempts, **job.args_kwargs["kwargs"])


def run(held: Held) -> BaseException | None:
    """Do a claimed job and mark how it ended; returns what went wrong, if anything did."""
    try:
        with running(lambda done, total: _tell(held, done, total)):
            _do(held)
    except HeldBack as refusal:
        _wait(held, refusal)
        return None
    except _LostLease:
        return None  # another worker has it now; what an atomic verb wrote here is rolled back
    except Exception as error:  # noqa: BLE001 — whatever a verb raises is the job's fate, not the worker's
        fail(held, error)
        return error
    return None


def finish(held: Held) -> bool:
    """Mark the job as done; False when it is no longer ours."""
    with transaction.atomic():
        if not held.lease.update(until=None, worker="", error=""):
            return False
        DBTaskResult.objects.filter(pk=held.job_id).update(
            status=Status.SUCCESSFUL, finished_at=timezone.now(), exception_class_path="", traceback=""
        )
    return True


def fail(held: Held, error: BaseException) -> bool:
    """Keep the error, and try again later, unless trying again cannot help; False when the job is no longer ours."""
    now = timezone.now()
    values: dict[str, Any] = {
        "exception_class_path": f"{type(error).__module__}.{type(error).__qualname__}",
        "traceback": "".join(traceback.format_exception(error))[-20_000:],
    }
    delay = _delay(held, error)
    if delay is None:
        values |= {"status": Status.FAILED, "finished_at": now}
    else:
        values |= {"status": Status.READY, "run_after": now + delay}
    with transaction.atomic():
        if not held.lease.update(until=None, worker="", error=sentence(error)):
            return False
        DBTaskResult.objects.filter(pk=held.job_id).update(**values)
    return True


def _wait(held: Held, refusal: HeldBack) -> None:
    """The shop is in quarantine: the job waits, and no attempt is counted."""
    with transaction.atomic():
        values = {"until": None, "worker": "", "attempts": held.attempt - 1, "error": refusal.sentence}
        if held.lease.update(**values):
            again = timezone.now() + _HELD_BACK
            DBTaskResult.objects.filter(pk=held.job_id).update(status=Status.READY, run_after=again)


def hand_back(jobs: Collection[Held]) -> None:
    """A worker that ends gives its running jobs back: the next one begins them at once, and no attempt is counted."""
    for held in jobs:
        with transaction.atomic():
            if held.lease.update(until=None, worker="", attempts=held.attempt - 1):
                DBTaskResult.objects.filter(pk=held.job_id).update(status=Status.READY, run_after=timezone.now())


def renew(jobs: Collection[Held], *, lease: dt.timedelta = LEASE) -> None:
    """Say that these jobs are still being worked on."""
    for held in jobs:
        held.lease.update(until=timezone.now() + lease)


Told = Callable[[DBTaskResult, str], None]
_TOLD: list[Told] = []


def tell(told: Told) -> None:
    """Hear of jobs that somebody stopped or repeated: `told(job, "stopped")`, in that transaction."""
    _TOLD.append(told)


def cancel(job: DBTaskResult, *, by: str) -> None:
    """Stop a job: one that waits never begins, one that runs ends at its next progress()."""
    error = _("Stopped by %(person)s.") % {"person": by}
    with transaction.atomic():
        if not DBTaskResult.objects.filter(pk=job.pk, status__in=[Status.READY, Status.RUNNING]).exists():
            return
        Lease.objects.update_or_create(job=job, defaults={"is_cancelled": True, "error": error})
        DBTaskResult.objects.filter(pk=job.pk, status=Status.READY).update(
            status=Status.FAILED, finished_at=timezone.now()
        )
        for told in _TOLD:
            told(job, "stopped")


def try_again(job: DBTaskResult) -> None:
    """Put a failed job back into the queue, with all its attempts."""
    with transaction.atomic():
        if DBTaskResult.objects.filter(pk=job.pk, status=Status.FAILED).update(
            status=Status.READY, run_after=timezone.now(), finished_at=None
        ):
            Lease.objects.filter(job=job).update(attempts=0, is_cancelled=False, until=None, worker="")
            for told in _TOLD:
                told(job, "repeated")


def prune() -> int:
    """Forget what was done a day ago and what failed three months ago; the number of jobs forgotten."""
    now = timezone.now()
    old = models.Q(status=Status.SUCCESSFUL, finished_at__lt=now - _KEEP_DONE) | models.Q(
        status=Status.FAILED, finished_at__lt=now - _KEEP_FAILED
    )
    count = 0
    while ids := list(DBTaskResult.objects.filter(old).order_by().values_list("pk", flat=True)[:500]):
        with transaction.atomic():
            Lease.objects.filter(job_id__in=ids).delete()
            count += DBTaskResult.objects.filter(pk__in=ids).delete()[0]
    return count


def sentence(error: BaseException) -> str:
    """What went wrong, as the page of jobs says it."""
    if isinstance(error, Refusal):
        return error.sentence
    if isinstance(error, Cancelled):
        return _("Stopped.")
    if isinstance(error, UnknownVerb):
        return _("This version does not know the work “%(verb)s”. Was it enqueued by a newer version?") % {
            "verb": str(error)
        }
    if isinstance(error, _WorkerGone):
        return ngettext(
            "The worker was gone %(count)s time while it did this.",
            "The worker was gone %(count)s times while it did this.",
            error.times,
        ) % {"count": error.times}
    return f"{type(error).__name__}: {error}"[:1000]


class _LostLease(Exception):  # noqa: N818 — never leaves this module
    """The lease went to another worker while the verb ran."""


class _WorkerGone(Exception):  # noqa: N818 — told as a sentence
    """Job after job killed its worker: it is not begun again."""

    def __init__(self, times: int) -> None:
        super().__init__(times)
        self.times = times


def _do(held: Held) -> None:
    verb = find(held.verb)
    if held.attempt > verb.retries + 1:
        raise _WorkerGone(held.attempt - 1)
    with transaction.atomic() if verb.is_atomic else nullcontext():
        perform.call(verb=held.verb, arguments=held.arguments, context=held.context)
        if not finish(held):
            raise _LostLease


def _due() -> models.QuerySet[DBTaskResult]:
    return DBTaskResult.objects.ready().filter(task_path=perform.module_path)


def _abandoned(now: dt.datetime) -> models.QuerySet[DBTaskResult]:
    return DBTaskResult.objects.filter(status=Status.RUNNING, lease__until__lt=now)


def _locked(jobs: models.QuerySet[DBTaskResult]) -> DBTaskResult | None:
    """The first of them that nobody else is taking. SQLite has no row locks: there the transaction is IMMEDIATE."""
    return jobs.select_for_update(skip_locked=True, of=("self",)).first()


def _delay(held: Held, error: BaseException) -> dt.timedelta | None:
    """How long until the next attempt; None when there is none."""
    if isinstance(error, Refusal | Cancelled | UnknownVerb | _WorkerGone):
        return None
    if held.attempt > find(held.verb).retries:
        return None
    return _DELAYS[min(held.attempt, len(_DELAYS)) - 1]


def _tell(held: Held, done: int, total: int) -> bool:
    return bool(held.lease.filter(is_cancelled=False).update(done=done, total=total))
