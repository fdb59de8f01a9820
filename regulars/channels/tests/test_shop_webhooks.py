"""Signed webhooks of Shopify and WooCommerce, from the door to the customer's figures."""

import base64
import datetime as dt
import hashlib
import hmac
import itertools
import json
import random

import pytest
from django.utils import timezone

from regulars.channels import secrets
from regulars.channels.actions import channel_for, connect
from regulars.channels.applying import drain
from regulars.channels.models import Delivery, Fate
from regulars.channels.tests.test_pulling import shopify_order, woo_order
from regulars.customers.models import Customer, PrivacyRequest
from regulars.orders.models import Order, Return
from regulars.orders.queries.verification import differences


@pytest.fixture
def shop(db, client):
    connection = connect(
        channel=channel_for("web"),
        provider="shopify",
        name="Shop",
        options={"shop": "hain-hafen.myshopify.com"},
        secrets={"signing_key": "shpss_1"},
    )
    count = itertools.count()

    def send(topic, source, *, event="", key="shpss_1", at=None):
        body = json.dumps(source).encode()
        mac = base64.b64encode(hmac.new(key.encode(), body, hashlib.sha256).digest()).decode()
        headers = {
            "X-Shopify-Topic": topic,
            "X-Shopify-Hmac-Sha256": mac,
            "X-Shopify-Event-Id": event or f"e{next(count)}",
            "X-Shopify-Triggered-At": (at or timezone.now()).isoformat(),
        }
        path = f"/hooks/{connection.public_id}"
        return client.post(path, body, content_type="application/json", headers=headers).status_code

    return send


def person(**more):
    at = "2026-02-01T08:00:00+00:00"
    said = {
        "id": 5,
        "email": "mara@post.example",
        "first_name": "Mara",
        "last_name": "Petersen",
        "verified_email": True,
    }
    return said | {"created_at": at, "updated_at": at} | more


def refund(number, amount):
    return {
        "id": number,
        "order_id": 1,
        "created_at": "2026-02-03T08:00:00+00:00",
        "refund_line_items": [],
        "transactions": [
            {"id": number * 10, "kind": "refund", "status": "success", "amount": amount, "currency": "EUR"}
        ],
    }


def story():
    """A purchase, paid, sent, refunded in two parts, and another that is cancelled: each state as it was told."""
    order = shopify_order(1, total="30.00", customer=person(), financial_status="pending")
    paid = order | {"financial_status": "paid", "updated_at": "2026-02-02T08:00:00+00:00"}
    sent = paid | {"fulfillment_status": "fulfilled", "updated_at": "2026-02-02T09:00:00+00:00"}
    first = sent | {
        "refunds": [refund(7, "10.00")],
        "financial_status": "partially_refunded",
        "updated_at": "2026-02-03T08:00:00+00:00",
    }
    both = first | {"refunds": [refund(7, "10.00"), refund(8, "5.00")], "updated_at": "2026-02-04T08:00:00+00:00"}
    other = shopify_order(2, total="20.00", customer=person())
    cancelled = other | {"cancelled_at": "2026-02-05T08:00:00+00:00", "updated_at": "2026-02-05T08:00:00+00:00"}
    return [
        ("customers/create", person()),
        ("orders/create", order),
        ("orders/paid", paid),
        ("orders/fulfilled", sent),
        ("refunds/create", refund(7, "10.00")),
        ("orders/updated", first),
        ("refunds/create", refund(8, "5.00")),
        ("orders/updated", both),
        ("orders/create", other),
        ("orders/cancelled", cancelled),
        ("customers/update", person(note="likes tea", updated_at="2026-02-06T08:00:00+00:00")),
        ("products/update", {"id": 9, "title": "Tea", "updated_at": "2026-02-01T08:00:00+00:00", "variants": []}),
        ("checkouts/update", {"id": 3, "created_at": "2026-02-01T08:00:00+00:00", "currency": "EUR", "line_items": []}),
    ]


def ending():
    customer = Customer.objects.get(email="mara@post.example")
    return (
        list(Order.objects.order_by("number").values_list("number", "status", "fulfilment", "refunded_minor")),
        sorted(Return.objects.values_list("refund_minor", flat=True)),
        (customer.orders_count, customer.spent_minor, customer.refunded_minor, customer.name),
        Customer.objects.count(),
    )


ENDING = (
    [("#1", "part_refunded", "fulfilled", 1_500), ("#2", "cancelled", "unfulfilled", 0)],
    [500, 1_000],
    (1, 1_500, 1_500, "Mara Petersen"),
    1,
)


