"""The order list, page by page, and one customer's purchases."""

from __future__ import annotations

import datetime as dt
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import ClassVar

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from regulars.core.errors import Refusal
from regulars.core.walls import is_shown
from regulars.customers.models import Customer
from regulars.customers.people import records
from regulars.orders.models import Order, OrderDiscount, OrderLine, OrderTag, Return, Variant

PAGE_SIZE = 50
COUNT_LIMIT = 10_000
_MOST_VARIANTS = 500


class BadCursor(Refusal):
    """A place in a list that is none."""

    status: ClassVar[int] = HTTPStatus.BAD_REQUEST
    slug: ClassVar[str] = "bad-cursor"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRequest:
    """Which orders, from where on. `since` and `until` are moments: from the first on, and before the second.

    `number` finds numbers by their beginning, `number_is` the one; `customer_ids` are the records of one person. The
    smallest and largest total are in the shop's base currency. `product` is an SKU, or how a title begins. `sort` is
    `placed_at` or `total`; `is_oldest_first` turns either from falling to rising. `after` and `before` are cursors of
    an earlier page of the same order.
    """

    number: str = ""
    number_is: str = ""
    statuses: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    customer_ids: tuple[int, ...] = ()
    since: dt.datetime | None = None
    until: dt.datetime | None = None
    least_minor: int | None = None
    most_minor: int | None = None
    fulfilments: tuple[str, ...] = ()
    tag: str = ""
    code: str = ""
    source: str = ""
    product: str = ""
    sort: str = "placed_at"
    is_oldest_first: bool = False
    after: str = ""
    before: str = ""
    size: int = PAGE_SIZE


@dataclass(frozen=True, slots=True)
class OrderPage:
    """Some orders, and the cursors of what lies beyond them; an empty cursor is the end."""

    rows: list[Order] = field(default_factory=list)
    next_cursor: str = ""
    previous_cursor: str = ""


def order_page(request: OrderRequest) -> OrderPage:
    """A page of orders, newest or largest first, with customer and channel: two queries at most."""
    is_backward = bool(request.before)
    is_rising = request.is_oldest_first != is_backward
    rows = _found(request).select_related("customer__merged_into", "channel")
    by_total = request.sort == "total"
    column = "total_base_minor" if by_total else "placed_at"
    cursor = request.before or request.after
    if cursor:
        place, pk = amount_place_of(cursor) if by_total else place_of(cursor)
        side = "gt" if is_rising else "lt"
        # the first condition is implied by the second, and lets the index begin at the right place
        rows = rows.filter(**{f"{column}__{side}e": place}).filter(
            Q(**{f"{column}__{side}": place}) | Q(**{column: place, f"pk__{side}": pk})
        )
    rows = rows.order_by(column, "pk") if is_rising else rows.order_by(f"-{column}", "-pk")
    found = list(rows[: request.size + 1])
    has_more, found = len(found) > request.size, found[: request.size]
    if is_backward:
        found.reverse()
    if not found:
        return OrderPage()

    def cursor_at(order: Order) -> str:
        return amount_cursor_of(order.total_base_minor, order.pk) if by_total else cursor_of(order.placed_at, order.pk)

    return OrderPage(
        rows=found,
        next_cursor=cursor_at(found[-1]) if has_more or is_backward else "",
        previous_cursor=cursor_at(found[0]) if (has_more if is_backward else cursor) else "",
    )


def order_count(request: OrderRequest) -> tuple[int, bool]:
    """How many orders a list has, and whether that is all of them: nobody counts beyond COUNT_LIMIT."""
    counted = _found(request).order_by()[: COUNT_LIMIT + 1].count()
    return min(counted, COUNT_LIMIT), counted <= COUNT_LIMIT


def customer_orders(
    customer: Customer, *, since: dt.datetime | None = None, until: dt.datetime | None = None
) -> QuerySet[Order]:
    """The orders of all records of a customer, newest first, with channel, lines and returns: a few queries, always."""
    orders = (
        Order.objects.filter(customer__in=records(customer))
        .select_related("channel")
        .prefetch_related("lines", "returns")
    )
    if since is not None:
        orders = orders.filter(placed_at__gte=since)
    if until is not None:
        orders = orders.filter(placed_at__lt=until)
    return orders.order_by("-placed_at", "-pk")


