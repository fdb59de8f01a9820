"""WooCommerce's payloads as records, and its signatures."""

import base64
import datetime as dt
import hashlib
import hmac
import json
from decimal import Decimal
from pathlib import Path

import pytest

from regulars.channels.connectors.protocol import Incoming, Link, NotGenuine, Unreadable
from regulars.channels.connectors.reading import FOR_EVER
from regulars.channels.connectors.woocommerce import TOPICS, woocommerce
from regulars.channels.connectors.woocommerce.orders import return_of
from regulars.channels.records import Gone

PAYLOADS = Path(__file__).parent / "payloads" / "woocommerce"
NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
LINK = Link({"shop": "https://shop.example"}, {}, dt.UTC, "USD")
KEYS = {"signing_key": "whsec_new", "signing_key_before": "whsec_old"}


def payload(name):
    return json.loads((PAYLOADS / f"{name}.json").read_text())


def read(topic, source, link=LINK):
    return woocommerce.records(topic, json.dumps(source).encode(), link)


def signed(body, key, **more):
    mac = base64.b64encode(hmac.new(key.encode(), body, hashlib.sha256).digest()).decode()
    headers = {"x-wc-webhook-signature": mac, "x-wc-webhook-topic": "order.updated", "x-wc-webhook-delivery-id": "d1"}
    return Incoming(headers | more, body, NOW)


def parts(order):
    goods = sum((line.quantity * line.unit_price).quantize(Decimal("0.01")) for line in order.lines)
    return goods - order.discount + order.shipping + order.tax


@pytest.mark.parametrize("key", ["whsec_new", "whsec_old"])
def test_a_delivery_signed_with_a_live_key_is_genuine(key):
    event = woocommerce.genuine(signed(b"{}", key), KEYS)
    assert (event.id, event.topic) == ("d1", "order.updated")


@pytest.mark.parametrize(
    "change", [{"x-wc-webhook-signature": ""}, {"x-wc-webhook-signature": "x"}, {"x-wc-webhook-topic": ""}]
)
def test_what_is_not_signed_is_refused(change):
    with pytest.raises(NotGenuine):
        woocommerce.genuine(signed(b"{}", "whsec_new", **change), KEYS)
    with pytest.raises(NotGenuine):
        woocommerce.genuine(signed(b"{}", "another"), KEYS)


def test_the_knock_of_a_new_webhook_is_one_event_that_tells_nothing():
    event = woocommerce.genuine(Incoming({}, b"webhook_id=142", NOW), KEYS)
    assert (event.id, event.topic) == ("ping", "ping")
    assert woocommerce.records("ping", b"webhook_id=142", LINK) == ()
    for body in (b"webhook_id=142&x=1", b"webhook_id=", b"{}", b""):
        with pytest.raises(NotGenuine):
            woocommerce.genuine(Incoming({}, body, NOW), KEYS)


def test_the_documented_order_of_a_guest_is_read_whole():
    (order,) = read("order.created", payload("order"))
    assert (order.external_id, order.number, order.currency, order.status) == ("727", "727", "USD", "paid")
    assert order.placed_at == dt.datetime(2017, 3, 22, 19, 28, 2, tzinfo=dt.UTC)
    assert order.version == dt.datetime(2017, 3, 22, 19, 28, 8, tzinfo=dt.UTC)
    assert [(line.title, line.variant_id, line.quantity, line.unit_price) for line in order.lines] == [
        ("Woo Single #1", "93", 2, Decimal("3.0000")),
        ("Ship Your Idea – Color: Black, Size: M Test", "23", 1, Decimal("12.0000")),
    ]
    assert parts(order) == order.total == Decimal("29.35")
    assert (order.shipping, order.tax, order.is_tax_included) == (Decimal("10.00"), Decimal("1.35"), False)
    assert (order.who.external_id, order.who.email, order.who.family_name) == ("", "john.doe@example.com", "Doe")
    assert [(one.method, one.amount) for one in order.payments] == [("Direct Bank Transfer", Decimal("29.35"))]
    assert (order.billing.line1, order.billing.postcode) == ("969 Market", "94103")


def test_the_documented_refunds_of_an_order_are_sums_there_and_have_lines_by_themselves():
    (order,) = read("order.updated", payload("order_refunded"))
    assert (order.who.external_id, order.total, parts(order)) == ("26", Decimal("39.00"), Decimal("39.00"))
    assert [(one.external_id, one.refund, one.lines) for one in order.returns] == [
        ("726", Decimal("10.00"), ()),
        ("724", Decimal("9.00"), ()),
    ]
    fetched = return_of(payload("refund"), order_id="723", currency="USD")
    assert (fetched.external_id, fetched.refund, fetched.order_id) == ("726", Decimal("10.00"), "723")
    # what was fetched is newer than every telling of it inside the order
    assert fetched.version > order.returns[0].version


def test_lines_of_a_refund_point_to_what_was_sold():
    source = {
        "id": 724,
        "date_created_gmt": "2017-03-21T19:55:37",
        "amount": "9.00",
        "line_items": [
            {
                "id": 314,
                "name": "Woo Album #2",
                "product_id": 87,
                "variation_id": 0,
                "quantity": -2,
                "total": "-9.00",
                "total_tax": "-0.50",
                "meta_data": [{"key": "_refunded_item_id", "value": "311"}],
            },
            {"id": 315, "name": "Untouched", "quantity": 0, "total": "0.00"},
        ],
    }
    (line,) = return_of(source, order_id="723", currency="USD").lines
    assert (line.external_id, line.quantity, line.unit_price, line.tax) == (
        "311",
        2,
        Decimal("4.5000"),
        Decimal("0.50"),
    )


