"""The writers: they put checked orders and returns into the tables, one as well as ten thousand.

Verbs, imports and generated data all write through here, so that their rows cannot differ. The figures are refreshed
by the caller, who knows when all rows of a customer are there.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import Any

from django.db import connection, models
from django.utils import timezone

from regulars.core.bulk import insert, moment, take_ids
from regulars.customers.standings import id_list
from regulars.orders.actions import details, settlement
from regulars.orders.actions.drafts import NewOrder, NewReturn
from regulars.orders.actions.matching import purchases_for, reversing_lines
from regulars.orders.actions.numbers import note_numbers
from regulars.orders.facts import GoodsReceived, OrderPlaced, ReturnReceived, ReturnRefused, ReturnRequested
from regulars.orders.models import Order, OrderLine, Return, ReturnLine, ReturnState
from regulars.orders.normalise import Piece
from regulars.staff.policy import verb
from regulars.timeline.actions import reactions, who_acts
from regulars.timeline.facts import Fact
from regulars.timeline.models import Entry

ORDER_COLUMNS = (
    *("id", "created_at", "updated_at", "version", "number", "channel_id", "customer_id", "status", "is_test"),
    *("placed_at", "currency", "rate", "discount_minor", "shipping_minor", "tax_minor", "is_tax_included"),
    *("total_minor", "refunded_minor", "total_base_minor", "refunded_base_minor", "payment_method", "country", "note"),
)
_MORE_OF_ORDERS = ("fulfilment", "source", "campaign", "referrer")
_LINE = ("order_id", "position", "sku", "title", "quantity", "unit_price", "total_minor")
_MORE_OF_LINES = ("variant_id", "variant_title", "discount_minor", "tax_minor", "cost")
RETURN_COLUMNS = (
    *("id", "created_at", "updated_at", "version", "number", "channel_id", "customer_id", "order_id", "returned_at"),
    *("currency", "rate", "refund_minor", "refund_base_minor", "reason"),
)
_MORE_OF_RETURNS = ("state", "exchange_id")
RETURN_LINE_COLUMNS = ("parent_id", "order_line_id", "order_id", *_LINE[1:])
ENTRY_COLUMNS = ("name", "at", "recorded_at", "customer_id", "actor_id", "source", "subject_type", "subject_id", "data")

RETURN_FACTS: dict[str, type[Fact]] = {
    ReturnState.REQUESTED: ReturnRequested,
    ReturnState.RECEIVED: GoodsReceived,
    ReturnState.REFUNDED: ReturnReceived,
    ReturnState.EXCHANGED: ReturnReceived,
    ReturnState.REFUSED: ReturnRefused,
}

Decimals = Callable[[Decimal], Any]


@verb
def write_orders(orders: Sequence[NewOrder], *, is_told: bool = True) -> Sequence[int]:
    """Write orders with their lines, and an entry for each on the timeline; answers their ids, in the same order.

    A verb that records its fact itself, for those who react to it, says `is_told=False`.
    """
    ids = take_ids(Order, len(orders))
    now = moment(timezone.now())
    for order, pk in zip(orders, ids, strict=True):
        order.id = pk
    decimal = _decimal()
    rows = (_order_row(order, now, decimal) for order in orders)
    if any(order.fulfilment or order.source or order.campaign or order.referrer for order in orders):
        more = ((order.fulfilment, order.source, order.campaign, order.referrer) for order in orders)
        insert(Order, ORDER_COLUMNS + _MORE_OF_ORDERS, (row + one for row, one in zip(rows, more, strict=True)))
    else:
        insert(Order, ORDER_COLUMNS, rows)
    _write_lines(orders, decimal)
    details.write(orders)
    if is_told:
        _tell(Order, ((order, order.placed_at, placed_fact(order)) for order in orders), OrderPlaced)
    note_numbers(ids)
    return ids


@verb
def write_returns(returns: Sequence[NewReturn], *, is_told: bool = True) -> Sequence[int]:
    """Find what returns reverse, in the order given, write them, and settle the orders; answers their ids.

    What was bought in orders written before is found, also by the return before in the same list.
    """
    ids = take_ids(Return, len(returns))
    now = moment(timezone.now())
    for returned, pk in zip(returns, ids, strict=True):
        returned.id = pk
    rows = match(returns)
    reversed_ids = {returned.order_id for returned in returns if returned.order_id is not None}
    numbers = dict(Order.objects.filter(pk__in=id_list(reversed_ids)).values_list("pk", "number"))
    decimal = _decimal()
    values = (_return_row(returned, now, decimal) for returned in returns)
    if any(returned.state != ReturnState.REFUNDED or returned.exchange_id for returned in returns):
        more = ((returned.state, returned.exchange_id) for returned in returns)
        insert(Return, RETURN_COLUMNS + _MORE_OF_RETURNS, (row + one for row, one in zip(values, more, strict=True)))
    else:
        insert(Return, RETURN_COLUMNS, values)
    write_return_lines(rows)
    if is_told:
        told = ((returned, returned.returned_at, return_fact(returned, numbers)) for returned in returns)
        _tell(Return, told, *{RETURN_FACTS[returned.state] for returned in returns})
    settlement.settle({row.order_id for row in rows if row.order_id} | set(numbers))
    return ids


def match(returns: Sequence[NewReturn]) -> list[ReturnLine]:
    """The lines of returns that have their ids, pointing to what they reverse; sets each return's order."""
    purchases = purchases_for(returns)
    rows: list[ReturnLine] = []
    for returned in returns:
        own = reversing_lines(returned, purchases)
        if returned.order_id is None:
            returned.order_id = settlement.order_of_most(own)
        rows.extend(own)
    return rows


