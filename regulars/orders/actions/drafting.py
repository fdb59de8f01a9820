"""Drafts: orders that staff put together and nobody has agreed to yet. They count nowhere until they are opened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, ClassVar

from django.utils import timezone
from django.utils.translation import gettext as _

from regulars.channels.models import Channel
from regulars.core.errors import Refusal
from regulars.customers.models import Customer
from regulars.orders import checks
from regulars.orders.actions import settlement
from regulars.orders.actions.balance import follow_payments
from regulars.orders.actions.drafts import new_order
from regulars.orders.actions.numbering import next_draft_number, next_order_number
from regulars.orders.actions.numbers import note_numbers
from regulars.orders.actions.orders import (
    change_order,
    delete_order,
    locked_order,
    refresh_figures,
    refuse_taken,
    write_one,
)
from regulars.orders.details import Address
from regulars.orders.facts import OrderDrafted, OrderPlaced
from regulars.orders.models import Order, PaymentState, Status
from regulars.orders.normalise import MORE_OF_LINES
from regulars.staff.policy import verb
from regulars.timeline.actions import record

_COPIED = (
    *("currency", "rate", "discount_minor", "shipping_minor", "tax_minor", "is_tax_included", "payment_method"),
    *("country", "is_test"),
)


class NotADraft(Refusal):
    """The order is no draft, or no draft any more."""

    status: ClassVar[int] = HTTPStatus.CONFLICT
    slug: ClassVar[str] = "not-a-draft"


@verb
def place_draft(
    *,
    channel: Channel,
    values: Mapping[str, Any] | None = None,
    lines: Sequence[Mapping[str, Any]] = (),
    customer: Customer | None = None,
) -> Order:
    """Begin an order: lines, customer and all else may come later. It gets a number of its own kind, `D-7`.

    `values` are those of place_order, without a state. Raises Invalid.
    """
    given = dict(values or {})
    given.setdefault("number", next_draft_number(channel))
    draft = new_order(
        values={**given, "status": Status.DRAFT.value},
        lines=lines,
        channel_id=channel.pk,
        customer_id=customer.pk if customer else None,
    )
    write_one(draft, channel)
    order = Order.objects.get(pk=draft.id)
    record(
        OrderDrafted(number=order.number, total_minor=order.total_minor, currency=order.currency),
        customer=customer,
        subject=order,
    )
    return order


@verb
def change_draft(
    order: Order,
    *,
    values: Mapping[str, Any],
    lines: Sequence[Mapping[str, Any]] | None = None,
    version: int | None = None,
) -> Order:
    """Change a draft as change_order does; its lines may be none. Raises NotADraft, Invalid, or Stale."""
    _draft(order, version=version)
    if values.get("status", Status.DRAFT) != Status.DRAFT:
        raise checks.invalid({"status": [_("A draft becomes an order when it is opened.")]})
    return change_order(order, values=values, lines=lines, version=version)


@verb
def open_draft(order: Order, *, number: str = "", version: int | None = None) -> Order:
    """Make a draft an order, placed now: it gets the next number of its channel, or `number`, and counts.

    It is open until it is paid; one that costs nothing is paid. Raises NotADraft, Invalid where it has no lines,
    NumberTaken, or Stale.
    """
    now = _draft(order, version=version)
    open_locked(now, number=number)
    now.refresh_from_db()
    return now


@verb
def duplicate_order(order: Order, *, customer: Customer | None = None) -> Order:
    """A draft with the same goods, prices, addresses and tags, for the same customer or another one.

    What was paid, sent back, noted, and which codes were used stays with the first; so does a state or a source.
    """
    now = (
        Order.objects.select_related("customer", "channel")
        .prefetch_related("lines", "tags", "addresses")
        .get(pk=order.pk)
    )
    whom = customer if customer is not None else now.customer
    is_same = customer is None or customer.pk == now.customer_id
    names = ("sku", "title", "quantity", "unit_price", *MORE_OF_LINES)
    values = {name: getattr(now, name) for name in _COPIED}
    values["tags"] = [tag.label for tag in now.tags.all()]
    if is_same:
        values["addresses"] = {
            address.side: {name: getattr(address, name) for name in Address._fields[1:]}
            for address in now.addresses.all()
        }
    return place_draft(
        channel=now.channel,
        values=values,
        lines=[{name: getattr(line, name) for name in names} for line in now.lines.all()],
        customer=whom,
    )


@verb
def delete_draft(order: Order, *, version: int | None = None) -> None:
    """Throw a draft away. Raises NotADraft, also where something was paid for it already; or Stale."""
    now = _draft(order, version=version)
    if now.payments.filter(state=PaymentState.PAID).exists():
        raise NotADraft(_("Something was paid for draft %(number)s already. Open it.") % {"number": now.number})
    delete_order(now, version=version)


def open_locked(order: Order, *, number: str = "") -> None:
    """Open a locked draft."""
    if not order.lines.exists():
        raise checks.invalid({"lines": [_("An order has at least one line.")]})
    chosen = checks.checked({"number": number}, {"number": checks.number})["number"] if number else ""
    if chosen:
        refuse_taken(chosen, order.channel, besides=order.pk)
    order.number = chosen or next_order_number(order.channel)
    order.status = Status.OPEN
    order.placed_at = order.updated_at = timezone.now()
    order.version += 1
    order.save(update_fields=["number", "status", "placed_at", "updated_at", "version"])
    note_numbers([order.pk])
    record(
        OrderPlaced(number=order.number, total_minor=order.total_minor, currency=order.currency),
        customer=order.customer,
        subject=order,
        at=order.placed_at,
    )
    # a program may have told a return of what was no sale yet
    settlement.settle([order.pk])
    order.refresh_from_db()
    follow_payments(order)
    refresh_figures(order.customer_id)


def _draft(order: Order, *, version: int | None) -> Order:
    now = locked_order(order, version=version)
    if now.status != Status.DRAFT:
        raise NotADraft(_("Order %(number)s is no draft any more.") % {"number": now.number})
    return now
