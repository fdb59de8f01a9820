"""What somebody has, and how it came to be: balances now, and every line with what there was before and after."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Sum
from django.utils import timezone
from django.utils.translation import get_language, ngettext

from regulars.core import shop
from regulars.core.money import Money
from regulars.core.ui import words
from regulars.customers.models import Customer
from regulars.customers.people import records_with
from regulars.wallet.models import OF_CUSTOMERS, POINTS, Account, AccountKind, Line, Lot, Posting

PAGE = 50


@dataclass(slots=True, kw_only=True)
class Balance:
    """What somebody has of a currency, in its smallest unit. `ends_at` is when the next part of it ends."""

    currency: str
    usable: int = 0
    held: int = 0
    pending: int = 0
    owed: int = 0
    ends_at: dt.datetime | None = None
    ending: int = 0

    def __str__(self) -> str:
        return in_words(self.usable, self.currency)

    @property
    def is_points(self) -> bool:
        return self.currency == POINTS

    @property
    def said(self) -> str:
        return said(self.usable, self.currency)

    @property
    def said_held(self) -> str:
        return said(self.held, self.currency)

    @property
    def said_pending(self) -> str:
        return said(self.pending, self.currency)

    @property
    def said_owed(self) -> str:
        return said(self.owed, self.currency)

    @property
    def said_ending(self) -> str:
        return said(self.ending, self.currency)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A posting with what could be used before and after it."""

    posting: Posting
    before: int
    after: int
    reason: str

    @property
    def change(self) -> int:
        return self.after - self.before

    @property
    def said_before(self) -> str:
        return said(self.before, self.posting.currency)

    @property
    def said_change(self) -> str:
        sign = "+" if self.change > 0 else ""
        return sign + said(self.change, self.posting.currency)

    @property
    def said_after(self) -> str:
        return in_words(self.after, self.posting.currency)


def said(minor: int, currency: str) -> str:
    """An amount as people write it: money with its sign, points as a number alone."""
    return words.number(minor) if currency == POINTS else Money(minor, currency).format(get_language() or "en")


def in_words(minor: int, currency: str) -> str:
    """An amount where nothing beside it says what it is of: 1,240 points."""
    if currency != POINTS:
        return said(minor, currency)
    return ngettext("%(count)s point", "%(count)s points", minor) % {"count": words.number(minor)}


def balances(customer: Customer, *, at: dt.datetime | None = None) -> list[Balance]:
    """What the person has: credit in the shop's currency first, then in others, then points; two queries."""
    at = at or timezone.now()
    found: dict[str, Balance] = {}
    accounts = {}
    for account in Account.objects.filter(customer__in=records_with(customer), kind__in=OF_CUSTOMERS).order_by("pk"):
        accounts[account.pk] = account
        one = found.setdefault(account.currency, Balance(currency=account.currency))
        if account.kind == AccountKind.OWED:
            one.owed -= account.balance
        elif account.kind == AccountKind.PENDING:
            one.pending += account.balance
        else:
            one.held += account.held
    for lot in Lot.objects.filter(account__in=list(accounts), left__gt=0).order_by("expires_at", "pk"):
        account = accounts[lot.account_id]
        if account.kind == AccountKind.PENDING or (lot.expires_at is not None and lot.expires_at <= at):
            continue
        one = found[account.currency]
        one.usable += lot.free
        if lot.expires_at is not None and (one.ends_at is None or lot.expires_at <= one.ends_at):
            one.ending = lot.left + (one.ending if one.ends_at == lot.expires_at else 0)
            one.ends_at = lot.expires_at
    home = shop.current().currency
    return sorted(found.values(), key=lambda one: (one.is_points, one.currency != home, one.currency))


def history(customer: Customer, *, before: int | None = None) -> tuple[list[Step], bool]:
    """A page of the newest postings (before a number, where one is given), and whether there are older ones.

    What could be used after each is worked out from all that came later, so that a page costs the same at any age.
    """
    numbers = records_with(customer)
    rows = Posting.objects.filter(customer_number__in=numbers).order_by("-number")
    if before is not None:
        rows = rows.filter(number__lt=before)
    some = list(rows.select_related("actor", "remark")[: PAGE + 1])
    shown = some[:PAGE]
    if not shown:
        return [], False
    usable = Line.objects.filter(account__customer_number__in=numbers)
    usable = usable.filter(account__kind__in=[AccountKind.CREDIT, AccountKind.POINTS])
    after = dict(
        usable.filter(posting__number__lte=shown[0].number)
        .order_by()
        .values_list("account__currency")
        .annotate(sum=Sum("amount"))
    )
    moved: dict[int, int] = defaultdict(int)
    for number, amount in usable.filter(posting__in=[one.number for one in shown]).values_list("posting_id", "amount"):
        moved[number] += amount
    steps = []
    for posting in shown:
        now = after.get(posting.currency, 0)
        was = now - moved[posting.number]
        remark = getattr(posting, "remark", None)
        steps.append(Step(posting=posting, before=was, after=now, reason=remark.text if remark else ""))
        after[posting.currency] = was
    return steps, len(some) > PAGE


def of_sort(balances_now: Sequence[Balance], currency: str) -> Balance:
    """The balance of a currency among those of a person; an empty one where they have none."""
    return next((one for one in balances_now if one.currency == currency), Balance(currency=currency))
