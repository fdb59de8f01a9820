"""What orders hold of a customer: their orders and returns, which the books must keep when the person goes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from regulars.customers.belongings import Holder
from regulars.customers.models import Customer
from regulars.orders.keeping import keep_sales
from regulars.orders.models import Order, Return

_ORDER = (
    *("number", "status", "is_test", "placed_at", "currency", "rate", "discount_minor", "shipping_minor", "tax_minor"),
    *("is_tax_included", "total_minor", "refunded_minor", "payment_method", "country", "note"),
)
_RETURN = ("number", "returned_at", "currency", "rate", "refund_minor", "reason")
_LINE = ("sku", "title", "quantity", "unit_price", "total_minor")


def _orders(customer: Customer) -> Iterable[dict[str, Any]]:
    rows = Order.objects.filter(customer=customer).select_related("channel").prefetch_related("lines").order_by("pk")
    for order in rows.iterator(chunk_size=500):
        yield {"channel": order.channel.code, **_plain(order, _ORDER)}


def _returns(customer: Customer) -> Iterable[dict[str, Any]]:
    rows = Return.objects.filter(customer=customer).select_related("channel", "order").prefetch_related("lines")
    for returned in rows.order_by("pk").iterator(chunk_size=500):
        number = returned.order.number if returned.order else ""
        yield {"channel": returned.channel.code, "order": number, **_plain(returned, _RETURN)}


def _plain(row: Order | Return, names: Iterable[str]) -> dict[str, Any]:
    lines = [{name: getattr(line, name) for name in _LINE} for line in row.lines.all()]
    return {**{name: getattr(row, name) for name in names}, "lines": lines}


def _already(_customer: Customer) -> None:
    """Returns are kept or dropped together with the orders (orders/keeping.py)."""


ALL = (
    Holder(
        name="orders",
        models=("orders.Order", "orders.OrderLine", "orders.KeptSale"),
        export=_orders,
        forget=keep_sales,
        tells=(*_ORDER, "channel", "lines", *_LINE),
    ),
    Holder(
        name="returns",
        models=("orders.Return", "orders.ReturnLine"),
        export=_returns,
        forget=_already,
        tells=(*_RETURN, "channel", "order", "lines", *_LINE),
    ),
)
