"""By the clock: what was promised and not kept is said at its moment, and what soon will be is warned of."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from regulars.core.background import every
from regulars.inbox.models import Deadline
from regulars.inbox.promises import running
from regulars.inbox.promises.facts import PromiseSoonDue
from regulars.staff.policy import unmasked
from regulars.timeline.actions import record

_AT_ONCE = 200  # in one transaction


@every(minutes=1, label=_("See which promises are due"))
@unmasked
def watch() -> None:
    """Say of every promise whose moment has passed that it was missed, and of those three quarters gone that they will.

    It may run twice, or late after an outage: each is said once, and as of the moment it was due.
    """
    now = timezone.now()
    for work in (_miss, _warn):
        while work(now) == _AT_ONCE:
            pass


@transaction.atomic
def _miss(now: dt.datetime) -> int:
    due = _locked().filter(due_at__lt=now, missed_at__isnull=True, ended_at__isnull=True).order_by("due_at")
    rows = list(due[:_AT_ONCE])
    for row in rows:
        running.notice_missed(row, now)
    return len(rows)


@transaction.atomic
def _warn(now: dt.datetime) -> int:
    near = _locked().filter(warn_at__lte=now, warned_at__isnull=True, missed_at__isnull=True, ended_at__isnull=True)
    rows = list(near.order_by("warn_at")[:_AT_ONCE])
    for row in rows:
        if not Deadline.objects.filter(pk=row.pk, warned_at__isnull=True).update(warned_at=now):
            continue
        conversation = row.conversation
        fact = PromiseSoonDue(conversation=conversation.public_id, promise=row.promise_name, promised=row.kind)
        record(fact, customer=conversation.customer, subject=conversation, at=row.warn_at)
    return len(rows)


def _locked() -> QuerySet[Deadline]:
    return Deadline.objects.select_for_update(of=("self",)).select_related("conversation__customer")
