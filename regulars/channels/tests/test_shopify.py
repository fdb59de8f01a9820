"""Shopify's payloads as records, and its signatures."""

import copy
import datetime as dt
import json
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.channels.connectors.protocol import Link, Unreadable
from regulars.channels.connectors.reading import FOR_EVER
from regulars.channels.connectors.shopify import TOPICS, shopify
from regulars.channels.records import Consent, Gone

PAYLOADS = Path(__file__).parent / "payloads" / "shopify"
LINK = Link({"shop": "hain-hafen.myshopify.com"}, {}, ZoneInfo("Europe/Berlin"), "USD")


def payload(name):
    found = json.loads((PAYLOADS / f"{name}.json").read_text())
    return found["checkouts"][0] if name == "checkouts" else found[name]


def read(topic, source, link=LINK):
    return shopify.records(topic, json.dumps(source).encode(), link)


def both(shop, presentment, currency="CHF"):
    return {
        "shop_money": {"amount": shop, "currency_code": "USD"},
        "presentment_money": {"amount": presentment, "currency_code": currency},
    }


def test_the_documented_order_is_read_whole():
    (order,) = read("orders/create", payload("order"))
    assert (order.external_id, order.number, order.currency, order.rate) == ("450789469", "#1001", "USD", None)
    assert order.placed_at == order.version == dt.datetime(2008, 1, 10, 16, tzinfo=dt.UTC)
    assert (order.status, order.fulfilment, order.is_test, order.is_tax_included) == (
        "open",
        "unfulfilled",
        False,
        False,
    )
    assert [(line.sku, line.variant_title, line.quantity, line.unit_price) for line in order.lines] == [
        ("IPOD2008GREEN", "green", 1, Decimal("199.00")),
        ("IPOD2008RED", "red", 1, Decimal("199.00")),
        ("IPOD2008BLACK", "black", 1, Decimal("199.00")),
    ]
    assert (order.tax, order.shipping, order.discount, order.total) == (
        Decimal("11.94"),
        Decimal("0.00"),
        Decimal("0.00"),
        Decimal("409.94"),
    )
    assert [(one.code, one.amount) for one in order.discounts] == [("TENOFF", Decimal("10.00"))]
    assert (order.who.external_id, order.who.email, order.who.is_email_verified) == (
        "207119551",
        "bob.norman@hostmail.com",
        True,
    )
    assert (order.delivery.line1, order.delivery.postcode, order.delivery.country) == (
        "Chestnut Street 92",
        "40202",
        "US",
    )
    assert [(one.method, one.amount, one.state) for one in order.payments] == [
        ("authorize_net", Decimal("409.94"), "authorised")
    ]
    assert (order.source, order.referrer, order.payment_method) == (
        "web",
        "http://www.otherexample.com",
        "authorize_net",
    )


def test_the_documented_customer_product_and_checkout_are_read():
    (customer,) = read("customers/update", payload("customer"))
    assert (customer.given_name, customer.family_name, customer.country) == ("Bob", "Norman", "US")
    assert customer.version == dt.datetime(2015, 5, 27, 22, 11, 24, tzinfo=dt.UTC)
    assert customer.consents == (Consent(channel="email", is_given=None, at=None),)
    (product,) = read("products/update", payload("product"))
    assert (product.title, product.brand, product.category, product.is_active) == (
        "IPod Nano - 8GB",
        "Apple",
        "Cult Products",
        True,
    )
    assert product.tags == ("Emotive", "Flash Memory", "MP3", "Music")
    assert product.url == "https://hain-hafen.myshopify.com/products/ipod-nano"
    assert next((one.sku, one.title, one.price) for one in product.variants) == (
        "IPOD2008PINK",
        "Pink",
        Decimal("199.00"),
    )
    (checkout,) = read("checkouts/update", payload("checkouts"))
    assert (checkout.total, checkout.currency, checkout.completed_at) == (Decimal("409.94"), "USD", None)
    assert checkout.recovery_url.endswith("?recovered=1")
    assert [line.sku for line in checkout.lines] == ["IPOD2008RED", "IPOD2008PINK"]


