"""What a return looks like, coming in and going out."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Any, Literal

from django.utils.translation import gettext as _
from pydantic import ConfigDict, Field, model_validator

from regulars.core import ids
from regulars.core.api.schemas import In, Moment, MoneyIn, MoneyOut, Out, PublicId
from regulars.orders.actions import Exchange
from regulars.orders.api.amounts import PriceIn, wrong_currency
from regulars.orders.api.payment_shapes import HowIn
from regulars.orders.api.shapes import LINE_EXAMPLE, LineOut, Lines, OrderOut, line_out, order_out
from regulars.orders.checks import MOST_QUANTITY, NUMBER_LENGTH, invalid
from regulars.orders.models import Order, Return
from regulars.orders.normalise import NOTE_LENGTH, REASON_LENGTH, SKU_LENGTH, TITLE_LENGTH

ReturnStep = Literal["requested", "received", "refunded", "exchanged", "refused"]
Reason = Annotated[str, Field(max_length=REASON_LENGTH, examples=["Arrived broken"])]
_CHOSEN_EXAMPLE: dict[str, Any] = {"position": 1, "quantity": 2}
_REFUND_EXAMPLE: dict[str, Any] = {"amount": "5.10", "currency": "GBP"}


class ReturnLineIn(In):
    """What came back: a line of the order by its `position`, or a product by SKU or title with its price.

    By its position it is worth what was paid for it, less its part of the discounts, unless a price is sent.
    """

    model_config = ConfigDict(json_schema_extra={"example": _CHOSEN_EXAMPLE})

    position: Annotated[int, Field(default=None, ge=1, description="Which line of the order.")]
    sku: Annotated[str, Field(default_factory=str, max_length=SKU_LENGTH)]
    title: Annotated[str, Field(default_factory=str, max_length=TITLE_LENGTH)]
    quantity: Annotated[int, Field(ge=1, le=MOST_QUANTITY)]
    unit_price: Annotated[PriceIn, Field(default=None)]


ReturnLines = Annotated[list[ReturnLineIn], Field(default_factory=list, max_length=1000)]


class ReturnIn(In):
    """What comes back of an order: its lines, or an amount that was paid back, or both where that is another one."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "number": "R-10482",
                "returned_at": "2026-03-20T14:05:00Z",
                "reason": "Arrived broken",
                "lines": [LINE_EXAMPLE],
            }
        }
    )

    number: Annotated[
        str,
        Field(
            default=None,
            min_length=1,
            max_length=NUMBER_LENGTH,
            description="Unique in its channel. Without one, the order's number with an R.",
        ),
    ]
    state: Annotated[
        Literal["requested", "received", "refunded", "refused"],
        Field(default="refunded", description="Only what is refunded counts; the others are steps before it."),
    ]
    returned_at: Annotated[Moment, Field(default=None, description="Now, unless said otherwise.")]
    refund: Annotated[MoneyIn, Field(default=None, description="What is paid back; else what the lines are worth.")]
    reason: Annotated[Reason, Field(default_factory=str)]
    lines: ReturnLines

    @model_validator(mode="after")
    def has_something(self) -> ReturnIn:
        if not self.lines and "refund" not in self.model_fields_set:
            raise ValueError(_("Send lines, or the amount that was paid back."))
        return self


