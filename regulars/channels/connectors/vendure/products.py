"""Products of Vendure with their variants. Category and brand are facets of these names, all others are tags."""

from __future__ import annotations

import datetime as dt

from regulars.channels.connectors.reading import Json, amount, child, children, identity, text
from regulars.channels.connectors.vendure.amounts import precision
from regulars.channels.connectors.vendure.moments import version
from regulars.channels.records import ProductRecord, VariantRecord

_CATEGORY = "category"
_BRAND = "brand"


def product(found: Json, at: dt.datetime | None) -> ProductRecord:
    """A product as it is. Raises Unreadable."""
    title = text(found, "name")
    facets = [(text(child(one, "facet"), "code").lower(), text(one, "name")) for one in children(found, "facetValues")]
    variants = children(found, "variants")
    decimals = precision(found)
    return ProductRecord(
        external_id=identity(found),
        version=version(found, at),
        title=title,
        category=next((name for facet, name in facets if facet == _CATEGORY), ""),
        brand=next((name for facet, name in facets if facet == _BRAND), ""),
        tags=tuple(name for facet, name in facets if facet not in {_CATEGORY, _BRAND}),
        image_url=text(child(found, "featuredAsset"), "preview"),
        currency=next((code for one in variants if (code := text(one, "currencyCode"))), ""),
        is_active=found.get("enabled") is not False,
        variants=tuple(
            VariantRecord(
                external_id=identity(one),
                sku=text(one, "sku"),
                title=of_variant(text(one, "name"), title),
                price=amount(one, "priceWithTax").scaleb(-decimals),
                is_active=one.get("enabled") is not False,
            )
            for one in variants
        ),
    )


def of_variant(name: str, title: str) -> str:
    """What a variant's name says beyond the product's: “M” of “Linen shirt M”."""
    return name.removeprefix(title).strip() if title and name != title else "" if name == title else name
