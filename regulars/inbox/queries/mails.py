"""Reads of mailboxes and of the ledger of mails, for pages and the API."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, Max, Q, QuerySet
from django.utils import timezone

from regulars.core import shop
from regulars.inbox.models import Arrival, Mailbox, MailCount, Outcome

PAGE = 50
DAYS = 30


@dataclass(frozen=True, slots=True)
class Listed:
    """A mailbox with how it goes: `light` is on, bad, quiet or off."""

    mailbox: Mailbox
    mails: int
    waiting: int
    quarantined: int
    last_at: dt.datetime | None
    last_count: MailCount | None

    @property
    def light(self) -> str:
        """How it goes, in a word."""
        if not self.mailbox.is_on:
            return "off"
        if self.mailbox.problem or (self.last_count is not None and self.last_count.left):
            return "bad"
        return "on" if self.mailbox.checked_at else "quiet"


@dataclass(frozen=True, slots=True)
class Day:
    """What was counted on a day, of all mailboxes or of one; None where nothing was."""

    on: dt.date
    count: MailCount | None


def listed() -> list[Listed]:
    """All mailboxes."""
    mails = Count("arrivals")
    rows = Mailbox.objects.select_related("account", "channel", "team").annotate(
        mails=mails,
        waiting=Count("arrivals", filter=Q(arrivals__outcome=Outcome.WAITING)),
        quarantined=Count("arrivals", filter=Q(arrivals__outcome=Outcome.QUARANTINE)),
        last_at=Max("arrivals__received_at"),
    )
    last: dict[int, MailCount] = {}
    since = shop.today() - dt.timedelta(days=DAYS)
    for one in MailCount.objects.filter(day__gte=since).order_by("day"):
        last[one.mailbox_id] = one
    return [Listed(row, row.mails, row.waiting, row.quarantined, row.last_at, last.get(row.pk)) for row in rows]


def days_of(mailbox: Mailbox) -> list[Day]:
    """The last thirty days of a mailbox, the latest first."""
    today = shop.today()
    since = today - dt.timedelta(days=DAYS - 1)
    known = {one.day: one for one in MailCount.objects.filter(mailbox=mailbox, day__gte=since)}
    begun = timezone.localtime(mailbox.created_at, shop.zone()).date()
    first = max(since, min([begun, *known]))
    return [Day(day, known.get(day)) for day in (today - dt.timedelta(days=n) for n in range((today - first).days + 1))]


def mails(*, outcome: str = "", mailbox: Mailbox | None = None, source: str = "") -> QuerySet[Arrival]:
    """The ledger, the latest first."""
    rows = Arrival.objects.select_related("mailbox", "account").order_by("-pk")
    if outcome in Outcome.values:
        rows = rows.filter(outcome=outcome)
    if mailbox is not None:
        rows = rows.filter(mailbox=mailbox)
    if source in Arrival.Source.values:
        rows = rows.filter(source=source)
    return rows


def page_of(rows: QuerySet[Arrival], *, before: int | None = None) -> tuple[Sequence[Arrival], int | None]:
    """One page of the ledger, and the number the next one begins before."""
    if before is not None:
        rows = rows.filter(pk__lt=before)
    found = list(rows[: PAGE + 1])
    return found[:PAGE], found[PAGE - 1].pk if len(found) > PAGE else None


def in_quarantine() -> int:
    """How many mails nobody understood yet."""
    return Arrival.objects.filter(outcome=Outcome.QUARANTINE).count()