@pytest.mark.parametrize("seed", range(6))
def test_the_end_of_a_story_does_not_depend_on_how_it_was_told(shop, seed):
    luck = random.Random(seed)
    told = [(f"e{number}", *chapter) for number, chapter in enumerate(story())]
    if seed:
        told += luck.sample(told, 6)
        luck.shuffle(told)
    for event, topic, source in told:
        assert shop(topic, source, event=event) in {200, 202, 204}
        if luck.random() < 0.4:
            drain()
    drain()
    assert ending() == ENDING
    assert not Delivery.objects.filter(fate__in=[Fate.FAILED, Fate.HELD, Fate.WAITING]).exists()
    assert Delivery.objects.count() == len(story())
    assert list(differences()) == []


def test_a_wrong_key_or_an_old_moment_leaves_nothing_behind(shop):
    assert shop("orders/create", shopify_order(1), key="guessed") == 401
    assert shop("orders/create", shopify_order(1), at=timezone.now() - dt.timedelta(days=3)) == 401
    assert Delivery.objects.count() == 0


def test_a_poison_order_stops_nobody_else(shop):
    shop("orders/create", shopify_order(1) | {"total_price": "a lot"})
    shop("orders/create", shopify_order(2))
    shop("orders/create", shopify_order(3) | {"line_items": [{"id": 1, "quantity": 10**30, "price": "1"}]})
    drain()
    assert list(Order.objects.values_list("number", flat=True)) == ["#2"]
    assert Delivery.objects.filter(fate=Fate.FAILED).count() == 2


def test_what_was_deleted_stays_deleted(shop):
    shop("orders/delete", {"id": 1})
    shop("orders/create", shopify_order(1, customer=person()))
    shop("orders/create", shopify_order(2))
    shop("orders/delete", {"id": 2})
    drain()
    assert list(Order.objects.values_list("number", "status")) in ([], [("#2", "cancelled")])


def test_a_request_for_a_copy_waits_among_ours(shop):
    shop("customers/create", person())
    shop("customers/data_request", {"customer": {"id": 5, "email": "mara@post.example"}, "data_request": {"id": 9}})
    drain()
    assert list(PrivacyRequest.objects.values_list("kind", "customer__email")) == [("copy", "mara@post.example")]


def test_woocommerce_tells_of_guests_accounts_and_the_bin(db, client):
    connection = connect(
        channel=channel_for("woo"), provider="woocommerce", name="Woo", options={"shop": "https://shop.example"}
    )
    key = secrets.opened(connection)[secrets.KEY]

    def send(topic, source, event):
        body = json.dumps(source).encode()
        mac = base64.b64encode(hmac.new(key.encode(), body, hashlib.sha256).digest()).decode()
        headers = {"X-WC-Webhook-Topic": topic, "X-WC-Webhook-Signature": mac, "X-WC-Webhook-Delivery-ID": event}
        path = f"/hooks/{connection.public_id}"
        return client.post(path, body, content_type="application/json", headers=headers).status_code

    ping = client.post(
        f"/hooks/{connection.public_id}", b"webhook_id=1", content_type="application/x-www-form-urlencoded"
    )
    assert ping.status_code < 300
    bought = woo_order(1, billing={"email": "li@post.example", "first_name": "Li Na"})
    assert send("order.created", bought, "d1") < 300
    assert send("order.created", bought, "d1") < 300
    assert (
        send(
            "order.updated",
            bought | {"refunds": [{"id": 4, "total": "-4.00"}], "date_modified_gmt": "2026-02-02T00:00:00"},
            "d2",
        )
        < 300
    )
    assert send("order.created", woo_order(2), "d3") < 300
    drain()
    assert list(Order.objects.order_by("number").values_list("number", "status", "refunded_minor")) == [
        ("1", "part_refunded", 400),
        ("2", "paid", 0),
    ]
    assert Customer.objects.get(email="li@post.example").spent_minor == 600
    assert send("order.deleted", {"id": 2}, "d4") < 300
    drain()
    assert not Order.objects.filter(number="2", status="paid").exists()
    restored = woo_order(2, date_modified_gmt=(timezone.now() + dt.timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%S"))
    assert send("order.restored", restored, "d5") < 300
    drain()
    assert Order.objects.get(number="2").status == "paid"
    assert Delivery.objects.filter(fate=Fate.FAILED).count() == 0
