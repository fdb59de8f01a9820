"""Owing: what somebody should give back and has not any more is paid with what they are given next."""

from __future__ import annotations

from regulars.wallet.models import AccountKind
from regulars.wallet.purses import Purse
from regulars.wallet.writing import Leg


def paid_from(purse: Purse, amount: int, *, paid: int = 0) -> list[Leg]:
    """The entries that pay what a person owes with up to an amount; `paid` was paid in the same posting already."""
    legs = []
    for account in purse.accounts:
        if account.kind != AccountKind.OWED:
            continue
        before = min(-account.balance, paid)
        paid -= before
        part = min(-account.balance - before, amount)
        if part > 0:
            legs.append(Leg(account, part))
            amount -= part
    return legs
