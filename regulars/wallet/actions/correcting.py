"""Correcting: a person at a desk says that a balance should be more, or less, and why."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone
from django.utils.translation import gettext as _

from regulars.core.errors import Invalid
from regulars.customers.models import Customer
from regulars.staff.policy import verb
from regulars.wallet import purses
from regulars.wallet.actions import once
from regulars.wallet.announcing import Done, announce
from regulars.wallet.models import AccountKind, Lot, PostingKind
from regulars.wallet.owing import paid_from
from regulars.wallet.refusals import NotEnough
from regulars.wallet.writing import Cause, Draft, Leg, write


@verb
def correct(
    customer: Customer,
    *,
    change: int,
    currency: str,
    key: str,
    reason: str,
    cause: Cause,
    expires_at: dt.datetime | None = None,
    at: dt.datetime | None = None,
) -> Done:
    """Add to what somebody has, or take from it; what is taken ends last first. Needs a reason in words.

    Raises Invalid, NotEnough where more is taken than is there, KeyUsed.
    """
    at = at or timezone.now()
    reason = once.checked(abs(change) if isinstance(change, int) else change, currency, key, reason)
    if not reason:
        sentence = _("Say why, in words.")
        raise Invalid(sentence, fields={"reason": [sentence]})
    asked = once.fingerprint(
        verb="correct",
        customer=customer.pk,
        change=change,
        currency=currency,
        cause=[cause.kind, cause.id],
        expires_at=expires_at,
    )
    purse = purses.locked(customer, currency)
    before = purse.available(at)
    known = once.found(key, asked)
    if known is not None:
        return Done(posting=known, before=before, after=before, is_new=False)
    if change > 0:
        legs = paid_from(purse, change)
        rest = change - sum(leg.amount for leg in legs)
        if rest:
            legs.append(Leg(purse.account(purses.kind_of(currency), customer), rest, Lot(expires_at=expires_at)))
    else:
        if before < -change:
            raise NotEnough(_("There is not that much to take away."), available=before)
        parts = purses.taken(list(reversed(purse.usable(at))), -change)
        legs = [Leg(purse.account_of(lot), -part, lot) for lot, part in parts]
    legs.append(Leg(purses.of_shop(AccountKind.CORRECTED, currency), -change))
    draft = Draft(
        kind=PostingKind.CORRECT,
        key=key,
        fingerprint=asked,
        cause=cause,
        customer=customer,
        currency=currency,
        amount=abs(change),
        legs=legs,
        reason=reason,
    )
    posting = write([draft], at=at)[0]
    announce([draft], [posting])
    purse.lots += [leg.lot for leg in legs if leg.lot is not None and leg.lot not in purse.lots]
    return Done(posting=posting, before=before, after=purse.available(at))
