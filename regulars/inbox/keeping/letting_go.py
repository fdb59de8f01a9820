"""Letting go at night of what the shop keeps no longer: inquiries that are done, spam, and mails as they came.

An inquiry goes with everything that was said in it, its files, the mails as they came, and our answers as they were
sent. What was told of it on the timeline stays, which has no words of anybody. Whoever has a legal hold or a
restriction keeps all of theirs.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from regulars.core import shop
from regulars.core.background import every, progress
from regulars.core.errors import Invalid
from regulars.customers.privacy.laws import a_month_after
from regulars.customers.privacy.retention import excluded
from regulars.inbox import files
from regulars.inbox.facts import InboxSettingChanged, InquiriesLetGo
from regulars.inbox.mail import raw
from regulars.inbox.models import Arrival, Conversation, File, Keeping, Outcome, Status
from regulars.messaging import files as sent_files
from regulars.messaging.models import Message
from regulars.staff.policy import unmasked, verb
from regulars.timeline.actions import record

_MOST: Final = {"done_months": 240, "spam_days": 3650, "raw_days": 3650}
_AT_ONCE: Final = 100
_UNDERSTOOD: Final = (Outcome.INQUIRY, Outcome.REPLY, Outcome.BOUNCE, Outcome.AUTO, Outcome.COPY)


@dataclass(frozen=True, slots=True)
class Would:
    """What would go now, and how many inquiries stay for a legal hold or a restriction."""

    done: int = 0
    spam: int = 0
    raw: int = 0
    kept: int = 0


def current() -> Keeping:
    """What the shop said; a new shop keeps everything."""
    return Keeping.objects.first() or Keeping()


@verb
def change(*, done_months: int, spam_days: int, raw_days: int) -> Keeping:
    """Say how long what is kept; 0 is for ever. It is done the next night. Raises Invalid."""
    said = {"done_months": done_months, "spam_days": spam_days, "raw_days": raw_days}
    for name, number in said.items():
        if not 0 <= number <= _MOST[name]:
            sentence = _("Between %(least)s and %(most)s.") % {"least": 0, "most": _MOST[name]}
            raise Invalid(sentence, fields={name: [sentence]})
    rules = current()
    if any(getattr(rules, name) != number for name, number in said.items()):
        for name, number in said.items():
            setattr(rules, name, number)
        rules.save()
        record(InboxSettingChanged(what="keeping", called=str(rules)), subject=rules)
    return rules


@unmasked
def would(*, done_months: int, spam_days: int, raw_days: int) -> Would:
    """What a night with these numbers would let go of now; nothing is done."""
    rules = Keeping(done_months=done_months, spam_days=spam_days, raw_days=raw_days)
    stay = 0
    counts = {}
    for name, rows in (("done", old_done(rules)), ("spam", old_spam(rules))):
        counts[name] = 0
        for some in _lots(rows):
            held = _held(some)
            stay += sum(one.customer_id in held for one in some)
            counts[name] += sum(one.customer_id not in held for one in some)
    mails = sum(len(some) - len(_held(some, one_each=True)) for some in _lots(old_mails(rules)))
    return Would(done=counts["done"], spam=counts["spam"], raw=mails, kept=stay)


@every("03:20", label=gettext_lazy("Let go of old inquiries, spam and mails"))
@unmasked
def keep_inquiries() -> int:
    """Carry out what the shop said, some at a time, each lot in a transaction; how much went. It cannot be undone."""
    rules = current()
    went = {
        "done": _let_all_go(old_done(rules)),
        "spam": _let_all_go(old_spam(rules)),
        "raw": sum(_empty([one.pk for one in some]) for some in _lots(old_mails(rules))),
    }
    if rules.done_months or rules.spam_days or rules.raw_days:
        _tell(rules, went)
    return sum(went.values())


def old_done(rules: Keeping) -> QuerySet[Conversation]:
    """What was done so many months ago."""
    if not rules.done_months:
        return Conversation._base_manager.none()
    before = shop.start_of(a_month_after(shop.today(), months=-rules.done_months))
    return _shown().filter(status=Status.CLOSED, closed_at__lt=before)


def old_spam(rules: Keeping) -> QuerySet[Conversation]:
    """Spam of which nothing came for so many days."""
    if not rules.spam_days:
        return Conversation._base_manager.none()
    return _shown().filter(status=Status.SPAM, last_at__lt=timezone.now() - dt.timedelta(days=rules.spam_days))


def old_mails(rules: Keeping) -> QuerySet[Arrival]:
    """Mails as they came that were understood, and came so many days ago."""
    if not rules.raw_days:
        return Arrival._base_manager.none()
    before = timezone.now() - dt.timedelta(days=rules.raw_days)
    return Arrival._base_manager.filter(outcome__in=_UNDERSTOOD, is_erased=False, received_at__lt=before)


def _let_all_go(rows: QuerySet[Conversation]) -> int:
    count = 0
    for some in _lots(rows):
        count += _let_go([one.pk for one in some])
        progress(count, count + _AT_ONCE)
    return count


@verb
def _let_go(keys: list[int]) -> int:
    """One lot, and what is shown in them; whatever was opened again meanwhile stays."""
    rows = list(
        Conversation._base_manager.select_for_update(of=("self",)).filter(
            pk__in=keys, status__in=(Status.CLOSED, Status.SPAM)
        )
    )
    held = _held(rows)
    going = [one.pk for one in rows if one.customer_id not in held]
    found = Conversation._base_manager.filter(Q(pk__in=going) | Q(merged_into__in=going))
    ids = [one.public_id for one in found]
    numbers = [one.pk for one in found]
    _empty(list(Arrival._base_manager.filter(post__conversation__in=numbers).values_list("pk", flat=True)))
    attached = list(File._base_manager.filter(post__conversation__in=numbers).values_list("key", flat=True))
    sent = Message._base_manager.filter(
        Q(post__conversation__in=numbers) | Q(cause__in=[f"rating {public_id}" for public_id in ids])
    )
    gone = Message._base_manager.filter(pk__in=list(sent.values_list("pk", flat=True)))
    sent_files.forget(gone)
    # what is shown in another one goes first, or it would be shown alone
    Conversation._base_manager.filter(merged_into__in=going).delete()
    Conversation._base_manager.filter(pk__in=going).delete()
    gone.delete()
    transaction.on_commit(lambda: files.remove(attached))
    return len(going)


@verb
def _empty(keys: list[int]) -> int:
    """The mails go from the disk; their rows stay and say nothing, so that none is fetched again."""
    rows = list(Arrival._base_manager.filter(pk__in=keys, is_erased=False))
    held = _held(rows)
    going = [one for one in rows if one.customer_id not in held]
    Arrival._base_manager.filter(pk__in=[one.pk for one in going]).update(
        about={}, reason="", sender_digest="", is_erased=True, updated_at=timezone.now()
    )
    names = [one.key for one in going]
    transaction.on_commit(lambda: raw.remove(names))
    return len(going)


@verb
def _tell(rules: Keeping, went: dict[str, int]) -> None:
    Keeping.objects.filter(pk=rules.pk).update(ran_at=timezone.now(), went=went)
    for what, count in went.items():
        if count:
            record(InquiriesLetGo(what=what, count=count))


def _shown() -> QuerySet[Conversation]:
    return Conversation._base_manager.filter(merged_into=None)


def _lots(rows: QuerySet[Any]) -> Iterator[list[Any]]:
    """All of them by their keys, some at a time, also while they go."""
    last = 0
    while some := list(rows.filter(pk__gt=last).only("pk", "customer").order_by("pk")[:_AT_ONCE]):
        last = some[-1].pk
        yield some


def _held(rows: Iterable[Any], *, one_each: bool = False) -> Any:
    """Whose rows stay: their customers, or for counting the rows themselves."""
    rows = list(rows)
    held = excluded(list({one.customer_id for one in rows if one.customer_id is not None}))
    return [one for one in rows if one.customer_id in held] if one_each else held
