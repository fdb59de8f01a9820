"""After a change of promises or calendars: what is open is promised anew, in the background, and counted before."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from regulars.core.background import every, progress
from regulars.inbox.models import Conversation, Deadline
from regulars.inbox.promises import deciding, running
from regulars.staff.policy import unmasked

_AT_ONCE = 100
_LOOKED_AT = 2000


@dataclass(frozen=True, slots=True)
class Preview:
    """What a change would do to promises that are open: how many there are, get another moment, or end, or are late.

    Of more than two thousand only the oldest are looked at (`looked_at`).
    """

    open: int
    looked_at: int
    moved: int
    ended: int
    late: int


@every(minutes=15, label=_("Promise anew what is open"))
@unmasked
def recompute() -> int:
    """Give every open promise the terms that hold now; how many changed. A second run changes none.

    It runs after every change of promises and calendars, and by the clock, because tiers change in bulk at night.
    """
    ids = list(
        Deadline.objects.filter(ended_at__isnull=True).order_by("conversation").values_list("conversation").distinct()
    )
    count = 0
    for place in range(0, len(ids), _AT_ONCE):
        count += _recompute([number for (number,) in ids[place : place + _AT_ONCE]])
        progress(min(place + _AT_ONCE, len(ids)), len(ids))
    return count


def preview(change: Callable[[], object]) -> Preview:
    """What open promises would become, if `change` were made: it is made, looked at, and taken back."""
    with transaction.atomic():
        change()
        found = _looked_at()
        transaction.set_rollback(True)
    return found


@transaction.atomic
def _recompute(ids: list[int]) -> int:
    promises, now, count = deciding.promises(), timezone.now(), 0
    touched: dict[int, Conversation] = {}
    rows = (
        Deadline.objects.select_for_update(of=("self",))
        .filter(conversation__in=ids, ended_at__isnull=True)
        .select_related("conversation__customer", "calendar")
        .prefetch_related("calendar__days")
        .order_by("conversation", "pk")
    )
    for row in rows:
        if running.exchange(row, deciding.fitting(row.conversation, promises), now):
            touched[row.conversation_id] = row.conversation
            count += 1
    for conversation in touched.values():
        running.note_nearest(conversation)
    return count


def _looked_at() -> Preview:
    promises, now = deciding.promises(), timezone.now()
    rows = Deadline.objects.filter(ended_at__isnull=True).order_by("pk")
    moved = ended = late = looked_at = 0
    for row in rows.select_related("conversation__customer", "calendar").prefetch_related("calendar__days")[
        :_LOOKED_AT
    ]:
        looked_at += 1
        was_missed = row.missed_at is not None or (row.due_at is not None and row.due_at < now)
        was = row.due_at
        running.exchange(row, deciding.fitting(row.conversation, promises), now)
        if row.ended_at is not None:
            ended += 1
        elif row.due_at != was:
            moved += 1
            late += not was_missed and row.due_at is not None and row.due_at < now
    return Preview(rows.count() + ended, looked_at, moved, ended, late)
