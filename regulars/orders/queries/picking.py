"""Finding a product by any of its names, for whoever writes an order."""

from __future__ import annotations

from django.db.models import Case, IntegerField, Q, Value, When

from regulars.orders.models import Variant

MOST = 8
_LONGEST = 120
_MOST_TERMS = 6


def find_variants(typed: str, *, most: int = MOST) -> list[Variant]:
    """What is on sale and has every typed word in its title, variant, SKU or barcode: one query.

    First the one whose SKU or barcode it is, then what begins with it, then by title.
    """
    text = " ".join(typed.replace("\0", " ").split())[:_LONGEST]  # no product has a NUL byte, and PostgreSQL takes none
    if not text:
        return []
    rows = Variant.objects.filter(is_active=True, product__is_active=True).select_related("product")
    for term in text.split(" ")[:_MOST_TERMS]:
        rows = rows.filter(
            Q(product__title__icontains=term)
            | Q(title__icontains=term)
            | Q(sku__istartswith=term)
            | Q(barcode__startswith=term)
        )
    rank = Case(
        When(Q(sku__iexact=text) | Q(barcode=text), then=Value(0)),
        When(Q(product__title__istartswith=text) | Q(sku__istartswith=text), then=Value(1)),
        default=Value(2),
        output_field=IntegerField(),
    )
    return list(rows.order_by(rank, "product__title", "product_id", "position", "pk")[:most])
