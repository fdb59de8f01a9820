"""Shopify's refunds as records.

A refund is money (transactions), goods (refund_line_items) or both. What it came to is the money that went: where
staff give back less or more than the goods cost, or shipping, the difference is an order adjustment, and in it already.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from regulars.channels.connectors.reading import (
    Json,
    child,
    children,
    identity,
    moment,
    surely,
    text,
    unit_price,
    whole,
)
from regulars.channels.connectors.shopify.money import Purse
from regulars.channels.records import LineRecord, ReturnRecord

_ZERO = Decimal(0)


def paid_back(source: Json) -> bool:
    """Whether money is, was or is to be paid back; without any, lines were only taken out of an order."""
    return bool(_money(source)) or bool(children(source, "order_adjustments"))


def return_of(
    source: Json, *, purse: Purse | None = None, zone: dt.tzinfo, order_id: str = "", version: dt.datetime | None = None
) -> ReturnRecord:
    """A refund, by itself or inside its order (`purse`, and the order's `version`)."""
    at = surely(moment(source, "processed_at", "created_at", zone=zone), "created_at")
    purse = purse or _own_purse(source)
    money = _money(source)
    done = [one for one in money if text(one, "status").lower() == "success"]
    return ReturnRecord(
        external_id=identity(source),
        version=version or at,
        order_id=order_id or text(source, "order_id"),
        at=at,
        state="received" if money and not done else "refunded",
        currency=purse.currency,
        refund=sum((purse.of_transaction(one) for one in done or money), _ZERO),
        lines=tuple(_line(one, purse) for one in children(source, "refund_line_items")),
        reason=text(source, "note"),
    )


def _money(source: Json) -> list[Json]:
    """The transactions that paid back, or are about to."""
    return [
        one
        for one in children(source, "transactions")
        if text(one, "kind").lower() == "refund" and text(one, "status").lower() in {"success", "pending"}
    ]


def _line(source: Json, purse: Purse) -> LineRecord:
    """What came back, at what was paid for it: after discounts, without the tax that comes on top."""
    sold = child(source, "line_item")
    quantity = whole(source, "quantity", otherwise=1)
    paid = (
        purse.take(source, "subtotal") if purse.is_there(source, "subtotal") else purse.take(sold, "price") * quantity
    )
    one, _beyond = unit_price(paid, quantity, purse.currency)
    return LineRecord(
        external_id=text(source, "line_item_id") or text(sold, "id"),
        sku=text(sold, "sku"),
        title=text(sold, "title", "name"),
        variant_title=text(sold, "variant_title"),
        variant_id=text(sold, "variant_id"),
        quantity=quantity,
        unit_price=one,
        tax=purse.take(source, "total_tax"),
    )


def _own_purse(source: Json) -> Purse:
    """The currency of a refund that came without its order: the one its money went in, at whatever rate that was."""
    for one in children(source, "refund_line_items"):
        both = child(one, "subtotal_set")
        shown = text(child(both, "presentment_money"), "currency_code")
        shop = text(child(both, "shop_money"), "currency_code")
        if shown:
            return Purse(shown, shop or shown, is_presentment=True)
    currency = next((said for one in _money(source) if (said := text(one, "currency"))), "")
    return Purse(currency, currency)
