"""The way of a return: asked for, arrived, paid back or refused. Each step locks the order, and then the return."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, ClassVar

from django.utils import timezone
from django.utils.translation import gettext as _

from regulars.core.errors import Refusal, Stale
from regulars.orders import checks, details, normalise
from regulars.orders.actions import figures, settlement
from regulars.orders.actions.balance import paid_minor
from regulars.orders.actions.orders import locked_order
from regulars.orders.actions.returns import receive_return, refuse_more_than
from regulars.orders.facts import GoodsReceived, ReturnRefunded, ReturnRefused
from regulars.orders.models import Order, Payment, PaymentState, Return, ReturnState, Status
from regulars.orders.normalise import REASON_LENGTH
from regulars.staff.policy import verb
from regulars.timeline.actions import record

OPEN = (ReturnState.REQUESTED, ReturnState.RECEIVED)


class ReturnIsOver(Refusal):
    """The return has come to where this step is not possible any more."""

    status: ClassVar[int] = HTTPStatus.CONFLICT
    slug: ClassVar[str] = "return-state"


@verb
def request_return(
    order: Order,
    *,
    lines: Sequence[Mapping[str, Any]],
    reason: str = "",
    refund_minor: int | None = None,
    number: str = "",
    at: dt.datetime | None = None,
    version: int | None = None,
) -> Return:
    """Note that somebody wants to send lines of an order back; nothing counts yet. Raises Invalid, or Stale.

    Lines are chosen by `position` and `quantity`. What they are to get is what they paid for them, or `refund_minor`.
    """
    now = locked_order(order, version=version)
    if now.status in {Status.DRAFT, Status.CANCELLED}:
        raise ReturnIsOver(_("Nothing can come back of order %(number)s: it is not a sale.") % {"number": now.number})
    if not lines:
        raise checks.invalid({"lines": [_("Say what is to come back.")]})
    return receive_return(
        values={**_values(reason, refund_minor, number, at), "state": ReturnState.REQUESTED.value},
        lines=lines,
        customer=now.customer,
        channel=now.channel,
        order=now,
    )


@verb
def refund_order(
    order: Order,
    *,
    lines: Sequence[Mapping[str, Any]] = (),
    refund_minor: int | None = None,
    reason: str = "",
    method: str = "",
    reference: str = "",
    number: str = "",
    at: dt.datetime | None = None,
    version: int | None = None,
) -> Return:
    """Pay back at once: for lines that are chosen by `position` and `quantity`, or an amount without goods.

    More than was paid is refused: of an open order only what its payments came to. Raises Invalid, or Stale.
    """
    now = locked_order(order, version=version)
    refuse_unpaid(now)
    returned = receive_return(
        values=_values(reason, refund_minor, number, at),
        lines=lines,
        customer=now.customer,
        channel=now.channel,
        order=now,
    )
    refuse_more_than(can_be_paid_back(now), returned.refund_minor, currency=now.currency)
    pay_back(now, returned, amount_minor=returned.refund_minor, method=method, reference=reference)
    return returned


@verb
def receive_goods(returned: Return, *, version: int | None = None) -> Return:
    """Note that what was to come back has arrived; nothing is paid back yet. Raises ReturnIsOver, or Stale."""
    _order, now = lock(returned, version=version)
    if now.state != ReturnState.REQUESTED:
        raise over(now)
    write(now, state=ReturnState.RECEIVED)
    record(GoodsReceived(number=now.number, order_number=number_of(now)), customer=now.customer, subject=now)
    return now


@verb
def settle_return(
    returned: Return,
    *,
    refund_minor: int | None = None,
    method: str = "",
    reference: str = "",
    at: dt.datetime | None = None,
    version: int | None = None,
) -> Return:
    """Pay a return back, all of what was agreed or `refund_minor`; from now on it counts. Whether or not it arrived.

    More than was paid for its order is refused. Raises Invalid, ReturnIsOver where it was paid back already, or Stale.
    """
    order, now = lock(returned, version=version)
    if now.state not in OPEN:
        raise over(now)
    refund = refund_of(order, now, refund_minor)
    write(now, state=ReturnState.REFUNDED, refund_minor=refund, returned_at=_moment(at))
    if order is not None:
        pay_back(order, now, amount_minor=refund, method=method, reference=reference)
    let_count(now)
    record(
        ReturnRefunded(
            number=now.number,
            refund_minor=refund,
            currency=now.currency,
            order_number=number_of(now),
            payment_method=method,
        ),
        customer=now.customer,
        subject=now,
    )
    return now


@verb
def refuse_return(returned: Return, *, reason: str = "", version: int | None = None) -> Return:
    """Do not take something back. It never counts, and its lines can come back another time."""
    why = checks.checked({"reason": reason}, {"reason": checks.text_up_to(REASON_LENGTH)})["reason"]
    _order, now = lock(returned, version=version)
    if now.state not in OPEN:
        raise over(now)
    write(now, state=ReturnState.REFUSED)
    now.lines.update(order_line=None)
    record(
        ReturnRefused(number=now.number, order_number=number_of(now), reason=why), customer=now.customer, subject=now
    )
    return now


def lock(returned: Return, *, version: int | None) -> tuple[Order | None, Return]:
    """The order of a return and the return, as they are now, both locked until the end. Raises Stale."""
    order_id = Return.objects.filter(pk=returned.pk).values_list("order_id", flat=True).first()
    order = Order.objects.select_for_update(of=("self",), no_key=True).filter(pk=order_id or 0).first()
    now = (
        Return.objects.select_related("customer", "order", "channel")
        .select_for_update(of=("self",), no_key=True)
        .filter(pk=returned.pk)
        .first()
    )
    if now is None:
        raise Stale(_("Return %(number)s was deleted meanwhile.") % {"number": returned.number})
    if version is not None and now.version != version:
        raise Stale(
            _("Somebody else changed return %(number)s since you opened it. Look at it again, then change it.")
            % {"number": now.number}
        )
    return order, now


def over(returned: Return) -> ReturnIsOver:
    """The refusal of a step that comes too late."""
    return ReturnIsOver(
        {
            ReturnState.RECEIVED: _("Return %(number)s has arrived already."),
            ReturnState.REFUNDED: _("Return %(number)s was refunded already."),
            ReturnState.EXCHANGED: _("Return %(number)s was exchanged already."),
            ReturnState.REFUSED: _("Return %(number)s was refused."),
        }[ReturnState(returned.state)]
        % {"number": returned.number}
    )


def refund_of(order: Order | None, returned: Return, refund_minor: int | None) -> int:
    """What a return is worth, checked: no more than what is left of what was paid for its order. Raises Invalid."""
    if refund_minor is not None:
        checks.checked({"refund_minor": refund_minor}, {"refund_minor": checks.minor})
    refund = returned.refund_minor if refund_minor is None else refund_minor
    if order is not None:
        if refund:
            refuse_unpaid(order)
        refuse_more_than(can_be_paid_back(order), refund, currency=order.currency)
    return refund


def refuse_unpaid(order: Order) -> None:
    """Raises Invalid where nothing was paid yet that could go back."""
    if order.status == Status.OPEN and paid_minor(order) <= 0:
        raise checks.invalid(
            {"lines": [_("Nothing was paid for this order yet. Take the goods off the order, or cancel it.")]}
        )
    if order.status in {Status.DRAFT, Status.CANCELLED}:
        raise checks.invalid({"lines": [_("This is not a sale, so that nothing can be paid back.")]})


def can_be_paid_back(order: Order) -> int:
    """What is left to pay back: the total less what went back; of an open order no more than its payments came to."""
    left = order.total_minor - order.refunded_minor
    return min(left, paid_minor(order)) if order.status == Status.OPEN else left


def pay_back(
    order: Order, returned: Return, *, amount_minor: int, method: str, reference: str = "", external_id: str = ""
) -> None:
    """Write down how money went back; nothing where nothing did."""
    if not amount_minor:
        return
    checked = details.payments(
        [{"method": method or order.payment_method, "reference": reference, "amount_minor": amount_minor}]
    )[0]
    Payment.objects.create(
        order=order,
        returned=returned,
        is_refund=True,
        state=PaymentState.PAID,
        method=checked.method,
        reference=checked.reference,
        external_id=external_id,
        amount_minor=amount_minor,
        currency=order.currency,
        at=returned.returned_at,
    )


def write(returned: Return, **values: Any) -> None:
    """Change fields of a locked return, with what follows of them."""
    for name, value in values.items():
        setattr(returned, name, value)
    returned.refund_base_minor = normalise.in_base(
        returned.refund_minor, currency=returned.currency, rate=returned.rate
    )
    returned.version += 1
    returned.updated_at = timezone.now()
    returned.save(force_update=True)


def let_count(returned: Return) -> None:
    """Bring orders and figures in line with a return that was just settled."""
    orders = {pk for pk in (returned.order_id, *returned.lines.values_list("order_id", flat=True)) if pk is not None}
    settlement.settle(orders)
    if returned.customer_id is not None:
        figures.refresh({returned.customer_id})


def number_of(returned: Return) -> str:
    """The number of the order that comes back."""
    return returned.order.number if returned.order else ""


def _moment(at: dt.datetime | None) -> dt.datetime:
    return checks.checked({"at": at}, {"at": checks.moment})["at"] if at is not None else timezone.now()


def _values(reason: str, refund_minor: int | None, number: str, at: dt.datetime | None) -> dict[str, Any]:
    values: dict[str, Any] = {"reason": reason}
    if refund_minor is not None:
        values["refund_minor"] = refund_minor
    if number:
        values["number"] = number
    if at is not None:
        values["returned_at"] = at
    return values