def sold(**more):
    return {
        "id": 9,
        "number": "2026-9",
        "status": "completed",
        "currency": "EUR",
        "date_created_gmt": "2026-02-01T10:00:00",
        "date_modified_gmt": "2026-02-02T10:00:00",
        "date_paid_gmt": "2026-02-01T10:01:00",
        "customer_id": 4,
        "shipping_total": "4.20",
        "total_tax": "5.11",
        "total": "32.24",
        "line_items": [
            {"id": 1, "name": "Tea", "quantity": 3, "subtotal": "25.00", "total": "20.00", "total_tax": "3.80"},
            {"id": 2, "name": "Bag", "quantity": 1000, "subtotal": "3.33", "total": "3.33", "total_tax": "0.63"},
        ],
        "fee_lines": [
            {"id": 3, "name": "Gift wrap", "total": "1.60", "total_tax": "0.30"},
            {"id": 4, "name": "Thank you", "total": "-2.00", "total_tax": "-0.38"},
        ],
        "coupon_lines": [{"code": "spring", "discount": "5.00", "discount_tax": "0.95"}],
        "payment_method": "stripe",
        "payment_method_title": "Card",
        "transaction_id": "ch_1",
        "meta_data": [
            {"key": "_wc_order_attribution_utm_campaign", "value": "spring"},
            {"key": "_wc_order_attribution_utm_source", "value": "newsletter"},
            {"key": "_wc_order_attribution_referrer", "value": "https://n.example/"},
        ],
        **more,
    }


def test_fees_coupons_and_prices_that_do_not_come_out_even_add_up_to_the_total():
    (order,) = read("order.updated", sold())
    assert parts(order) == order.total == Decimal("32.24")
    assert [(line.title, line.quantity, line.unit_price) for line in order.lines] == [
        ("Tea", 3, Decimal("8.3333")),
        ("Bag", 1000, Decimal("0.0034")),
        ("Gift wrap", 1, Decimal("1.60")),
    ]
    assert [(one.code, one.amount) for one in order.discounts] == [("spring", Decimal("5.00"))]
    assert (order.campaign, order.source, order.referrer) == ("spring", "newsletter", "https://n.example/")
    assert [(one.external_id, one.reference) for one in order.payments] == [("9-paid", "ch_1")]
    assert (order.status, order.fulfilment) == ("paid", "fulfilled")


@pytest.mark.parametrize(
    ("said", "status", "fulfilment"),
    [
        ("pending", "open", ""),
        ("on-hold", "open", "unfulfilled"),
        ("processing", "paid", "unfulfilled"),
        ("completed", "paid", "fulfilled"),
        ("refunded", "paid", ""),
        ("cancelled", "cancelled", ""),
        ("failed", "cancelled", ""),
        ("checkout-draft", "draft", ""),
        ("ready-to-bake", "paid", ""),
    ],
)
def test_states(said, status, fulfilment):
    (order,) = read("order.updated", sold(status=said))
    assert (order.status, order.fulfilment) == (status, fulfilment)


def test_a_state_of_the_shops_own_is_open_until_it_is_paid():
    (order,) = read("order.updated", sold(status="ready-to-bake", date_paid_gmt=None))
    assert (order.status, order.payments) == ("open", ())


def test_nobody_is_named_at_a_till_that_asks_nobody():
    (order,) = read("order.created", sold(customer_id=0, billing={"first_name": "", "email": ""}))
    assert order.who is None


def test_the_documented_customer_and_product_are_read():
    (customer,) = read("customer.updated", payload("customer"))
    assert (customer.external_id, customer.email, customer.is_email_verified) == ("25", "john.doe@example.com", False)
    assert (customer.given_name, customer.family_name, customer.country) == ("John", "Doe", "US")
    (product,) = read("product.updated", payload("product"))
    assert (product.title, product.category, product.is_active) == ("Premium Quality", "Clothing", True)
    assert [(one.external_id, one.price) for one in product.variants] == [("794", Decimal("21.99"))]


def test_a_product_with_variations_waits_for_the_pull():
    assert read("product.updated", payload("product") | {"type": "variable", "variations": [732, 733]}) == ()
    assert read("product.updated", payload("product") | {"type": "variation", "parent_id": 1}) == ()


def test_what_lies_in_the_bin_is_gone_since_it_was_told():
    link = Link({}, {}, dt.UTC, "EUR", at=NOW)
    assert read("order.deleted", {"id": 9}, link) == (Gone(of="order", external_id="9", version=NOW),)
    assert read("customer.deleted", {"id": 9}) == (Gone(of="customer", external_id="9", version=FOR_EVER),)


@pytest.mark.parametrize("topic", ["coupon.created", "action.woocommerce_add_to_cart", ""])
def test_other_topics_are_not_for_us(topic):
    assert woocommerce.records(topic, b"whatever", LINK) == ()


@pytest.mark.parametrize("topic", TOPICS)
@pytest.mark.parametrize("body", [b"", b"null", b"[1]", b"{", b'{"id":0}', b'{"id":Infinity}'])
def test_a_body_that_is_no_such_object_is_unreadable(topic, body):
    with pytest.raises(Unreadable):
        woocommerce.records(topic, body, LINK)


@pytest.mark.parametrize(
    "change",
    [{"total": "much"}, {"date_created_gmt": "0000-00-00T00:00:00"}, {"line_items": [{"quantity": "2.5"}]}],
)
def test_an_order_that_says_nonsense_is_unreadable(change):
    with pytest.raises(Unreadable):
        read("order.updated", sold(**change))