def customer_returns(
    customer: Customer, *, since: dt.datetime | None = None, until: dt.datetime | None = None
) -> QuerySet[Return]:
    """A customer's returns, newest first, with what they reverse and their lines: two queries."""
    returns = (
        Return.objects.filter(customer__in=records(customer))
        .select_related("channel", "order")
        .prefetch_related("lines")
    )
    if since is not None:
        returns = returns.filter(returned_at__gte=since)
    if until is not None:
        returns = returns.filter(returned_at__lt=until)
    return returns.order_by("-returned_at", "-pk")


def _found(request: OrderRequest) -> QuerySet[Order]:
    rows = Order.objects.all()
    if request.number:
        # a range, so that the index on numbers serves it on both databases
        rows = rows.filter(number__gte=request.number, number__lt=f"{request.number}\U0010ffff")
    if request.number_is:
        rows = rows.filter(number=request.number_is)
    if request.statuses:
        rows = rows.filter(status__in=request.statuses)
    if request.channels:
        rows = rows.filter(channel__code__in=request.channels)
    if request.customer_ids:
        rows = rows.filter(customer_id__in=request.customer_ids)
    if request.since is not None:
        rows = rows.filter(placed_at__gte=request.since)
    if request.until is not None:
        rows = rows.filter(placed_at__lt=request.until)
    if request.least_minor is not None:
        rows = rows.filter(total_base_minor__gte=request.least_minor)
    if request.most_minor is not None:
        rows = rows.filter(total_base_minor__lte=request.most_minor)
    return _by_what_hangs(rows, request)


def _by_what_hangs(rows: QuerySet[Order], request: OrderRequest) -> QuerySet[Order]:
    """Narrowed by how far the goods are, where it came from, and what hangs on an order."""
    if request.fulfilments:
        rows = rows.filter(fulfilment__in=request.fulfilments)
    if request.source:
        rows = rows.filter(Q(source=request.source) | Q(campaign=request.source))
    if request.tag:
        found = OrderTag.objects.filter(label=request.tag) if is_shown(OrderTag, "label") else OrderTag.objects.none()
        rows = rows.filter(pk__in=found.values("order_id"))
    if request.code:
        rows = rows.filter(pk__in=OrderDiscount.objects.filter(code=request.code).values("order_id"))
    if request.product:
        rows = rows.filter(_has_product(request.product))
    return rows


def _has_product(text: str) -> Q:
    """Orders with a product. Where it is in the catalogue, its variants lead to the lines; otherwise orders are looked
    through from the newest, which finds what is sold often at once.
    """
    known = Q(sku__iexact=text) | Q(barcode=text) | Q(product__title__istartswith=text)
    variants = list(Variant.objects.filter(known).values_list("pk", flat=True)[:_MOST_VARIANTS])
    of_order = OrderLine.objects.filter(order=OuterRef("pk"))
    by_words = of_order.filter(Q(sku=text) | Q(title__istartswith=text))
    if not variants:
        return Q(Exists(by_words))
    return Q(pk__in=OrderLine.objects.filter(variant__in=variants).values("order_id")) | Q(
        Exists(by_words.filter(variant=None))
    )


def cursor_of(moment: dt.datetime, pk: int) -> str:
    """The place of a row in a list by time, as text."""
    text = f"{moment.astimezone(dt.UTC).isoformat()}|{pk}"
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


def place_of(cursor: str) -> tuple[dt.datetime, int]:
    """The moment and the key behind a cursor; raises BadCursor."""
    sentence = _("This place in the list cannot be read. Begin at its first page.")
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        moment, number = urlsafe_b64decode(padded.encode("ascii")).decode("ascii").split("|")
        at, pk = dt.datetime.fromisoformat(moment), int(number)
        if at.tzinfo is None or not 0 < pk < 2**63:
            raise BadCursor(sentence)
        return at.astimezone(dt.UTC), pk
    except (ValueError, OverflowError) as error:
        raise BadCursor(sentence) from error


def amount_cursor_of(amount: int, pk: int) -> str:
    """The place of a row in a list by total, as text."""
    return f"{amount}_{pk}"


def amount_place_of(cursor: str) -> tuple[int, int]:
    """The amount and the key behind a cursor; raises BadCursor."""
    amount, _separator, number = cursor.partition("_")
    try:
        place, pk = int(amount), int(number)
    except ValueError:
        place, pk = 0, 0
    if not 0 < pk < 2**63 or abs(place) >= 2**63:
        raise BadCursor(_("This place in the list cannot be read. Begin at its first page."))
    return place, pk
