"""What the shop does where customers do not answer: one reminder after some days, and done after some more."""

from __future__ import annotations

import datetime as dt
from typing import Final

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from regulars.core import shop
from regulars.core.background import every
from regulars.core.errors import Invalid
from regulars.inbox.actions import changing
from regulars.inbox.actions.changing import held, image, settle
from regulars.inbox.facts import InboxSettingChanged
from regulars.inbox.following import writing
from regulars.inbox.models import Canned, Conversation, FollowUp, Silence, Status
from regulars.staff.policy import unmasked, verb
from regulars.timeline.actions import record

LONGEST: Final = 365
_TOO_OLD: Final = dt.timedelta(days=14)  # switched on late, nobody hears of what was asked long ago
_AT_ONCE: Final = 200


def current() -> Silence:
    """What the shop said about it; a new shop does nothing by itself."""
    return Silence.objects.select_related("remind_with", "close_with").first() or Silence()


@verb
def change(
    *, remind_after: int, remind_with: Canned | None, close_after: int, close_with: Canned | None = None
) -> Silence:
    """Say after how many days customers are reminded with which text, and when it is done; no days mean never.

    Raises Invalid.
    """
    problems: dict[str, list[str]] = {}
    for name, days in (("remind_after", remind_after), ("close_after", close_after)):
        if not 0 <= days <= LONGEST:
            problems[name] = [_("Choose 0 to %(most)s days.") % {"most": LONGEST}]
    if remind_after and remind_with is None:
        problems["remind_with"] = [_("Choose the text that they get.")]
    if problems:
        raise Invalid(" ".join(reason for some in problems.values() for reason in some), fields=problems)
    rules = current()
    before = (rules.remind_after, rules.remind_with_id, rules.close_after, rules.close_with_id)
    rules.remind_after, rules.remind_with = remind_after, remind_with
    rules.close_after, rules.close_with = close_after, close_with
    if before != (rules.remind_after, rules.remind_with_id, rules.close_after, rules.close_with_id):
        rules.save()
        record(InboxSettingChanged(what="silence", called=f"{remind_after}, {close_after}"), subject=rules)
    return rules


def to_be_reminded(rules: Silence, now: dt.datetime) -> QuerySet[Conversation]:
    """Whom the rule reminds now: silent for so many days, and not reminded since our last word."""
    if not rules.remind_after:
        return Conversation.objects.none()
    until = now - dt.timedelta(days=rules.remind_after)
    rows = _silent(until).filter(last_out_at__gt=until - _TOO_OLD)
    return rows.exclude(follow_up__reminded_at__gte=F("last_out_at"))


def to_be_closed(rules: Silence, now: dt.datetime) -> QuerySet[Conversation]:
    """What the rule closes now: silent for so many days since our last word, a reminder among them."""
    if not rules.close_after:
        return Conversation.objects.none()
    until = now - dt.timedelta(days=rules.close_after)
    return _silent(until).exclude(follow_up__reminded_at__gt=until)


@every(minutes=60, label=gettext_lazy("Remind customers who do not answer, and close what they leave"))
@unmasked
def keep_silence() -> int:
    """Carry out what the shop said; how many inquiries that was done with."""
    rules, now = current(), timezone.now()
    due = list(to_be_closed(rules, now).order_by("last_out_at", "pk").values_list("pk", flat=True)[:_AT_ONCE])
    count = sum(_close(key) for key in due)
    late = list(to_be_reminded(rules, now).order_by("last_out_at", "pk").values_list("pk", flat=True)[:_AT_ONCE])
    return count + sum(_remind(key) for key in late)


@verb
def _remind(key: int) -> bool:
    rules, row = current(), held(Conversation(pk=key))
    if rules.remind_with is None or not to_be_reminded(rules, timezone.now()).filter(pk=row.pk).exists():
        return False  # they wrote meanwhile
    now, user = timezone.now(), row.assignee if row.assignee is not None and row.assignee.is_active else None
    # noted whether they can be written to or not: it is not tried again every hour
    FollowUp.objects.update_or_create(
        conversation=row,
        defaults={"user": None, "days": rules.remind_after, "asked_at": now, "due_at": None, "reminded_at": now},
    )
    try:
        with transaction.atomic():
            writing.write(
                row, text=rules.remind_with, user=user, cause=f"silence {row.pk} {row.last_out_at:%Y%m%d%H%M%S}"
            )
    except writing.REFUSALS as refusal:
        with override(shop.current().language):
            writing.note(row, _("They could not be reminded: %(why)s") % {"why": refusal.sentence})
        return False
    return True


@verb
def _close(key: int) -> bool:
    rules, row, now = current(), held(Conversation(pk=key)), timezone.now()
    if not to_be_closed(rules, now).filter(pk=row.pk).exists():
        return False  # they wrote meanwhile
    is_lately = row.last_out_at is not None and row.last_out_at > now - dt.timedelta(days=rules.close_after) - _TOO_OLD
    if rules.close_with is not None and is_lately:
        user = row.assignee if row.assignee is not None and row.assignee.is_active else None
        try:
            with transaction.atomic():
                cause = f"silence-end {row.pk} {row.last_out_at:%Y%m%d%H%M%S}"
                writing.write(row, text=rules.close_with, user=user, cause=cause)
        except writing.REFUSALS as refusal:
            with override(shop.current().language):
                writing.note(row, _("They could not be told that it is done: %(why)s") % {"why": refusal.sentence})
    before = image(row)
    changing.set_status(row, Status.CLOSED)
    settle(row, before)
    FollowUp.objects.filter(conversation=row).delete()
    return True


def _silent(until: dt.datetime) -> QuerySet[Conversation]:
    """What waits for its customer, who said nothing since our last word, so long ago; nobody asked for it back."""
    rows = Conversation.objects.filter(status=Status.WAITING, merged_into=None, last_out_at__lte=until)
    rows = rows.filter(Q(last_in_at=None) | Q(last_in_at__lte=F("last_out_at")))
    return rows.exclude(follow_up__due_at__isnull=False)
