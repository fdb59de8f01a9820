"""Which lines of an order come back: chosen by their place, with what was paid for them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import Sum
from django.utils.translation import gettext as _

from regulars.core.errors import Invalid
from regulars.orders import checks, normalise
from regulars.orders.models import Order, OrderLine, Return, ReturnLine


@dataclass(slots=True)
class Chosen:
    """Lines as a return takes them, and the order's line behind each, where it was named by its place.

    `refund_minor` is what was paid for them; None where every line says its own price.
    """

    lines: list[Mapping[str, Any]] = field(default_factory=list)
    line_ids: list[int | None] = field(default_factory=list)
    refund_minor: int | None = None


def choose(order: Order, lines: Sequence[Mapping[str, Any]]) -> Chosen:
    """Look up lines that name a `position` of the order and a `quantity`; others stay as they are. Raises Invalid.

    No more of a line can be chosen than has not come back and is not asked for already. The order must be locked.
    """
    chosen, reasons, refund, by_place = Chosen(), {}, 0, Counter[int]()
    rows = {row.position: row for row in order.lines.all()} if any("position" in line for line in lines) else {}
    left = left_of(rows.values())
    for place, line in enumerate(lines):
        if "position" not in line:
            chosen.lines.append(line)
            chosen.line_ids.append(None)
            continue
        row = rows.get(line["position"])
        if row is None:
            reasons[f"lines.{place}.position"] = [_("The order has no line %(position)s.") % line]
            continue
        try:
            quantity = checks.checked({"quantity": line.get("quantity")}, {"quantity": checks.quantity})["quantity"]
        except Invalid as refusal:
            reasons.update({f"lines.{place}.{name}": why for name, why in refusal.fields.items()})
            continue
        already = by_place[row.pk]
        by_place[row.pk] += quantity
        if by_place[row.pk] > left[row.pk]:
            reasons[f"lines.{place}.quantity"] = [
                _("Only %(left)s of “%(line)s” can come back.")
                % {"left": max(left[row.pk] - already, 0), "line": row.title or row.sku}
            ]
            continue
        chosen.lines.append(
            {
                "sku": row.sku,
                "title": row.title,
                "quantity": quantity,
                "unit_price": line.get("unit_price", row.unit_price),
            }
        )
        chosen.line_ids.append(row.pk)
        if "unit_price" not in line:
            was = row.quantity - left[row.pk] + already
            refund += paid_for(order, row, was + quantity) - paid_for(order, row, was)
    if reasons:
        raise checks.invalid(reasons)
    if any(line_id and "unit_price" not in line for line_id, line in zip(chosen.line_ids, lines, strict=True)):
        own = [
            piece.total_minor
            for piece, line in zip(normalise.pieces(chosen.lines, currency=order.currency), lines, strict=True)
            if "position" not in line or "unit_price" in line
        ]
        chosen.refund_minor = max(min(refund + sum(own), order.total_minor - order.refunded_minor), 0)
    return chosen


def left_of(lines: Iterable[OrderLine]) -> dict[int, int]:
    """How many of each line have not come back, and are not asked for: one query."""
    rows = list(lines)
    back = dict(
        ReturnLine.objects.filter(order_line__in=[row.pk for row in rows])
        .order_by()
        .values_list("order_line")
        .annotate(count=Sum("quantity"))
    )
    return {row.pk: row.quantity - back.get(row.pk, 0) for row in rows}


def paid_for(order: Order, line: OrderLine, quantity: int) -> int:
    """What was paid for some of a line: its price, less its part of the discounts, plus the tax where prices lack it.

    A line's own discount comes first; the rest of the order's discount is shared by what the lines came to. Rounded
    down from the beginning of the line, so that all of it, taken in parts, is never more than all of it at once.
    """
    lines = order.lines.all()
    goods = sum(one.total_minor for one in lines)
    of_lines = sum(one.discount_minor for one in lines)
    # lines that say more was taken off than the order does are not believed
    own_discount, shared = (
        (line.discount_minor, order.discount_minor - of_lines)
        if order.discount_minor >= of_lines
        else (0, order.discount_minor)
    )
    own = Decimal(line.total_minor - own_discount)
    if goods:
        own -= Decimal(shared) * line.total_minor / goods
    if not order.is_tax_included:
        if any(one.tax_minor for one in lines):
            own += line.tax_minor
        elif goods:
            own += Decimal(order.tax_minor) * line.total_minor / goods
    return max(int(own * quantity / line.quantity), 0)


def next_return_number(order: Order) -> str:
    """A number for a return of this order that its channel does not have yet: `1042-R`, `1042-R2`. Lock the order."""
    stem = f"{order.number[: checks.NUMBER_LENGTH - 6]}-R"
    taken = set(
        Return.objects.filter(channel_id=order.channel_id, number__startswith=stem).values_list("number", flat=True)
    )
    count = 1
    while (number := stem if count == 1 else f"{stem}{count}") in taken:
        count += 1
    return number
