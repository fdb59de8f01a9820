"""What happens by the clock: points on the way can be used, what ended is taken out, and an account is closed."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable
from typing import Final

from django.utils import timezone

from regulars.customers.models import Customer
from regulars.staff.policy import verb
from regulars.wallet import purses
from regulars.wallet.announcing import announce
from regulars.wallet.models import Account, AccountKind, Lot, Posting, PostingKind
from regulars.wallet.owing import paid_from
from regulars.wallet.purses import Purse, is_over
from regulars.wallet.writing import Cause, Draft, Leg, write

AT_ONCE: Final = 300
"""How many lots are ended in one transaction."""

_Deed = Callable[[Purse, list[Lot], dt.datetime], list[Draft]]

CLOCK: Final = "clock"
"""The cause of what happens by itself."""


def activate_due(*, at: dt.datetime | None = None) -> int:
    """Make usable what was on the way long enough; how many lots that were. Run again it finds nothing."""
    return _each_due("active_at", _activate, at or timezone.now())


def expire_due(*, at: dt.datetime | None = None) -> int:
    """Take out what ended, each lot once and as a whole; how many that were. One that an order in progress has a part
    of waits until that is used or given up.
    """
    return _each_due("expires_at", _expire, at or timezone.now())


@verb
def close(customer: Customer, *, cause: Cause, at: dt.datetime | None = None) -> list[Posting]:
    """End all that a record has, and cancel what it owes, because the person is to be forgotten."""
    at, postings = at or timezone.now(), []
    for currency in sorted(set(Account.objects.filter(customer_number=customer.pk).values_list("currency", flat=True))):
        purse = purses.locked(customer, currency)
        own = [one for one in purse.accounts if one.customer_number == customer.pk]
        lots = [lot for lot in purse.lots if lot.account_id in {one.pk for one in own}]
        drafts = [_ending(purse, [lot], f"close lot {lot.pk}", cause, PostingKind.EXPIRE) for lot in lots]
        drafts += [_cancelling(purse, one, cause) for one in own if one.kind == AccountKind.OWED and one.balance < 0]
        if drafts:
            made = write(drafts, at=at)
            announce(drafts, made)
            postings += made
    return postings


def _each_due(column: str, do: _Deed, at: dt.datetime) -> int:
    done, last = 0, 0
    while True:
        due = Lot.objects.filter(**{f"{column}__lte": at}, left__gt=0, held=0, pk__gt=last).order_by("pk")
        if column == "active_at":
            due = due.filter(account__kind=AccountKind.PENDING)
        lots = list(due.select_related("account")[:AT_ONCE])
        if not lots:
            return done
        last = lots[-1].pk
        by_currency: dict[str, list[Lot]] = defaultdict(list)
        for lot in lots:
            by_currency[lot.account.currency].append(lot)
        for currency, some in by_currency.items():
            done += _some(currency, [lot.pk for lot in some], {lot.account.customer_number for lot in some}, do, at)


@verb
def _some(currency: str, keys: list[int], numbers: set[int], do: _Deed, at: dt.datetime) -> int:
    """Carry it out for lots of one currency, as they are now that their purses are locked."""
    people = list(Customer.everyone.filter(pk__in=numbers))
    done = 0
    drafts: list[Draft] = []
    for purse in {id(one): one for one in purses.locked_of(people, currency).values()}.values():
        lots = [lot for lot in purse.lots if lot.pk in keys and not lot.held]
        drafts += do(purse, lots, at)
        done += len(lots)
    if drafts:
        announce(drafts, write(drafts, at=at))
    return done


def _activate(purse: Purse, lots: list[Lot], _at: dt.datetime) -> list[Draft]:
    drafts, paid = [], 0
    for lot in lots:
        account, record = purse.account_of(lot), _record(purse, lot)
        pays = paid_from(purse, lot.left, paid=paid)
        paid += sum(leg.amount for leg in pays)
        rest = lot.left - sum(leg.amount for leg in pays)
        legs = [Leg(account, -lot.left, lot), *pays]
        if rest:
            new = Lot(granted_by_id=lot.granted_by_id, expires_at=lot.expires_at)
            legs.append(Leg(purse.account(AccountKind.POINTS, record), rest, new))
        drafts.append(_draft(PostingKind.ACTIVATE, f"activate lot {lot.pk}", record, purse, lot.left, legs))
    return drafts


def _expire(purse: Purse, lots: list[Lot], at: dt.datetime) -> list[Draft]:
    return [
        _ending(purse, [lot], f"expire lot {lot.pk}", Cause(kind=CLOCK), PostingKind.EXPIRE)
        for lot in lots
        if is_over(lot, at)
    ]


def _ending(purse: Purse, lots: list[Lot], key: str, cause: Cause, kind: PostingKind) -> Draft:
    amount = sum(lot.left for lot in lots)
    legs = [Leg(purse.account_of(lot), -lot.left, lot) for lot in lots]
    legs.append(Leg(purses.of_shop(AccountKind.EXPIRED, purse.currency), amount))
    return _draft(kind, key, _record(purse, lots[0]), purse, amount, legs, cause)


def _cancelling(purse: Purse, account: Account, cause: Cause) -> Draft:
    legs = [Leg(account, -account.balance), Leg(purses.of_shop(AccountKind.CORRECTED, purse.currency), account.balance)]
    amount = -account.balance
    return _draft(PostingKind.CORRECT, f"close account {account.pk}", purse.customer, purse, amount, legs, cause)


def _record(purse: Purse, lot: Lot) -> Customer:
    """The record a lot's account was opened for."""
    account = purse.account_of(lot)
    if account.customer_number == purse.customer.pk:
        return purse.customer
    return Customer.everyone.get(pk=account.customer_number)


def _draft(
    kind: PostingKind,
    key: str,
    record: Customer,
    purse: Purse,
    amount: int,
    legs: list[Leg],
    cause: Cause = Cause(kind=CLOCK),  # noqa: B008 — frozen
) -> Draft:
    return Draft(
        kind=kind,
        key=key,
        fingerprint="",
        cause=cause,
        customer=record,
        currency=purse.currency,
        amount=amount,
        legs=legs,
    )
