"""Exchanging: what came back is paid for with something else."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from regulars.core.money import Money
from regulars.orders import checks, details
from regulars.orders.actions.balance import follow_payments
from regulars.orders.actions.bulk import placed_fact
from regulars.orders.actions.drafts import new_order
from regulars.orders.actions.numbering import next_order_number
from regulars.orders.actions.orders import refresh_figures, write_one
from regulars.orders.actions.return_steps import OPEN, let_count, lock, number_of, over, pay_back, refund_of, write
from regulars.orders.details import Address
from regulars.orders.facts import ReturnExchanged
from regulars.orders.models import Order, Return, ReturnState, Status
from regulars.staff.policy import verb
from regulars.timeline.actions import record

METHOD = "Exchange"
"""How an exchanged order was paid for, and what came back was paid back: no money moved."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """What became of it: the return, the order instead, and what is still to pay or was paid back in money."""

    returned: Return
    order: Order
    to_pay: Money
    paid_back: Money


@verb
def exchange_return(
    returned: Return,
    *,
    lines: Sequence[Mapping[str, Any]],
    values: Mapping[str, Any] | None = None,
    refund_minor: int | None = None,
    method: str = "",
    reference: str = "",
    at: dt.datetime | None = None,
    version: int | None = None,
) -> Exchange:
    """Give something else for what comes back: a new order, paid as far as the return's worth goes.

    What the new order costs more is still to pay, and it stays open until then. What it costs less is paid back by
    `method`. `values` are those of place_order that differ (shipping, a note). Raises Invalid, ReturnIsOver, or Stale.
    """
    old, now = lock(returned, version=version)
    if now.state not in OPEN:
        raise over(now)
    worth = refund_of(old, now, refund_minor)
    moment = checks.checked({"at": at}, {"at": checks.moment})["at"] if at is not None else timezone.now()
    order = _place(now, old, lines, values or {}, worth, moment)
    settled = min(worth, order.total_minor)
    write(now, state=ReturnState.EXCHANGED, refund_minor=worth, returned_at=moment, exchange_id=order.pk)
    if old is not None:
        pay_back(old, now, amount_minor=settled, method=METHOD, reference=order.number)
        pay_back(old, now, amount_minor=worth - settled, method=method, reference=reference)
    let_count(now)
    record(
        ReturnExchanged(
            number=now.number,
            refund_minor=worth,
            currency=now.currency,
            order_number=number_of(now),
            exchange_number=order.number,
            to_pay_minor=order.total_minor - settled,
            paid_back_minor=worth - settled,
        ),
        customer=now.customer,
        subject=now,
    )
    follow_payments(order)
    refresh_figures(order.customer_id)
    order.refresh_from_db()
    return Exchange(
        now, order, Money(order.total_minor - settled, order.currency), Money(worth - settled, order.currency)
    )


def _place(
    returned: Return,
    old: Order | None,
    lines: Sequence[Mapping[str, Any]],
    values: Mapping[str, Any],
    worth: int,
    moment: dt.datetime,
) -> Order:
    """The order instead, open, with what the return is worth booked as a payment of it."""
    given: dict[str, Any] = {"placed_at": moment}
    if old is not None:
        given |= {name: getattr(old, name) for name in ("is_tax_included", "country", "payment_method", "is_test")}
        given["addresses"] = {
            address.side: {name: getattr(address, name) for name in Address._fields[1:]}
            for address in old.addresses.all()
        }
    given |= values
    given |= {"currency": returned.currency, "rate": returned.rate, "status": Status.OPEN.value}
    given.setdefault("number", next_order_number(returned.channel))
    draft = new_order(values=given, lines=lines, channel_id=returned.channel_id, customer_id=returned.customer_id)
    paid = {"method": METHOD, "amount_minor": min(worth, draft.total_minor), "reference": returned.number, "at": moment}
    draft.payments = details.payments([paid])
    write_one(draft, returned.channel)
    order = Order.objects.get(pk=draft.id)
    record(placed_fact(draft), customer=returned.customer, subject=order, at=moment)
    return order
