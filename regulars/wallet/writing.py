"""The one place that adds to the ledger. Whoever calls holds the accounts; see purses.

A draft says what is to be posted. All drafts of a call are written with a few statements, however many they are, and
get numbers without gaps at the end of the chain, which is locked from here to the end of the transaction.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.utils import timezone
from django.utils.translation import gettext as _

from regulars.core import shop
from regulars.customers.models import Customer
from regulars.timeline.actions import who_acts
from regulars.wallet import proving
from regulars.wallet.models import Account, Chain, Line, Lot, Posting, PostingKind, Remark
from regulars.wallet.refusals import ClockBehind, KeyUsed

BACK: dt.timedelta = dt.timedelta(minutes=5)
"""How far clocks of several machines may stand apart."""


class Unbalanced(AssertionError):  # noqa: N818 — it says what is wrong
    """A draft whose entries do not sum to zero: an error of ours, never of a caller's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """What made it happen: an order, a mail, a person at a desk. Words of ours, and the other's id."""

    kind: str
    id: str = ""


@dataclass(frozen=True, slots=True)
class Leg:
    """One entry to be. A lot that is not saved yet is opened by it."""

    account: Account
    amount: int
    lot: Lot | None = None


@dataclass(slots=True, kw_only=True)
class Draft:
    """A posting to be. `customer` is the record it is about; `amount` how much it moves, above zero."""

    kind: PostingKind
    key: str
    fingerprint: str
    cause: Cause
    customer: Customer
    currency: str
    amount: int
    legs: list[Leg] = field(default_factory=list)
    reverses: Posting | None = None
    reason: str = ""


def write(drafts: Sequence[Draft], *, at: dt.datetime | None = None) -> list[Posting]:
    """Add postings to the ledger, in this order; changes the accounts and lots in memory as in the database.

    Raises ClockBehind where the clock stands before the newest posting, KeyUsed where somebody else was faster with a
    key.
    """
    at = at or timezone.now()
    chain, secret, acting = _end_of_chain(at), proving.key(), who_acts()
    if Posting.objects.filter(key__in=[draft.key for draft in drafts]).exists():
        raise KeyUsed(_("This key was used a moment ago. Nothing was changed; ask again."))
    day = timezone.localtime(at, shop.zone()).date()
    postings = []
    for number, draft in enumerate(drafts, start=chain.number + 1):
        _check(draft)
        postings.append(
            Posting(
                number=number,
                kind=draft.kind,
                currency=draft.currency,
                amount=draft.amount,
                at=at,
                day=day,
                key=draft.key,
                fingerprint=draft.fingerprint,
                cause_kind=draft.cause.kind,
                cause_id=draft.cause.id,
                customer_number=draft.customer.pk,
                actor_id=acting.user_id,
                source=acting.source,
                reverses=draft.reverses,
                remark_digest=proving.of_remark(draft.reason, secret),
            )
        )
    # lots before postings: their keys are vouched for; the database compares foreign keys at the commit
    opened = _open_lots(drafts, postings, at)
    mac = chain.mac
    for draft, posting in zip(drafts, postings, strict=True):
        legs = [(leg.account.pk, leg.lot.pk if leg.lot else None, leg.amount) for leg in draft.legs]
        lots = [tuple(getattr(lot, name) for name in proving.LOT_COLUMNS) for lot in opened[posting.number]]
        mac = posting.mac = proving.of_posting(mac, proving.line_of(posting), legs, lots, secret)
    Posting.objects.bulk_create(postings, batch_size=500)
    Line.objects.bulk_create(
        [
            Line(posting=posting, account=leg.account, lot=leg.lot, amount=leg.amount)
            for draft, posting in zip(drafts, postings, strict=True)
            for leg in draft.legs
        ],
        batch_size=500,
    )
    Remark.objects.bulk_create(
        [
            Remark(posting=posting, customer=draft.customer, text=draft.reason)
            for draft, posting in zip(drafts, postings, strict=True)
            if draft.reason
        ],
        batch_size=500,
    )
    _carry(drafts, {lot.pk for lots in opened.values() for lot in lots})
    chain.number, chain.mac, chain.at = chain.number + len(postings), mac, at
    chain.save()
    return postings


def _end_of_chain(at: dt.datetime) -> Chain:
    Chain.objects.get_or_create(pk=1)
    chain = Chain.objects.select_for_update().get(pk=1)
    if chain.at is not None and at < chain.at - BACK:
        raise ClockBehind(
            _("The clock of this machine stands before the newest line of the ledger (%(at)s). Set it right first.")
            % {"at": timezone.localtime(chain.at, shop.zone()).strftime("%Y-%m-%d %H:%M")}
        )
    return chain


def _check(draft: Draft) -> None:
    sums: Counter[str] = Counter()
    for leg in draft.legs:
        sums[leg.account.currency] += leg.amount
    if not draft.legs or any(sums.values()) or draft.amount <= 0:
        raise Unbalanced(f"{draft.kind} {draft.key}: {dict(sums)}, {draft.amount}")


def _open_lots(drafts: Sequence[Draft], postings: Sequence[Posting], at: dt.datetime) -> dict[int, list[Lot]]:
    """Give the lots that drafts open their rows; what each posting opened, by its number."""
    opened: dict[int, list[Lot]] = defaultdict(list)
    for draft, posting in zip(drafts, postings, strict=True):
        for leg in draft.legs:
            lot = leg.lot
            if lot is not None and lot._state.adding:
                lot.account, lot.amount, lot.left, lot.opened_at = leg.account, leg.amount, leg.amount, at
                lot.opened_by_id = posting.number
                lot.granted_by_id = lot.granted_by_id or posting.number
                opened[posting.number].append(lot)
    Lot.objects.bulk_create([lot for lots in opened.values() for lot in lots], batch_size=500)
    return opened


def _carry(drafts: Sequence[Draft], new: set[int]) -> None:
    """Bring what accounts and lots keep beside their entries to what the entries make of them."""
    accounts: dict[int, tuple[Account, int]] = {}
    lots: dict[int, tuple[Lot, int]] = {}
    for leg in (leg for draft in drafts for leg in draft.legs):
        if leg.account.customer_number:
            account, change = accounts.get(leg.account.pk, (leg.account, 0))
            accounts[account.pk] = account, change + leg.amount
        if leg.lot is not None and leg.lot.pk not in new:
            lot, change = lots.get(leg.lot.pk, (leg.lot, 0))
            lots[lot.pk] = lot, change + leg.amount
    for account, change in accounts.values():
        account.balance += change
    for lot, change in lots.values():
        lot.left += change
    Account.objects.bulk_update([account for account, _change in accounts.values()], ["balance"], batch_size=300)
    Lot.objects.bulk_update([lot for lot, _change in lots.values()], ["left"], batch_size=300)
