"""Shopify's orders and checkouts as records.

An order keeps its lines as they were sold; what came back stands in its refunds. Where staff take lines out of an order
before it is paid, Shopify writes a refund without money: then the order itself is less (`_taken_out`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from urllib.parse import parse_qs, urlsplit

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
    whole,
    words,
)
from regulars.channels.connectors.shopify.money import Purse, purse_of
from regulars.channels.connectors.shopify.people import address_of, buyer_of
from regulars.channels.connectors.shopify.refunds import paid_back, return_of
from regulars.channels.records import CheckoutRecord, DiscountRecord, LineRecord, OrderRecord, PaymentRecord

# “voided” is an authorisation that was given up: nothing was ever paid, nor will be.
_STATUS = {"paid": "paid", "partially_refunded": "paid", "refunded": "paid", "voided": "cancelled"}
_FULFILMENT = {"": "unfulfilled", "unfulfilled": "unfulfilled", "partial": "partial", "fulfilled": "fulfilled"}
_PAYMENT_STATE = {"success": "paid", "pending": "pending", "failure": "failed", "error": "failed"}
# Of these kinds of transactions money moves; the others ask, promise or take back a promise.
_MOVES = {"sale": False, "capture": False, "refund": True, "change": True}
_ZERO = Decimal(0)


def order_of(source: Json, *, zone: dt.tzinfo, base: str, transactions: Iterable[Json] | None = None) -> OrderRecord:
    """An order; `transactions` are its payments, where they were fetched by themselves."""
    purse = purse_of(source, base)
    version = surely(moment(source, "updated_at", "created_at", zone=zone), "updated_at")
    placed_at = surely(moment(source, "processed_at", "created_at", zone=zone), "created_at")
    is_tax_included = source.get("taxes_included") is True
    returns = tuple(
        return_of(one, purse=purse, zone=zone, order_id=identity(source), version=version)
        for one in children(source, "refunds")
        if paid_back(one)
    )
    lines = [_line(one, purse) for one in children(source, "line_items")]
    if not any(child(one, "tip") for one in children(source, "line_items")):
        lines += _extra(source, purse, "total_tip_received", "Tip")
    lines += _extra(source, purse, "original_total_duties", "Duties")
    lines += _extra(source, purse, "original_total_additional_fees", "Fees")
    has_shares = any("discount_allocations" in one for one in children(source, "line_items"))
    by_lines = sum((line.discount for line in lines), _ZERO)
    record = OrderRecord(
        external_id=identity(source),
        version=version,
        number=text(source, "name", "order_number", "id"),
        placed_at=placed_at,
        currency=purse.currency,
        rate=purse.rate,
        status=_status(source),
        fulfilment=_fulfilment(source),
        is_test=source.get("test") is True,
        is_tax_included=is_tax_included,
        lines=tuple(lines),
        discount=by_lines if has_shares else purse.take(source, "total_discounts"),
        shipping=_shipping(source, purse),
        tax=purse.take(source, "total_tax"),
        total=purse.take(source, "total_price") if purse.is_there(source, "total_price") else None,
        who=buyer_of(source, zone=zone, at=placed_at),
        billing=address_of(child(source, "billing_address")),
        delivery=address_of(child(source, "shipping_address")),
        returns=returns,
        discounts=tuple(_codes(source, purse)),
        payment_method=", ".join(gateways_of(source)),
        note=text(source, "note"),
        tags=words(source, "tags"),
        source=text(source, "source_name"),
        campaign=_query_of(text(source, "landing_site"), "utm_campaign"),
        referrer=text(source, "referring_site"),
    )
    record = _taken_out(record, source, purse)
    listed = list(transactions) if transactions is not None else children(source, "transactions")
    payments = _payments(listed, purse, zone) if listed else _expected(record, source, purse)
    return replace(record, payments=tuple(payments))


def checkout_of(source: Json, *, zone: dt.tzinfo) -> CheckoutRecord:
    """A checkout. Its amounts are in the currency that the customer was shown."""
    started_at = surely(moment(source, "created_at", zone=zone), "created_at")
    version = moment(source, "updated_at", zone=zone) or started_at
    return CheckoutRecord(
        external_id=identity(source),
        version=version,
        started_at=started_at,
        currency=text(source, "presentment_currency", "currency"),
        lines=tuple(
            LineRecord(
                external_id=text(one, "key", "id"),
                sku=text(one, "sku"),
                title=text(one, "title", "presentment_title"),
                variant_title=text(one, "variant_title", "presentment_variant_title"),
                variant_id=text(one, "variant_id"),
                quantity=whole(one, "quantity", otherwise=1),
                unit_price=amount(one, "price"),
            )
            for one in children(source, "line_items")
        ),
        total=amount(source, "total_price"),
        who=buyer_of(source, zone=zone, at=version),
        recovery_url=text(source, "abandoned_checkout_url"),
        completed_at=moment(source, "completed_at", zone=zone),
        order_id=text(source, "order_id"),
    )


def gateways_of(source: Json) -> list[str]:
    """By which means an order was paid, or is to be."""
    named = source.get("payment_gateway_names")
    found = [str(one) for one in named if one] if isinstance(named, list) else []
    return list(dict.fromkeys(found)) or [one for one in (text(source, "gateway"),) if one]


def _status(source: Json) -> str:
    if text(source, "cancelled_at"):
        return "cancelled"
    return _STATUS.get(text(source, "financial_status").lower(), "open")


def _fulfilment(source: Json) -> str:
    found = _FULFILMENT.get(text(source, "fulfillment_status").lower(), "")
    parcels = [one for one in children(source, "fulfillments") if text(one, "status") == "success"]
    if found == "fulfilled" and parcels and all(text(one, "shipment_status") == "delivered" for one in parcels):
        return "delivered"
    return found


def _line(source: Json, purse: Purse) -> LineRecord:
    shares = children(source, "discount_allocations")
    discount = (
        sum((purse.take(share, "amount") for share in shares), _ZERO)
        if "discount_allocations" in source
        else purse.take(source, "total_discount")
    )
    return LineRecord(
        external_id=text(source, "id"),
        sku=text(source, "sku"),
        title=text(source, "title", "name"),
        variant_title=text(source, "variant_title"),
        variant_id=text(source, "variant_id"),
        quantity=whole(source, "quantity", otherwise=1),
        unit_price=purse.take(source, "price"),
        discount=discount,
        tax=sum((purse.take(tax, "price") for tax in children(source, "tax_lines")), _ZERO),
    )


def _extra(source: Json, purse: Purse, name: str, title: str) -> list[LineRecord]:
    """What Shopify adds to the total beside the lines, as a line of its own."""
    value = purse.take(source, name)
    return [LineRecord(external_id=name, title=title, unit_price=value)] if value > 0 else []


def _shipping(source: Json, purse: Purse) -> Decimal:
    """What shipping came to, less what was taken off it."""
    total = _ZERO
    for one in children(source, "shipping_lines"):
        if one.get("is_removed") is True:
            continue
        if purse.is_there(one, "discounted_price"):
            total += purse.take(one, "discounted_price")
        else:
            shares = children(one, "discount_allocations")
            total += purse.take(one, "price") - sum((purse.take(share, "amount") for share in shares), _ZERO)
    return total


def _codes(source: Json, purse: Purse) -> list[DiscountRecord]:
    return [
        DiscountRecord(code=code, amount=purse.from_shop(amount(one, "amount")))
        for one in children(source, "discount_codes")
        if (code := text(one, "code"))
    ]


def _taken_out(record: OrderRecord, source: Json, purse: Purse) -> OrderRecord:
    """The order without what was taken out of it before anybody paid for that.

    1. What Shopify says the order comes to now is its total, less what was paid back, less what was taken out.
    2. The lines of refunds that moved no money are taken out; what then is still too much is shipping, or a discount.
    """
    if record.total is None or record.status == "cancelled" or not purse.is_there(source, "current_total_price"):
        return record
    out = record.total - purse.take(source, "current_total_price") - sum((one.refund for one in record.returns), _ZERO)
    if out <= 0:
        return record
    quantities: dict[str, int] = {}
    tax = record.tax
    for refund in children(source, "refunds"):
        if paid_back(refund):
            continue
        for one in children(refund, "refund_line_items"):
            key = text(one, "line_item_id")
            quantities[key] = quantities.get(key, 0) + whole(one, "quantity")
            tax -= purse.take(one, "total_tax")
    lines, discount = [], record.discount
    for line in record.lines:
        gone = min(quantities.get(line.external_id, 0), line.quantity)
        left = line.quantity - gone
        share = rounded(line.discount * left / line.quantity, purse.currency) if gone else line.discount
        discount -= line.discount - share
        if left:
            taxed = rounded(line.tax * left / line.quantity, purse.currency) if gone else line.tax
            lines.append(replace(line, quantity=left, discount=share, tax=taxed))
    total, tax, shipping = record.total - out, max(tax, _ZERO), record.shipping
    goods = sum((line.quantity * line.unit_price for line in lines), _ZERO)
    beyond = goods - discount + shipping + (_ZERO if record.is_tax_included else tax) - total
    if beyond == shipping:
        shipping = _ZERO
    else:
        discount = max(_ZERO, discount + beyond)
    return replace(record, lines=tuple(lines), discount=discount, tax=tax, shipping=shipping, total=total)


def _payments(transactions: Iterable[Json], purse: Purse, zone: dt.tzinfo) -> list[PaymentRecord]:
    """The transactions that moved money, or were to; and promises that nothing has been drawn from yet."""
    known = [one for one in transactions if text(one, "id")]
    drawn = {text(one, "parent_id") for one in known if text(one, "kind") in {"capture", "void"}}
    found = []
    for one in known:
        kind, state = text(one, "kind").lower(), _PAYMENT_STATE.get(text(one, "status").lower(), "pending")
        if kind == "authorization" and text(one, "id") not in drawn and state == "paid":
            state = "authorised"
        elif kind not in _MOVES:
            continue
        value = purse.of_transaction(one)
        if value > 0:
            found.append(
                PaymentRecord(
                    external_id=text(one, "id"),
                    method=text(one, "gateway"),
                    amount=value,
                    at=moment(one, "processed_at", "created_at", zone=zone),
                    state=state,
                    is_refund=_MOVES.get(kind, False),
                    reference=text(one, "authorization"),
                )
            )
    return found


def _expected(record: OrderRecord, source: Json, purse: Purse) -> list[PaymentRecord]:
    """The payment of an order that does not list its transactions, as its webhooks do not.

    Only where one means was used: how two divide a total, nobody can tell from here; the pull asks for that.
    """
    gateways = gateways_of(source)
    said = text(source, "financial_status").lower()
    if len(gateways) != 1 or not record.total or record.status == "cancelled":
        return []
    value = record.total
    if said == "partially_paid":
        value -= purse.take(source, "total_outstanding")
    elif said not in {"paid", "partially_refunded", "refunded", "authorized", "pending"}:
        return []
    state = {"authorized": "authorised", "pending": "pending"}.get(said, "paid")
    if value <= 0:
        return []
    return [
        PaymentRecord(
            external_id=f"{record.external_id}-{gateways[0]}"[:120],
            method=gateways[0],
            amount=value,
            at=record.placed_at,
            state=state,
        )
    ]


def _query_of(address: str, name: str) -> str:
    try:
        return parse_qs(urlsplit(address).query).get(name, [""])[0]
    except ValueError:
        return ""  # an address that the customer's browser made up
