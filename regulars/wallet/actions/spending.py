"""Using: at once, or in two steps, where an order in progress first sets aside and then captures or gives up."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Final

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from regulars.core.errors import Invalid
from regulars.customers.models import Customer
from regulars.staff.policy import verb
from regulars.timeline.actions import record
from regulars.wallet import purses
from regulars.wallet.actions import once
from regulars.wallet.announcing import Done, announce
from regulars.wallet.facts import HoldChanged
from regulars.wallet.models import Account, AccountKind, HeldLot, Hold, HoldState, Lot, PostingKind
from regulars.wallet.purses import Purse
from regulars.wallet.refusals import HoldEnded, KeyUsed, NotEnough, OverTheWhole
from regulars.wallet.writing import Cause, Draft, Leg, write

LONGEST_HOLD: Final = dt.timedelta(days=60)

Part = tuple[Lot, int]


@verb
def spend(
    customer: Customer,
    *,
    amount: int,
    currency: str,
    cause: Cause,
    key: str,
    reason: str = "",
    at: dt.datetime | None = None,
) -> Done:
    """Use credit or points, what ends soonest first. Raises Invalid, NotEnough, KeyUsed, ClockBehind."""
    at = at or timezone.now()
    reason = once.checked(amount, currency, key, reason)
    asked = _asked("spend", customer, amount, currency, cause)
    purse = purses.locked(customer, currency)
    before = purse.available(at)
    known = once.found(key, asked)
    if known is not None:
        return Done(posting=known, before=before, after=before, is_new=False)
    draft = _spending(purse, _parts(purse, amount, at), key=key, asked=asked, cause=cause, reason=reason)
    posting = write([draft], at=at)[0]
    announce([draft], [posting])
    return Done(posting=posting, before=before, after=before - amount)


@verb
def hold(
    customer: Customer,
    *,
    amount: int,
    currency: str,
    until: dt.datetime,
    cause: Cause,
    key: str,
    at: dt.datetime | None = None,
) -> Hold:
    """Set an amount aside until a moment, what ends soonest first. Raises Invalid, NotEnough, KeyUsed."""
    at = at or timezone.now()
    once.checked(amount, currency, key)
    if not at < until <= at + LONGEST_HOLD:
        sentence = _("An amount is set aside for up to %(days)s days.") % {"days": LONGEST_HOLD.days}
        raise Invalid(sentence, fields={"until": [sentence]})
    asked = _asked("hold", customer, amount, currency, cause)
    purse = purses.locked(customer, currency)
    known = Hold.objects.filter(key=key).first()
    if known is not None:
        once.compare(known.fingerprint, asked)
        return known
    made = Hold.objects.create(
        customer=customer,
        kind=purses.kind_of(currency),
        currency=currency,
        amount=amount,
        until=until,
        key=key,
        fingerprint=asked,
        cause_kind=cause.kind,
        cause_id=cause.id,
    )
    parts = _parts(purse, amount, at)
    _set_aside(purse, parts, +1)
    HeldLot.objects.bulk_create(
        HeldLot(hold=made, lot=lot, account=purse.account_of(lot), amount=part) for lot, part in parts
    )
    _tell(made)
    return made


@verb
def capture(made: Hold, *, amount: int | None = None, reason: str = "", at: dt.datetime | None = None) -> Done:
    """Use what was set aside, or a part of it; the rest is free again. A second call is told of the first.

    Raises HoldEnded, OverTheWhole, Invalid; KeyUsed where another part of it was captured before.
    """
    at = at or timezone.now()
    current, purse, parts = _locked(made)
    wanted = current.amount if amount is None else amount
    key = f"capture {current.public_id}"
    reason = once.checked(wanted, current.currency, key, reason)
    before = purse.available(at)
    if current.state == HoldState.CAPTURED and current.spent_by is not None:
        if current.spent_by.amount != wanted:
            raise KeyUsed(_("Another part of it was used before. Nothing was changed."))
        return Done(posting=current.spent_by, before=before, after=before, is_new=False)
    if current.state != HoldState.HELD or current.until <= at:
        raise HoldEnded(_("This was given up or ran out. Set the amount aside anew."))
    if wanted > current.amount:
        raise OverTheWhole(_("More is captured than was set aside."), field="amount")
    _set_aside(purse, parts, -1)
    used, rest = [], wanted
    for lot, part in parts:
        if rest:
            used.append((lot, min(part, rest)))
            rest -= used[-1][1]
    cause = Cause(kind=current.cause_kind, id=current.cause_id)
    asked = _asked("capture", current.customer, wanted, current.currency, cause)
    draft = _spending(purse, used, key=key, asked=asked, cause=cause, reason=reason, customer=current.customer)
    posting = write([draft], at=at)[0]
    announce([draft], [posting])
    current.spent_by = posting
    _end(current, HoldState.CAPTURED, at)
    return Done(posting=posting, before=before, after=purse.available(at))


@verb
def release(made: Hold, *, at: dt.datetime | None = None) -> Hold:
    """Give up what was set aside. Done twice it stays so. Raises HoldEnded where it was captured."""
    return _free(made, HoldState.RELEASED, at or timezone.now())


def lapse_due(*, at: dt.datetime | None = None) -> int:
    """Free what was set aside for too long; how many holds that were."""
    at = at or timezone.now()
    due = list(Hold.objects.filter(state=HoldState.HELD, until__lte=at).order_by("until", "pk")[:1_000])
    for made in due:
        with transaction.atomic():
            _free(made, HoldState.LAPSED, at)
    return len(due)


@verb
def _free(made: Hold, state: HoldState, at: dt.datetime) -> Hold:
    current, purse, parts = _locked(made)
    if current.state == HoldState.CAPTURED:
        raise HoldEnded(_("This was used already. Give it back instead."))
    if current.state == HoldState.HELD:
        _set_aside(purse, parts, -1)
        _end(current, state, at)
        _tell(current)
    return current


def _locked(made: Hold) -> tuple[Hold, Purse, list[Part]]:
    """The hold as it is, with the purse it is of locked first, as everybody does."""
    if made.customer is None:
        raise HoldEnded(_("The customer is gone, and what was set aside with them."))
    purse = purses.locked(made.customer, made.currency)
    current = Hold.objects.select_for_update(of=("self",)).select_related("customer", "spent_by").get(pk=made.pk)
    lots = {lot.pk: lot for lot in purse.lots}
    parts = [(lots[one.lot_id], one.amount) for one in current.parts.order_by("pk") if current.state == HoldState.HELD]
    return current, purse, parts


def _end(current: Hold, state: HoldState, at: dt.datetime) -> None:
    current.state, current.ended_at = state, at
    current.version += 1
    current.save(update_fields=["state", "ended_at", "spent_by", "version"])


def _set_aside(purse: Purse, parts: Sequence[Part], sign: int) -> None:
    """Mark what is held in lots and on their accounts, or take the mark away."""
    accounts: dict[int, Account] = {}
    for lot, part in parts:
        account = purse.account_of(lot)
        account.held += sign * part
        lot.held += sign * part
        accounts[account.pk] = account
    Lot.objects.bulk_update([lot for lot, _part in parts], ["held"], batch_size=300)
    Account.objects.bulk_update(accounts.values(), ["held"], batch_size=300)


def _parts(purse: Purse, amount: int, at: dt.datetime) -> list[Part]:
    available = purse.available(at)
    if available < amount:
        raise NotEnough(_("There is not that much: less is left than is asked for."), available=available)
    return purses.taken(purse.usable(at), amount)


def _spending(
    purse: Purse,
    parts: Sequence[Part],
    *,
    key: str,
    asked: str,
    cause: Cause,
    reason: str,
    customer: Customer | None = None,
) -> Draft:
    amount = sum(part for _lot, part in parts)
    return Draft(
        kind=PostingKind.SPEND,
        key=key,
        fingerprint=asked,
        cause=cause,
        customer=customer or purse.customer,
        currency=purse.currency,
        amount=amount,
        reason=reason,
        legs=[
            *(Leg(purse.account_of(lot), -part, lot) for lot, part in parts),
            Leg(purses.of_shop(AccountKind.REDEEMED, purse.currency), amount),
        ],
    )


def _asked(verb_name: str, customer: Customer | None, amount: int, currency: str, cause: Cause) -> str:
    return once.fingerprint(
        verb=verb_name,
        customer=customer.pk if customer else 0,
        amount=amount,
        currency=currency,
        cause=[cause.kind, cause.id],
    )


def _tell(made: Hold) -> None:
    fact = HoldChanged(hold=made.public_id, state=made.state, amount_minor=made.amount, currency=made.currency)
    record(fact, customer=made.customer)
