"""A whole sale: what hangs on an order is written singly as in bulk, replaced where it is said anew, and told."""

import datetime as dt
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from regulars.channels.actions import channel_for
from regulars.core.errors import Invalid
from regulars.customers.actions import create_customer
from regulars.orders.actions import change_order, place_order
from regulars.orders.actions.bulk import write_orders
from regulars.orders.actions.drafts import new_order
from regulars.orders.models import Order, OrderLine, Payment, Product, Variant
from regulars.timeline.models import Entry

AT = dt.datetime(2026, 3, 12, 9, 30, tzinfo=dt.UTC)
WHOLE = {
    "placed_at": AT,
    "currency": "EUR",
    "discount_minor": 400,
    "fulfilment": "partial",
    "source": "instagram",
    "campaign": "spring",
    "referrer": "https://example.org/",
    "tags": ["gift", "wholesale", "gift", ""],
    "codes": [{"code": "SPRING4", "amount_minor": 400}],
    "addresses": {
        "delivery": {
            "name": "Sofie Dahl",
            "line1": "Am Hafen 3",
            "postcode": "20095",
            "city": "Hamburg",
            "country": "de",
        },
        "billing": {},
    },
    "payments": [
        {"external_id": "p1", "method": "PayPal", "amount_minor": 1000, "reference": "TX-1"},
        {"external_id": "p2", "method": "Voucher", "amount_minor": 100, "at": AT + dt.timedelta(days=1)},
        {"external_id": "p3", "method": "Points", "amount_minor": 0},
    ],
}


@pytest.fixture
def web(db):
    return channel_for("web")


def lines(web):
    product = Product.objects.create(channel=web, title="Sencha")
    variant = Variant.objects.create(product=product, sku="TEA", title="100 g")
    return [
        {
            "sku": "TEA",
            "title": "Sencha",
            "quantity": 3,
            "unit_price": "5.00",
            "variant_id": variant.pk,
            "variant_title": "100 g",
            "discount_minor": 400,
            "tax_minor": 96,
            "cost": "2.1050",
        },
        {"sku": "POT", "quantity": 1, "unit_price": "20.00"},
    ]


def rows_of(order):
    """Everything of an order but what differs by nature: its keys and moments of writing."""
    left_out = {"id", "order", "created_at", "updated_at", "number"}

    def told(row):
        return {field.name: getattr(row, field.attname) for field in row._meta.fields if field.name not in left_out}

    return [
        told(order),
        *[
            [told(row) for row in rows.order_by("pk")]
            for rows in (order.lines, order.tags, order.codes, order.addresses, order.payments)
        ],
    ]


def test_what_is_written_in_bulk_is_what_is_written_singly(web):
    sofie, bought = create_customer(values={"name": "Sofie Dahl"}), lines(web)
    single = place_order(values={**WHOLE, "number": "1"}, lines=bought, customer=sofie, channel=web)
    drafts = [
        new_order(values={**values, "number": number}, lines=some, channel_id=web.pk, customer_id=sofie.pk)
        for number, values, some in (("2", WHOLE, bought), ("3", {"placed_at": AT}, bought[1:]))
    ]
    ids = write_orders(drafts)
    whole, plain = rows_of(Order.objects.get(pk=ids[0])), rows_of(Order.objects.get(pk=ids[1]))
    assert whole == rows_of(single)
    assert whole[0]["fulfilment"] == "partial"
    assert whole[0]["total_minor"] == 3100
    assert whole[1][0] | {"variant": None} == {
        "position": 1,
        "sku": "TEA",
        "title": "Sencha",
        "quantity": 3,
        "unit_price": Decimal("5.0000"),
        "total_minor": 1500,
        "variant": None,
        "variant_title": "100 g",
        "discount_minor": 400,
        "tax_minor": 96,
        "cost": Decimal("2.1050"),
    }
    assert [tag["label"] for tag in whole[2]] == ["gift", "wholesale"]
    assert [(code["code"], code["amount_minor"]) for code in whole[3]] == [("SPRING4", 400)]
    assert [(row["side"], row["line1"], row["country"]) for row in whole[4]] == [("delivery", "Am Hafen 3", "DE")]
    assert [(row["external_id"], row["amount_minor"], row["state"], row["at"]) for row in whole[5]] == [
        ("p1", 1000, "paid", AT),
        ("p2", 100, "paid", AT + dt.timedelta(days=1)),
    ]
    assert plain[0]["fulfilment"] == plain[0]["source"] == ""
    assert plain[1][0]["cost"] is None
    assert plain[2:] == [[], [], [], []]


