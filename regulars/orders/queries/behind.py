"""The rows behind each number of the purchases tab: picked from the same book, by the words the number carries."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from regulars.core import ids
from regulars.core.money import Money
from regulars.core.sight import current
from regulars.orders.models import Order, Return
from regulars.orders.queries import buying
from regulars.orders.queries.book import Book, Bought, Item

SHOWN = 50  # orders that the tab itself lists; the others are “earlier”


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row behind a number. `quantity` are pieces, or the days since the order before where those are counted."""

    at: dt.datetime
    number: str
    href: str
    words: str = ""
    quantity: int | None = None
    amount: Money | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Behind:
    """The rows of a number; `total` and `pieces` are all of them added up, where that says something."""

    title: str
    rows: list[Row] = field(default_factory=list)
    total: Money | None = None
    pieces: int | None = None
    heading: str = ""
    quantity_label: str = ""
    note: str = ""


def behind(book: Book, *, show: str, of: str = "") -> Behind | None:
    """The rows that a figure of the tab was made of; None where there is no such figure."""
    make = _MAKERS.get(show)
    return make(book, of) if make else None


def _orders(title: str, keep: Callable[[Book, str], Iterable[Bought]]) -> Callable[[Book, str], Behind]:
    def made(book: Book, of: str) -> Behind:
        orders = list(keep(book, of))
        return Behind(
            title=_titled(title, book, of),
            heading=_("Sold in"),
            rows=[_order_row(book, order) for order in orders],
            total=book.money(order.total for order in orders),
        )

    return made


def _items(title: str, keep: Callable[[Book, str], Iterable[Item]]) -> Callable[[Book, str], Behind]:
    def made(book: Book, of: str) -> Behind:
        items = list(keep(book, of))
        return Behind(
            title=_titled(title, book, of),
            heading=_("Product"),
            quantity_label=_("Quantity"),
            rows=[
                Row(
                    at=order.at,
                    number=order.number,
                    href=_order(order.pk),
                    words=item.title,
                    quantity=item.quantity,
                    amount=book.money([item.amount]),
                )
                for item in items
                for order in [book.order_of[item.order]]
            ],
            total=book.money(item.amount for item in items),
            pieces=sum(item.quantity for item in items),
            note=_("Quantity times price; discounts of a whole order and shipping are not in it."),
        )

    return made


def _returns(book: Book, _of: str) -> Behind:
    return Behind(
        title=_("Returned"),
        heading=_("From order"),
        rows=[
            Row(
                at=back.at,
                number=back.number,
                href=_return(back.pk),
                words=book.order_of[back.order].number if back.order in book.order_of else "",
                amount=book.money([back.refund]),
            )
            for back in book.returns
        ],
        total=book.money(back.refund for back in book.returns),
    )


def _pieces_returned(book: Book, _of: str) -> Behind:
    back_of = {back.pk: back for back in book.returns}
    return Behind(
        title=_("What came back"),
        heading=_("Product"),
        quantity_label=_("Quantity"),
        rows=[
            Row(
                at=back.at,
                number=back.number,
                href=_return(back.pk),
                words=item.title,
                quantity=item.quantity,
                amount=book.money([item.amount]),
            )
            for item in book.back_items
            for back in [back_of[item.back]]
        ],
        total=book.money(item.amount for item in book.back_items),
        pieces=sum(item.quantity for item in book.back_items),
        note=_(
            "What the lines of the returns say; what was paid back may be another amount, and stands under Returned."
        ),
    )


def _kept(book: Book, _of: str) -> Behind:
    rows = [
        *(_order_row(book, order) for order in book.orders),
        *(
            Row(
                at=back.at,
                number=back.number,
                href=_return(back.pk),
                words=_("Returned"),
                amount=book.money([-back.refund]),
            )
            for back in book.returns
        ),
    ]
    return Behind(
        title=_("Orders less returns"),
        heading=_("Sold in"),
        rows=sorted(rows, key=lambda row: row.at, reverse=True),
        total=book.money([*(order.total for order in book.orders), *(-back.refund for back in book.returns)]),
    )


def _earlier(book: Book, _of: str) -> Behind:
    orders = book.beyond(SHOWN)
    return Behind(
        title=_("Earlier orders"),
        heading=_("Sold in"),
        rows=[
            _order_row(book, order)
            if order.is_counted
            else Row(at=order.at, number=order.number, href=_order(order.pk), words=_("does not count"))
            for order in orders
        ],
        total=book.money(order.total for order in orders if order.is_counted),
    )


