"""Placing, changing and deleting an order."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, ClassVar

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from regulars.channels.models import Channel
from regulars.core import ids
from regulars.core.errors import Refusal, Stale
from regulars.core.money import Money
from regulars.customers.models import Customer
from regulars.orders import checks, normalise
from regulars.orders.actions import details, figures, settlement
from regulars.orders.actions.bulk import placed_fact, write_orders
from regulars.orders.actions.drafts import NewOrder, new_order, refuse_unreturned, totals
from regulars.orders.actions.numbering import next_order_number
from regulars.orders.actions.numbers import note_numbers
from regulars.orders.facts import OrderChanged, OrderDeleted
from regulars.orders.models import Order, OrderAddress, OrderDiscount, OrderLine, OrderTag, Payment, ReturnLine, Status
from regulars.orders.normalise import MORE_OF_LINES, Piece
from regulars.staff.policy import require_full_of, verb
from regulars.timeline.actions import record


class NumberTaken(Refusal):
    """The channel already has an order of this number; `order` is that one."""

    status: ClassVar[int] = HTTPStatus.CONFLICT
    slug: ClassVar[str] = "number-taken"

    def __init__(self, sentence: str, *, order: Order) -> None:
        super().__init__(sentence, field="number")
        self.order = order


@verb
def place_order(
    *,
    values: Mapping[str, Any],
    lines: Sequence[Mapping[str, Any]],
    customer: Customer | None,
    channel: Channel,
    at: dt.datetime | None = None,
) -> Order:
    """Write an order with its lines and amounts; without a customer it is a guest's.

    Without a `number` it gets the next one of ours in its channel; `placed_at` falls back on `at` and then on now,
    `currency` on the shop's. Amounts come in the currency's smallest unit (`discount_minor shipping_minor tax_minor`),
    prices as decimals; what hangs on the order comes as `tags codes addresses payments`. Raises Invalid, or
    NumberTaken where the channel has this number.
    """
    if "number" not in values:
        values = {**values, "number": next_order_number(channel)}
    draft = new_order(
        values=values, lines=lines, channel_id=channel.pk, customer_id=customer.pk if customer else None, at=at
    )
    write_one(draft, channel)
    order = Order.objects.get(pk=draft.id)
    record(placed_fact(draft), customer=customer, subject=order, at=order.placed_at)
    refresh_figures(order.customer_id)
    return order


@verb
def change_order(
    order: Order,
    *,
    values: Mapping[str, Any],
    lines: Sequence[Mapping[str, Any]] | None = None,
    version: int | None = None,
) -> Order:
    """Change the given fields, and all lines where `lines` are given; `values` may hold another `customer` or None.

    Says nothing and writes nothing where all is as it was. With `version` it raises Stale where somebody else changed
    the order since. Lines that stay the same product keep what was returned of them, and what nobody says anew of
    them. Tags, codes, payments, and an address, where given, take the place of those there are.
    """
    now = locked_order(order, version=version)
    given = dict(values)
    customer_id = _key(given.pop("customer")) if "customer" in given else now.customer_id
    given = normalise.order_values(given)
    hanging = {name: given.pop(name) for name in details.NAMES if name in given}
    require_full_of(Order, given)
    for name in hanging:
        require_full_of(_TABLES[name], [field.name for field in _TABLES[name]._meta.fields])
    before, known = _state(now), list(now.lines.all())
    for name, value in given.items():
        setattr(now, name, value)
    now.customer_id = customer_id
    now.rate = normalise.with_rate(
        now.currency, given.get("rate", now.rate if before["currency"] == now.currency else None)
    )
    if now.currency != before["currency"] and settlement.returns_of([now.pk]):
        raise checks.invalid({"currency": [_("Something of this order was paid back in its currency already.")]})
    if given.get("status") != before["status"]:
        refuse_unreturned(given.get("status"))
    if now.number != before["number"]:
        refuse_taken(now.number, now.channel, besides=now.pk)
    wanted = normalise.pieces(_as_mappings(known) if lines is None else lines, currency=now.currency)
    now.total_minor, now.total_base_minor = totals(
        wanted, may_be_empty=now.status == Status.DRAFT, **{name: getattr(now, name) for name in _ADDED}
    )
    are_lines_new = len(known) != len(wanted) or not all(
        piece.says_what(piece_of(line)) for line, piece in zip(known, wanted, strict=True)
    )
    changed = [name for name, value in _state(now).items() if value != before[name]]
    changes = {**told(before, _state(now), changed), **details.replace(now, hanging)}
    if not changes and not are_lines_new and not changed:
        return now
    if are_lines_new:
        changes["lines"] = [goods(piece_of(line) for line in known), goods(wanted)]

    now.version += 1
    now.updated_at = timezone.now()
    now.save(force_update=True)
    if are_lines_new:
        _replace_lines(now, known, wanted)
    if "number" in changed:
        note_numbers([now.pk])
    if "customer_id" in changed:
        # what came back of this order came back from its customer
        now.returns.update(customer_id=customer_id)
    settlement.settle([now.pk])
    record(OrderChanged(number=now.number, changes=changes), customer=now.customer, subject=now)
    refresh_figures(before["customer_id"], customer_id)
    now.refresh_from_db()
    return now


@verb
def delete_order(order: Order, *, version: int | None = None) -> None:
    """Delete an order that was a mistake. Its returns stay, as returns of an order nobody knows."""
    now = locked_order(order, version=version)
    customer = now.customer
    reversals = settlement.returns_of([now.pk])
    record(OrderDeleted(number=now.number), customer=customer, subject=now)
    now.delete()
    settlement.point_returns(reversals)
    refresh_figures(customer.pk if customer else None, *settlement.customers_of(reversals))


def write_one(draft: NewOrder, channel: Channel) -> None:
    """Write one order. Of two at once with one number the second gets NumberTaken as well."""
    refuse_taken(draft.number, channel)
    try:
        with transaction.atomic():
            write_orders([draft], is_told=False)
    except IntegrityError:
        refuse_taken(draft.number, channel)
        raise


def order_lines(order_id: int, bought: Iterable[Piece]) -> list[OrderLine]:
    """The rows of checked lines."""
    return [
        OrderLine(
            order_id=order_id,
            position=position,
            sku=piece.sku,
            title=piece.title,
            quantity=piece.quantity,
            unit_price=piece.unit_price,
            total_minor=piece.total_minor,
            variant_id=piece.variant_id,
            variant_title=piece.variant_title or "",
            discount_minor=piece.discount_minor or 0,
            tax_minor=piece.tax_minor or 0,
            cost=piece.cost,
        )
        for position, piece in enumerate(bought, start=1)
    ]


def piece_of(line: OrderLine | ReturnLine) -> Piece:
    """A kept line as a checked one."""
    of_orders = (getattr(line, name) for name in MORE_OF_LINES) if isinstance(line, OrderLine) else ()
    return Piece(line.sku, line.title, line.quantity, line.unit_price, line.total_minor, *of_orders)


def told(before: Mapping[str, Any], after: Mapping[str, Any], names: Iterable[str]) -> dict[str, list[Any]]:
    """What a fact tells of changed columns: the old and the new value of each, as people and JSON can read them.

    Amounts stand with their currency, customers and orders as their public ids; what is the same amount in the shop's
    own currency is left out.
    """
    changes = {}
    for name in names:
        if not name.endswith("_base_minor"):
            called = name.removesuffix("_minor").removesuffix("_id")
            changes[called] = [_told(name, state[name], state["currency"]) for state in (before, after)]
    return changes


def goods(bought: Iterable[Piece]) -> list[str]:
    """Lines in a few words: `2 × 85123A`; the name of the thing where it has no number."""
    return [f"{piece.quantity} × {piece.sku or piece.title}" for piece in bought]


def _told(name: str, value: Any, currency: str) -> Any:
    if value is None:
        return ""
    if name.endswith("_minor"):
        return f"{Money(value, currency).amount} {currency}"
    if name in _PREFIXES:
        return ids.encode(_PREFIXES[name], value)
    return value.isoformat() if isinstance(value, dt.datetime) else value if isinstance(value, bool) else str(value)


def refuse_taken(number: str, channel: Channel, *, besides: int | None = None) -> None:
    """Raises NumberTaken where another order of the channel has this number."""
    taken = Order.objects.filter(channel=channel, number=number).first()
    if taken is not None and taken.pk != besides:
        raise NumberTaken(
            _("%(channel)s already has an order %(number)s. Change that one, or give this one another number.")
            % {"channel": channel.name, "number": number},
            order=taken,
        )


def locked_order(order: Order, *, version: int | None) -> Order:
    """The order as it is now, with its row locked until the end."""
    now = Order.objects.select_for_update(of=("self",), no_key=True).filter(pk=order.pk).first()
    if now is None:
        raise Stale(_("Order %(number)s was deleted meanwhile.") % {"number": order.number})
    if version is not None and now.version != version:
        raise Stale(
            _("Somebody else changed order %(number)s since you opened it. Look at it again, then change it.")
            % {"number": now.number}
        )
    return now


_PREFIXES = {"customer_id": Customer.id_prefix, "order_id": Order.id_prefix, "exchange_id": Order.id_prefix}
_ADDED = ("currency", "rate", "discount_minor", "shipping_minor", "tax_minor", "is_tax_included")
_WATCHED = (
    *("number", "status", "is_test", "placed_at", "currency", "rate", "discount_minor", "shipping_minor", "tax_minor"),
    *("is_tax_included", "payment_method", "country", "note", "customer_id", "total_minor", "total_base_minor"),
    *("fulfilment", "source", "campaign", "referrer"),
)
_TABLES = {"tags": OrderTag, "codes": OrderDiscount, "addresses": OrderAddress, "payments": Payment}


def _state(order: Order) -> dict[str, Any]:
    return {name: getattr(order, name) for name in _WATCHED}


def _as_mappings(lines: Iterable[OrderLine]) -> list[dict[str, Any]]:
    return [
        {"sku": line.sku, "title": line.title, "quantity": line.quantity, "unit_price": line.unit_price}
        for line in lines
    ]


def _replace_lines(order: Order, known: Sequence[OrderLine], wanted: Sequence[Piece]) -> None:
    """Write `wanted` over `known`: a line of the same product stays the row it was, and returns still point to it."""
    rows_of: dict[tuple[str, str], list[OrderLine]] = defaultdict(list)
    for line in reversed(known):
        rows_of[line.sku, "" if line.sku else line.title].append(line)
    kept, new = [], []
    for row, piece in zip(order_lines(order.pk, wanted), wanted, strict=True):
        same = rows_of[row.sku, "" if row.sku else row.title]
        if same:
            was = same.pop()
            row.pk = was.pk
            for name in MORE_OF_LINES:
                if getattr(piece, name) is None:
                    setattr(row, name, getattr(was, name))
            kept.append(row)
        else:
            new.append(row)
    gone = [line.pk for rows in rows_of.values() for line in rows]
    OrderLine.objects.filter(pk__in=gone).delete()
    columns = ["position", "title", "quantity", "unit_price", "total_minor", *MORE_OF_LINES]
    OrderLine.objects.bulk_update(kept, columns, batch_size=50)
    OrderLine.objects.bulk_create(new)


def _key(customer: Customer | None) -> int | None:
    return customer.pk if customer is not None else None


def refresh_figures(*customer_ids: int | None) -> None:
    """Sum up anew what these customers bought; None is a guest."""
    figures.refresh({pk for pk in customer_ids if pk is not None})
