"""Which lines are which product of the catalogue, and what was sold of each product in twelve months.

An order file names SKUs, and the catalogue may come later than the orders. Every night, and after a file of orders or
of products came in, lines without a variant are given the one that has their SKU (of several, the one known longest),
and the sales of the list of products are reckoned anew.
"""

from __future__ import annotations

from collections import defaultdict

from django.db import transaction
from django.db.models import (
    BigIntegerField,
    Case,
    Count,
    Exists,
    F,
    Max,
    Min,
    OuterRef,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from regulars.core import shop
from regulars.core.background import every
from regulars.core.money import Money
from regulars.orders.models import COUNTED, OrderLine, Product, ProductSales, Variant
from regulars.orders.queries.catalogue import year_before
from regulars.staff.policy import verb
from regulars.timeline.models import Entry

_AT_ONCE = 50_000
_ROWS = 500


@every("02:20", label=_("Find the products of order lines, and what was sold of each"))
def reckon_sales() -> int:
    """Link lines to the catalogue, then add up the sales of all products; how many products were sold."""
    if not Product.objects.exists():
        return 0
    link_lines()
    return add_up_sales()


def follow_import(_entry: Entry) -> None:
    """A file of orders came in: its lines are given their products, where there is a catalogue."""
    if Product.objects.exists():
        reckon_sales.later()


def link_lines() -> int:
    """Give lines that have a SKU and no variant the variant of that SKU; how many got one. Never a long transaction."""
    if not Variant.objects.exclude(sku="").exists():
        return 0
    bounds = OrderLine.objects.filter(variant=None).aggregate(first=Min("pk"), last=Max("pk"))
    if bounds["first"] is None:
        return 0
    return sum(_link(start, start + _AT_ONCE) for start in range(bounds["first"], bounds["last"] + 1, _AT_ONCE))


@verb
def _link(first: int, beyond: int) -> int:
    known = Variant.objects.filter(sku=OuterRef("sku"))
    rows = OrderLine.objects.filter(pk__gte=first, pk__lt=beyond, variant=None).exclude(sku="").filter(Exists(known))
    return rows.update(variant=Subquery(known.order_by("pk").values("pk")[:1]))


@verb
def add_up_sales() -> int:
    """Reckon ProductSales anew, in one look at the lines of counted orders that are linked to the catalogue."""
    now = timezone.now()
    base = shop.current().currency
    lines: QuerySet[OrderLine] = OrderLine.objects.filter(
        variant__isnull=False,
        order__placed_at__gte=year_before(now),
        order__status__in=COUNTED,
        order__is_test=False,
    )
    pieces: dict[int, int] = defaultdict(int)
    revenue: dict[int, int] = defaultdict(int)
    # lines of other currencies are rounded one by one, as everywhere; equal ones are rounded once and counted
    one = Case(When(order__currency=base, then=Value(0)), default=F("total_minor"), output_field=BigIntegerField())
    groups = (
        lines.annotate(one=one)
        .order_by()
        .values_list("variant__product", "order__currency", "order__rate", "one")
        .annotate(count=Count("pk"), pieces=Sum("quantity"), total=Sum("total_minor"))
    )
    for product, currency, rate, minor, count, quantity, total in groups:
        pieces[product] += quantity
        revenue[product] += (
            total if currency == base else count * Money(minor, currency).converted(rate=rate, currency=base).minor
        )
    orders = dict(lines.order_by().values_list("variant__product").annotate(count=Count("order", distinct=True)))
    with transaction.atomic():
        ProductSales.objects.all().delete()
        ProductSales.objects.bulk_create(
            [
                ProductSales(
                    product_id=product,
                    orders=orders.get(product, 0),
                    pieces=pieces[product],
                    revenue_minor=revenue[product],
                    until=now,
                )
                for product in sorted(pieces)
            ],
            batch_size=_ROWS,
        )
    return len(pieces)