def test_consent_says_when_and_who_was_never_asked():
    source = payload("customer") | {
        "email_marketing_consent": {"state": "subscribed", "consent_updated_at": "2026-01-02T03:04:05+01:00"},
        "sms_marketing_consent": {"state": "not_subscribed", "consent_updated_at": None},
        "tags": "VIP, wholesale,, VIP",
    }
    (customer,) = read("customers/create", source)
    assert customer.consents == (
        Consent(channel="email", is_given=True, at=dt.datetime(2026, 1, 2, 2, 4, 5, tzinfo=dt.UTC)),
        Consent(channel="sms", is_given=None, at=None),
    )
    assert customer.tags == ("VIP", "wholesale")


def test_a_refund_is_the_money_that_went_whether_alone_or_in_its_order():
    refund = payload("refund")
    (alone,) = read("refunds/create", refund)
    assert (alone.external_id, alone.order_id, alone.refund, alone.currency) == (
        "509562969",
        "450789469",
        Decimal("209.00"),
        "USD",
    )
    assert [(line.external_id, line.sku, line.quantity, line.unit_price) for line in alone.lines] == [
        ("703073504", "IPOD2008BLACK", 1, Decimal("199.0000")),
        ("466157049", "IPOD2008GREEN", 1, Decimal("199.0000")),
    ]
    assert (alone.state, alone.reason) == ("refunded", "it broke during shipping")
    (order,) = read(
        "orders/updated", payload("order") | {"refunds": [refund], "financial_status": "partially_refunded"}
    )
    (inside,) = order.returns
    assert (inside.external_id, inside.refund, inside.lines) == (alone.external_id, alone.refund, alone.lines)
    assert inside.version == order.version  # the state of the whole order, at its moment
    assert order.status == "paid"


def test_a_refund_that_is_on_its_way_counts_nowhere_yet_and_a_failed_one_is_none():
    refund = payload("refund")
    refund["transactions"][0]["status"] = "pending"
    (waiting,) = read("refunds/create", refund)
    assert (waiting.state, waiting.refund) == ("received", Decimal("209.00"))
    refund["transactions"][0]["status"] = "failure"
    assert read("refunds/create", refund) == ()


def sold(**more):
    """An order of 2 × 30.00 and 1 × 10.00, 5.00 off by a code, 4.90 for shipping, tax inside."""
    line = {
        "id": 1,
        "title": "Teapot",
        "sku": "TP",
        "quantity": 2,
        "price": "30.00",
        "discount_allocations": [{"amount": "4.00"}],
        "tax_lines": [{"price": "8.94"}],
    }
    cup = {"id": 2, "title": "Cup", "quantity": 1, "price": "10.00", "discount_allocations": [{"amount": "1.00"}]}
    return {
        "id": 77,
        "name": "#77",
        "created_at": "2026-02-27T10:00:00+01:00",
        "updated_at": "2026-02-28T10:00:00+01:00",
        "currency": "USD",
        "financial_status": "paid",
        "taxes_included": True,
        "total_price": "69.90",
        "total_tax": "10.50",
        "total_discounts": "10.00",
        "line_items": [line, cup],
        "shipping_lines": [{"price": "9.90", "discounted_price": "4.90", "discount_allocations": [{"amount": "5.00"}]}],
        "discount_codes": [{"code": "SPRING", "amount": "5.00"}],
        "payment_gateway_names": ["shopify_payments"],
        **more,
    }


def parts(order):
    goods = sum(line.quantity * line.unit_price for line in order.lines)
    return goods - order.discount + order.shipping + (0 if order.is_tax_included else order.tax)


def test_discounts_of_lines_and_of_shipping_are_told_apart():
    (order,) = read("orders/paid", sold())
    assert (order.discount, order.shipping) == (Decimal("5.00"), Decimal("4.90"))
    assert parts(order) == order.total == Decimal("69.90")
    assert [line.discount for line in order.lines] == [Decimal("4.00"), Decimal("1.00")]