def _gaps(book: Book, _of: str) -> Behind:
    return Behind(
        title=_("From one order day to the next"),
        heading=_("Sold in"),
        quantity_label=_("Days since the one before"),
        rows=[
            Row(at=order.at, number=order.number, href=_order(order.pk), words=order.channel_name, quantity=gap)
            for order, gap in buying.with_gaps(book)
        ],
        note=_("Several orders of one day are one purchase; the first of them stands here."),
    )


def _margin(book: Book, of: str) -> Behind:
    rows = buying.margin_rows(book) if current().shows("spend") else []
    part: dict[str, Callable[[buying.MarginRow], int]] = {
        "": lambda row: row.left,
        "goods": lambda row: row.goods,
        "cost": lambda row: row.cost,
        "refunded": lambda row: row.refunded,
    }
    pick = part.get(of, part[""])
    titles = {"goods": _("Goods whose cost is known"), "cost": _("What they cost"), "refunded": _("Paid back for them")}
    return Behind(
        title=titles.get(of, _("Profit contribution")),
        heading=_("Goods − cost − paid back"),
        rows=[
            Row(
                at=row.order.at,
                number=row.order.number,
                href=_order(row.order.pk),
                words=" − ".join(_written(book, amount) for amount in (row.goods, row.cost, row.refunded)),
                amount=book.money([pick(row)]),
            )
            for row in rows
        ],
        total=book.money(pick(row) for row in rows),
        note=_("Only lines whose cost is known. Discounts of a whole order and shipping are not in it."),
    )


def _written(book: Book, amount: int) -> str:
    return Money(amount, book.currency).format(get_language() or "en")


def _order_row(book: Book, order: Bought) -> Row:
    return Row(
        at=order.at,
        number=order.number,
        href=_order(order.pk),
        words=order.channel_name,
        amount=book.money([order.total]),
    )


def _order(pk: int) -> str:
    return reverse("orders:page", args=[ids.encode(Order.id_prefix, pk)])


def _return(pk: int) -> str:
    return reverse("orders:return", args=[ids.encode(Return.id_prefix, pk)])


def _with(book: Book, thing: str) -> list[Bought]:
    """The orders of the stretch that hold a product."""
    held = {item.order for item in book.items if item.thing == thing}
    return [order for order in book.orders if order.pk in held]


def _titled(title: str, book: Book, of: str) -> str:
    """The words of a group, where the number was a group's."""
    words = {
        "category": lambda: next((buying.label_of([item]) for item in book.items if buying.group_of(item) == of), of),
        "product": lambda: next((item.title for item in book.items if item.thing == of), of),
        "channel": lambda: next((order.channel_name for order in book.orders if order.channel == of), of),
        "paid": lambda: of,
        "month": lambda: _("Orders by month"),
        "time": lambda: buying.time_of_week(*_time(of)) if _time(of) else of,
        "season": lambda: _("Orders by season"),
        "else": lambda: _("Everything else"),
        "pieces": lambda: _("All items"),
        "known": lambda: _("Lines whose cost is known"),
    }
    return words.get(title, lambda: _("Orders"))()


def _time(of: str) -> tuple[int, int] | tuple[()]:
    weekday, _dash, part = of.partition("-")
    is_one = weekday.isdigit() and part.isdigit() and int(weekday) < 7 and int(part) < 4
    return (int(weekday), int(part)) if is_one else ()


_MAKERS: dict[str, Callable[[Book, str], Behind]] = {
    "orders": _orders("orders", lambda book, _of: book.orders),
    "month": _orders("month", lambda book, of: (order for order in book.orders if str(order.at.month) == of)),
    "time": _orders("time", lambda book, of: (order for order in book.orders if buying.time_of(order) == _time(of))),
    "season": _orders("season", lambda book, of: (o for o in book.orders if str(buying.season_of(o)) == of)),
    "paid": _orders("paid", lambda book, of: (o for o in book.orders if current().shows("payment") and o.method == of)),
    "channel": _orders("channel", lambda book, of: (order for order in book.orders if order.channel == of)),
    "product": _orders("product", _with),
    "category": _items("category", lambda book, of: (item for item in book.items if buying.group_of(item) == of)),
    "else": _items(
        "else",
        lambda book, _of: [
            item for named in [buying.named_groups(book)] for item in book.items if buying.group_of(item) not in named
        ],
    ),
    "pieces": _items("pieces", lambda book, _of: book.items),
    "known": _items("known", lambda book, _of: (item for item in book.items if item.cost is not None)),
    "returns": _returns,
    "sent-back": _pieces_returned,
    "kept": _kept,
    "earlier": _earlier,
    "gaps": _gaps,
    "margin": _margin,
}
