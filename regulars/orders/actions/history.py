"""Years of orders at once, where it is known already what came back of each: for generated data.

The rows are those of place_order and receive_return (a test compares every column). Nothing is looked up, matched or
settled order by order, which is what makes millions of them a matter of minutes. The caller vouches for the values,
and refreshes the figures when all orders of a customer are there.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from json.encoder import encode_basestring_ascii
from typing import Any, NamedTuple

from django.utils import timezone

from regulars.core.bulk import insert, moment, take_ids
from regulars.orders.actions.bulk import ENTRY_COLUMNS, ORDER_COLUMNS, RETURN_COLUMNS, RETURN_LINE_COLUMNS
from regulars.orders.actions.numbers import note_numbers
from regulars.orders.actions.settlement import settled_status
from regulars.orders.facts import OrderPlaced, ReturnReceived
from regulars.orders.models import Order, OrderLine, Return, ReturnLine
from regulars.staff.policy import verb
from regulars.timeline.actions import reactions, who_acts
from regulars.timeline.models import Entry


class PastLine(NamedTuple):
    """A line: `price` as a decimal number in text, `total_minor` quantity × price."""

    sku: str
    title: str
    quantity: int
    price: str
    total_minor: int


class PastReturn(NamedTuple):
    """What came back: the places (from 0) of whole lines of its order, some time after `placed_at`."""

    number: str
    at: str
    reason: str
    places: Sequence[int]


class PastOrder(NamedTuple):
    """An order in the shop's base currency. Moments are in UTC and in text: 2026-03-12 09:30:00."""

    number: str
    channel_id: int
    customer_id: int | None
    at: str
    status: str
    shipping_minor: int
    payment_method: str
    country: str
    lines: Sequence[PastLine]
    returned: PastReturn | None = None

    @property
    def total_minor(self) -> int:
        """Lines and shipping."""
        return sum(line.total_minor for line in self.lines) + self.shipping_minor

    @property
    def refund_minor(self) -> int:
        """What was paid back for the lines that were returned."""
        return sum(self.lines[place].total_minor for place in self.returned.places) if self.returned else 0


@verb
def write_history(orders: Sequence[PastOrder], *, currency: str) -> None:
    """Write orders, lines, returns and their entries on the timeline."""
    told = reactions()
    if OrderPlaced.name in told or ReturnReceived.name in told:
        raise ValueError("somebody reacts to orders or returns; use the verbs")
    ids = take_ids(Order, len(orders))
    first_lines = _first_lines(orders)
    returned = [place for place, order in enumerate(orders) if order.returned]
    return_ids = take_ids(Return, len(returned))
    now = moment(timezone.now())
    insert(Order, ORDER_COLUMNS, _order_rows(orders, ids, now, currency))
    insert(OrderLine, ("id", "order_id", "position", *PastLine._fields[:3], "unit_price", "total_minor"),
           _line_rows(orders, ids, first_lines))  # fmt: skip
    insert(Return, RETURN_COLUMNS, _return_rows(orders, ids, returned, return_ids, now, currency))
    insert(ReturnLine, RETURN_LINE_COLUMNS, _return_line_rows(orders, ids, first_lines, returned, return_ids))
    insert(Entry, ENTRY_COLUMNS, _entry_rows(orders, ids, returned, return_ids, now, currency))
    note_numbers(ids)


def _first_lines(orders: Sequence[PastOrder]) -> list[int]:
    """The id of each order's first line."""
    numbers = take_ids(OrderLine, sum(len(order.lines) for order in orders))
    firsts, at = [], 0
    for order in orders:
        firsts.append(numbers[at])
        at += len(order.lines)
    return firsts


def _order_rows(orders: Sequence[PastOrder], ids: Sequence[int], now: Any, currency: str) -> Iterator[tuple[Any, ...]]:
    for order, pk in zip(orders, ids, strict=True):
        total, refund = order.total_minor, order.refund_minor if order.returned else 0
        # an order that is settled has been changed once more
        status = settled_status(order.status, total=total, refunded=refund)
        version = 2 if refund else 1
        yield (
            *(pk, now, now, version, order.number, order.channel_id, order.customer_id, status, False, order.at),
            *(currency, "1", 0, order.shipping_minor, 0, True, total, refund, total, refund),
            *(order.payment_method, order.country, ""),
        )


def _line_rows(
    orders: Sequence[PastOrder], ids: Sequence[int], first_lines: Sequence[int]
) -> Iterator[tuple[Any, ...]]:
    for order, pk, first in zip(orders, ids, first_lines, strict=True):
        for place, line in enumerate(order.lines):
            yield (first + place, pk, place + 1, *line)


def _return_rows(
    orders: Sequence[PastOrder],
    ids: Sequence[int],
    returned: Sequence[int],
    return_ids: Sequence[int],
    now: Any,
    currency: str,
) -> Iterator[tuple[Any, ...]]:
    for place, pk in zip(returned, return_ids, strict=True):
        order = orders[place]
        if order.returned is not None:
            number, at, reason, _places = order.returned
            refund = order.refund_minor
            yield (
                *(pk, now, now, 1, number, order.channel_id, order.customer_id, ids[place], at),
                *(currency, "1", refund, refund, reason),
            )


def _return_line_rows(
    orders: Sequence[PastOrder],
    ids: Sequence[int],
    first_lines: Sequence[int],
    returned: Sequence[int],
    return_ids: Sequence[int],
) -> Iterator[tuple[Any, ...]]:
    for place, pk in zip(returned, return_ids, strict=True):
        order = orders[place]
        for position, at in enumerate(order.returned.places if order.returned else (), start=1):
            yield (pk, first_lines[place] + at, ids[place], position, *order.lines[at])


def _entry_rows(
    orders: Sequence[PastOrder],
    ids: Sequence[int],
    returned: Sequence[int],
    return_ids: Sequence[int],
    now: Any,
    currency: str,
) -> Iterator[tuple[Any, ...]]:
    actor, source = who_acts().user_id, who_acts().source
    for order, pk in zip(orders, ids, strict=True):
        # what json.dumps writes of the fact, in a fifth of the time
        number = encode_basestring_ascii(order.number)
        data = f'{{"number": {number}, "total_minor": {order.total_minor}, "currency": "{currency}"}}'
        yield (OrderPlaced.name, order.at, now, order.customer_id, actor, source, "orders.order", pk, data)
    for place, pk in zip(returned, return_ids, strict=True):
        order = orders[place]
        if order.returned is not None:
            fact = ReturnReceived(
                number=order.returned.number,
                refund_minor=order.refund_minor,
                currency=currency,
                order_number=order.number,
            )
            yield (
                *(fact.name, order.returned.at, now, order.customer_id, actor, source, "orders.return", pk),
                json.dumps(fact.data()),
            )
