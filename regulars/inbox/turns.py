"""Whose turn it is: what the verbs of conversations say when the customer wrote, when we answered, when it is settled.

Promises begin, stand still, go on and end here and nowhere else, in the transaction of the verb that calls:

    customer_wrote   the first or the next answer is owed, and a solution
    we_answered      the answer is given; while the customer's turn lasts, the solution's clock stands still
    closed           solved: nothing is owed any more
    reopened         what was solved was not
    put_off, woken   put off for later: each promise says whether its clock runs meanwhile
    waits            set to “waiting for the customer” by hand
    is_spam          nothing is owed to nobody
    merged           what was promised in the one that goes holds in the one that stays
    changed          another topic, tier, mailbox: what still runs is promised anew
"""

from __future__ import annotations

import datetime as dt

from regulars.inbox.models import Conversation, Deadline, Kept, Status
from regulars.inbox.promises import deciding, running


def customer_wrote(conversation: Conversation, at: dt.datetime) -> None:
    """The customer waits for an answer: for the first one, or after that for the next; and for a solution.

    Whatever was promised already goes on as it is: a second mail gives nobody more time.
    """
    if conversation.status == Status.SPAM:
        return
    open_now = _open(conversation)
    missing = [kind for kind in _owed(conversation, open_now) if kind not in open_now]
    for deadline in open_now.values():
        running.resume(deadline, at)
    if Kept.SOLUTION in missing and _take_up_solution(conversation, at):
        missing.remove(Kept.SOLUTION)
    promise = deciding.fitting(conversation) if missing else None
    if promise is not None:
        for kind in missing:
            running.begin(conversation, promise, kind, at)
    running.note_nearest(conversation)


def we_answered(conversation: Conversation, at: dt.datetime, is_automatic: bool = False) -> None:
    """We answered, which is no promise kept if it went out by itself. A solution is owed on, in our turn only."""
    if is_automatic:
        return
    for kind, deadline in _open(conversation).items():
        if kind != Kept.SOLUTION:
            running.end(deadline, at, is_met=True)
        elif conversation.status != Status.OPEN:
            running.pause(deadline, at)
    running.note_nearest(conversation)


def closed(conversation: Conversation, at: dt.datetime) -> None:
    """It is settled: the solution is met, and no answer is owed any more."""
    for kind, deadline in _open(conversation).items():
        running.end(deadline, at, is_met=kind == Kept.SOLUTION)
    running.note_nearest(conversation)


def reopened(conversation: Conversation, at: dt.datetime) -> None:
    """It was not settled: the promise of a solution goes on with what was left of it."""
    open_now = _open(conversation)
    for deadline in open_now.values():
        running.resume(deadline, at)
    if Kept.SOLUTION not in open_now:
        _take_up_solution(conversation, at)
    running.note_nearest(conversation)


def put_off(conversation: Conversation, at: dt.datetime) -> None:
    """It is put off for later: the clocks stand still of those promises that say so."""
    for deadline in _open(conversation).values():
        if not deadline.runs_on_later:
            running.pause(deadline, at)
    running.note_nearest(conversation)


def woken(conversation: Conversation, at: dt.datetime) -> None:
    """It is our turn again, without a word of the customer's."""
    for deadline in _open(conversation).values():
        running.resume(deadline, at)
    running.note_nearest(conversation)


def waits(conversation: Conversation, at: dt.datetime) -> None:
    """Somebody says that the customer's turn has come: all clocks stand still."""
    for deadline in _open(conversation).values():
        running.pause(deadline, at)
    running.note_nearest(conversation)


def is_spam(conversation: Conversation, at: dt.datetime) -> None:
    """Nothing was asked: what was promised ends, neither kept nor broken anew."""
    for deadline in _open(conversation).values():
        running.end(deadline, at, is_met=False)
    running.note_nearest(conversation)


def merged(kept: Conversation, gone: Conversation, at: dt.datetime) -> None:
    """Of two conversations that are one, each kind of promise holds once: the one that is due earlier."""
    staying = _open(kept)
    for kind, deadline in _open(gone).items():
        other = staying.get(kind)
        if other is not None and _ends_first(other, deadline):
            running.end(deadline, at, is_met=False)
            continue
        if other is not None:
            running.end(other, at, is_met=False)
        deadline.conversation = kept
        deadline.save(update_fields=["conversation"])
    running.note_nearest(kept)
    running.note_nearest(gone)


def changed(conversation: Conversation, at: dt.datetime) -> None:
    """What decides which promise fits is another: only what still runs, or stands still, is promised anew."""
    open_now = _open(conversation)
    if not open_now:
        return
    promise = deciding.fitting(conversation)
    if promise is None:
        for deadline in open_now.values():
            running.end(deadline, at, is_met=False)
    else:
        for deadline in open_now.values():
            if deadline.promise_id != promise.pk:
                running.exchange(deadline, promise, at)
        if any(deadline.due_at is not None for deadline in open_now.values()):
            for kind in _owed(conversation, open_now):
                if kind not in open_now:
                    running.begin(conversation, promise, kind, min(one.started_at for one in open_now.values()))
    running.note_nearest(conversation)


def _owed(conversation: Conversation, open_now: dict[str, Deadline]) -> list[Kept]:
    answer = Kept.FIRST if conversation.first_answer_at is None else Kept.NEXT
    # the first answer is promised once: whatever is open of it stays that
    return [Kept.FIRST if Kept.FIRST in open_now else answer, Kept.SOLUTION]


def _open(conversation: Conversation) -> dict[str, Deadline]:
    """What is owed, by its kind; locked, so that an answer and the clock do not both say what became of it."""
    rows = (
        Deadline.objects.select_for_update(of=("self",))
        .filter(conversation=conversation, ended_at__isnull=True)
        .select_related("calendar")
        .prefetch_related("calendar__days")
        .order_by("pk")
    )
    found = {row.kind: row for row in rows}
    for row in found.values():
        row.conversation = conversation
    return found


def _take_up_solution(conversation: Conversation, at: dt.datetime) -> bool:
    last = (
        Deadline.objects.filter(conversation=conversation, kind=Kept.SOLUTION, met_at__isnull=False)
        .select_related("calendar")
        .order_by("pk")
        .last()
    )
    if last is None:
        return False
    last.conversation = conversation
    running.take_up(last, at)
    return True


def _ends_first(one: Deadline, other: Deadline) -> bool:
    if one.due_at is not None and other.due_at is not None:
        return one.due_at <= other.due_at
    return one.due_at is not None or (other.due_at is None and one.left <= other.left)
