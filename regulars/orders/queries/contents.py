"""What was in many orders at once: the first few lines of each, and how many more there are."""

from __future__ import annotations

from collections import defaultdict

from django.db.models import Count, QuerySet

from regulars.orders.models import Order, OrderLine

FIRST_LINES = 4


def with_first_lines(orders: QuerySet[Order]) -> list[tuple[Order, list[OrderLine], int]]:
    """Each order with its first lines and the number of the others: three queries, however long the orders are."""
    found = list(orders.prefetch_related(None))
    ids = [order.pk for order in found]
    lines: dict[int, list[OrderLine]] = defaultdict(list)
    # positions begin at 1; lines that share one (nothing forbids it) are cut below
    for line in OrderLine.objects.filter(order_id__in=ids, position__lte=FIRST_LINES):
        lines[line.order_id].append(line)
    counted = OrderLine.objects.filter(order_id__in=ids).order_by().values("order_id").annotate(count=Count("id"))
    counts = {row["order_id"]: row["count"] for row in counted}
    return [
        (order, first, counts.get(order.pk, 0) - len(first))
        for order in found
        for first in [lines[order.pk][:FIRST_LINES]]
    ]
