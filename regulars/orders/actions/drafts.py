"""Orders and returns that are checked and added up, and not yet written: what verbs and imports have in common."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from regulars.orders import checks, normalise
from regulars.orders.details import Address, Code, Paid
from regulars.orders.models import SETTLED, ReturnState, Status
from regulars.orders.normalise import Piece

_REFUNDED = (Status.PART_REFUNDED, Status.REFUNDED)


@dataclass(slots=True, kw_only=True)
class NewOrder:
    """An order to be written: checked, with its totals in both currencies, moments in UTC."""

    number: str
    channel_id: int
    customer_id: int | None
    placed_at: dt.datetime
    currency: str
    pieces: Sequence[Piece]
    total_minor: int
    total_base_minor: int
    rate: Decimal = Decimal(1)
    status: str = "paid"
    is_test: bool = False
    discount_minor: int = 0
    shipping_minor: int = 0
    tax_minor: int = 0
    is_tax_included: bool = True
    payment_method: str = ""
    country: str = ""
    note: str = ""
    fulfilment: str = ""
    source: str = ""
    campaign: str = ""
    referrer: str = ""
    tags: Sequence[str] = ()
    codes: Sequence[Code] = ()
    addresses: Mapping[str, Address | None] = field(default_factory=dict)
    payments: Sequence[Paid] = ()
    id: int = field(default=0, init=False)


@dataclass(slots=True, kw_only=True)
class NewReturn:
    """A return to be written. `order_id` is given where it is known what it reverses, and looked for otherwise."""

    number: str
    channel_id: int
    customer_id: int | None
    returned_at: dt.datetime
    currency: str
    pieces: Sequence[Piece]
    refund_minor: int
    refund_base_minor: int
    rate: Decimal = Decimal(1)
    reason: str = ""
    order_id: int | None = None
    state: str = ReturnState.REFUNDED.value
    exchange_id: int | None = None
    line_ids: Sequence[int | None] = ()  # which line of `order_id` each piece is of, where that is known
    id: int = field(default=0, init=False)

    @property
    def is_settled(self) -> bool:
        """Whether its refund counts."""
        return self.state in SETTLED

    @property
    def is_refund_of_lines(self) -> bool:
        """Whether just what the lines amount to was paid back."""
        return self.refund_minor == sum(piece.total_minor for piece in self.pieces)


def new_order(
    *,
    values: Mapping[str, Any],
    lines: Sequence[Mapping[str, Any]],
    channel_id: int,
    customer_id: int | None,
    at: dt.datetime | None = None,
) -> NewOrder:
    """An order of these values; see place_order. Raises Invalid."""
    given = normalise.order_values({"number": "", **values})
    refuse_unreturned(given.get("status"))
    currency = given.pop("currency", None) or normalise.base_currency()
    rate = normalise.with_rate(currency, given.pop("rate", None))
    bought = normalise.pieces(lines, currency=currency)
    total, total_base = totals(
        bought,
        currency=currency,
        rate=rate,
        may_be_empty=given.get("status") == Status.DRAFT,
        **{name: given[name] for name in _ADDED if name in given},
    )
    return NewOrder(
        channel_id=channel_id,
        customer_id=customer_id,
        currency=currency,
        rate=rate,
        pieces=bought,
        total_minor=total,
        total_base_minor=total_base,
        **{"placed_at": at or timezone.now(), **given},
    )


def new_return(
    *,
    values: Mapping[str, Any],
    lines: Sequence[Mapping[str, Any]],
    channel_id: int,
    customer_id: int | None,
    order_id: int | None = None,
    line_ids: Sequence[int | None] = (),
) -> NewReturn:
    """A return of these values; see receive_return. Raises Invalid."""
    given = normalise.return_values({"number": "", **values})
    currency = given.pop("currency", None) or normalise.base_currency()
    rate = normalise.with_rate(currency, given.pop("rate", None))
    came_back = normalise.pieces(lines, currency=currency)
    if not came_back and "refund_minor" not in given:
        raise checks.invalid({"lines": [_("A return has at least one line, or an amount that was paid back.")]})
    refund = given.pop("refund_minor", sum(piece.total_minor for piece in came_back))
    return NewReturn(
        channel_id=channel_id,
        customer_id=customer_id,
        currency=currency,
        rate=rate,
        pieces=came_back,
        refund_minor=_bounded(refund, "refund_minor"),
        refund_base_minor=_bounded(normalise.in_base(refund, currency=currency, rate=rate), "rate"),
        order_id=order_id,
        line_ids=line_ids,
        **{"returned_at": timezone.now(), **given},
    )


def totals(
    bought: Sequence[Piece],
    *,
    currency: str,
    rate: Decimal,
    discount_minor: int = 0,
    shipping_minor: int = 0,
    tax_minor: int = 0,
    is_tax_included: bool = True,
    may_be_empty: bool = False,
) -> tuple[int, int]:
    """What an order amounts to, in its currency and in the shop's. Raises Invalid where that cannot be.

    The lines less the discount, plus shipping, plus the tax where the prices do not include it. A draft may be empty.
    """
    if not bought and not may_be_empty:
        raise checks.invalid({"lines": [_("An order has at least one line.")]})
    total = sum(piece.total_minor for piece in bought) - discount_minor + shipping_minor
    total += 0 if is_tax_included else tax_minor
    if total < 0:
        raise checks.invalid({"discount_minor": [_("The discount is larger than what it is taken from.")]})
    in_base = normalise.in_base(_bounded(total, "total_minor"), currency=currency, rate=rate)
    return total, _bounded(in_base, "rate")


def refuse_unreturned(status: str | None) -> None:
    """Raises Invalid where somebody says “refunded” instead of entering what was paid back."""
    if status in _REFUNDED:
        raise checks.invalid(
            {"status": [_("An order becomes refunded when a return is received; enter the return instead.")]}
        )


def _bounded(minor: int, field_name: str) -> int:
    if minor > checks.MOST_MINOR:
        raise checks.invalid({field_name: [_("The amount is larger than any shop's.")]})
    return minor


_ADDED = ("discount_minor", "shipping_minor", "tax_minor", "is_tax_included")