def write_return_lines(rows: Iterable[ReturnLine]) -> None:
    """Write lines of returns that are there already."""
    decimal = _decimal()
    insert(
        ReturnLine,
        RETURN_LINE_COLUMNS,
        (
            (
                *(row.parent_id, row.order_line_id, row.order_id, row.position, row.sku, row.title, row.quantity),
                *(decimal(row.unit_price), row.total_minor),
            )
            for row in rows
        ),
    )


def placed_fact(order: NewOrder) -> OrderPlaced:
    """What is told of a new order."""
    return OrderPlaced(number=order.number, total_minor=order.total_minor, currency=order.currency)


def return_fact(returned: NewReturn, numbers: dict[int, str]) -> Fact:
    """What is told of a new return, by its state; `numbers` are those of the orders."""
    kind = RETURN_FACTS[returned.state]
    values: dict[str, Any] = {
        "number": returned.number,
        "order_number": numbers.get(returned.order_id, "") if returned.order_id else "",
    }
    if kind is not GoodsReceived and kind is not ReturnRefused:
        values |= {"refund_minor": returned.refund_minor, "currency": returned.currency}
    if kind is not GoodsReceived and kind is not ReturnReceived:
        values["reason"] = returned.reason
    return kind(**values)


def _write_lines(orders: Sequence[NewOrder], decimal: Decimals) -> None:
    """What only some know of their lines is written where somebody said it: files without it come in as fast."""
    rows = (
        (order.id, place, piece.sku, piece.title, piece.quantity, decimal(piece.unit_price), piece.total_minor)
        for order in orders
        for place, piece in enumerate(order.pieces, start=1)
    )
    if any(piece.has_more for order in orders for piece in order.pieces):
        more = (_more_of(piece, decimal) for order in orders for piece in order.pieces)
        insert(OrderLine, _LINE + _MORE_OF_LINES, (row + one for row, one in zip(rows, more, strict=True)))
    else:
        insert(OrderLine, _LINE, rows)


def _more_of(piece: Piece, decimal: Decimals) -> tuple[Any, ...]:
    return (
        *(piece.variant_id, piece.variant_title or "", piece.discount_minor or 0, piece.tax_minor or 0),
        None if piece.cost is None else decimal(piece.cost),
    )


def _order_row(order: NewOrder, now: Any, decimal: Decimals) -> tuple[Any, ...]:
    return (
        *(order.id, now, now, 1, order.number, order.channel_id, order.customer_id, order.status, order.is_test),
        *(moment(order.placed_at), order.currency, decimal(order.rate), order.discount_minor, order.shipping_minor),
        *(order.tax_minor, order.is_tax_included, order.total_minor, 0, order.total_base_minor, 0),
        *(order.payment_method, order.country, order.note),
    )


def _return_row(returned: NewReturn, now: Any, decimal: Decimals) -> tuple[Any, ...]:
    return (
        *(returned.id, now, now, 1, returned.number, returned.channel_id, returned.customer_id, returned.order_id),
        *(moment(returned.returned_at), returned.currency, decimal(returned.rate), returned.refund_minor),
        *(returned.refund_base_minor, returned.reason),
    )


def _tell(model: type[models.Model], told: Iterable[tuple[Any, Any, Fact]], *kinds: type[Fact]) -> None:
    for kind in kinds:
        if kind.name in reactions():
            raise ValueError(f"somebody reacts to {kind.name}; write these one by one")
    now, acting, subject = moment(timezone.now()), who_acts(), model._meta.label_lower
    insert(
        Entry,
        ENTRY_COLUMNS,
        (
            (
                *(fact.name, moment(at), now, row.customer_id, acting.user_id, acting.source, subject, row.id),
                json.dumps(fact.data()),
            )
            for row, at, fact in told
        ),
    )


def _decimal() -> Decimals:
    """What brings a decimal to how this database keeps it."""
    return Decimal if connection.vendor == "postgresql" else str
