"""The catalogue: the list of products page by page, and all that the page of one product says."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import F, Q, QuerySet, Sum
from django.utils import timezone

from regulars.channels.models import Mirror
from regulars.core import shop
from regulars.core.masks import MaskedNumber
from regulars.core.money import Money
from regulars.core.sight import current
from regulars.orders.models import COUNTED, SETTLED, Order, OrderLine, Product, ReturnLine, Variant

_CHOICES = 200
_BUYERS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductRequest:
    """Which products: words of the title, the SKU or the barcode, and exact values. `sort` is `title` or `-revenue`.

    `after` is the number of the page; a catalogue is small enough to be counted.
    """

    search: str = ""
    categories: tuple[str, ...] = ()
    brands: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    is_active: bool | None = None
    sort: str = "title"


@dataclass(frozen=True, slots=True, kw_only=True)
class SoldMonth:
    """A month of the shop and what was sold of a product in it."""

    first: dt.date
    pieces: int = 0
    part: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sold:
    """What was sold of a product in twelve months, from its lines: `orders` newest first."""

    orders: int = 0
    pieces: int = 0
    pieces_returned: int = 0
    revenue: Money | None = None
    buyers: int = 0
    months: list[SoldMonth] = field(default_factory=list)

    @property
    def returned(self) -> float | None:
        """Which share of the pieces came back; None where nothing was sold."""
        return self.pieces_returned / self.pieces if self.pieces else None


def products(request: ProductRequest) -> QuerySet[Product]:
    """The products of a list, with their channel and their variants: three queries for a page."""
    rows = Product.objects.all()
    for word in request.search.split():
        rows = rows.filter(
            Q(title__icontains=word)
            | Q(pk__in=Variant.objects.filter(Q(sku__istartswith=word) | Q(barcode=word)).values("product"))
        )
    if request.categories:
        rows = rows.filter(category__in=request.categories)
    if request.brands:
        rows = rows.filter(brand__in=request.brands)
    if request.channels:
        rows = rows.filter(channel__code__in=request.channels)
    if request.is_active is not None:
        rows = rows.filter(is_active=request.is_active)
    order = (
        [F("sales__revenue_minor").desc(nulls_last=True), "title", "pk"]
        if request.sort == "-revenue"
        else ["title", "pk"]
    )
    return rows.select_related("channel", "sales").prefetch_related("variants").order_by(*order)


def choices() -> dict[str, list[str]]:
    """The categories and brands that there are, for the filter."""
    return {
        column: list(
            Product.objects.exclude(**{column: ""})
            .order_by(column)
            .values_list(column, flat=True)
            .distinct()[:_CHOICES]
        )
        for column in ("category", "brand")
    }


def owned(product_ids: Collection[int]) -> set[int]:
    """Which of these products a shop system keeps: they are changed there."""
    rows = Mirror.objects.filter(kind="product", local_id__in=product_ids, is_gone=False)
    return {pk for pk in rows.values_list("local_id", flat=True) if pk is not None}


def sees_sales() -> bool:
    """Whether the reader may know what the whole shop sold: who sees only some customers may not."""
    return current().sees_all


def year_before(moment: dt.datetime) -> dt.datetime:
    """When the twelve months before a moment begin: a day of the shop."""
    day = moment.astimezone(shop.zone()).date()
    first = (
        day.replace(year=day.year - 1, day=28) if (day.month, day.day) == (2, 29) else day.replace(year=day.year - 1)
    )
    return shop.start_of(first)


def sold(product: Product) -> Sold:
    """What was sold of a product in the last twelve months, and what came back of it: two queries."""
    now = timezone.now()
    since = year_before(now)
    zone, base = shop.zone(), shop.current().currency
    rows = _lines(product, since).values_list(
        *("order_id", "order__placed_at", "order__customer_id", "quantity", "total_minor"),
        *("order__currency", "order__rate"),
    )
    pieces_of: Counter[tuple[int, int]] = Counter()
    orders, buyers, revenue = set(), set(), 0
    for order, at, customer, quantity, total, currency, rate in rows:
        orders.add(order)
        buyers.add(customer)
        moment = at.astimezone(zone)
        pieces_of[moment.year, moment.month] += quantity
        revenue = revenue + _in_base(total, currency, rate, base)
    came_back = ReturnLine.objects.filter(
        order_line__variant__product=product, order_line__order__placed_at__gte=since, parent__state__in=SETTLED
    ).aggregate(sum=Sum("quantity"))["sum"]
    most = max(pieces_of.values(), default=0)
    months = []
    year, month = since.astimezone(zone).year, since.astimezone(zone).month
    today = now.astimezone(zone)
    while (year, month) <= (today.year, today.month):
        count = pieces_of[year, month]
        months.append(SoldMonth(first=dt.date(year, month, 1), pieces=count, part=count / most if most else 0.0))
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    return Sold(
        orders=len(orders),
        pieces=sum(pieces_of.values()),
        pieces_returned=came_back or 0,
        revenue=Money(revenue if current().shows("spend") else MaskedNumber(), base),
        buyers=len(buyers - {None}),
        months=months,
    )


def sales_rows(product: Product, *, month: dt.date | None = None, is_returned: bool = False) -> list[dict[str, Any]]:
    """The lines behind the numbers of a product's page, newest first: of twelve months, or of one of them."""
    since = year_before(timezone.now())
    base = shop.current().currency
    if is_returned:
        back = (
            ReturnLine.objects.filter(
                order_line__variant__product=product, order_line__order__placed_at__gte=since, parent__state__in=SETTLED
            )
            .select_related("parent__customer__merged_into")
            .order_by("-parent__returned_at", "-pk")
        )
        return [
            {
                "at": line.parent.returned_at,
                "back": line.parent,
                "customer": line.parent.customer,
                "quantity": line.quantity,
                "amount": Money(_in_base(line.total_minor, line.parent.currency, line.parent.rate, base), base),
            }
            for line in back
        ]
    lines = _lines(product, since).select_related("order__customer__merged_into").order_by("-order__placed_at", "-pk")
    zone = shop.zone()
    return [
        {
            "at": line.order.placed_at,
            "order": line.order,
            "customer": line.order.customer,
            "quantity": line.quantity,
            "amount": Money(_in_base(line.total_minor, line.order.currency, line.order.rate, base), base),
        }
        for line in lines
        if month is None or line.order.placed_at.astimezone(zone).date().replace(day=1) == month
    ]


