"""Taking back what was given, and giving back what was used: always by what the ledger says was done then.

See wallet-and-loyalty, “Refund and return”. Any row of partial steps ends exactly at the whole: each step asks for an
amount, and the steps that name a posting never come to more than it.
"""

from __future__ import annotations

import datetime as dt

from django.utils import timezone
from django.utils.translation import gettext as _

from regulars.customers.models import Customer
from regulars.staff.policy import verb
from regulars.wallet import purses
from regulars.wallet.actions import once
from regulars.wallet.announcing import Done, announce
from regulars.wallet.models import AccountKind, Line, Lot, Posting, PostingKind
from regulars.wallet.owing import paid_from
from regulars.wallet.purses import is_over
from regulars.wallet.queries.reversing import lots_of, reversed_of, to_take, whose
from regulars.wallet.refusals import OverTheWhole
from regulars.wallet.writing import Cause, Draft, Leg, write


@verb
def take_back(
    given: Posting,
    *,
    amount: int,
    cause: Cause,
    key: str,
    reason: str = "",
    at: dt.datetime | None = None,
) -> Done:
    """Take back from somebody what a posting gave them, or a part of it.

    First what of it is still on the way, then what of it can be used, then whatever ends last; what cannot be had stays
    owed. Nothing that an order in progress has set aside is touched. Raises OverTheWhole, Invalid, KeyUsed.
    """
    at = at or timezone.now()
    reason = once.checked(amount, given.currency, key, reason)
    asked, customer = _asked("take_back", given, amount, cause), whose(given)
    purse = purses.locked(customer, given.currency)
    before = purse.available(at)
    known = once.found(key, asked)
    if known is not None:
        return Done(posting=known, before=before, after=before, is_new=False)
    _check_rest(given, PostingKind.GRANT, amount)
    parts, owed = to_take(purse, given, amount)
    legs = [Leg(purse.account_of(lot), -part, lot) for lot, part in parts]
    if owed:
        legs.append(Leg(purse.account(AccountKind.OWED, customer), -owed))
    legs.append(Leg(purses.of_shop(AccountKind.REVERSED, given.currency), amount))
    draft = _draft(PostingKind.TAKE_BACK, given, customer, amount, legs, key, asked, cause, reason)
    posting = write([draft], at=at)[0]
    announce([draft], [posting])
    return Done(posting=posting, before=before, after=purse.available(at))


@verb
def give_back(
    spent: Posting,
    *,
    amount: int,
    cause: Cause,
    key: str,
    grace: dt.timedelta = dt.timedelta(),
    reason: str = "",
    at: dt.datetime | None = None,
) -> Done:
    """Give back what a posting used, or a part of it, into the lots it came from, with their dates.

    What was used last comes back first. Of a lot that ended meanwhile nothing comes back, or, with `grace`, it comes
    into a new lot that ends so long from now. What the person owes is paid with it first.
    Raises OverTheWhole, Invalid, KeyUsed.
    """
    at = at or timezone.now()
    reason = once.checked(amount, spent.currency, key, reason)
    asked, customer = _asked("give_back", spent, amount, cause), whose(spent)
    came_from = Line.objects.filter(posting=spent, lot__isnull=False).values_list("account_id", flat=True)
    purse = purses.locked(customer, spent.currency, also=set(came_from))
    before = purse.available(at)
    known = once.found(key, asked)
    if known is not None:
        return Done(posting=known, before=before, after=before, is_new=False)
    _check_rest(spent, PostingKind.SPEND, amount)
    there, own = {lot.pk: lot for lot in purse.lots}, {one.pk for one in purse.accounts}
    legs, paid = [Leg(purses.of_shop(AccountKind.REDEEMED, spent.currency), -amount)], 0
    for stored, whole in lots_of(spent, amount, reversed_of(spent)):
        lot, part = there.setdefault(stored.pk, stored), whole
        if is_over(lot, at) and not grace:
            legs.append(Leg(purses.of_shop(AccountKind.EXPIRED, spent.currency), part))
            continue
        if lot.account_id in own:
            pays = paid_from(purse, part, paid=paid)
            legs += pays
            paid += sum(leg.amount for leg in pays)
            part -= sum(leg.amount for leg in pays)
        if part and is_over(lot, at):
            graced = Lot(granted_by_id=lot.granted_by_id, expires_at=at + grace)
            legs.append(Leg(purse.account_of(lot), part, graced))
        elif part:
            legs.append(Leg(purse.account_of(lot), part, lot))
    draft = _draft(PostingKind.GIVE_BACK, spent, customer, amount, _joined(legs), key, asked, cause, reason)
    posting = write([draft], at=at)[0]
    announce([draft], [posting])
    purse.lots = [lot for lot in {*there.values(), *(leg.lot for leg in draft.legs)} if lot is not None]
    return Done(posting=posting, before=before, after=purse.available(at))


def _joined(legs: list[Leg]) -> list[Leg]:
    """One leg for each of the shop's accounts."""
    sums: dict[int, Leg] = {}
    kept = []
    for leg in legs:
        if leg.lot is not None:
            kept.append(leg)
            continue
        other = sums.get(leg.account.pk)
        sums[leg.account.pk] = Leg(leg.account, leg.amount + (other.amount if other else 0))
    return [*(leg for leg in sums.values() if leg.amount), *kept]


def _check_rest(posting: Posting, kind: PostingKind, amount: int) -> None:
    if posting.kind != kind:
        raise OverTheWhole(_("This line of the ledger cannot be taken back."), field="amount")
    if reversed_of(posting) + amount > posting.amount:
        raise OverTheWhole(_("Together with what went back before this is more than the whole."), field="amount")


def _draft(
    kind: PostingKind,
    reverses: Posting,
    customer: Customer,
    amount: int,
    legs: list[Leg],
    key: str,
    asked: str,
    cause: Cause,
    reason: str,
) -> Draft:
    return Draft(
        kind=kind,
        key=key,
        fingerprint=asked,
        cause=cause,
        customer=customer,
        currency=reverses.currency,
        amount=amount,
        legs=legs,
        reverses=reverses,
        reason=reason,
    )


def _asked(verb_name: str, posting: Posting, amount: int, cause: Cause) -> str:
    return once.fingerprint(
        verb=verb_name,
        posting=posting.number,
        amount=amount,
        cause=[cause.kind, cause.id],
    )
