"""WooCommerce's products as records."""

from __future__ import annotations

from collections.abc import Sequence
from html import unescape

from regulars.channels.connectors.reading import Json, amount, children, identity, moment, surely, text
from regulars.channels.records import ProductRecord, VariantRecord


def has_variations(source: Json) -> bool:
    """Whether its variants are objects of their own, which the product only numbers."""
    return bool(source.get("variations"))


def product_of(source: Json, variations: Sequence[Json] | None, *, currency: str) -> ProductRecord:
    """A product; without variations it is itself the one thing that can be bought."""
    images, brands = children(source, "images"), children(source, "brands")
    categories = [unescape(text(one, "name")) for one in children(source, "categories")]
    version = surely(moment(source, "date_modified_gmt", "date_created_gmt"), "date_modified_gmt")
    changed = [at for one in variations or () if (at := moment(one, "date_modified_gmt"))]
    return ProductRecord(
        external_id=identity(source),
        version=max([version, *changed]),
        title=unescape(text(source, "name")),
        category=categories[0] if categories else "",
        brand=unescape(text(brands[0], "name")) if brands else "",
        tags=tuple(unescape(text(one, "name")) for one in children(source, "tags")),
        image_url=text(images[0], "src") if images else "",
        url=text(source, "permalink"),
        currency=currency,
        is_active=text(source, "status") in {"", "publish"},
        variants=tuple(_variant(one, _options_of(one)) for one in variations)
        if variations is not None
        else (_variant(source, ""),),
    )


def _variant(source: Json, title: str) -> VariantRecord:
    price = next((name for name in ("price", "regular_price") if text(source, name)), "")
    return VariantRecord(
        external_id=identity(source),
        sku=text(source, "sku"),
        title=title,
        barcode=text(source, "global_unique_id"),
        price=amount(source, price) if price else None,
        is_active=text(source, "status") in {"", "publish"},
    )


def _options_of(variation: Json) -> str:
    """“M / black”: what the variation was chosen by."""
    return " / ".join(unescape(said) for one in children(variation, "attributes") if (said := text(one, "option")))