def test_tips_duties_and_fees_are_lines():
    more = {
        "total_tip_received": "3.00",
        "original_total_duties_set": {"shop_money": {"amount": "2.00", "currency_code": "USD"}},
        "original_total_additional_fees_set": {"shop_money": {"amount": "1.00", "currency_code": "USD"}},
        "total_price": "75.90",
    }
    (order,) = read("orders/paid", sold(**more))
    assert [line.title for line in order.lines] == ["Teapot", "Cup", "Tip", "Duties", "Fees"]
    assert parts(order) == Decimal("75.90")
    tip = {"id": 3, "title": "Tip", "quantity": 1, "price": "3.00", "tip": {"payment_gateway": "card"}}
    source = sold(total_tip_received="3.00", total_price="72.90")
    source["line_items"].append(tip)
    (order,) = read("orders/paid", source)
    assert [line.title for line in order.lines] == ["Teapot", "Cup", "Tip"]
    assert parts(order) == Decimal("72.90")


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ({"financial_status": "pending"}, "open"),
        ({"financial_status": "authorized"}, "open"),
        ({"financial_status": "partially_paid"}, "open"),
        ({"financial_status": "expired"}, "open"),
        ({"financial_status": "paid"}, "paid"),
        ({"financial_status": "partially_refunded"}, "paid"),
        ({"financial_status": "refunded"}, "paid"),
        ({"financial_status": "voided"}, "cancelled"),
        ({"financial_status": "refunded", "cancelled_at": "2026-02-28T10:00:00+01:00"}, "cancelled"),
    ],
)
def test_financial_states(said, status):
    (order,) = read("orders/updated", sold(**said))
    assert order.status == status


@pytest.mark.parametrize(
    ("said", "fulfilment"),
    [
        ({"fulfillment_status": None}, "unfulfilled"),
        ({"fulfillment_status": "partial"}, "partial"),
        ({"fulfillment_status": "fulfilled"}, "fulfilled"),
        ({"fulfillment_status": "restocked"}, ""),
        (
            {
                "fulfillment_status": "fulfilled",
                "fulfillments": [
                    {"status": "success", "shipment_status": "delivered"},
                    {"status": "cancelled", "shipment_status": None},
                ],
            },
            "delivered",
        ),
    ],
)
def test_fulfilment(said, fulfilment):
    (order,) = read("orders/updated", sold(**said))
    assert order.fulfilment == fulfilment


def test_an_order_in_two_currencies_is_what_the_customer_paid_at_the_shop_rate():
    source = sold(total_price_set=both("69.90", "62.91"), total_tax_set=both("10.50", "9.45"))
    teapot, cup = source["line_items"]
    teapot |= {
        "price_set": both("30.00", "27.00"),
        "discount_allocations": [{"amount": "4.00", "amount_set": both("4.00", "3.60")}],
    }
    cup |= {
        "price_set": both("10.00", "9.00"),
        "discount_allocations": [{"amount": "1.00", "amount_set": both("1.00", "0.90")}],
    }
    source["shipping_lines"][0] |= {"discounted_price_set": both("4.90", "4.41")}
    source["transactions"] = [
        {"id": 1, "kind": "sale", "status": "success", "amount": "62.91", "currency": "CHF", "gateway": "card"}
    ]
    (order,) = read("orders/paid", source)
    assert (order.currency, order.total, order.rate) == ("CHF", Decimal("62.91"), Decimal("1.11111111"))
    assert parts(order) == order.total
    assert order.discounts[0].amount == Decimal("4.50")  # said in the shop's currency alone
    assert order.payments[0].amount == Decimal("62.91")
    # our base is the customer's currency: no rate is needed
    (order,) = read("orders/paid", source, Link({}, {}, dt.UTC, "CHF"))
    assert (order.currency, order.rate) == ("CHF", None)
    # our base is neither: the shop's currency, of which somebody knows the rate
    (order,) = read("orders/paid", source, Link({}, {}, dt.UTC, "EUR"))
    assert (order.currency, order.total, order.rate) == ("USD", Decimal("69.90"), None)
    assert order.payments[0].amount == Decimal("69.90")