class RefundIn(HowIn):
    """What is paid back now: for lines that come back, or an amount without goods. More than was paid is refused."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"lines": [_CHOSEN_EXAMPLE], "reason": "Arrived broken", "method": "PayPal"}}
    )

    refund: Annotated[MoneyIn, Field(default=None, description="What is paid back; else what the lines are worth.")]
    reason: Annotated[Reason, Field(default_factory=str)]
    lines: ReturnLines


class SettleIn(HowIn):
    """How a return is paid back; more than was paid for its order is refused."""

    model_config = ConfigDict(json_schema_extra={"example": {"refund": _REFUND_EXAMPLE, "method": "PayPal"}})

    refund: Annotated[MoneyIn, Field(default=None, description="What is paid back; else what was agreed.")]


class ExchangeIn(SettleIn):
    """What somebody gets instead. What it costs less than what came back is paid back by `method`."""

    model_config = ConfigDict(json_schema_extra={"example": {"lines": [LINE_EXAMPLE], "method": "PayPal"}})

    lines: Lines
    shipping: Annotated[MoneyIn, Field(default=None)]
    discount: Annotated[MoneyIn, Field(default=None)]
    tax: Annotated[MoneyIn, Field(default=None)]
    note: Annotated[str, Field(default_factory=str, max_length=NOTE_LENGTH)]


class RefuseIn(In):
    """Why the shop does not take something back."""

    model_config = ConfigDict(json_schema_extra={"example": {"reason": "Opened and used"}})

    reason: Annotated[Reason, Field(default_factory=str)]


class ReturnOut(Out):
    """What came back, and what was paid for it; `order` is what it reverses, where that is known."""

    id: PublicId
    version: int
    number: str
    channel: Annotated[str, Field(description="The channel's code.")]
    customer: PublicId | None
    order: PublicId | None
    state: ReturnStep
    is_settled: Annotated[bool, Field(description="Whether the refund was made, in money or goods, and counts.")]
    exchange: Annotated[PublicId | None, Field(description="The order with what they got instead.")]
    returned_at: Moment
    refund: MoneyOut
    reason: str
    lines: list[LineOut]
    created_at: Moment
    updated_at: Moment


class ReturnsOut(Out):
    """A page of returns."""

    items: list[ReturnOut]
    next: str | None
    previous: str | None


class ExchangeOut(Out):
    """The return, the order instead, and what is still to pay for it or was paid back in money."""

    returned: ReturnOut
    order: OrderOut
    to_pay: MoneyOut
    paid_back: MoneyOut


def return_out(returned: Return) -> ReturnOut:
    """A return as it goes out."""
    return ReturnOut(
        id=returned.public_id,
        version=returned.version,
        number=returned.number,
        channel=returned.channel.code,
        customer=returned.customer.person.public_id if returned.customer else None,
        order=ids.encode(Order.id_prefix, returned.order_id) if returned.order_id else None,
        state=returned.state,  # type: ignore[arg-type]
        is_settled=returned.is_settled,
        exchange=ids.encode(Order.id_prefix, returned.exchange_id) if returned.exchange_id else None,
        returned_at=returned.returned_at,
        refund=MoneyOut.of(returned.refund),
        reason=returned.reason,
        lines=[line_out(line, returned.currency) for line in returned.lines.all()],
        created_at=returned.created_at,
        updated_at=returned.updated_at,
    )


def exchange_out(made: Exchange) -> ExchangeOut:
    """An exchange as it goes out."""
    return ExchangeOut(
        returned=return_out(made.returned),
        order=order_out(made.order),
        to_pay=MoneyOut.of(made.to_pay),
        paid_back=MoneyOut.of(made.paid_back),
    )


def return_lines(lines: Sequence[ReturnLineIn], currency: str) -> list[dict[str, Any]]:
    """The lines of a return as the verbs take them. Raises Invalid."""
    reasons: dict[str, list[str]] = {}
    values = []
    for place, line in enumerate(lines):
        found: dict[str, Any] = {"quantity": line.quantity}
        if line.position is not None:
            found["position"] = line.position
            if line.sku or line.title:
                reasons[f"lines.{place}.position"] = [_("Name the line by its position, or the product; not both.")]
        else:
            found |= {"sku": line.sku, "title": line.title}
        if line.unit_price is not None:
            found["unit_price"] = Decimal(line.unit_price.amount)
            if line.unit_price.currency != currency:
                sentence = wrong_currency(line.unit_price.currency, currency)
                reasons[f"lines.{place}.unit_price.currency"] = [sentence]
        values.append(found)
    if reasons:
        raise invalid(reasons)
    return values
