"""What a return may reverse: lines that were bought before and have not all come back."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.db.models import Q, Sum
from django.db.models.functions import Coalesce

from regulars.orders.models import COUNTED, Order, OrderLine, Return


@dataclass(slots=True)
class Purchase:
    """A line somebody bought, and how many of it have not come back yet."""

    line_id: int
    order_id: int
    sku: str
    left: int


def purchases_before(returned: Return, *, skus: Collection[str], order: Order | None) -> Sequence[Purchase]:
    """The lines a return may reverse, latest order first, and in an order as they stand there."""
    lines = OrderLine.objects.filter(sku__in=list(skus))
    if order is not None:
        lines = lines.filter(order=order)
    elif returned.customer_id is not None:
        lines = lines.filter(
            counted_orders(),
            order__customer_id=returned.customer_id,
            order__channel_id=returned.channel_id,
            order__placed_at__lte=returned.returned_at,
            order__currency=returned.currency,
        )
    else:
        return ()
    rows = (
        lines.annotate(came_back=Coalesce(Sum("return_lines__quantity"), 0))
        .order_by("-order__placed_at", "-order_id", "position", "id")
        .values_list("id", "order_id", "sku", "quantity", "came_back")
    )
    return [
        Purchase(line_id, order_id, sku, quantity - came_back)
        for line_id, order_id, sku, quantity, came_back in rows
        if quantity > came_back
    ]


def counted_orders() -> Q:
    """The condition of a counted order, seen from its lines."""
    return Q(order__status__in=COUNTED, order__is_test=False)
