"""What is done with orders that are there: opened, paid, cancelled, taken as a pattern, paid back."""

from __future__ import annotations

from typing import Annotated

from django.http import HttpRequest
from django.utils.translation import gettext as _
from pydantic import ConfigDict, Field

from regulars.core.api.preconditions import find
from regulars.core.api.routes import Answer
from regulars.core.api.schemas import In, PublicId
from regulars.customers.models import Customer
from regulars.orders import actions
from regulars.orders.api.amounts import in_our_names, money_values
from regulars.orders.api.operations import routes
from regulars.orders.api.payment_shapes import HowIn, how
from regulars.orders.api.return_shapes import Reason, RefundIn, ReturnOut, return_lines, return_out
from regulars.orders.api.shapes import OrderOut, order_out
from regulars.orders.checks import NUMBER_LENGTH, invalid
from regulars.orders.models import Order


class OpenIn(In):
    """How a draft becomes an order."""

    model_config = ConfigDict(json_schema_extra={"example": {}})

    number: Annotated[
        str,
        Field(
            default_factory=str, max_length=NUMBER_LENGTH, description="The next of its channel, unless said otherwise."
        ),
    ]


class CancelIn(In):
    """Why an order is called off."""

    model_config = ConfigDict(json_schema_extra={"example": {"reason": "Ordered twice"}})

    reason: Annotated[Reason, Field(default_factory=str)]


class DuplicateIn(In):
    """For whom a draft of the same goods is."""

    model_config = ConfigDict(json_schema_extra={"example": {"customer": "cus_0q4n8c3x7m2rz"}})

    customer: Annotated[PublicId, Field(default=None, description="The same customer, unless said otherwise.")]


@routes.acts("/orders/{order_id}/open", permission="orders.edit", summary="Open a draft", out=OrderOut)
def open_draft(request: HttpRequest, order_id: str, body: OpenIn) -> Answer:  # noqa: ARG001
    """Make a draft an order, placed now, with a number that its channel does not have yet."""
    return _answer(actions.open_draft(find(Order, order_id, to_change=True), number=body.number))


@routes.acts("/orders/{order_id}/pay", permission="orders.edit", summary="Mark an order as paid", out=OrderOut)
def pay_order(request: HttpRequest, order_id: str, body: HowIn) -> Answer:  # noqa: ARG001
    """Book all that is still to pay of an open order as paid. A draft becomes an order first."""
    return _answer(actions.mark_paid(find(Order, order_id, to_change=True), **how(body)))


@routes.acts("/orders/{order_id}/cancel", permission="orders.edit", summary="Cancel an order", out=OrderOut)
def cancel_order(request: HttpRequest, order_id: str, body: CancelIn) -> Answer:  # noqa: ARG001
    """Call off an order of which nothing was sent and nothing came back; what was paid is booked as paid back."""
    return _answer(actions.cancel_order(find(Order, order_id, to_change=True), reason=body.reason))


@routes.creates("/orders/{order_id}/duplicate", permission="orders.edit", summary="Duplicate an order", out=OrderOut)
def duplicate_order(request: HttpRequest, order_id: str, body: DuplicateIn) -> Answer:  # noqa: ARG001
    """Begin a draft with the same goods, prices and addresses; for another customer without the addresses."""
    order = find(Order, order_id)
    customer = None
    if body.customer is not None:
        customer = Customer.objects.filter(pk=Customer.pk_of(body.customer) or 0).first()
        if customer is None:
            raise invalid({"customer": [_("There is no customer with the id %(id)s.") % {"id": body.customer}]})
    made = actions.duplicate_order(order, customer=customer)
    return _answer(made, location=f"/api/v1/orders/{made.public_id}")


@routes.creates("/orders/{order_id}/refunds", permission="orders.edit", summary="Pay back", out=ReturnOut)
def refund_order(request: HttpRequest, order_id: str, refund: RefundIn) -> Answer:  # noqa: ARG001
    """Pay back at once, for lines that come back or an amount without goods; it becomes a return that is refunded."""
    order = find(Order, order_id, to_change=True)
    amount = money_values(refund, order.currency, ("refund",))
    with in_our_names():
        made = actions.refund_order(
            order,
            lines=return_lines(refund.lines, order.currency),
            reason=refund.reason,
            refund_minor=amount.get("refund_minor"),
            **how(refund),
        )
    shown = return_out(made)
    location = f"/api/v1/returns/{made.public_id}"
    return Answer(body=shown, version=made.version, location=location, about=shown.customer or "")


def _answer(order: Order, *, location: str = "") -> Answer:
    shown = order_out(order)
    return Answer(body=shown, version=order.version, location=location, about=shown.customer or "")
