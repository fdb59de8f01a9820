"""Receiving what came back, and putting a return right."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from regulars.channels.models import Channel
from regulars.core.money import Money
from regulars.customers.models import Customer
from regulars.customers.people import are_one
from regulars.orders import checks
from regulars.orders.actions import figures, settlement
from regulars.orders.actions.bulk import match, return_fact, write_return_lines, write_returns
from regulars.orders.actions.choosing import choose, next_return_number
from regulars.orders.actions.drafts import NewReturn, new_return
from regulars.orders.actions.orders import goods, piece_of, told
from regulars.orders.facts import ReturnChanged
from regulars.orders.models import Order, Return
from regulars.staff.policy import verb
from regulars.timeline.actions import record


@verb
def receive_return(
    *,
    values: Mapping[str, Any],
    lines: Sequence[Mapping[str, Any]],
    customer: Customer | None,
    channel: Channel,
    order: Order | None = None,
) -> Return:
    """Write what came back and was refunded, and find what it reverses.

    1. With `order` it reverses that order's lines of the same SKU, and all its money is that order's. Its lines may
       name them by `position` and `quantity` alone: then they cost what they cost, less their part of the discounts.
    2. Without, each line looks for counted orders of the same customer, channel and currency, placed before the
       return, that have something left of the same SKU: the latest first, one after another until all of it is found.
    3. What nobody bought stays a line without an order; a guest's return always does.

    The refund is the sum of the lines, or `refund_minor` where something else was paid back; then all of it belongs
    to the one order with most of its lines. `Return.order` is the order of most of the money. Orders concerned get
    their refunded amount and state. More than is left of a named `order` is refused. `values` needs a `number` where
    no order is named; `returned_at` falls back on now. With a `state` that is not settled it is only asked for, and
    counts nowhere yet. Raises Invalid.
    """
    values = dict(values)
    line_ids: Sequence[int | None] = ()
    if order is not None:
        order = Order.objects.select_for_update(of=("self",), no_key=True).get(pk=order.pk)
        chosen = choose(order, lines)
        lines, line_ids = chosen.lines, chosen.line_ids
        if chosen.refund_minor is not None:
            values.setdefault("refund_minor", chosen.refund_minor)
        values.setdefault("number", next_return_number(order))
        values = {"currency": order.currency, "rate": order.rate, **values}
        if are_one(customer, order.customer):
            customer = order.customer  # what one of a person's records bought comes back from that record
    draft = new_return(
        values=values,
        lines=lines,
        channel_id=channel.pk,
        customer_id=customer.pk if customer else None,
        order_id=order.pk if order else None,
        line_ids=line_ids,
    )
    if order is not None:
        _refuse_stranger(order, draft)
        if draft.is_settled:
            refuse_more_than(order.total_minor - order.refunded_minor, draft.refund_minor, currency=order.currency)
    _refuse_taken(draft, channel)
    write_returns([draft], is_told=False)
    returned = Return.objects.select_related("order").get(pk=draft.id)
    numbers = {returned.order.pk: returned.order.number} if returned.order else {}
    record(return_fact(draft, numbers), customer=customer, subject=returned, at=returned.returned_at)
    if customer is not None and draft.is_settled:
        figures.refresh({customer.pk})
    return returned


@verb
def change_return(returned: Return, *, draft: NewReturn) -> Return:
    """Write a return anew as the draft of the same channel and number says, and find again what it reverses."""
    lines = list(returned.lines.all())
    before, state = [returned.order_id, *(line.order_id for line in lines)], _state(returned)
    customers = _known([returned.customer_id, draft.customer_id])
    returned.lines.all().delete()
    draft.id = returned.pk
    rows = match([draft])
    Return.objects.filter(pk=returned.pk).update(
        customer_id=draft.customer_id,
        order_id=draft.order_id,
        returned_at=draft.returned_at,
        currency=draft.currency,
        rate=draft.rate,
        refund_minor=draft.refund_minor,
        refund_base_minor=draft.refund_base_minor,
        reason=draft.reason,
        state=draft.state,
        exchange_id=draft.exchange_id,
        version=returned.version + 1,
        updated_at=timezone.now(),
    )
    write_return_lines(rows)
    settlement.settle(_known([*before, draft.order_id, *(row.order_id for row in rows)]))
    returned.refresh_from_db()
    after = _state(returned)
    changes = told(state, after, [name for name, value in after.items() if value != state[name]])
    was, now = goods(map(piece_of, lines)), goods(draft.pieces)
    changes |= {"lines": [was, now]} if was != now else {}
    record(ReturnChanged(number=returned.number, changes=changes), customer=returned.customer, subject=returned)
    figures.refresh(customers)
    return returned


def _state(returned: Return) -> dict[str, Any]:
    watched = (
        *("customer_id", "order_id", "returned_at", "currency", "rate", "refund_minor", "reason", "state"),
        "exchange_id",
    )
    return {name: getattr(returned, name) for name in watched}


def _known(ids: Iterable[int | None]) -> set[int]:
    return {pk for pk in ids if pk is not None}


def _refuse_stranger(order: Order, draft: NewReturn) -> None:
    if order.channel_id != draft.channel_id:
        raise checks.invalid({"order": [_("The order was placed in another channel than it was sent back in.")]})
    if order.customer_id != draft.customer_id:
        raise checks.invalid({"order": [_("The order is another customer's.")]})
    if order.currency != draft.currency:
        raise checks.invalid(
            {"currency": [_("The order was paid in %(currency)s; pay it back in that.") % {"currency": order.currency}]}
        )


def refuse_more_than(left_minor: int, refund_minor: int, *, currency: str) -> None:
    """An import keeps what a shop says happened; a person or a program that names the order is told in time."""
    left = max(left_minor, 0)
    if refund_minor > left:
        language = get_language() or "en"
        raise checks.invalid(
            {
                "lines": [
                    _("%(left)s of this order can still be paid back, not %(refund)s.")
                    % {
                        "left": Money(left, currency).format(language),
                        "refund": Money(refund_minor, currency).format(language),
                    }
                ]
            }
        )


def _refuse_taken(draft: NewReturn, channel: Channel) -> None:
    if Return.objects.filter(channel=channel, number=draft.number).exists():
        raise checks.invalid(
            {
                "number": [
                    _("%(channel)s already has a return %(number)s.")
                    % {"channel": channel.name, "number": draft.number}
                ]
            }
        )
