"""Whose lines a change of the catalogue touches."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Q

from regulars.customers.standings import id_list
from regulars.orders.models import OrderLine, Variant
from regulars.segments.lake.tables import MOST_REACHED


def buyers_of(products: Collection[int]) -> list[int]:
    """Whose lines repeat what the catalogue says of some products, of all where none is named: they name no cost
    or no variant of their own. Nobody where those are very many.
    """
    unsaid = OrderLine.objects.filter(Q(cost=None) | Q(variant=None), order__customer__isnull=False)
    if products:
        skus = Variant.objects.filter(product__in=id_list(products)).exclude(sku="").values("sku")
        unsaid = unsaid.filter(Q(variant__product__in=id_list(products)) | Q(variant=None, sku__in=skus))
    found = list(unsaid.order_by().values_list("order__customer", flat=True).distinct()[: MOST_REACHED + 1])
    return found if len(found) <= MOST_REACHED else []
