"""Deadlines on their way: begin, pause, resume, end, and be given another promise. Only turns.py and jobs call it."""

from __future__ import annotations

import datetime as dt

from django.db.models import Min
from django.utils import timezone

from regulars.inbox.models import Conversation, Deadline, Kept, Promise
from regulars.inbox.promises import calendars, clock, deciding
from regulars.inbox.promises.facts import PromiseMissed
from regulars.timeline.actions import record

_WARNED_AFTER = 0.75  # of the promised time
_NONE = dt.timedelta()


def begin(conversation: Conversation, promise: Promise, kind: str, at: dt.datetime) -> Deadline | None:
    """Promise it, from that moment; None where the promise says nothing about it, or its calendar never opens."""
    minutes = deciding.minutes_of(promise, kind)
    if minutes is None:
        return None
    deadline = Deadline(conversation=conversation, kind=kind, started_at=at, left=dt.timedelta(minutes=minutes))
    _take_over(deadline, promise, minutes)
    try:
        _run(deadline, at)
    except clock.NeverOpen:
        return None
    deadline.save(force_insert=True)
    return deadline


def pause(deadline: Deadline, at: dt.datetime) -> None:
    """Stop the clock, where it runs: the customer waits for nothing now."""
    if deadline.due_at is None:
        return
    notice_missed(deadline, at)
    deadline.left = remaining(deadline, at)
    deadline.due_at, deadline.warn_at, deadline.paused_at = None, None, at
    deadline.save()


def resume(deadline: Deadline, at: dt.datetime) -> None:
    """Let the clock go on with what is left, where it stands still; never from before it stood still."""
    if deadline.due_at is not None:
        return
    _go_on(deadline, max(at, deadline.paused_at or at))
    deadline.save()


def take_up(deadline: Deadline, at: dt.datetime) -> None:
    """One that had ended goes on: what was solved was not."""
    at = max(at, deadline.ended_at or at)
    deadline.met_at = deadline.ended_at = None
    _go_on(deadline, at)
    deadline.save()


def end(deadline: Deadline, at: dt.datetime, *, is_met: bool) -> None:
    """Nothing is owed any more, because it was done (`is_met`) or because nobody waits for it."""
    notice_missed(deadline, at)
    deadline.left = remaining(deadline, at)
    deadline.due_at, deadline.warn_at, deadline.paused_at = None, None, None
    deadline.ended_at, deadline.met_at = at, at if is_met else None
    deadline.save()


def remaining(deadline: Deadline, at: dt.datetime) -> dt.timedelta:
    """The working time that is left at that moment; negative of one that is late."""
    if deadline.due_at is None:
        return deadline.left
    passed = clock.worked(calendars.of(deadline.calendar), deadline.resumed_at, at)
    return deadline.left - dt.timedelta(minutes=passed)


def notice_missed(deadline: Deadline, at: dt.datetime) -> bool:
    """If it was due before that moment and nobody has said so, say it: the fact is recorded once, at its moment."""
    due = deadline.due_at
    if due is None or due >= at or deadline.missed_at is not None:
        return False
    free = Deadline.objects.filter(pk=deadline.pk, missed_at__isnull=True)
    if not free.update(missed_at=due):
        deadline.refresh_from_db(fields=["missed_at"])
        return False
    deadline.missed_at = due
    conversation = deadline.conversation
    fact = PromiseMissed(
        conversation=conversation.public_id, promise=deadline.promise_name, promised=Kept(deadline.kind).value
    )
    record(fact, customer=conversation.customer, subject=conversation, at=due)
    return True


def exchange(deadline: Deadline, promise: Promise | None, at: dt.datetime) -> bool:
    """Give what still runs the terms of another promise, or of the same one after a change; whether anything changed.

    What was worked of it counts: only what remains is new. Where nothing is promised any more it ends unmet.
    """
    notice_missed(deadline, at)
    minutes = deciding.minutes_of(promise, deadline.kind) if promise is not None else None
    if promise is None or minutes is None:
        end(deadline, at, is_met=False)
        return True
    was = (deadline.promise_id, deadline.promise_name, deadline.minutes, deadline.due_at, deadline.calendar_id)
    deadline.left += dt.timedelta(minutes=minutes - deadline.minutes)
    _take_over(deadline, promise, minutes)
    if deadline.due_at is not None:
        try:
            _run(deadline, deadline.resumed_at)
        except clock.NeverOpen:
            end(deadline, at, is_met=False)
            return True
    if was == (deadline.promise_id, deadline.promise_name, deadline.minutes, deadline.due_at, deadline.calendar_id):
        return False
    deadline.save()
    return True


def note_nearest(conversation: Conversation) -> None:
    """Write the nearest deadline that runs onto the conversation, where lists order by it."""
    nearest = Deadline.objects.filter(conversation=conversation, ended_at__isnull=True).aggregate(due=Min("due_at"))
    conversation.due_at = nearest["due"]
    Conversation.objects.filter(pk=conversation.pk).update(due_at=conversation.due_at, updated_at=timezone.now())


def _go_on(deadline: Deadline, at: dt.datetime) -> None:
    deadline.paused_at = None
    try:
        _run(deadline, at)
    except clock.NeverOpen:
        deadline.paused_at = at


def _run(deadline: Deadline, at: dt.datetime) -> None:
    """Set when it is due, from a moment at which `left` was left. One that is late is due when it was."""
    calendar = calendars.of(deadline.calendar)
    deadline.resumed_at = at
    if deadline.missed_at is not None:
        deadline.due_at, deadline.warn_at = deadline.missed_at, None
        return
    left = deadline.left / dt.timedelta(minutes=1)
    deadline.due_at = clock.due(calendar, at, left)
    deadline.warn_at = clock.due(calendar, at, left - deadline.minutes * (1 - _WARNED_AFTER))


def _take_over(deadline: Deadline, promise: Promise, minutes: int) -> None:
    deadline.promise, deadline.promise_name, deadline.minutes = promise, promise.name, minutes
    deadline.calendar, deadline.runs_on_later = promise.calendar, promise.runs_on_later
