"""What a return reverses: lines that were bought before and have not all come back."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, Sum
from django.db.models.functions import Coalesce

from regulars.customers.standings import id_list
from regulars.orders.actions import settlement
from regulars.orders.actions.drafts import NewReturn
from regulars.orders.models import COUNTED, OrderLine, ReturnLine, ReturnState
from regulars.orders.normalise import Piece, line_total


@dataclass(slots=True)
class Purchase:
    """A line somebody bought, and how many of it have not come back yet."""

    line_id: int
    order_id: int
    channel_id: int
    currency: str
    placed_at: dt.datetime
    left: int


class Purchases:
    """What the customers (and the orders) of some returns bought of the SKUs that came back, latest order first."""

    def __init__(self) -> None:
        self.of_customer: dict[tuple[int, str], list[Purchase]] = defaultdict(list)
        self.of_order: dict[tuple[int, str], list[Purchase]] = defaultdict(list)

    def before(self, returned: NewReturn, sku: str) -> Iterable[Purchase]:
        """The lines of this SKU that this return may reverse.

        Of the order where one is named; else of the same customer, channel and currency, from counted orders that
        were placed before it.
        """
        if not sku:
            return ()
        if returned.order_id is not None:
            return self.of_order[returned.order_id, sku]
        if returned.customer_id is None:
            return ()
        return (
            purchase
            for purchase in self.of_customer[returned.customer_id, sku]
            if purchase.placed_at <= returned.returned_at
            and purchase.channel_id == returned.channel_id
            and purchase.currency == returned.currency
        )


def purchases_for(returns: Sequence[NewReturn]) -> Purchases:
    """All that these returns may reverse, in two queries: of the orders they name, and of their customers."""
    skus = {piece.sku for returned in returns for piece in returned.pieces if piece.sku}
    orders = {returned.order_id for returned in returns if returned.order_id is not None}
    customers = {r.customer_id for r in returns if r.order_id is None and r.customer_id is not None}
    found = Purchases()
    if skus and orders:
        # the same purchase may be of an order and of a customer; then both lists hold the same one
        for sku, _customer_id, purchase in _bought(Q(order__in=id_list(orders)), skus):
            found.of_order[purchase.order_id, sku].append(purchase)
    if skus and customers:
        known = {purchase.line_id: purchase for listed in found.of_order.values() for purchase in listed}
        counted = Q(order__customer_id__in=id_list(customers), order__status__in=COUNTED, order__is_test=False)
        for sku, customer_id, purchase in _bought(counted, skus):
            found.of_customer[customer_id, sku].append(known.get(purchase.line_id, purchase))
    return found


def _bought(condition: Q, skus: Collection[str]) -> Iterator[tuple[str, Any, Purchase]]:
    rows = (
        OrderLine.objects.filter(condition, sku__in=skus)
        .annotate(came_back=Coalesce(Sum("return_lines__quantity"), 0))
        .order_by("-order__placed_at", "-order_id", "position", "id")
        .values_list(
            *("sku", "quantity", "came_back", "order__customer_id"),
            *("id", "order_id", "order__channel_id", "order__currency", "order__placed_at"),
        )
    )
    for sku, quantity, came_back, customer_id, line_id, order_id, channel_id, currency, placed_at in rows:
        if quantity > came_back:
            left = quantity - came_back
            yield sku, customer_id, Purchase(line_id, order_id, channel_id, currency, placed_at, left)


def reversing_lines(returned: NewReturn, purchases: Purchases) -> list[ReturnLine]:
    """The return's rows, each pointing to the line it reverses; what is taken is taken from `purchases`.

    Where the refund is not what the lines amount to, it cannot be divided: every row is then the order's that has
    most of the money. A return that was refused reverses no line, so that what was asked for can come back after all.
    """
    if returned.state == ReturnState.REFUSED:
        return _of_nothing(returned)
    rows = [row for place, piece in enumerate(returned.pieces) for row in _rows_of(returned, place, piece, purchases)]
    main = returned.order_id
    if main is None and not returned.is_refund_of_lines:
        main = settlement.order_of_most(rows)
    for position, row in enumerate(rows, start=1):
        row.parent_id, row.position = returned.id, position
        if main is not None:
            row.order_line_id = row.order_line_id if row.order_id == main else None
            row.order_id = main
    return rows


def _rows_of(returned: NewReturn, place: int, piece: Piece, purchases: Purchases) -> list[ReturnLine]:
    line_id = returned.line_ids[place] if returned.line_ids else None
    if line_id is not None:
        return [_row(piece, order_id=returned.order_id, line_id=line_id)]
    return _reversals(piece, purchases.before(returned, piece.sku), returned)


def _of_nothing(returned: NewReturn) -> list[ReturnLine]:
    rows = [_row(piece, order_id=returned.order_id, line_id=None) for piece in returned.pieces]
    for position, row in enumerate(rows, start=1):
        row.parent_id, row.position = returned.id, position
    return rows


def _row(piece: Piece, *, order_id: int | None, line_id: int | None) -> ReturnLine:
    return ReturnLine(
        order_line_id=line_id,
        order_id=order_id,
        sku=piece.sku,
        title=piece.title,
        quantity=piece.quantity,
        unit_price=piece.unit_price,
        total_minor=piece.total_minor,
    )


def whole_pieces(rows: Iterable[Piece | ReturnLine]) -> list[Piece]:
    """Lines with neighbours of the same product and price put together: as they were before they were cut."""
    whole: list[Piece] = []
    for row in rows:
        piece = Piece(row.sku, row.title, row.quantity, row.unit_price, row.total_minor)
        last = whole[-1] if whole else None
        if last and (last.sku, last.title, last.unit_price) == (piece.sku, piece.title, piece.unit_price):
            whole[-1] = last._replace(
                quantity=last.quantity + piece.quantity, total_minor=last.total_minor + piece.total_minor
            )
        else:
            whole.append(piece)
    return whole


def _reversals(piece: Piece, bought: Iterable[Purchase], returned: NewReturn) -> list[ReturnLine]:
    """One line, cut where what it reverses changes. The amounts of the cuts add up to the line's, to the last cent."""
    rows: list[ReturnLine] = []
    done, booked = 0, 0
    for purchase in [*bought, None]:
        open_quantity = piece.quantity - done
        taken = min(open_quantity, purchase.left) if purchase else open_quantity
        if not taken:
            continue
        done += taken
        if purchase:
            purchase.left -= taken
        is_last = done == piece.quantity
        upto = piece.total_minor if is_last else line_total(done, piece.unit_price, returned.currency)
        rows.append(
            ReturnLine(
                order_line_id=purchase.line_id if purchase else None,
                order_id=purchase.order_id if purchase else None,
                sku=piece.sku,
                title=piece.title,
                quantity=taken,
                unit_price=piece.unit_price,
                total_minor=upto - booked,
            )
        )
        booked = upto
    return rows
