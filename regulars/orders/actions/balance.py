"""What was paid for an order, what is still owed, and the state that follows: the rules of docs/definitions.md."""

from __future__ import annotations

from django.db.models import Q, Sum
from django.utils import timezone

from regulars.orders.facts import OrderPaid
from regulars.orders.models import Order, PaymentState, Status
from regulars.timeline.actions import record


def paid_minor(order: Order) -> int:
    """What the payments of an order came to, less what went back: only what is there, not what is expected."""
    sums = order.payments.filter(state=PaymentState.PAID).aggregate(
        came=Sum("amount_minor", filter=Q(is_refund=False)), went=Sum("amount_minor", filter=Q(is_refund=True))
    )
    return (sums["came"] or 0) - (sums["went"] or 0)


def owed_minor(order: Order) -> int:
    """What is still to pay of an open order; nothing of any other."""
    return max(order.total_minor - paid_minor(order), 0) if order.status == Status.OPEN else 0


def follow_payments(order: Order) -> None:
    """Let a locked open order become paid where its payments cover what it comes to."""
    if order.status == Status.OPEN and paid_minor(order) >= order.total_minor:
        become(order, Status.PAID)
        record(
            OrderPaid(number=order.number, total_minor=order.total_minor, currency=order.currency),
            customer=order.customer,
            subject=order,
        )


def came_in_minor(order: Order) -> int:
    """What came in; that some of it went back leaves no room for more."""
    came = order.payments.filter(state=PaymentState.PAID, is_refund=False)
    return came.aggregate(sum=Sum("amount_minor"))["sum"] or 0


def become(order: Order, status: Status) -> None:
    """Change the state of a locked order, and nothing else of it. Open or paid, it counts the same."""
    order.status = status
    order.version += 1
    order.updated_at = timezone.now()
    order.save(update_fields=["status", "version", "updated_at"])