def buyers(product: Product) -> list[tuple[Any, int, int]]:
    """Who bought it in twelve months, who bought most first: customer, orders, pieces. Two queries."""
    orders_of: dict[int, set[int]] = defaultdict(set)
    pieces_of: Counter[int] = Counter()
    rows = _lines(product, year_before(timezone.now())).exclude(order__customer=None)
    for customer, order, quantity in rows.values_list("order__customer_id", "order_id", "quantity"):
        orders_of[customer].add(order)
        pieces_of[customer] += quantity
    first = sorted(orders_of, key=lambda pk: (-len(orders_of[pk]), -pieces_of[pk], pk))[:_BUYERS]
    model: Any = Order._meta.get_field("customer").related_model
    known = {one.pk: one for one in model.everyone.filter(pk__in=first).select_related("merged_into")}
    return [(known[pk].person, len(orders_of[pk]), pieces_of[pk]) for pk in first if pk in known]


def _lines(product: Product, since: dt.datetime) -> QuerySet[OrderLine]:
    """A product's lines of counted orders, through the index on variants."""
    return OrderLine.objects.filter(
        variant__in=_variants(product), order__placed_at__gte=since, order__status__in=COUNTED, order__is_test=False
    )


def _variants(product: Product) -> Sequence[int]:
    return [variant.pk for variant in product.variants.all()]


def _in_base(minor: int, currency: str, rate: Any, base: str) -> int:
    if currency == base or isinstance(minor, MaskedNumber):
        return minor
    return Money(minor, currency).converted(rate=rate, currency=base).minor


def prices(variants: Iterable[Variant]) -> tuple[Any, Any, str] | None:
    """The lowest and the highest price of some variants, where they have one in one currency."""
    known = [(variant.price, variant.currency) for variant in variants if variant.price is not None]
    if not known or len({currency for _price, currency in known}) > 1:
        return None
    only = [price for price, _currency in known]
    return min(only), max(only), known[0][1] or shop.current().currency
