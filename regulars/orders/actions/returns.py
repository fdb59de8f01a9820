"""Receiving what came back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from regulars.channels.models import Channel
from regulars.core.money import Money
from regulars.customers.models import Customer
from regulars.orders import normalise
from regulars.orders.actions import figures, settlement
from regulars.orders.actions.matching import Purchase, purchases_before
from regulars.orders.facts import ReturnReceived
from regulars.orders.models import Order, Return, ReturnLine
from regulars.orders.normalise import Piece
from regulars.timeline.actions import record


@transaction.atomic
def receive_return(
    *,
    values: Mapping[str, Any],
    lines: Sequence[Mapping[str, Any]],
    customer: Customer | None,
    channel: Channel,
    order: Order | None = None,
) -> Return:
    """Write what came back and was refunded, and find what it reverses.

    1. With `order` it reverses that order's lines of the same SKU, and all its money is that order's.
    2. Without, each line looks for counted orders of the same customer and channel, placed before the return, that
       have something left of the same SKU: the latest first, one after another until all of it is found.
    3. What nobody bought stays a line without an order; a guest's return always does.

    The refund is the sum of the lines, or `refund_minor` where something else was paid back; then all of it belongs
    to the one order with most of its lines. `Return.order` is the order of most of the money. Orders concerned get
    their refunded amount and state. Raises Invalid.
    """
    given = normalise.return_values({"number": "", **values})
    if order is not None:
        given.setdefault("currency", order.currency)
        _refuse_stranger(order, customer, channel, given["currency"])
        given.setdefault("rate", order.rate)
    given.setdefault("returned_at", timezone.now())
    returned = Return(channel=channel, customer=customer, **{"currency": normalise.base_currency(), **given})
    returned.rate = normalise.with_rate(returned.currency, given.get("rate"))
    came_back = normalise.pieces(lines, currency=returned.currency)
    amount = sum(piece.total_minor for piece in came_back)
    returned.refund_minor = given.get("refund_minor", amount)
    if not came_back and "refund_minor" not in given:
        raise normalise.invalid({"lines": [_("A return has at least one line, or an amount that was paid back.")]})
    if returned.refund_minor > normalise.MOST_MINOR:
        raise normalise.invalid({"refund_minor": [_("The amount is larger than any shop's.")]})
    returned.refund_base_minor = normalise.in_base(
        returned.refund_minor, currency=returned.currency, rate=returned.rate
    )
    if Return.objects.filter(channel=channel, number=returned.number).exists():
        raise normalise.invalid(
            {
                "number": [
                    _("%(channel)s already has a return %(number)s.")
                    % {"channel": channel.name, "number": returned.number}
                ]
            }
        )

    bought = purchases_before(returned, skus={piece.sku for piece in came_back if piece.sku}, order=order)
    rows = reversing_lines(
        came_back, bought, currency=returned.currency, only_one=returned.refund_minor != amount, order=order
    )
    returned.order_id = order.pk if order is not None else settlement.order_of_most(rows)
    returned.save(force_insert=True)
    for row in rows:
        row.parent_id = returned.pk
    ReturnLine.objects.bulk_create(rows)
    settlement.settle({row.order_id for row in rows if row.order_id} | ({returned.order_id} - {None}))
    record(
        ReturnReceived(
            number=returned.number,
            refund_minor=returned.refund_minor,
            currency=returned.currency,
            order_number=returned.order.number if returned.order else "",
        ),
        customer=customer,
        subject=returned,
        at=returned.returned_at,
    )
    if customer is not None:
        figures.refresh({customer.pk})
    return returned


def reversing_lines(
    came_back: Sequence[Piece],
    bought: Sequence[Purchase],
    *,
    currency: str,
    only_one: bool = False,
    order: Order | None = None,
) -> list[ReturnLine]:
    """The return's rows, each pointing to the line it reverses; what is taken is taken from `bought`, latest first.

    With `only_one`, every row is the order's that has most of the money; with `order`, it is that order's.
    """
    left_of: dict[str, list[Purchase]] = defaultdict(list)
    for purchase in bought:
        left_of[purchase.sku].append(purchase)
    rows: list[ReturnLine] = []
    for piece in came_back:
        rows.extend(_reversals(piece, left_of[piece.sku] if piece.sku else [], currency=currency))
    main = order.pk if order is not None else settlement.order_of_most(rows) if only_one else None
    if main is not None:
        for row in rows:
            row.order_line_id = row.order_line_id if row.order_id == main else None
            row.order_id = main
    for position, row in enumerate(rows, start=1):
        row.position = position
    return rows


def whole_pieces(rows: Sequence[ReturnLine]) -> list[Piece]:
    """A return's lines as they came: those that were split over several orders put together again."""
    whole: list[Piece] = []
    is_open = False  # whether the last piece may go on
    for row in rows:
        piece = Piece(row.sku, row.title, row.quantity, row.unit_price, row.total_minor)
        last = whole[-1] if whole else None
        if last and is_open and (last.sku, last.title, last.unit_price) == (piece.sku, piece.title, piece.unit_price):
            whole[-1] = replace(
                last, quantity=last.quantity + piece.quantity, total_minor=last.total_minor + piece.total_minor
            )
        else:
            whole.append(piece)
        is_open = row.order_line_id is not None
    return whole


def _reversals(piece: Piece, bought: Sequence[Purchase], *, currency: str) -> list[ReturnLine]:
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
        upto = piece.total_minor if done == piece.quantity else Money.of(piece.unit_price * done, currency).minor
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


def _refuse_stranger(order: Order, customer: Customer | None, channel: Channel, currency: str) -> None:
    if currency != order.currency:
        raise normalise.invalid(
            {"currency": [_("The order was paid in %(currency)s; pay it back in that.") % {"currency": order.currency}]}
        )
    if order.channel_id != channel.pk:
        raise normalise.invalid({"order": [_("The order was placed in another channel than it was sent back in.")]})
    if order.customer_id != (customer.pk if customer else None):
        raise normalise.invalid({"order": [_("The order is another customer's.")]})
