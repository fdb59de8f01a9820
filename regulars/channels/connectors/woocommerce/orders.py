"""WooCommerce's orders as records.

Every amount of a line is without tax, whatever the prices in the shop say; the tax of all of them is `total_tax`. So
the record's prices do not include tax, and lines − discount + shipping + tax is what WooCommerce says it came to.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from html import unescape

from regulars.channels.connectors.reading import (
    Json,
    amount,
    child,
    children,
    identity,
    moment,
    rounded,
    surely,
    text,
    unit_price,
    whole,
)
from regulars.channels.connectors.woocommerce.people import address_of, buyer_of
from regulars.channels.records import DiscountRecord, LineRecord, OrderRecord, PaymentRecord, ReturnRecord

_STATUS = {
    "pending": "open",
    "on-hold": "open",
    "processing": "paid",
    "completed": "paid",
    "refunded": "paid",
    "cancelled": "cancelled",
    "failed": "cancelled",
    "trash": "cancelled",
    "checkout-draft": "draft",
    "auto-draft": "draft",
}
_FULFILMENT = {"processing": "unfulfilled", "on-hold": "unfulfilled", "completed": "fulfilled"}
_ATTRIBUTION = "_wc_order_attribution_"
_ZERO = Decimal(0)


def order_of(source: Json) -> OrderRecord:
    """An order. Its refunds stand in it as sums only; `return_of` reads them whole."""
    currency = text(source, "currency")
    placed_at = surely(moment(source, "date_created_gmt"), "date_created_gmt")
    version = moment(source, "date_modified_gmt") or placed_at
    lines, discount = _lines(source, currency)
    status = text(source, "status")
    paid_at = moment(source, "date_paid_gmt")
    said = {text(one, "key"): text(one, "value") for one in children(source, "meta_data")}
    return OrderRecord(
        external_id=identity(source),
        version=version,
        number=text(source, "number", "id"),
        placed_at=placed_at,
        currency=currency,
        status=_STATUS.get(status, "paid" if paid_at else "open"),
        fulfilment=_FULFILMENT.get(status, ""),
        is_tax_included=False,
        lines=tuple(lines),
        discount=discount,
        shipping=amount(source, "shipping_total"),
        tax=amount(source, "total_tax"),
        total=amount(source, "total"),
        who=buyer_of(source, at=placed_at),
        billing=address_of(child(source, "billing")),
        delivery=address_of(child(source, "shipping")),
        payments=tuple(_payments(source, paid_at)),
        returns=tuple(_sum_of(one, source, currency, version, placed_at) for one in children(source, "refunds")),
        discounts=tuple(
            DiscountRecord(code=code, amount=amount(one, "discount"))
            for one in children(source, "coupon_lines")
            if (code := text(one, "code"))
        ),
        payment_method=text(source, "payment_method_title", "payment_method"),
        note=text(source, "customer_note"),
        source=said.get(f"{_ATTRIBUTION}utm_source") or text(source, "created_via"),
        campaign=said.get(f"{_ATTRIBUTION}utm_campaign", ""),
        referrer=said.get(f"{_ATTRIBUTION}referrer", ""),
    )


def return_of(refund: Json, *, order_id: str, currency: str) -> ReturnRecord:
    """A refund with its lines, as its own address answers it."""
    at = surely(moment(refund, "date_created_gmt"), "date_created_gmt")
    return ReturnRecord(
        external_id=identity(refund),
        version=at,
        order_id=order_id,
        at=at,
        currency=currency,
        refund=abs(amount(refund, "amount")),
        lines=tuple(_returned(one, currency) for one in children(refund, "line_items") if whole(one, "quantity") != 0),
        reason=text(refund, "reason"),
    )


def _sum_of(one: Json, order: Json, currency: str, changed_at: dt.datetime, placed_at: dt.datetime) -> ReturnRecord:
    """A refund as its order tells of it: its sum and reason. What is fetched of it, with lines and date, is newer."""
    return ReturnRecord(
        external_id=identity(one),
        version=placed_at,
        order_id=identity(order),
        at=changed_at,
        currency=currency,
        refund=abs(amount(one, "total")),
        reason=text(one, "reason", "refund"),
    )


def _lines(source: Json, currency: str) -> tuple[list[LineRecord], Decimal]:
    """Products and fees, and all that was taken off; fees below zero are taken off, too."""
    lines = []
    discount = _ZERO
    for one in children(source, "line_items"):
        quantity = max(whole(one, "quantity", otherwise=1), 1)
        before, after = amount(one, "subtotal"), amount(one, "total")
        price, beyond = unit_price(before, quantity, currency)
        lines.append(
            LineRecord(
                external_id=text(one, "id"),
                sku=text(one, "sku"),
                title=unescape(text(one, "parent_name", "name")),
                variant_title=" / ".join(
                    unescape(said)
                    for meta in children(one, "meta_data")
                    if not text(meta, "key").startswith("_") and (said := text(meta, "display_value", "value"))
                )
                if text(one, "variation_id") not in {"", "0"}
                else "",
                variant_id=_bought(one),
                quantity=quantity,
                unit_price=price,
                discount=before - after + beyond,
                tax=amount(one, "total_tax"),
            )
        )
        discount += before - after + beyond
    for one in children(source, "fee_lines"):
        total = amount(one, "total")
        if total < 0:
            discount -= total
        elif total > 0:
            lines.append(
                LineRecord(
                    external_id=text(one, "id"),
                    title=unescape(text(one, "name")),
                    unit_price=total,
                    tax=amount(one, "total_tax"),
                )
            )
    return lines, rounded(discount, currency)


def _returned(one: Json, currency: str) -> LineRecord:
    """A line that came back; WooCommerce writes what goes back below zero."""
    quantity = abs(whole(one, "quantity"))
    price, _beyond = unit_price(abs(amount(one, "total")), quantity, currency)
    sold = next((said for meta in children(one, "meta_data") if text(meta, "key") == "_refunded_item_id"
                 and (said := text(meta, "value"))), "")  # fmt: skip
    return LineRecord(
        external_id=sold or text(one, "id"),
        sku=text(one, "sku"),
        title=unescape(text(one, "parent_name", "name")),
        variant_id=_bought(one),
        quantity=quantity,
        unit_price=price,
        tax=abs(amount(one, "total_tax")),
    )


def _bought(line: Json) -> str:
    """What was bought: the variation, or the product that has none. Zero is WooCommerce's word for none."""
    return next((said for name in ("variation_id", "product_id") if (said := text(line, name)) not in {"", "0"}), "")


def _payments(source: Json, paid_at: dt.datetime | None) -> Sequence[PaymentRecord]:
    """An order is paid by one means, at once."""
    total = amount(source, "total")
    if paid_at is None or total <= 0:
        return ()
    reference = text(source, "transaction_id")
    return (
        PaymentRecord(
            external_id=f"{identity(source)}-paid",
            method=text(source, "payment_method_title", "payment_method"),
            amount=total,
            at=paid_at,
            reference=reference,
        ),
    )
