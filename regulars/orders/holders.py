"""What orders hold of a customer: their orders and returns, which the books must keep when the person goes, what hangs
on them, and the baskets they left.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import Model, Q
from django.utils.translation import gettext_lazy

from regulars.customers.belongings import Holder
from regulars.customers.models import ContactPoint, Customer
from regulars.orders.keeping import keep_sales
from regulars.orders.models import Checkout, Order, Payment, PaymentLink, Return

_ORDER = (
    *("number", "status", "is_test", "placed_at", "currency", "rate", "discount_minor", "shipping_minor", "tax_minor"),
    *("is_tax_included", "total_minor", "refunded_minor", "payment_method", "country", "note", "fulfilment", "source"),
    *("campaign", "referrer"),
)
_RETURN = ("number", "returned_at", "currency", "rate", "refund_minor", "reason", "state")
_LINE = ("sku", "title", "quantity", "unit_price", "total_minor")
_ORDER_LINE = (*_LINE, "variant_title", "discount_minor", "tax_minor")
_ADDRESS = (*("side", "name", "company", "line1", "line2", "city", "region", "postcode", "country", "phone"),)
_PAYMENT = ("is_refund", "state", "method", "amount_minor", "currency", "at", "reference")
_LINK = ("provider", "amount_minor", "currency", "ends_at", "opened_at", "paid_at", "is_revoked")
_CHECKOUT = (
    *("email", "currency", "total_minor", "lines", "recovery_url", "started_at", "touched_at", "completed_at"),
)


def _orders(customer: Customer) -> Iterable[dict[str, Any]]:
    rows = (
        Order.objects.filter(customer=customer)
        .select_related("channel")
        .prefetch_related("lines", "addresses", "codes", "tags")
        .order_by("pk")
    )
    for order in rows.iterator(chunk_size=500):
        yield {
            "channel": order.channel.code,
            **_plain(order, _ORDER),
            "lines": [_plain(line, _ORDER_LINE) for line in order.lines.all()],
            "addresses": [_plain(address, _ADDRESS) for address in order.addresses.all()],
            "codes": [_plain(code, ("code", "amount_minor")) for code in order.codes.all()],
            "tags": [tag.label for tag in order.tags.all()],
        }


def _returns(customer: Customer) -> Iterable[dict[str, Any]]:
    rows = (
        Return.objects.filter(customer=customer)
        .select_related("channel", "order", "exchange")
        .prefetch_related("lines")
    )
    for returned in rows.order_by("pk").iterator(chunk_size=500):
        yield {
            "channel": returned.channel.code,
            "order": returned.order.number if returned.order else "",
            "exchange": returned.exchange.number if returned.exchange else "",
            **_plain(returned, _RETURN),
            "lines": [_plain(line, _LINE) for line in returned.lines.all()],
        }


def _payments(customer: Customer) -> Iterable[dict[str, Any]]:
    rows = Payment.objects.filter(order__customer=customer).select_related("order").order_by("pk")
    for payment in rows.iterator(chunk_size=500):
        yield {"order": payment.order.number, **_plain(payment, _PAYMENT)}


def _links(customer: Customer) -> Iterable[dict[str, Any]]:
    rows = PaymentLink.objects.filter(order__customer=customer).select_related("order").order_by("pk")
    for link in rows.iterator(chunk_size=500):
        yield {"order": link.order.number, **_plain(link, _LINK)}


def _checkouts(customer: Customer) -> Iterable[dict[str, Any]]:
    rows = Checkout.objects.filter(customer=customer).select_related("channel", "order").order_by("pk")
    for checkout in rows.iterator(chunk_size=500):
        number = checkout.order.number if checkout.order else ""
        yield {"channel": checkout.channel.code, "order": number, **_plain(checkout, _CHECKOUT)}


def _plain(row: Model, names: Iterable[str]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}


def _already(_customer: Customer) -> None:
    """What hangs on orders is kept or dropped together with them (orders/keeping.py)."""


def _forget_checkouts(customer: Customer) -> None:
    """Also those that somebody began as a guest, with one of their e-mails."""
    points = ContactPoint.objects.filter(customer=customer, kind=ContactPoint.Kind.EMAIL).values_list(
        "value", flat=True
    )
    own = Checkout.objects.filter(customer=customer).values_list("email", flat=True)
    emails = {customer.email, *points, *own} - {""}
    Checkout.objects.filter(Q(customer=customer) | Q(customer=None, email__in=emails)).delete()


def _move_checkouts(keys: Sequence[int], _from_id: int, to_id: int) -> None:
    """A basket goes as it is."""
    Checkout.objects.filter(pk__in=keys).update(customer=to_id)


ALL = (
    # before the orders, of which it needs to know whose they are
    Holder(
        name="payments",
        models=("orders.Payment",),
        export=_payments,
        forget=_already,
        tells=(*_PAYMENT, "order"),
    ),
    Holder(
        name="payment_links",
        models=("orders.PaymentLink",),
        export=_links,
        forget=_already,
        tells=(*_LINK, "order"),
    ),
    Holder(
        name="checkouts",
        models=("orders.Checkout",),
        export=_checkouts,
        forget=_forget_checkouts,
        label=gettext_lazy("Baskets"),
        move=_move_checkouts,
        tells=(*_CHECKOUT, "channel", "order"),
    ),
    Holder(
        name="orders",
        models=(
            *("orders.Order", "orders.OrderLine", "orders.OrderAddress", "orders.OrderDiscount", "orders.OrderTag"),
            "orders.KeptSale",
        ),
        export=_orders,
        forget=keep_sales,
        tells=(
            *(*_ORDER, "channel", "lines", *_ORDER_LINE, "addresses", *_ADDRESS),
            *("codes", "code", "amount_minor", "tags", "label"),
        ),
    ),
    Holder(
        name="returns",
        models=("orders.Return", "orders.ReturnLine"),
        export=_returns,
        forget=_already,
        tells=(*_RETURN, "channel", "order", "exchange", "lines", *_LINE),
    ),
)
