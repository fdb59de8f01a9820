"""Shopify's products as records."""

from __future__ import annotations

import datetime as dt

from regulars.channels.connectors.reaching import base_of
from regulars.channels.connectors.reading import Json, amount, child, children, identity, moment, surely, text, words
from regulars.channels.records import ProductRecord, VariantRecord

_NO_VARIANT = "Default Title"


def product_of(source: Json, *, zone: dt.tzinfo, currency: str, shop: str) -> ProductRecord:
    """A product with its variants; `shop` is the address of the shop, for the page of the product."""
    images = children(source, "images")
    handle, is_shown = text(source, "handle"), bool(text(source, "published_at"))
    return ProductRecord(
        external_id=identity(source),
        version=surely(moment(source, "updated_at", "created_at", zone=zone), "updated_at"),
        title=text(source, "title"),
        category=text(source, "product_type"),
        brand=text(source, "vendor"),
        tags=words(source, "tags"),
        image_url=text(child(source, "image"), "src") or (text(images[0], "src") if images else ""),
        url=f"{base_of(shop)}/products/{handle}" if shop and handle and is_shown else "",
        currency=currency,
        is_active=text(source, "status").lower() in {"", "active"},
        variants=tuple(_variant(one) for one in children(source, "variants")),
    )


def _variant(source: Json) -> VariantRecord:
    title = text(source, "title")
    return VariantRecord(
        external_id=identity(source),
        sku=text(source, "sku"),
        title="" if title == _NO_VARIANT else title,
        barcode=text(source, "barcode"),
        price=amount(source, "price") if text(source, "price") else None,
    )
