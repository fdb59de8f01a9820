"""The operations of payments."""

from __future__ import annotations

from django.http import HttpRequest

from regulars.core.api.preconditions import find
from regulars.core.api.routes import Answer
from regulars.customers import reads
from regulars.orders import actions
from regulars.orders.api.amounts import in_our_names
from regulars.orders.api.operations import routes
from regulars.orders.api.payment_shapes import PaymentIn, PaymentOut, PaymentsOut, payment_out, payment_values
from regulars.orders.models import Order, Payment


@routes.reads(
    "/orders/{order_id}/payments", permission="orders.view", summary="List the payments of an order", out=PaymentsOut
)
def list_payments(request: HttpRequest, order_id: str) -> Answer:  # noqa: ARG001
    """What came in for an order, is expected, or went back."""
    order = find(Order, order_id)
    _opened(order)
    return Answer(body=PaymentsOut(items=[payment_out(payment, order) for payment in order.payments.all()]))


@routes.creates("/orders/{order_id}/payments", permission="orders.edit", summary="Book a payment", out=PaymentOut)
def create_payment(request: HttpRequest, order_id: str, payment: PaymentIn) -> Answer:  # noqa: ARG001
    """Book what came in for an order, or is expected. An open order becomes paid when its payments cover it."""
    order = find(Order, order_id, to_change=True)
    with in_our_names():
        booked = actions.add_payment(order, **payment_values(payment, order.currency))
    return _answer(booked, location=f"/api/v1/payments/{booked.public_id}")


@routes.reads("/payments/{payment_id}", permission="orders.view", summary="Read a payment", out=PaymentOut)
def get_payment(request: HttpRequest, payment_id: str) -> Answer:  # noqa: ARG001
    """One payment of an order."""
    payment = find(Payment, payment_id)
    _opened(payment.order)
    return _answer(payment)


@routes.acts("/payments/{payment_id}/void", permission="orders.edit", summary="Take a payment back", out=PaymentOut)
def void_payment(request: HttpRequest, payment_id: str) -> Answer:  # noqa: ARG001
    """Say that a payment did not come, or was booked by mistake. Its order may be open again."""
    return _answer(actions.void_payment(find(Payment, payment_id)))


def _opened(order: Order) -> None:
    if order.customer_id:
        reads.opened([order.customer_id], "order")


def _answer(payment: Payment, *, location: str = "") -> Answer:
    order = payment.order
    about = order.customer.person.public_id if order.customer else ""
    return Answer(body=payment_out(payment, order), version=payment.version, location=location, about=about)
