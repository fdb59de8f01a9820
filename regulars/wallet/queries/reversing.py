"""What taking back and giving back would do, before anybody presses the button: it is what the verbs do then."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from regulars.customers.models import Customer
from regulars.wallet import purses
from regulars.wallet.models import AccountKind, Line, Lot, Posting
from regulars.wallet.purses import Purse, is_over
from regulars.wallet.refusals import OverTheWhole


@dataclass(frozen=True, slots=True, kw_only=True)
class TakingBack:
    """Where it is taken from, before anybody presses the button: on the way, usable, and what stays owed."""

    pending: int
    usable: int
    owed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GivingBack:
    """What comes back to its lots, what has ended meanwhile and stays away or gets days of grace, and what pays for
    what the person owes.
    """

    returned: int
    lost: int
    graced: int
    owed: int


def reversed_of(posting: Posting) -> int:
    """How much of a posting was taken or given back until now."""
    return posting.reversals.aggregate(sum=Sum("amount"))["sum"] or 0


def preview_take_back(given: Posting, *, amount: int) -> TakingBack:
    """What `take_back` would do now. Locks nothing."""
    purse = purses.read(whose(given), given.currency)
    parts, owed = to_take(purse, given, amount)
    pending = sum(part for lot, part in parts if purse.account_of(lot).kind == AccountKind.PENDING)
    return TakingBack(pending=pending, usable=amount - owed - pending, owed=owed)


def preview_give_back(spent: Posting, *, amount: int, grace: dt.timedelta = dt.timedelta()) -> GivingBack:
    """What `give_back` would do now. Locks nothing."""
    at, purse = timezone.now(), purses.read(whose(spent), spent.currency)
    over = sum(part for lot, part in lots_of(spent, amount, reversed_of(spent)) if is_over(lot, at))
    lost = 0 if grace else over
    owed = min(purse.owed(), amount - lost)
    graced = min(over - lost, amount - lost - owed)
    return GivingBack(returned=amount - lost - owed - graced, lost=lost, graced=graced, owed=owed)


def to_take(purse: Purse, given: Posting, amount: int) -> tuple[list[tuple[Lot, int]], int]:
    """From which lots how much is taken, and what cannot be had."""
    usable = purse.of(purses.kind_of(purse.currency))
    own = [lot for lot in usable if lot.granted_by_id == given.number]
    others = [lot for lot in reversed(usable) if lot.granted_by_id != given.number]
    pending = [lot for lot in purse.of(AccountKind.PENDING) if lot.granted_by_id == given.number]
    parts = purses.taken([*pending, *own, *others], amount)
    return parts, amount - sum(part for _lot, part in parts)


def lots_of(spent: Posting, amount: int, before: int) -> list[tuple[Lot, int]]:
    """The lots that a spending took from, what it took last first, beyond what came back `before`."""
    found = []
    entries = Line.objects.filter(posting=spent, lot__isnull=False).select_related("lot").order_by("-pk")
    for entry in entries:
        skipped = min(before, -entry.amount)
        before -= skipped
        part = min(-entry.amount - skipped, amount)
        if part > 0 and entry.lot is not None:
            found.append((entry.lot, part))
            amount -= part
    return found


def whose(posting: Posting) -> Customer:
    """The record a posting is about. Raises OverTheWhole where the person was erased, and their account closed."""
    found = Customer.everyone.filter(pk=posting.customer_number).first()
    if found is None:
        raise OverTheWhole(_("The customer is gone; there is no account any more."))
    return found
