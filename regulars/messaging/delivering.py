"""How a message leaves: claimed for a while, written down as handed over, and settled by whoever still holds the claim.

The claim's number is the fence: who lost the claim settles nothing. “Handed over” is committed before the first byte
by which the other side could take the message, so that one left in that state by a dead worker is known as what it is:
nobody can tell whether it arrived. Then one that is no bulk goes out once more with the same id (a receiver shows it
once); it is at its receiver's server at most twice. One that is bulk waits for a person.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, Final

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from regulars.core import quarantine
from regulars.core.background import background, every
from regulars.core.fields import sealed_for
from regulars.messaging import accounts, gate, receipting, transports
from regulars.messaging.facts import MessageFailed, MessageSent
from regulars.messaging.gate import SERVICE
from regulars.messaging.models import Account, Message
from regulars.messaging.transports import Refused, Unsure, described
from regulars.staff.policy import verb
from regulars.timeline.actions import record

State = Message.State

LEASE = dt.timedelta(minutes=10)  # longer than all the time limits of handing over together
RESENDS: Final = 1
_DELAYS: Final = tuple(dt.timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 3 * 60, 6 * 60, 12 * 60, 24 * 60))
_HELD = (State.CLAIMED, State.HANDED)
_LATE = dt.timedelta(minutes=10)
_AT_ONCE = 1000


class LostClaim(Exception):  # noqa: N818 — never leaves this module
    """Another worker has this message now, or somebody took it back."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message that this worker may hand over, and the number of its claim."""

    message: Message
    account: Account | None
    number: int


@background(retries=3, label=gettext_lazy("Send a message"), leaves=True)
def deliver(*, message_id: int) -> None:
    """Hand a message over, if it is still to be; what is only wrong for now is tried again, for two days and longer."""
    claimed = claim(message_id)
    if claimed is None:
        return
    try:
        provider_id = transports.hand_over(claimed.message, claimed.account, lambda: journal(claimed))
    except LostClaim:
        return
    except Refused as refusal:
        if refusal.is_final:
            fail(claimed, refusal.sentence)
        else:
            postpone(claimed, refusal.sentence, again_in=refusal.again_in)
    except Unsure as unsure:
        lose(claimed, described(unsure))
    except quarantine.HeldBack:
        postpone(claimed, "")
        raise
    else:
        accept(claimed, provider_id)


@verb
def claim(message_id: int) -> Claimed | None:
    """Take a message to hand it over; None where it is not to be, or not now: then it is looked at again in time.

    The gate is asked once more: who withdrew their consent meanwhile gets nothing.
    """
    message = (
        Message._base_manager.select_for_update(of=("self",)).select_related("customer", "account")
        .filter(pk=message_id).first()
    )  # fmt: skip
    now = timezone.now()
    if message is None or not _is_to_leave(message, now):
        return None
    try:
        gate.check_person(way=message.way, to=message.to, customer=message.customer, purpose=message.purpose or SERVICE)
    except gate.MayNotWrite as refusal:
        _put(message.pk, state=State.CANCELLED, problem=refusal.sentence, counts_at=None)
        return None
    leaves_at = gate.wait_until(message, now)
    if leaves_at > now:
        counts_at = leaves_at if message.counts_at is not None else None
        _put(message.pk, state=State.PLANNED, due_at=leaves_at, counts_at=counts_at)
        deliver.at(leaves_at, message_id=message.pk)
        return None
    if not accounts.can_send(message.way, message.account):
        _put(message.pk, state=State.HELD)
        return None
    number = message.claim + 1
    message.attempts += 1
    _put(
        message.pk,
        state=State.CLAIMED,
        claim=number,
        claimed_until=now + LEASE,
        attempts=message.attempts,
        counts_at=now if message.counts_at is not None else None,
    )
    return Claimed(message, accounts.account_for(message.way, message.account), number)


@verb
def journal(claimed: Claimed) -> None:
    """Write down that the message is handed over now, before its bytes go. Raises LostClaim, HeldBack."""
    quarantine.check()
    now = timezone.now()
    held = Message._base_manager.filter(
        pk=claimed.message.pk, state=State.CLAIMED, claim=claimed.number, claimed_until__gt=now
    )
    if not held.update(state=State.HANDED, handed_at=now, updated_at=now):
        raise LostClaim


