"""Built sales compared with what is there, and written many at a time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from regulars.channels.models import Channel
from regulars.core.errors import Refusal
from regulars.core.importing import Run
from regulars.core.tabular import Line
from regulars.customers.models import Customer
from regulars.orders.actions import figures
from regulars.orders.actions.bulk import write_orders, write_returns
from regulars.orders.actions.drafts import NewOrder, NewReturn
from regulars.orders.actions.matching import whole_pieces
from regulars.orders.actions.orders import change_order, piece_of
from regulars.orders.actions.returns import change_return
from regulars.orders.importing import hanging
from regulars.orders.importing.building import Sale
from regulars.orders.importing.people import People
from regulars.orders.models import Order, Return, ReturnState, Status
from regulars.orders.normalise import MORE_OF_LINES

_UNREFUNDED = {Status.PART_REFUNDED: Status.PAID, Status.REFUNDED: Status.PAID}


class Writer:
    """Writes the sales of one channel; `run` counts orders and returns, and keeps the rows that cannot come in."""

    def __init__(self, channel: Channel, run: Run) -> None:
        self.channel, self.run = channel, run
        self.people = People(channel)

    @transaction.atomic
    def write_orders(self, sales: Sequence[Sale]) -> list[Sale]:
        """Write the orders of a batch; answers the sales whose rows came in, for their returns."""
        if connection.vendor == "postgresql":
            # What is there must not change between the look and the write; SQLite has one writer anyway.
            with connection.cursor() as cursor:
                cursor.execute("LOCK TABLE orders_order, orders_return IN SHARE ROW EXCLUSIVE MODE")
        sales = self._with_customers(sales)
        orders = [sale.order for sale in sales if sale.order]
        known = _by_number(
            Order.objects.filter(channel=self.channel, number__in=[order.number for order in orders]).prefetch_related(
                "lines"
            )
        )
        new = [order for order in orders if order.number not in known]
        write_orders(new)
        figures.refresh({order.customer_id for order in new if order.customer_id is not None})
        self.run.summary.created += len(new)
        return [
            sale
            for sale in sales
            if not sale.order or sale.order.number not in known or self._change(sale, known[sale.order.number])
        ]

    @transaction.atomic
    def write_returns(self, sales: Sequence[Sale]) -> None:
        """Write the returns of sales whose orders are in; they come in the order of their moments."""
        sales = self._with_customers(sales)
        returns = {sale.returned.number: (sale, sale.returned) for sale in sales if sale.returned}
        for sale, returned in returns.values():
            if sale.is_refund and sale.order:
                own = Order.objects.filter(channel=self.channel, number=sale.order.number).first()
                returned.order_id = own.pk if own else None
                returned.customer_id = own.customer_id if own else returned.customer_id
        known = _by_number(
            Return.objects.filter(channel=self.channel, number__in=list(returns)).prefetch_related("lines")
        )
        new = [returned for number, (_sale, returned) in returns.items() if number not in known]
        write_returns(new)
        figures.refresh({returned.customer_id for returned in new if returned.customer_id is not None})
        self.run.summary.created += len(new)
        for number, row in known.items():
            self._change_return(row, *returns[number])

    def _with_customers(self, sales: Sequence[Sale]) -> list[Sale]:
        """The sales that have their customer, or name none; the rows of the others come back."""
        wanted = [(sale.who, _moment_of(sale)) for sale in sales if sale.who]
        found, reasons = self.people.find(wanted)
        kept = []
        for sale in sales:
            if sale.who:
                customer_id = found.get(sale.who.key)
                if customer_id is None:
                    reason = reasons.get(sale.who.key) or _("Nobody could be found or made for this order.")
                    self.reject(sale.rows, reason)
                    continue
                for draft in (sale.order, sale.returned):
                    if draft:
                        draft.customer_id = customer_id
            kept.append(sale)
        return kept

    def _change(self, sale: Sale, known: Order) -> bool:
        """Bring a known order to what the file says, where that is something else; False where it is refused."""
        order = sale.order
        if order is None:
            return True
        # what was refunded is told by the returns; the file's word for such an order is “paid” here
        own = sale.given - {"payments", *hanging.NAMES}
        kept = {name: getattr(known, name) for name in own}
        kept["status"] = _UNREFUNDED.get(Status(known.status), known.status)
        values: dict[str, Any] = {name: getattr(order, name) for name in own if getattr(order, name) != kept[name]}
        if "payments" in sale.given:
            values["payments"] = [paid._asdict() for paid in order.payments]
        if "tags" in sale.given:
            values["tags"] = list(order.tags)
        if "codes" in sale.given:
            values["codes"] = [code._asdict() for code in order.codes]
        if "addresses" in sale.given:
            values["addresses"] = {
                side: one and {name: text for name, text in one._asdict().items() if name != "side"}
                for side, one in order.addresses.items()
            }
        if order.customer_id is not None and order.customer_id != known.customer_id:
            values["customer"] = Customer(pk=order.customer_id)
        were = [piece_of(line) for line in known.lines.all()]
        is_same = len(were) == len(order.pieces) and all(
            piece.says_what(was) for piece, was in zip(order.pieces, were, strict=True)
        )
        lines = None if is_same else _mappings(order)
        if not values and lines is None:
            self.run.summary.unchanged += 1
            return True
        try:
            now = change_order(known, values=values, lines=lines)
        except Refusal as refused:
            self.reject(sale.rows, refused.sentence)
            return False
        if now.version == known.version:
            self.run.summary.unchanged += 1
        else:
            self.run.summary.updated += 1
        return True

    def _change_return(self, known: Return, sale: Sale, returned: NewReturn) -> None:
        if sale.who is None and not sale.is_refund:
            returned.customer_id = known.customer_id
        same = ("returned_at", "currency", "rate", "refund_minor", "customer_id")
        is_same = all(getattr(known, name) == getattr(returned, name) for name in same)
        if known.state == ReturnState.EXCHANGED:
            # a file knows that it was settled, and not that something else was given for it
            returned.state, returned.exchange_id = known.state, known.exchange_id
        is_same = is_same and known.state == returned.state
        if is_same and whole_pieces(known.lines.all()) == whole_pieces(returned.pieces):
            self.run.summary.unchanged += 1
            return
        returned.reason = returned.reason or known.reason
        change_return(known, draft=returned)
        self.run.summary.updated += 1

    def reject(self, rows: Iterable[Line], reason: str) -> None:
        """Give rows back."""
        for line in rows:
            self.run.reject(line.number, line.cells, reason)


def _moment_of(sale: Sale) -> Any:
    return sale.order.placed_at if sale.order else sale.returned.returned_at if sale.returned else None


def _by_number(rows: Iterable[Any]) -> dict[str, Any]:
    return {row.number: row for row in rows}


def _mappings(order: NewOrder) -> list[dict[str, Any]]:
    names = ("sku", "title", "quantity", "unit_price", *MORE_OF_LINES)
    return [{name: getattr(piece, name) for name in names} for piece in order.pieces]
