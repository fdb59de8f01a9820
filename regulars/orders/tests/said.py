"""What a channel may say of sales in tests, and everything that is there in the end."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from regulars.channels.applying import apply_records
from regulars.channels.records import (
    CustomerRecord,
    LineRecord,
    OrderRecord,
    ProductRecord,
    ReturnRecord,
    VariantRecord,
)
from regulars.customers.models import Customer
from regulars.orders.models import (
    Checkout,
    Order,
    OrderAddress,
    OrderDiscount,
    OrderLine,
    OrderTag,
    Payment,
    Product,
    Return,
    ReturnLine,
)

NOON = dt.datetime(2026, 5, 4, 12, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
JONAS = CustomerRecord(
    external_id="7", version=NOON, email="jonas@example.com", given_name="Jonas", family_name="Wieck"
)


def line(sku="TEA", quantity=2, price="4.50", **more):
    return LineRecord(sku=sku, title=f"The {sku}", quantity=quantity, unit_price=Decimal(price), **more)


def sale(external_id="1", hours=0, **more):
    given = {
        "number": f"#{external_id}",
        "placed_at": NOON,
        "currency": "EUR",
        "lines": (line(),),
        "who": JONAS,
        **more,
    }
    return OrderRecord(external_id=external_id, version=NOON + hours * HOUR, **given)


def back(external_id="r1", order_id="1", hours=0, **more):
    given = {"at": NOON + HOUR, "refund": Decimal("4.50"), "lines": (line(quantity=1),), **more}
    return ReturnRecord(external_id=external_id, order_id=order_id, version=NOON + hours * HOUR, **given)


def product(external_id="p1", hours=0, **more):
    variants = (VariantRecord(external_id="v1", sku="TEA", title="100 g", price=Decimal("4.50"), cost=Decimal("2.10")),)
    given = {"title": "Tea", "currency": "EUR", "variants": variants, **more}
    return ProductRecord(external_id=external_id, version=NOON + hours * HOUR, **given)


def bring(channel, *records):
    return list(apply_records(channel, records))


def fates(channel, *records):
    return [one.fate for one in bring(channel, *records)]


def everything():
    """All rows that taking in may write, but for their numbers and the moments at which they were written."""
    return {
        "orders": list(
            Order.objects.order_by("number").values_list(
                *("number", "status", "customer__email", "placed_at", "currency", "rate", "discount_minor"),
                *("shipping_minor", "tax_minor", "is_tax_included", "total_minor", "refunded_minor", "fulfilment"),
                *("payment_method", "country", "note", "source", "campaign", "referrer", "refunded_base_minor"),
            )
        ),
        "lines": list(
            OrderLine.objects.order_by("order__number", "position").values_list(
                *("order__number", "position", "sku", "title", "quantity", "unit_price", "variant__external_id"),
                *("variant_title", "discount_minor", "tax_minor", "cost"),
            )
        ),
        "addresses": list(OrderAddress.objects.order_by("order__number", "side").values_list("side", "name", "city")),
        "codes": list(OrderDiscount.objects.order_by("order__number", "code").values_list("code", "amount_minor")),
        "tags": list(OrderTag.objects.order_by("order__number", "label").values_list("label", flat=True)),
        "payments": list(
            Payment.objects.order_by("order__number", "external_id").values_list(
                *("external_id", "method", "amount_minor", "state", "is_refund", "at", "currency"),
            )
        ),
        "returns": list(
            Return.objects.order_by("number").values_list(
                *("number", "order__number", "customer__email", "state", "refund_minor", "returned_at", "reason"),
            )
        ),
        "return_lines": list(
            ReturnLine.objects.order_by("parent__number", "position").values_list(
                *("sku", "quantity", "order__number", "order_line__position"),
            )
        ),
        "products": list(
            Product.objects.order_by("title").values_list("title", "is_active", "category", "variants__external_id")
        ),
        "checkouts": list(
            Checkout.objects.order_by("started_at").values_list("email", "total_minor", "order__number", "lines")
        ),
        "customers": list(
            Customer.everyone.order_by("email", "name").values_list(
                *("email", "name", "orders_count", "spent_minor", "refunded_minor", "customer_since"),
            )
        ),
    }