@verb
def accept(claimed: Claimed, provider_id: str = "") -> None:
    """The other side took it."""
    now, message = timezone.now(), claimed.message
    columns: dict[str, Any] = {"state": State.ACCEPTED, "sent_at": now, "problem": "", "claimed_until": None}
    if message.is_fleeting:
        columns |= {"text": "", "html": ""}
    # one that looked lost while it was only slow is not lost
    if not _settle(claimed, (*_HELD, State.UNKNOWN), provider_id=provider_id[:250], **columns):
        return
    fact = MessageSent(
        message=message.public_id, about=message.subject, way=message.way, consent=receipting.line_of(message)
    )
    record(fact, customer=message.customer, subject=message)


@verb
def fail(claimed: Claimed, problem: str) -> None:
    """It was refused for good, or for too long."""
    message = claimed.message
    if not _settle(claimed, _HELD, state=State.FAILED, problem=problem, counts_at=None, claimed_until=None):
        return
    fact = MessageFailed(message=message.public_id, about=message.subject, problem=problem)
    record(fact, customer=message.customer, subject=message)


@verb
def postpone(claimed: Claimed, problem: str, *, again_in: float = 0.0) -> None:
    """It was not taken for now; it is tried again later, and fails after the last delay."""
    message, now = claimed.message, timezone.now()
    if message.attempts > len(_DELAYS):
        fail(claimed, problem)
        return
    due_at = now + max(_DELAYS[message.attempts - 1], dt.timedelta(seconds=again_in))
    counts_at = due_at if message.counts_at is not None else None
    if _settle(
        claimed, _HELD, state=State.PLANNED, problem=problem, due_at=due_at, counts_at=counts_at, claimed_until=None
    ):
        deliver.at(due_at, message_id=message.pk)


@verb
def lose(claimed: Claimed, problem: str) -> None:
    """Its bytes went and no answer came. One that is no bulk goes once more, the others wait for a person."""
    message, now = claimed.message, timezone.now()
    if _may_go_again(message):
        due_at = now + _DELAYS[0]
        if _settle(
            claimed,
            _HELD,
            state=State.PLANNED,
            problem=problem,
            due_at=due_at,
            resends=message.resends + 1,
            claimed_until=None,
        ):
            deliver.at(due_at, message_id=message.pk)
        return
    _settle(claimed, _HELD, state=State.UNKNOWN, problem=problem, claimed_until=None)


@every(minutes=5, label=gettext_lazy("Look after messages that nobody sends"))
def look_after() -> int:
    """Begin again what is due for long and has no job, and what a worker held that is gone; how many those were."""
    now = timezone.now()
    waiting = Message._base_manager.filter(state=State.PLANNED, due_at__lt=now - _LATE, updated_at__lt=now - _LATE)
    left = Message._base_manager.filter(state__in=_HELD, claimed_until__lt=now)
    found = [*waiting.values_list("pk", flat=True)[:_AT_ONCE], *left.values_list("pk", flat=True)[:_AT_ONCE]]
    for pk in found:
        deliver.later(message_id=pk)
    Message._base_manager.filter(pk__in=found, state=State.PLANNED).update(updated_at=now)
    return len(found)


def _is_to_leave(message: Message, now: dt.datetime) -> bool:
    """Whether it is its turn; what another worker holds is looked at again when the claim has run out."""
    if message.state == State.PLANNED:
        if message.due_at > now:
            deliver.at(message.due_at, message_id=message.pk)
        return message.due_at <= now
    if message.state not in _HELD:
        return False
    if message.claimed_until is not None and message.claimed_until > now:
        deliver.at(message.claimed_until, message_id=message.pk)
        return False
    if message.state == State.CLAIMED:
        return True  # who held it died before a byte went
    problem = _("The program was stopped while it handed this message over.")
    if not _may_go_again(message):
        _put(message.pk, state=State.UNKNOWN, problem=problem, settled_at=now, claimed_until=None)
        return False
    message.resends += 1
    _put(message.pk, state=State.PLANNED, problem=problem, resends=message.resends)
    return True


def _may_go_again(message: Message) -> bool:
    return not message.is_bulk and message.purpose != gate.MARKETING and message.resends < RESENDS


def _settle(claimed: Claimed, states: tuple[str, ...], **columns: Any) -> bool:
    """Write what became of it, if this claim still holds."""
    now, message = timezone.now(), claimed.message
    held = Message._base_manager.filter(pk=message.pk, claim=claimed.number, state__in=states)
    values = sealed_for(Message, message.customer_id, columns)
    return bool(held.update(settled_at=now, updated_at=now, **values))


def _put(pk: int, **columns: Any) -> None:
    Message._base_manager.filter(pk=pk).update(updated_at=timezone.now(), **columns)
