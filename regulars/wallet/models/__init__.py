"""The books: accounts, postings with their entries, lots, holds, and what proves that nobody changed them."""

from regulars.wallet.models.holds import HeldLot, Hold, HoldState
from regulars.wallet.models.ledger import (
    OF_CUSTOMERS,
    POINTS,
    Account,
    AccountKind,
    Chain,
    DaySeal,
    Line,
    Lot,
    Posting,
    PostingKind,
    Remark,
)

__all__ = [
    "OF_CUSTOMERS",
    "POINTS",
    "Account",
    "AccountKind",
    "Chain",
    "DaySeal",
    "HeldLot",
    "Hold",
    "HoldState",
    "Line",
    "Lot",
    "Posting",
    "PostingKind",
    "Remark",
]