def test_payments_by_several_means_and_a_gift_card():
    source = sold(
        transactions=[
            {"id": 1, "kind": "authorization", "status": "success", "amount": "49.90", "gateway": "card"},
            {"id": 2, "kind": "capture", "status": "success", "amount": "49.90", "gateway": "card", "parent_id": 1},
            {"id": 3, "kind": "sale", "status": "success", "amount": "20.00", "gateway": "gift_card"},
            {"id": 4, "kind": "sale", "status": "failure", "amount": "69.90", "gateway": "card"},
            {"id": 5, "kind": "refund", "status": "success", "amount": "5.00", "gateway": "card"},
            {"id": 6, "kind": "authorization", "status": "success", "amount": "1.00", "gateway": "card"},
            {"id": 7, "kind": "void", "status": "success", "amount": "1.00", "gateway": "card"},
        ]
    )
    (order,) = read("orders/updated", source)
    assert [(one.external_id, one.method, one.amount, one.state, one.is_refund) for one in order.payments] == [
        ("2", "card", Decimal("49.90"), "paid", False),
        ("3", "gift_card", Decimal("20.00"), "paid", False),
        ("4", "card", Decimal("69.90"), "failed", False),
        ("5", "card", Decimal("5.00"), "paid", True),
        ("6", "card", Decimal("1.00"), "authorised", False),
    ]
    (order,) = read("orders/updated", sold(payment_gateway_names=["card", "gift_card"]))
    assert order.payments == ()  # how two divide it is not said
    assert order.payment_method == "card, gift_card"


def test_an_order_of_nothing_and_one_of_nobody():
    source = sold(total_price="0.00", total_tax="0.00", shipping_lines=[], discount_codes=[])
    for line, share in zip(source["line_items"], ("60.00", "10.00"), strict=True):
        line["discount_allocations"] = [{"amount": share}]
    (order,) = read("orders/paid", source)
    assert (order.total, parts(order), order.payments, order.who) == (0, 0, (), None)
    (order,) = read("orders/paid", sold(email="guest@example.com", customer=None))
    assert (order.who.external_id, order.who.email) == ("", "guest@example.com")


def test_what_was_taken_out_before_it_was_paid_is_not_sold():
    cut = {
        "id": 9,
        "created_at": "2026-02-28T09:00:00+01:00",
        "refund_line_items": [
            {"line_item_id": 1, "quantity": 1, "subtotal": "28.00", "total_tax": "4.47", "line_item": {"id": 1}}
        ],
        "transactions": [],
    }
    source = sold(refunds=[cut], financial_status="pending", current_total_price="41.90")
    (order,) = read("orders/updated", source)
    assert (order.total, order.returns) == (Decimal("41.90"), ())
    assert [(line.sku, line.quantity) for line in order.lines] == [("TP", 1), ("", 1)]
    assert parts(order) == Decimal("41.90")
    assert read("refunds/create", cut) == ()


def test_campaign_and_referrer_survive_odd_addresses():
    source = sold(
        landing_site="/products/teapot?utm_source=news&utm_campaign=spring%20sale", referring_site="https://n.example"
    )
    (order,) = read("orders/paid", source)
    assert (order.campaign, order.referrer) == ("spring sale", "https://n.example")
    (order,) = read("orders/paid", sold(landing_site="http://[broken", landing_site_ref=None))
    assert order.campaign == ""


@pytest.mark.parametrize(
    ("topic", "kind"),
    [
        ("customers/delete", "customer"),
        ("orders/delete", "order"),
        ("products/delete", "product"),
        ("checkouts/delete", "checkout"),
    ],
)
def test_deleted_is_for_ever(topic, kind):
    assert read(topic, {"id": 7}) == (Gone(of=kind, external_id="7", version=FOR_EVER),)


