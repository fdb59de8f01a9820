"""What a payment looks like, coming in and going out."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from regulars.core import ids
from regulars.core.api.schemas import In, Moment, MoneyIn, MoneyOut, Out, PublicId
from regulars.core.errors import Invalid
from regulars.orders.api.amounts import money_values
from regulars.orders.checks import invalid
from regulars.orders.details import METHOD_LENGTH, REFERENCE_LENGTH
from regulars.orders.models import Order, Payment, Return

PaidState = Literal["pending", "authorised", "paid", "failed", "voided"]
Method = Annotated[str, Field(max_length=METHOD_LENGTH, examples=["PayPal"])]
Reference = Annotated[str, Field(max_length=REFERENCE_LENGTH, examples=["TX-8842"])]


class HowIn(In):
    """How money moved."""

    model_config = ConfigDict(json_schema_extra={"example": {"method": "Bank transfer", "reference": "SEPA 8842"}})

    method: Annotated[Method, Field(default_factory=str)]
    reference: Annotated[Reference, Field(default_factory=str, description="The provider's number for it.")]
    at: Annotated[Moment, Field(default=None, description="Now, unless said otherwise.")]


class PaymentIn(HowIn):
    """Money that came in for an order, or is expected; more than nothing."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"amount": {"amount": "20.25", "currency": "GBP"}, "method": "PayPal", "reference": "TX-8842"}
        }
    )

    amount: MoneyIn
    state: Annotated[
        Literal["pending", "authorised", "paid"], Field(default="paid", description="Only what is paid is there.")
    ]


class PaymentOut(Out):
    """Money that came in for an order, or went back. It adds to no figure: the order's total and its returns do."""

    id: PublicId
    order: PublicId
    returned: Annotated[PublicId | None, Field(description="The return this was paid back for.")]
    is_refund: Annotated[bool, Field(description="Whether it went back to the customer.")]
    state: PaidState
    method: str
    amount: MoneyOut
    at: Moment
    reference: str


class PaymentsOut(Out):
    """All payments of an order, in the order of their moments."""

    items: list[PaymentOut]


def payment_out(payment: Payment, order: Order) -> PaymentOut:
    """A payment as it goes out."""
    return PaymentOut(
        id=payment.public_id,
        order=order.public_id,
        returned=ids.encode(Return.id_prefix, payment.returned_id) if payment.returned_id else None,
        is_refund=payment.is_refund,
        state=payment.state,  # type: ignore[arg-type]
        method=payment.method,
        amount=MoneyOut.of(payment.amount),
        at=payment.at,
        reference=payment.reference,
    )


def how(sent: HowIn) -> dict[str, Any]:
    """How money moved, as the verbs take it."""
    given = sent.given()
    return {name: given[name] for name in ("method", "reference", "at") if name in given}


def payment_values(sent: PaymentIn, currency: str) -> dict[str, Any]:
    """A payment as the verbs take it. Raises Invalid."""
    return {**how(sent), **money_values(sent, currency, ("amount",)), "state": sent.state}


def payments_values(sent: list[PaymentIn], currency: str) -> list[dict[str, Any]]:
    """The payments of a new order as the verbs take them. Raises Invalid."""
    values = []
    for place, payment in enumerate(sent):
        try:
            values.append(payment_values(payment, currency))
        except Invalid as refusal:
            raise invalid({f"payments.{place}.{name}": why for name, why in refusal.fields.items()}) from refusal
    return values
