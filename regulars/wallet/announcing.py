"""What a verb of the wallet did, and how the house is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from regulars.customers.models import Customer
from regulars.timeline.actions import record_many
from regulars.wallet.facts import WalletChanged
from regulars.wallet.models import Posting
from regulars.wallet.writing import Draft


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """A posting, and what the person could use before it and after. A repeated call finds its posting (`is_new` is not
    set) and is told what can be used now.
    """

    posting: Posting
    before: int
    after: int
    is_new: bool = True

    @property
    def change(self) -> int:
        return self.after - self.before


def announce(drafts: Sequence[Draft], postings: Sequence[Posting]) -> None:
    """Tell the timeline of each posting, in its transaction. Nobody reacts to it one by one; see record_many."""
    facts = [
        (
            draft.customer.pk,
            WalletChanged(
                what=posting.kind,
                amount_minor=posting.amount,
                currency=posting.currency,
                posting=posting.public_id,
                cause=posting.cause_kind,
            ),
        )
        for draft, posting in zip(drafts, postings, strict=True)
    ]
    record_many(facts, subject=Customer, at=postings[0].at if postings else None)