def test_privacy_requests_are_passed_on():
    asked = {"customer": {"id": 5, "email": "a@example.com", "phone": ""}, "data_request": {"id": 99}}
    (wish,) = read("customers/data_request", asked)
    assert (wish.wants, wish.customer_id, wish.email, wish.external_id) == (
        "copy",
        "5",
        "a@example.com",
        "customers/data_request:99",
    )
    (wish,) = read("customers/redact", {"customer": {"id": 5, "email": "a@example.com"}, "orders_to_redact": [1]})
    assert (wish.wants, wish.external_id) == ("erasure", "customers/redact:5")
    assert read("shop/redact", {"shop_id": 1}) == ()


@pytest.mark.parametrize("topic", ["app/uninstalled", "orders/edited", "themes/update", "shop/redact", ""])
def test_other_topics_are_not_for_us(topic):
    assert shopify.records(topic, b"whatever", LINK) == ()


@pytest.mark.parametrize("topic", TOPICS)
@pytest.mark.parametrize(
    "body",
    [b"", b"null", b"[]", b"{", b'{"id":NaN}', b"\xff", pytest.param(b"[" * 100_000, id="deep"), b'{"id":null}'],
)
def test_a_body_that_is_no_such_object_is_unreadable(topic, body):
    with pytest.raises(Unreadable):
        shopify.records(topic, body, LINK)


@pytest.mark.parametrize(
    "change",
    [
        {"total_price": "a lot"},
        {"total_price": "1e999999"},
        {"updated_at": "soon"},
        {"updated_at": None, "created_at": None},
        {"line_items": [{"quantity": "1.5"}]},
        {"line_items": [{"price": {"amount": 1}}]},
    ],
)
def test_an_order_that_says_nonsense_is_unreadable(change):
    with pytest.raises(Unreadable):
        read("orders/updated", sold(**change))


def test_reading_changes_nothing_and_is_the_same_each_time():
    source = sold()
    before = copy.deepcopy(source)
    assert read("orders/paid", source) == read("orders/updated", source)
    assert source == before


CENTS = st.integers(0, 50_000).map(lambda cents: Decimal(cents) / 100)


@given(
    lines=st.lists(st.tuples(st.integers(1, 9), CENTS, st.integers(0, 100)), min_size=1, max_size=5),
    shipping=CENTS,
    tax=CENTS,
    tip=CENTS,
    is_included=st.booleans(),
    ratio=st.sampled_from([None, Decimal("0.9"), Decimal("1.0837"), Decimal("151.2")]),
)
def test_the_parts_of_every_order_come_to_what_shopify_says(lines, shipping, tax, tip, is_included, ratio):
    def said(name, shop):
        """The amount in the shop's currency, and what the customer saw."""
        if ratio is None:
            return {name: str(shop)}
        seen = (shop * ratio).quantize(Decimal("0.01"))
        return {name: str(shop), f"{name}_set": both(str(shop), str(seen))}

    def seen(shop):
        return shop if ratio is None else (shop * ratio).quantize(Decimal("0.01"))

    total, shop_total, items = Decimal(0), Decimal(0), []
    for number, (quantity, price, percent) in enumerate(lines, 1):
        off = (quantity * price * percent / 100).quantize(Decimal("0.01"))
        off = min(off, quantity * price)
        items.append(
            {
                "id": number,
                "title": "Tea",
                "quantity": quantity,
                **said("price", price),
                "discount_allocations": [said("amount", off)],
            }
        )
        total += quantity * seen(price) - seen(off)
        shop_total += quantity * price - off
    extra = shipping + tip + (Decimal(0) if is_included else tax)
    total += seen(shipping) + seen(tip) + (Decimal(0) if is_included else seen(tax))
    shop_total += extra
    source = {
        "id": 1,
        "created_at": "2026-02-27T10:00:00+01:00",
        "currency": "USD",
        "financial_status": "paid",
        "taxes_included": is_included,
        "line_items": items,
        "shipping_lines": [said("discounted_price", shipping)],
        **said("total_tax", tax),
        **said("total_tip_received", tip),
        "total_price": str(shop_total),
    }
    if ratio is not None:
        source["total_price_set"] = both(str(shop_total), str(total))
    (order,) = read("orders/paid", source)
    if order.currency == "CHF" or ratio is None:
        assert parts(order) == order.total == total
    else:
        assert shop_total == 0
