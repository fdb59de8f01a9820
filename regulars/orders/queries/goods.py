"""What is bought together with what, in the whole shop."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass

from regulars.core import ids
from regulars.orders.models import COUNTED, OrderLine, Product
from regulars.orders.queries.book import Book
from regulars.orders.queries.buying import favourites

_NEWEST = 1000  # orders that are looked into
_LEAST = 2  # once is chance


@dataclass(frozen=True, slots=True, kw_only=True)
class Companion:
    """A product that is bought in the same orders as another: in `times` of the newest `orders` that hold that one."""

    pk: int
    title: str
    times: int
    orders: int

    @property
    def public_id(self) -> str:
        return ids.encode(Product.id_prefix, self.pk)


def bought_together(product_id: int, *, most: int, without: Collection[int] = ()) -> list[Companion]:
    """What is bought most often together with a product, in the newest orders that hold it: two queries."""
    orders = list(
        OrderLine.objects.filter(variant__product=product_id, order__status__in=COUNTED, order__is_test=False)
        .order_by("-order__placed_at", "-order_id")
        .values_list("order_id", flat=True)[:_NEWEST]
    )
    if not orders:
        return []
    pairs = (
        OrderLine.objects.filter(order_id__in=orders, variant__isnull=False)
        .exclude(variant__product=product_id)
        .order_by()
        .values_list("order_id", "variant__product_id", "variant__product__title")
        .distinct()
    )
    hidden = set(without)
    counts = Counter((product, title) for _order, product, title in pairs if product not in hidden)
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0][1]))
    return [
        Companion(pk=product, title=title, times=times, orders=len(set(orders)))
        for (product, title), times in ranked[:most]
        if times >= _LEAST
    ]


def goes_with(book: Book) -> Companion | None:
    """What others buy together with somebody's favourite, and they have not bought in this time."""
    favourite = next((one for one in favourites(book) if one.of.startswith("product:")), None)
    if favourite is None:
        return None
    own = {thing.product for thing in book.things.values()}
    pk = int(favourite.of.removeprefix("product:"))
    return next(iter(bought_together(pk, most=1, without=own)), None)
