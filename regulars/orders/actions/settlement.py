"""Settling: how much of an order was paid back, and what state that leaves it in.

An order's part of a return's refund is what its lines that belong to the order (`ReturnLine.order`) amount to; what
the refund has beyond its lines, or below them, is the part of `Return.order`. Only settled returns count: what was
asked for, or has arrived and is not paid back yet, lowers nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence

from django.db.models import F, Q, Sum
from django.utils import timezone

from regulars.customers.standings import id_list
from regulars.orders import normalise
from regulars.orders.models import SETTLED, Order, Return, ReturnLine, Status


def settle(order_ids: Collection[int]) -> None:
    """Bring refunded amounts and states of orders in line with their returns; orders already so are not touched."""
    if not order_ids:
        return
    orders = list(Order.objects.select_for_update(no_key=True).filter(pk__in=id_list(order_ids)).order_by("pk"))
    shares = refund_shares([order.pk for order in orders])
    for order in orders:
        refunded, refunded_base = shares.get(order.pk, (0, 0))
        status = settled_status(order.status, total=order.total_minor, refunded=refunded)
        settled = (refunded, refunded_base, status)
        if settled != (order.refunded_minor, order.refunded_base_minor, order.status):
            Order.objects.filter(pk=order.pk).update(
                refunded_minor=refunded,
                refunded_base_minor=refunded_base,
                status=status,
                version=F("version") + 1,
                updated_at=timezone.now(),
            )


def settled_status(status: str, *, total: int, refunded: int) -> str:
    """The state of an order of which `refunded` was paid back. Drafts and cancelled orders stay what they are."""
    if status in {Status.DRAFT, Status.CANCELLED}:
        return status
    if refunded <= 0:
        return Status.PAID if status in {Status.PART_REFUNDED, Status.REFUNDED} else status
    return Status.REFUNDED if refunded >= total else Status.PART_REFUNDED


def refund_shares(order_ids: Collection[int]) -> dict[int, tuple[int, int]]:
    """Each order's part of all refunds, in its returns' currency and in the base currency."""
    returns = [returned for returned in returns_of(order_ids) if returned.state in SETTLED]
    lines_of: dict[int, dict[int | None, int]] = defaultdict(dict)
    for parent_id, order_id, amount in (
        ReturnLine.objects.filter(parent__in=id_list(returned.pk for returned in returns))
        .order_by()
        .values_list("parent_id", "order_id")
        .annotate(amount=Sum("total_minor"))
    ):
        lines_of[parent_id][order_id] = amount
    shares: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    for returned in returns:
        for order_id, (minor, base) in parts_of(returned, lines_of[returned.pk]).items():
            shares[order_id][0] += minor
            shares[order_id][1] += base
    return {order_id: (shares[order_id][0], shares[order_id][1]) for order_id in order_ids if order_id in shares}


def parts_of(returned: Return, lines: dict[int | None, int]) -> dict[int, tuple[int, int]]:
    """How one refund is divided: {order: (amount, amount in the base currency)}, given its lines' amounts by order."""
    parts = {order_id: amount for order_id, amount in lines.items() if order_id is not None}
    if returned.order_id is not None:
        beyond = returned.refund_minor - sum(lines.values())
        parts[returned.order_id] = parts.get(returned.order_id, 0) + beyond
    divided = {
        order_id: (amount, normalise.in_base(amount, currency=returned.currency, rate=returned.rate))
        for order_id, amount in parts.items()
    }
    if returned.order_id is not None and sum(parts.values()) == returned.refund_minor:
        # all of it is known: cents lost in conversion go where most of the money goes
        lost = returned.refund_base_minor - sum(base for _amount, base in divided.values())
        amount, base = divided[returned.order_id]
        divided[returned.order_id] = (amount, base + lost)
    return divided


def returns_of(order_ids: Collection[int]) -> Sequence[Return]:
    """The returns that belong to these orders, in whatever state."""
    ids = list(order_ids)
    by_lines = ReturnLine.objects.filter(order__in=id_list(ids)).values("parent_id")
    return list(Return.objects.filter(Q(order__in=id_list(ids)) | Q(pk__in=by_lines)))


def point_returns(returns: Iterable[Return]) -> None:
    """After an order is gone: let each return point to what is left of what it reversed, and settle that."""
    orders: set[int] = set()
    for returned in returns:
        rows = list(ReturnLine.objects.filter(parent=returned))
        main = order_of_most(rows)
        Return.objects.filter(pk=returned.pk).update(order_id=main)
        orders.update(row.order_id for row in rows if row.order_id is not None)
    settle(orders)


def order_of_most(rows: Iterable[ReturnLine]) -> int | None:
    """The order that most of the money of these lines is of; of equal ones the latest; None where none is known."""
    amounts: dict[int, int] = defaultdict(int)
    for row in rows:
        if row.order_id is not None:
            amounts[row.order_id] += row.total_minor
    return max(amounts, key=lambda order_id: (amounts[order_id], order_id), default=None)


def customers_of(returns: Iterable[Return]) -> set[int]:
    """Whose returns these are."""
    return {returned.customer_id for returned in returns if returned.customer_id is not None}
