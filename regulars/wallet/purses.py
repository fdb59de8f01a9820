"""Purses: all that a person has of one sort, over all their records, locked for as long as it is changed.

A merge moves nothing in the ledger: the accounts stay with the records they were opened for, and a purse reads them
together. Taken back, each record has what its own accounts say.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from django.db.models import Q

from regulars.customers.models import Customer
from regulars.customers.people import records_of
from regulars.wallet import proving
from regulars.wallet.models import OF_CUSTOMERS, POINTS, Account, AccountKind, Lot

_FOREVER = dt.datetime.max.replace(tzinfo=dt.UTC)


def kind_of(currency: str) -> AccountKind:
    """What can be used of a currency: points, or credit."""
    return AccountKind.POINTS if currency == POINTS else AccountKind.CREDIT


@dataclass(slots=True)
class Purse:
    """What a person has of a currency: their accounts, and the lots that hold something.

    `aside` are accounts that are locked with it, and not theirs any more.
    """

    customer: Customer
    currency: str
    accounts: list[Account] = field(default_factory=list)
    lots: list[Lot] = field(default_factory=list)
    aside: list[Account] = field(default_factory=list)

    def account(self, kind: AccountKind, customer: Customer | None = None) -> Account:
        """A record's own account of a kind, opened where there is none; the locked row itself where there is one."""
        of = customer or self.customer
        for one in self.accounts:
            if one.kind == kind and one.customer_number == of.pk:
                return one
        self.accounts += open_accounts([(kind, self.currency, of)])
        return self.accounts[-1]

    def has(self, kind: AccountKind, customer: Customer) -> bool:
        """Whether a record has an account of a kind."""
        return any(one.kind == kind and one.customer_number == customer.pk for one in self.accounts)

    def account_of(self, lot: Lot) -> Account:
        """The locked account a lot is of."""
        return next(one for one in (*self.accounts, *self.aside) if one.pk == lot.account_id)

    def balance(self, kind: AccountKind) -> int:
        """What the accounts of a kind say together."""
        return sum(one.balance for one in self.accounts if one.kind == kind)

    def owed(self) -> int:
        """What the person owes the shop, not below zero."""
        return -self.balance(AccountKind.OWED)

    def of(self, kind: AccountKind) -> list[Lot]:
        """The lots of a kind, soonest end first."""
        keys = {one.pk for one in self.accounts if one.kind == kind}
        return sorted((lot for lot in self.lots if lot.account_id in keys), key=in_order_of_use)

    def usable(self, at: dt.datetime) -> list[Lot]:
        """The lots with something free in them that has not ended, in the order they are used."""
        return [lot for lot in self.of(kind_of(self.currency)) if lot.free > 0 and not is_over(lot, at)]

    def available(self, at: dt.datetime) -> int:
        """What can be used now."""
        return sum(lot.free for lot in self.usable(at))


def locked(customer: Customer, currency: str, *, also: Collection[int] = ()) -> Purse:
    """The purse of the person whom a record is; nobody else changes it before this transaction ends.

    `also` are accounts, by their keys, that something came from when they were this person's, too.
    """
    return _load([customer], currency, also=also, is_locked=True)[customer.pk]


def locked_of(customers: Iterable[Customer], currency: str) -> dict[int, Purse]:
    """The purses of many, by the key each was asked for with; two records of one person share theirs.

    A transaction locks all it is going to change with one call: two that lock one after the other could wait for each
    other.
    """
    return _load(customers, currency, is_locked=True)


def read(customer: Customer, currency: str, *, also: Collection[int] = ()) -> Purse:
    """The purse as it is now, for who only looks."""
    return _load([customer], currency, also=also, is_locked=False)[customer.pk]


def _load(
    customers: Iterable[Customer], currency: str, *, also: Collection[int] = (), is_locked: bool
) -> dict[int, Purse]:
    wanted = {one.pk: one for one in customers}
    roots = records_of({one.merged_into_id or key for key, one in wanted.items()})
    records = {key: tuple(roots[one.merged_into_id or key]) for key, one in wanted.items()}
    numbers = sorted({number for of in records.values() for number in of})
    rows = Account.objects.filter(currency=currency, kind__in=OF_CUSTOMERS)
    rows = rows.filter(Q(customer_number__in=numbers) | Q(pk__in=also) if also else Q(customer_number__in=numbers))
    accounts = list((rows.select_for_update() if is_locked else rows).order_by("pk"))
    lots = list(Lot.objects.filter(account__in=[one.pk for one in accounts], left__gt=0))
    purses: dict[tuple[int, ...], Purse] = {}
    for key, of in records.items():
        if of not in purses:
            own = [one for one in accounts if one.customer_number in of]
            inside = {one.pk for one in own}
            aside = [one for one in accounts if one.pk in also and one.pk not in inside]
            purses[of] = Purse(
                wanted[key], currency, own, [lot for lot in lots if lot.account_id in inside], aside=aside
            )
    return {key: purses[of] for key, of in records.items()}


def open_accounts(wanted: Iterable[tuple[AccountKind, str, Customer | None]]) -> list[Account]:
    """Accounts of records, or of the shop (None), in any order; opened where there are none, by one of several at once.

    Those of customers are locked.
    """
    names = {(kind, currency, one.pk if one else 0): one for kind, currency, one in wanted}
    if not names:
        return []
    new = [
        Account(customer=one, customer_number=number, kind=kind, currency=currency)
        for (kind, currency, number), one in names.items()
    ]
    numbers, known = {number for _kind, _currency, number in names}, Account.objects.select_for_update()
    if numbers == {0}:
        known = Account.objects.all()  # the shop's own say nothing that changes: nobody waits for them
        there = known.filter(customer_number=0, kind__in={name[0] for name in names})
        new = [] if names.keys() <= {(one.kind, one.currency, 0) for one in there} else new
    Account.objects.bulk_create(new, batch_size=500, ignore_conflicts=True)
    rows = known.filter(
        customer_number__in=numbers, kind__in={name[0] for name in names}, currency__in={name[1] for name in names}
    )
    found = [one for one in rows.order_by("pk") if (one.kind, one.currency, one.customer_number) in names]
    secret = proving.key()
    unmarked = [one for one in found if not one.mac]
    for one in unmarked:
        one.mac = proving.of_account(one, secret)
    Account.objects.bulk_update(unmarked, ["mac"], batch_size=300)
    return found


def of_shop(kind: AccountKind, currency: str) -> Account:
    """The shop's own account of a kind."""
    return open_accounts([(kind, currency, None)])[0]


def taken(lots: Sequence[Lot], amount: int) -> list[tuple[Lot, int]]:
    """How much of which lot, in their order, comes to an amount; less where they hold less."""
    parts = []
    for lot in lots:
        part = min(lot.free, amount)
        if part > 0:
            parts.append((lot, part))
            amount -= part
    return parts


def in_order_of_use(lot: Lot) -> tuple[dt.datetime, dt.datetime, int]:
    """What ends soonest first; of those that end together the oldest."""
    return lot.expires_at or _FOREVER, lot.opened_at, lot.pk


def is_over(lot: Lot, at: dt.datetime) -> bool:
    """Whether it ended, and only waits to be taken out."""
    return lot.expires_at is not None and lot.expires_at <= at
