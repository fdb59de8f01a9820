"""What exports say of an order besides its money: addresses, code, tags, how far it was sent, where it came from.

None of it is a reason to lose a sale: what cannot be kept as it stands is shortened or left out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from regulars.core.contact import parse_country
from regulars.core.errors import Refusal
from regulars.core.text import BadText, clean
from regulars.orders.details import CODE_LENGTH, MOST_OF_EACH, TAG_LENGTH
from regulars.orders.models import Fulfilment

NAMES = ("addresses", "codes", "tags")

_PARTS = {
    "name": 250,
    "company": 200,
    "line1": 200,
    "line2": 200,
    "city": 120,
    "region": 120,
    "postcode": 20,
    "country": 2,
    "phone": 40,
}
# Shopify and WooCommerce name the parts alike, before and behind the side.
_WORDS = {
    "name": ("name",),
    "company": ("company",),
    "line1": ("address1", "address 1", "address 1&2"),
    "line2": ("address2", "address 2"),
    "city": ("city",),
    "region": ("province name", "province", "state", "state name", "state code"),
    "postcode": ("zip", "postcode"),
    "country": ("country", "country code"),
    "phone": ("phone",),
}
_SIDES = {"billing": "billing", "delivery": "shipping"}
_FULFILMENTS = {
    "unfulfilled": Fulfilment.UNFULFILLED,
    "pending": Fulfilment.UNFULFILLED,
    "partial": Fulfilment.PARTIAL,
    "partiallyfulfilled": Fulfilment.PARTIAL,
    "fulfilled": Fulfilment.FULFILLED,
    "shipped": Fulfilment.FULFILLED,
    "delivered": Fulfilment.DELIVERED,
}

KNOWN: dict[str, tuple[str, ...]] = {
    "tags": ("tags", "order tags", "Schlagworte", "标签", "订单标签"),
    "code": ("discount code", "coupon code", "coupon codes", "coupons", "Gutscheincode", "优惠码", "优惠券码"),
    "fulfilment": ("fulfillment status", "fulfilment", "fulfilment status", "发货状态"),
    "source": ("source", "order source", "created via", "订单来源"),
    **{
        f"{side}_{part}": tuple(
            heading for word in _WORDS[part] for heading in (f"{theirs} {word}", f"{word} {theirs}")
        )
        for side, theirs in _SIDES.items()
        for part in _PARTS
    },
}


def said(first: Callable[[str], str], money: Callable[[str], int]) -> dict[str, Any]:
    """The order's fields that its rows say; `first` is the first cell of a field that says something."""
    found: dict[str, Any] = {}
    if tags := [tag for part in first("tags").split(",") if (tag := _cut(part, TAG_LENGTH))]:
        found["tags"] = tags[:MOST_OF_EACH]
    codes = [code for part in first("code").split(",") if (code := _cut(part, CODE_LENGTH))]
    if codes:
        # how two codes divide a discount is not told
        amount = abs(money(first("discount"))) if len(codes) == 1 else 0
        found["codes"] = [{"code": code, "amount_minor": amount} for code in codes[:MOST_OF_EACH]]
    if fulfilment := _FULFILMENTS.get("".join(filter(str.isalpha, first("fulfilment").casefold()))):
        found["fulfilment"] = fulfilment
    if source := _cut(first("source"), 60):
        found["source"] = source
    if addresses := {side: address for side in _SIDES if (address := _address(side, first))}:
        found["addresses"] = addresses
    return found


def _address(side: str, first: Callable[[str], str]) -> Mapping[str, str]:
    found = {part: text for part, limit in _PARTS.items() if (text := _part(part, first(f"{side}_{part}"), limit))}
    return found if found.keys() - {"country", "name"} else {}  # a name and a country alone lead nowhere


def _part(part: str, text: str, limit: int) -> str:
    if part != "country" or not text:
        return _cut(text, limit)
    try:
        return parse_country(text)
    except (ValueError, Refusal):
        return ""


def _cut(text: str, limit: int) -> str:
    """The text, as much of it as can be kept."""
    try:
        return clean(text.strip()[:limit], limit=limit)
    except BadText:
        return ""
