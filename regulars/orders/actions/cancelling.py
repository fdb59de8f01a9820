"""Calling a sale off."""

from __future__ import annotations

from http import HTTPStatus
from typing import ClassVar

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from regulars.core.errors import Refusal
from regulars.orders import checks
from regulars.orders.actions.orders import locked_order, refresh_figures
from regulars.orders.actions.return_steps import OPEN
from regulars.orders.facts import OrderCancelled
from regulars.orders.models import SETTLED, Fulfilment, Order, Payment, PaymentLink, PaymentState, Return, Status
from regulars.orders.normalise import REASON_LENGTH
from regulars.staff.policy import verb
from regulars.timeline.actions import record

_SENT = (Fulfilment.PARTIAL, Fulfilment.FULFILLED, Fulfilment.DELIVERED, Fulfilment.PICKED_UP)
_EXPECTED = (PaymentState.PENDING, PaymentState.AUTHORISED)


class CannotCancel(Refusal):
    """The sale has gone too far to be called off."""

    status: ClassVar[int] = HTTPStatus.CONFLICT
    slug: ClassVar[str] = "cannot-cancel"


@verb
def cancel_order(order: Order, *, reason: str = "", version: int | None = None) -> Order:
    """Call off a sale of which nothing was sent and nothing came back: it counts no more.

    What was paid is booked as paid back, by the way it came; what was expected is not any more, and links to pay end.
    Raises CannotCancel, or Stale.
    """
    why = checks.checked({"reason": reason}, {"reason": checks.text_up_to(REASON_LENGTH)})["reason"]
    now = locked_order(order, version=version)
    if hindrance := hindrance_of(now):
        raise CannotCancel(hindrance)
    paid_back = _pay_back(now)
    PaymentLink.objects.filter(order=now, paid_at=None).update(is_revoked=True)
    now.status = Status.CANCELLED
    now.version += 1
    now.updated_at = timezone.now()
    now.save(update_fields=["status", "version", "updated_at"])
    record(
        OrderCancelled(number=now.number, reason=why, paid_back_minor=paid_back, currency=now.currency),
        customer=now.customer,
        subject=now,
    )
    refresh_figures(now.customer_id)
    return now


def hindrance_of(order: Order) -> str:
    """Why an order cannot be cancelled, as a sentence; empty where it can."""
    number = {"number": order.number}
    if order.status == Status.CANCELLED:
        return _("Order %(number)s was cancelled already.") % number
    if order.status == Status.DRAFT:
        return _("Order %(number)s is a draft: throw it away instead.") % number
    if order.refunded_minor or order.status not in {Status.OPEN, Status.PAID}:
        return _("Something of order %(number)s was paid back already: pay the rest back instead.") % number
    returns = Return.objects.filter(Q(order=order) | Q(lines__order=order))
    if returns.filter(state__in=OPEN).exists():
        return _("Something of order %(number)s is on its way back: finish that return first.") % number
    if returns.filter(state__in=SETTLED).exists():
        return _("Something of order %(number)s came back already: let the rest come back as well.") % number
    if order.fulfilment in _SENT:
        return _("Order %(number)s was sent already: let it come back instead.") % number
    return ""


def _pay_back(order: Order) -> int:
    """Book what was paid as paid back; answers how much that was."""
    now, total = timezone.now(), 0
    for payment in list(order.payments.select_for_update(of=("self",)).order_by("pk")):
        if payment.state in _EXPECTED:
            payment.state = PaymentState.VOIDED
            payment.version += 1
            payment.updated_at = now
            payment.save(update_fields=["state", "version", "updated_at"])
        elif payment.state == PaymentState.PAID:
            total += -payment.amount_minor if payment.is_refund else payment.amount_minor
            if not payment.is_refund:
                Payment.objects.create(
                    order=order,
                    is_refund=True,
                    state=PaymentState.PAID,
                    method=payment.method,
                    amount_minor=payment.amount_minor,
                    currency=payment.currency,
                    at=now,
                )
    return max(total, 0)
