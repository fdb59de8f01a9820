"""Reminders: an inquiry that waits too long for its customer comes back; where wanted, they are reminded first."""

from __future__ import annotations

import datetime as dt
from typing import Final

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, override

from regulars.core import shop
from regulars.core.background import every
from regulars.core.errors import Invalid
from regulars.inbox.actions import changing
from regulars.inbox.actions.changing import held, image, settle
from regulars.inbox.facts import InquiryChanged, InquiryWoken
from regulars.inbox.following import writing
from regulars.inbox.models import Canned, Conversation, FollowUp, Status
from regulars.staff.models import User
from regulars.staff.policy import unmasked, verb
from regulars.timeline.actions import record

LONGEST: Final = 365
"""So many days at most."""

_AT_ONCE: Final = 200


@verb
def remind(
    conversation: Conversation,
    *,
    user: User,
    days: int,
    canned: Canned | None = None,
    version: int | None = None,
) -> FollowUp:
    """Wait for the customer so many days at most; then it is `user`'s turn again, with a note that says why.

    With `canned` the customer is reminded first, once, and has as many days again. A word of theirs ends it. Raises
    Invalid and Stale.
    """
    if not 1 <= days <= LONGEST:
        sentence = _("Choose 1 to %(most)s days.") % {"most": LONGEST}
        raise Invalid(sentence, fields={"days": [sentence]})
    current = held(conversation, version)
    before = image(current)
    changing.set_status(current, Status.WAITING)
    settle(current, before)
    now = timezone.now()
    known = FollowUp.objects.filter(conversation=current).first()
    row, _is_new = FollowUp.objects.update_or_create(
        conversation=current,
        defaults={
            "user": user,
            "days": days,
            "canned": canned,
            "asked_at": now,
            "due_at": now + dt.timedelta(days=days),
            "reminded_at": None,
        },
    )
    _tell(current, known.due_at if known is not None else None, row.due_at)
    return row


@verb
def forget(conversation: Conversation) -> bool:
    """Remind nobody of it any more; whether somebody would have been."""
    current = held(conversation)
    row = FollowUp.objects.filter(conversation=current, due_at__isnull=False).first()
    if row is None:
        return False
    due = row.due_at
    row.delete()
    _tell(current, due, None)
    return True


def of(conversation: Conversation) -> FollowUp | None:
    """The reminder that an inquiry has, where it still holds."""
    row = FollowUp.objects.filter(conversation=conversation, due_at__isnull=False).select_related("user").first()
    return row if row is not None and _holds(row, conversation) else None


@every(minutes=15, label=gettext_lazy("Bring back inquiries that nobody answered"))
@unmasked
def follow_due() -> int:
    """Remind customers, and bring back what they did not answer; how many inquiries those are."""
    due = FollowUp.objects.filter(due_at__lte=timezone.now()).order_by("due_at", "pk")
    return sum(_follow(key) for key in list(due.values_list("pk", flat=True)[:_AT_ONCE]))


@verb
def _follow(key: int) -> bool:
    row = FollowUp.objects.select_for_update(of=("self",)).filter(pk=key, due_at__lte=timezone.now()).first()
    if row is None:
        return False
    current = held(row.conversation)
    if current.pk != row.conversation_id or not _holds(row, current):
        row.delete()
        return False
    user = row.user if row.user is not None and row.user.is_active else None
    problem = ""
    if row.canned is not None and row.reminded_at is None:
        problem = _remind_customer(row, current, current.assignee or user)
        if not problem:
            return True
    _bring_back(row, current, user, problem)
    return True


def _remind_customer(row: FollowUp, current: Conversation, user: User | None) -> str:
    """Write to them; why that could not be, or nothing."""
    if row.canned is None:
        return ""
    try:
        with transaction.atomic():
            writing.write(current, text=row.canned, user=user, cause=f"follow-up {row.pk} {row.asked_at:%Y%m%d%H%M%S}")
    except writing.REFUSALS as refusal:
        return refusal.sentence
    now = timezone.now()
    row.reminded_at, row.due_at = now, now + dt.timedelta(days=row.days)
    row.save(update_fields=["reminded_at", "due_at"])
    return ""


def _bring_back(row: FollowUp, current: Conversation, user: User | None, problem: str) -> None:
    before = image(current)
    changing.set_status(current, Status.OPEN)
    if current.assignee_id is None and user is not None and user.may("inbox.edit"):
        current.assignee = user
    settle(current, before, is_told=False)
    days = (timezone.now() - row.asked_at).days
    with override((user.language if user is not None else "") or shop.current().language):
        said = ngettext(
            "The customer has not answered for %(days)s day.", "The customer has not answered for %(days)s days.", days
        ) % {"days": days}
        if row.reminded_at is not None:
            said += " " + _("They were reminded in between.")
        if problem:
            said += " " + _("They could not be reminded: %(why)s") % {"why": problem}
        writing.note(current, said)
    record(InquiryWoken(conversation=current.public_id), customer=current.customer, subject=current)
    row.delete()


def _holds(row: FollowUp, current: Conversation) -> bool:
    """Whether it still waits, and nobody wrote since."""
    is_silent = current.last_in_at is None or current.last_in_at <= row.asked_at
    return current.status == Status.WAITING and is_silent


def _tell(current: Conversation, was: dt.datetime | None, now: dt.datetime | None) -> None:
    moments = [one.isoformat() if one is not None else None for one in (was, now)]
    fact = InquiryChanged(conversation=current.public_id, changes={"follow_up": moments})
    record(fact, customer=current.customer, subject=current)
