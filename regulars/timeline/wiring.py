"""What the timeline plugs into the house."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

from django_tasks_db.models import DBTaskResult

from regulars.core import commands
from regulars.core.background import carry, queue
from regulars.timeline import proving  # noqa: F401 — it runs by the clock
from regulars.timeline.actions import acting, record, who_acts
from regulars.timeline.commands import export, seal, verify
from regulars.timeline.facts import JobChanged
from regulars.timeline.models import Source


def _capture() -> list[int | None]:
    acts = who_acts()
    return [acts.user_id, acts.token_id]


def _restore(known: Any) -> AbstractContextManager[None]:
    # jobs of the first version carry the person alone
    user_id, token_id = known if isinstance(known, list) else (known, None)
    return acting(user_id, Source.SYSTEM, token_id=token_id)


# A job acts for the person who caused it, and the program's token if there was one, whichever worker runs it.
carry("actor", capture=_capture, restore=_restore)


def _record_job(job: DBTaskResult, deed: str) -> None:
    record(JobChanged(deed=deed, verb=str(job.args_kwargs["kwargs"].get("verb", "")), job=str(job.pk)))


queue.tell(_record_job)

commands.add("audit", "seal", seal)
commands.add("audit", "verify", verify)
commands.add("audit", "export", export)