def test_orders_without_more_ask_no_more_of_the_database(web):
    draft = new_order(
        values={"number": "1", "placed_at": AT},
        lines=[{"sku": "POT", "quantity": 1, "unit_price": "20.00"}],
        channel_id=web.pk,
        customer_id=None,
    )
    with CaptureQueriesContext(connection) as plain:
        write_orders([draft])
    asked = " ".join(query["sql"] for query in plain.captured_queries)
    left_out = ("orders_payment", "ordertag", "orderaddress", "orderdiscount", "fulfilment", "variant")
    assert not [name for name in left_out if name in asked]


def test_given_details_take_the_place_of_those_there_are_and_are_told(web):
    bought = lines(web)
    order = place_order(values={**WHOLE, "number": "1"}, lines=bought, customer=None, channel=web)
    kept = list(order.lines.values_list("pk", flat=True))
    by_hand = Payment.objects.create(order=order, method="Cash", amount_minor=50, currency="EUR", at=AT)
    changed = change_order(
        order,
        values={
            "tags": ["gift", "late"],
            "codes": [],
            "addresses": {"billing": {"name": "Li Na", "city": "Bremen"}},
            "payments": [{"external_id": "p2", "method": "Voucher", "amount_minor": 90, "at": AT}],
            "fulfilment": "fulfilled",
        },
        lines=[{"sku": "TEA", "title": "Sencha", "quantity": 3, "unit_price": "5.50"}],
    )
    assert list(changed.tags.order_by("pk").values_list("label", flat=True)) == ["gift", "late"]
    assert not changed.codes.exists()
    assert list(changed.addresses.order_by("side").values_list("side", "city")) == [
        ("billing", "Bremen"),
        ("delivery", "Hamburg"),
    ]
    assert set(changed.payments.values_list("external_id", "amount_minor", "pk")) == {
        ("p2", 90, Payment.objects.get(external_id="p2").pk),
        ("", 50, by_hand.pk),
    }
    line = changed.lines.get()
    assert (line.pk, line.cost, line.discount_minor, line.variant_title) == (kept[0], Decimal("2.1050"), 400, "100 g")
    told = Entry.objects.get(name="order.changed").data["changes"]
    assert told["order_tags"] == ["gift, wholesale", "gift, late"]
    assert told["codes"] == ["SPRING4 (4.00 EUR)", ""]
    assert told["billing_address"] == ["", "Li Na, Bremen"]
    assert "delivery_address" not in told
    assert told["fulfilment"] == ["partial", "fulfilled"]
    assert "Voucher 0.90 EUR (Paid)" in told["payments"][1]
    assert "PayPal" not in told["payments"][1]


def test_what_is_said_again_as_it_is_changes_nothing(web):
    bought = lines(web)
    order = place_order(values={**WHOLE, "number": "1"}, lines=bought, customer=None, channel=web)
    same = change_order(order, values=WHOLE, lines=bought)
    assert same.version == 1
    assert not Entry.objects.filter(name="order.changed").exists()
    assert OrderLine.objects.count() == 2


def test_what_cannot_be_kept_is_refused_with_its_place(web):
    with pytest.raises(Invalid) as refusal:
        place_order(
            values={
                "number": "1",
                "fulfilment": "teleported",
                "payments": [{"amount_minor": 5}, {"amount_minor": 5, "state": "perhaps"}],
                "addresses": {"delivery": {"country": "Germany"}, "summer house": {}},
                "tags": "gift",
            },
            lines=[{"sku": "POT", "quantity": 1, "unit_price": "20.00", "cost": "-1"}],
            customer=None,
            channel=web,
        )
    assert set(refusal.value.fields) == {
        "fulfilment",
        "payments.1.state",
        "addresses.delivery.country",
        "addresses.summer house",
        "tags",
    }
    assert not Order.objects.exists()
