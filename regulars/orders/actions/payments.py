"""The money of an order: what came in, what is taken back, and the state that follows from it."""

from __future__ import annotations

import datetime as dt
from http import HTTPStatus
from typing import Any, ClassVar

from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from regulars.core.errors import Refusal
from regulars.core.money import Money
from regulars.orders import checks, details
from regulars.orders.actions.balance import become, came_in_minor, follow_payments, owed_minor, paid_minor
from regulars.orders.actions.drafting import open_locked
from regulars.orders.actions.orders import locked_order
from regulars.orders.facts import PaymentAdded, PaymentVoided
from regulars.orders.models import Order, Payment, PaymentState, Status
from regulars.staff.policy import require_full_of, verb
from regulars.timeline.actions import record

_STANDS = (PaymentState.PENDING, PaymentState.AUTHORISED, PaymentState.PAID)


class PaymentRefused(Refusal):
    """The order, or the payment, has come to where this is not possible any more."""

    status: ClassVar[int] = HTTPStatus.CONFLICT
    slug: ClassVar[str] = "payment-state"


@verb
def add_payment(
    order: Order,
    *,
    amount_minor: int,
    method: str = "",
    at: dt.datetime | None = None,
    state: str = PaymentState.PAID,
    reference: str = "",
    version: int | None = None,
) -> Payment:
    """Book money that came in for an order, or is expected. An open order whose payments cover it becomes paid.

    No more than is still to pay can be booked. Raises Invalid, PaymentRefused, or Stale.
    """
    now = locked_order(order, version=version)
    if now.status in {Status.DRAFT, Status.CANCELLED}:
        raise PaymentRefused(
            _("Order %(number)s is not open, so that nothing can be paid for it.") % {"number": now.number}
        )
    return _add(now, {"amount_minor": amount_minor, "method": method, "at": at, "state": state, "reference": reference})


@verb
def mark_paid(
    order: Order,
    *,
    method: str = "",
    reference: str = "",
    at: dt.datetime | None = None,
    version: int | None = None,
) -> Order:
    """Say that all that was still to pay of an open order is there. A draft becomes an order first.

    Raises PaymentRefused where it is paid already, or Stale.
    """
    now = locked_order(order, version=version)
    if now.status == Status.DRAFT:
        open_locked(now)
        now = locked_order(now, version=None)
    elif now.status != Status.OPEN:
        raise PaymentRefused(
            _("Order %(number)s is %(state)s; only an open one can be marked as paid.")
            % {"number": now.number, "state": Status(now.status).label}
        )
    owed = owed_minor(now)
    if owed > 0:
        _add(now, {"amount_minor": owed, "method": method or now.payment_method, "at": at, "reference": reference})
    else:
        follow_payments(now)
    now.refresh_from_db()
    return now


@verb
def void_payment(payment: Payment) -> Payment:
    """Take a payment back that did not come, or was booked by mistake.

    Its order is open again where it was its payments that made it paid. What a platform told, and what went back to
    the customer, cannot be taken back here: PaymentRefused.
    """
    order = locked_order(payment.order, version=None)
    require_full_of(Payment, ("amount_minor", "method", "reference"))
    now = Payment.objects.select_for_update(of=("self",)).get(pk=payment.pk)
    if now.external_id:
        raise PaymentRefused(_("The platform told this payment; take it back there."))
    if now.is_refund:
        raise PaymentRefused(_("This money went back to the customer; it cannot be taken back."))
    if now.state not in _STANDS:
        raise PaymentRefused(_("This payment was taken back already, or has failed."))
    if now.state == PaymentState.PAID and order.refunded_minor > 0:
        raise PaymentRefused(_("Some of what was paid for this order went back to the customer already."))
    covered = paid_minor(order) >= order.total_minor
    now.state = PaymentState.VOIDED
    now.version += 1
    now.updated_at = timezone.now()
    now.save(force_update=True)
    record(PaymentVoided(**_told(order, now)), customer=order.customer, subject=order)
    if order.status == Status.PAID and covered and paid_minor(order) < order.total_minor:
        become(order, Status.OPEN)
    return now


def _add(order: Order, values: dict[str, Any]) -> Payment:
    found = details.payments([values])
    if not found:
        raise checks.invalid({"amount_minor": [_("A payment is more than nothing.")]})
    paid = found[0]
    if paid.state not in _STANDS:
        raise checks.invalid({"state": [_("Book what came in, or is expected.")]})
    room = order.total_minor - came_in_minor(order)
    if paid.amount_minor > room:
        raise checks.invalid(
            {
                "amount_minor": [
                    _("%(left)s is still to pay for this order, not more.")
                    % {"left": Money(max(room, 0), order.currency).format(get_language() or "en")}
                ]
            }
        )
    payment = Payment.objects.create(
        order=order,
        currency=order.currency,
        **{**paid._asdict(), "at": paid.at or timezone.now()},
    )
    record(PaymentAdded(**_told(order, payment), state=payment.state), customer=order.customer, subject=order)
    follow_payments(order)
    return payment


def _told(order: Order, payment: Payment) -> dict[str, Any]:
    return {
        "number": order.number,
        "amount_minor": payment.amount_minor,
        "currency": payment.currency,
        "payment_method": payment.method,
    }
