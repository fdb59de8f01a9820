"""Fetching over a real connection: throttled, cut short, refused, and going on where it was."""

import datetime as dt
import time
from decimal import Decimal

import pytest
from django.utils import timezone

from regulars.channels.actions import channel_for, connect, pulling
from regulars.channels.applying.engine import link_of
from regulars.channels.connectors import reaching
from regulars.channels.connectors.protocol import Unreached
from regulars.channels.connectors.registry import connector_of
from regulars.channels.models import Connection, Mirror
from regulars.channels.tests.platforms import ShopifyShop, WooShop, served
from regulars.core import quarantine
from regulars.core.background import Cancelled
from regulars.orders.models import Order, Return

BEGAN = dt.datetime(2026, 2, 1, 9, tzinfo=dt.UTC)


def shopify_order(number, *, total="10.00", hours=0, **more):
    at = (BEGAN + dt.timedelta(hours=hours)).isoformat()
    return {
        "id": number,
        "name": f"#{number}",
        "created_at": at,
        "updated_at": at,
        "currency": "EUR",
        "financial_status": "paid",
        "taxes_included": True,
        "total_price": total,
        "total_tax": "0.00",
        "line_items": [{"id": number * 10, "title": "Tea", "quantity": 1, "price": total}],
        "payment_gateway_names": ["card"],
        **more,
    }


def customer(number):
    at = BEGAN.isoformat()
    return {"id": number, "email": f"c{number}@example.com", "first_name": "C", "created_at": at, "updated_at": at}


def woo_order(number, *, total="10.00", hours=0, **more):
    at = (BEGAN + dt.timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%S")
    return {
        "id": number,
        "number": str(number),
        "status": "completed",
        "currency": "EUR",
        "date_created_gmt": at,
        "date_modified_gmt": at,
        "date_paid_gmt": at,
        "customer_id": 0,
        "billing": {"email": "guest@example.com", "first_name": "G"},
        "shipping_total": "0.00",
        "total_tax": "0.00",
        "total": total,
        "line_items": [{"id": number * 10, "name": "Tea", "quantity": 1, "subtotal": total, "total": total}],
        "refunds": [],
        **more,
    }


@pytest.fixture(autouse=True)
def _this_machine(settings):
    settings.PRIVATE_HOSTS = ["127.0.0.1"]


@pytest.fixture
def slept(monkeypatch):
    """How long was waited; nobody really waits."""
    waits = []
    monkeypatch.setattr(time, "sleep", waits.append)
    return waits


@pytest.fixture
def shopify(db):
    with served(ShopifyShop()) as shop:
        shop.objects["products"] = [
            {"id": n, "title": f"P{n}", "updated_at": BEGAN.isoformat(), "variants": [{"id": n * 10, "price": "1"}]}
            for n in range(1, 4)
        ]
        shop.objects["customers"] = [customer(n) for n in range(1, 6)]
        shop.objects["orders"] = [shopify_order(n, hours=n, customer=customer(n)) for n in range(1, 6)]
        yield shop


@pytest.fixture
def joined(shopify):
    return connect(
        channel=channel_for("web"),
        provider="shopify",
        name="Shop",
        options={"shop": shopify.url},
        secrets={"signing_key": "k", "access_token": ShopifyShop.token},
    )


@pytest.fixture
def woo(db):
    with served(WooShop()) as shop:
        shop.objects["orders"] = [woo_order(n, hours=n) for n in range(1, 6)]
        yield shop


@pytest.fixture
def woo_joined(woo):
    return connect(
        channel=channel_for("woo"),
        provider="woocommerce",
        name="Woo",
        options={"shop": woo.url},
        secrets={"consumer_key": WooShop.key, "consumer_secret": WooShop.secret},
    )


def pull(connection):
    return pulling.pull(connection_id=connection.pk)


def sums(connection):
    rows = Order.objects.filter(channel=connection.channel)
    return rows.count(), sum(row.total_minor for row in rows)


def test_everything_is_fetched_page_by_page_and_then_only_what_changed(shopify, joined):
    assert pull(joined) == 13
    assert sums(joined) == (5, 5_000)
    assert Mirror.objects.filter(channel=joined.channel, kind="product").count() == 3
    joined.refresh_from_db()
    assert (joined.error, joined.pulling_until) == ("", None)
    assert joined.pulled_at is not None
    assert all(path.startswith("/admin/api/") for _method, path, _query in shopify.asked)
    shopify.asked.clear()
    later = timezone.now().isoformat()
    shopify.objects["orders"].append(shopify_order(6, total="7.50", updated_at=later))
    shopify.objects["orders"][0] |= {"updated_at": later, "cancelled_at": later}
    assert pull(joined) == 2
    assert sums(joined) == (6, 5_750)
    assert Order.objects.get(number="#1").status == "cancelled"
    assert not [query for _method, _path, query in shopify.asked if "since_id" in query]


def test_a_throttled_pull_waits_as_long_as_it_is_told_and_goes_on(shopify, joined, slept):
    shopify.trouble = [None] * 6 + [(429, {"Retry-After": "2.0"}, {}), (429, {"Retry-After": "4.0"}, {})]
    assert pull(joined) >= 13
    assert slept == [2.0, 4.0]
    assert sums(joined) == (5, 5_000)


def test_a_full_bucket_is_let_to_leak(shopify, joined, slept):
    shopify.bucket = "32/40"
    connector_of("shopify").days(link_of(joined), BEGAN.date(), BEGAN.date())
    assert slept
    assert set(slept) == {6.0}
    slept.clear()
    shopify.bucket = "20/40"
    connector_of("shopify").days(link_of(joined), BEGAN.date(), BEGAN.date())
    assert slept == []


def test_a_pull_that_was_cut_short_goes_on_behind_the_last_page(shopify, joined, slept, monkeypatch):
    monkeypatch.setattr(pulling, "_MOST_WAITS", 0)
    shopify.trouble = [None] * 8 + [(500, {}, {})]
    with pytest.raises(Unreached):
        pull(joined)
    joined.refresh_from_db()
    assert "problem of its own (500)" in joined.error
    assert joined.cursor["at"]["kind"] == "customers"
    assert (joined.pulling_until, slept) == (None, [])
    shopify.asked.clear()
    shopify.links.clear()  # the link of the next page has died meanwhile
    pull(joined)
    assert sums(joined) == (5, 5_000)
    assert not [path for _method, path, _query in shopify.asked if path.endswith(("products.json", "count.json"))][1:]
    joined.refresh_from_db()
    assert joined.error == ""


def test_a_shop_that_is_slow_is_asked_again(shopify, joined, slept, monkeypatch):
    monkeypatch.setattr(reaching, "_WITHIN", 0.3)
    shopify.trouble = [None] * 6 + [1.0]
    pull(joined)
    assert sums(joined) == (5, 5_000)
    assert slept == [10.0]


def test_a_pull_that_somebody_stopped_goes_on_where_it_was(shopify, joined, monkeypatch):
    told = []

    def stop(done, total):
        told.append((done, total))
        if len(told) == 4:
            raise Cancelled

    monkeypatch.setattr(pulling, "progress", stop)
    with pytest.raises(Cancelled):
        pull(joined)
    assert told == [(2, 13), (3, 13), (5, 13), (7, 13)]
    joined.refresh_from_db()
    assert (joined.cursor["at"]["kind"], joined.pulling_until, joined.pulled_at) == ("customers", None, None)
    pull(joined)
    assert sums(joined) == (5, 5_000)
    assert Mirror.objects.filter(channel=joined.channel, kind="customer").count() == 5


def test_a_wrong_key_is_told_and_not_tried_again(shopify, joined, slept):
    shopify.token = "another"
    with pytest.raises(Unreached):
        pull(joined)
    joined.refresh_from_db()
    assert "does not accept our key" in joined.error
    assert (len(shopify.asked), slept, joined.cursor) == (1, [], {})


def test_what_the_key_may_not_see_is_left_out_and_told(shopify, joined):
    del shopify.objects["checkouts"]
    shopify.objects["checkouts/count"] = []
    shopify.trouble = []
    real = shopify.answer

    def answer(method, path, query, headers, body):
        if "checkouts" in path and not path.endswith("count.json"):
            return 403, {}, {"errors": "This action requires merchant approval for read_checkouts scope."}
        return (200, {}, {"count": 0}) if "checkouts" in path else real(method, path, query, headers, body)

    shopify.answer = answer
    assert pull(joined) == 13
    joined.refresh_from_db()
    assert "checkouts" in joined.error
    assert pull(joined) == 0
    assert sums(joined) == (5, 5_000)


@pytest.mark.parametrize("broken", [b"<html>", b"[]", b'{"orders": 3}', b""])
def test_a_broken_page_is_no_end_of_the_reading(shopify, joined, slept, broken):
    shopify.trouble = [None] * 5 + [(200, {}, broken)]
    pull(joined)
    assert sums(joined) == (5, 5_000)
    assert slept == [10.0]


def test_an_object_that_cannot_be_read_is_told_and_stops_no_other(shopify, joined):
    shopify.objects["orders"][2]["total_price"] = "a lot"
    pull(joined)
    assert sums(joined) == (4, 4_000)
    joined.refresh_from_db()
    assert joined.error.startswith("1 object could not be taken in. orders 3:")


def test_an_order_paid_by_two_means_is_asked_for_how_they_divide_it(shopify, joined):
    shopify.objects["orders"][0]["payment_gateway_names"] = ["card", "gift_card"]
    shopify.transactions["1"] = [
        {"id": 1, "kind": "sale", "status": "success", "amount": "4.00", "gateway": "gift_card", "currency": "EUR"},
        {"id": 2, "kind": "sale", "status": "success", "amount": "6.00", "gateway": "card", "currency": "EUR"},
    ]
    pull(joined)
    paid = Order.objects.get(number="#1").payments.values_list("method", "amount_minor")
    assert sorted(paid) == [("card", 600), ("gift_card", 400)]


def test_one_job_at_a_time_reads_a_connection(shopify, joined):
    Connection.objects.filter(pk=joined.pk).update(pulling_until=timezone.now() + dt.timedelta(minutes=1))
    assert pull(joined) == 0
    assert shopify.asked == []
    Connection.objects.filter(pk=joined.pk).update(pulling_until=timezone.now() - dt.timedelta(minutes=1))
    assert pull(joined) == 13


def test_changes_are_fetched_when_their_time_has_come(shopify, joined, run_jobs):
    assert pulling.pull_changes() == 0  # the first fetch is begun by a person
    pulling.pull_soon(joined)
    run_jobs()
    assert sums(joined) == (5, 5_000)
    assert pulling.pull_changes() == 0
    Connection.objects.filter(pk=joined.pk).update(pulled_at=timezone.now() - dt.timedelta(minutes=16))
    assert pulling.pull_changes() == 1
    joined.refresh_from_db()
    joined.options["pull_minutes"] = "60"
    joined.save()
    assert pulling.pull_changes() == 0
    joined.options["pull_minutes"] = "0"
    Connection.objects.filter(pk=joined.pk).update(options=joined.options, pulled_at=BEGAN)
    assert pulling.pull_changes() == 0


def test_nothing_is_asked_from_a_shop_in_quarantine(shopify, joined):
    quarantine.begin(backup="b", taken_at=BEGAN)
    with pytest.raises(quarantine.HeldBack):
        pull(joined)
    assert shopify.asked == []


def test_webhooks_are_asked_for_once(shopify, joined):
    connector, link = connector_of("shopify"), link_of(joined)
    topics = connector.subscribe(link, "https://regulars.example/hooks/con_1")
    assert [one["topic"] for one in shopify.webhooks] == list(topics)
    assert {one["address"] for one in shopify.webhooks} == {"https://regulars.example/hooks/con_1"}
    count = len(shopify.webhooks)
    assert connector.subscribe(link, "https://regulars.example/hooks/con_1") == topics
    assert len(shopify.webhooks) == count


def test_topics_that_the_app_may_not_see_are_left_out(shopify, joined):
    connector, link = connector_of("shopify"), link_of(joined)
    shopify.trouble = [None, None, (422, {}, {"errors": {"topic": ["Invalid topic specified."]}})]
    topics = connector.subscribe(link, "https://regulars.example/hooks/con_1")
    assert [one["topic"] for one in shopify.webhooks] == list(topics)
    assert "customers/update" not in topics
    assert len(topics) > 10
    shopify.webhooks.clear()
    shopify.trouble = [None] + [(422, {}, {"errors": {"address": ["is not allowed"]}})] * 40
    with pytest.raises(Unreached, match="refuses what we asked"):
        connector.subscribe(link, "http://regulars.example/hooks/con_1")


def test_woocommerce_is_fetched_with_refunds_and_variations_and_then_what_changed(woo, woo_joined):
    woo.objects["orders"][0]["refunds"] = [{"id": 99, "reason": "broken", "total": "-4.00"}]
    woo.below["orders/1/refunds"] = [
        {"id": 99, "date_created_gmt": "2026-02-03T10:00:00", "amount": "4.00", "reason": "broken", "line_items": []}
    ]
    woo.objects["products"] = [
        {
            "id": 7,
            "name": "Shirt",
            "date_modified_gmt": "2026-02-01T00:00:00",
            "variations": [71, 72],
            "type": "variable",
        }
    ]
    woo.below["products/7/variations"] = [
        {"id": 71, "sku": "S-M", "price": "20.00", "attributes": [{"name": "Size", "option": "M"}]},
        {"id": 72, "sku": "S-L", "price": "21.00", "attributes": [{"name": "Size", "option": "L"}]},
        {"id": 73, "sku": "S-XL", "price": "", "attributes": [{"name": "Size", "option": "XL"}]},
    ]
    pull(woo_joined)
    assert sums(woo_joined) == (5, 5_000)
    (refund,) = Return.objects.filter(channel=woo_joined.channel)
    assert (refund.refund_minor, refund.returned_at) == (400, dt.datetime(2026, 2, 3, 10, tzinfo=dt.UTC))
    assert Order.objects.get(number="1").status == "part_refunded"
    from regulars.orders.models import Variant

    assert sorted(Variant.objects.values_list("sku", "title", "price")) == [
        ("S-L", "L", Decimal(21)),
        ("S-M", "M", Decimal(20)),
        ("S-XL", "XL", None),
    ]
    woo.asked.clear()
    now = timezone.now().strftime("%Y-%m-%dT%H:%M:%S")
    woo.objects["orders"][1] |= {"status": "cancelled", "date_modified_gmt": now}
    pull(woo_joined)
    assert Order.objects.get(number="2").status == "cancelled"
    assert len([path for _method, path, _query in woo.asked if path.endswith("/orders")]) == 1


def test_woocommerce_with_a_wrong_key_is_told(woo, woo_joined):
    woo.secret = "another"
    with pytest.raises(Unreached):
        pull(woo_joined)
    woo_joined.refresh_from_db()
    assert "does not accept our key" in woo_joined.error


def test_woocommerce_webhooks_carry_our_key(woo, woo_joined):
    connector, link = connector_of("woocommerce"), link_of(woo_joined)
    topics = connector.subscribe(link, "https://regulars.example/hooks/con_1")
    assert [one["topic"] for one in woo.webhooks] == list(topics)
    assert {one["secret"] for one in woo.webhooks} == {link.secrets["signing_key"]}
    connector.subscribe(link, "https://regulars.example/hooks/con_1")
    assert len(woo.webhooks) == len(topics)


def test_the_sums_of_days_are_those_of_the_shops_own_days(shopify, joined):
    shopify.objects["orders"] = [
        shopify_order(1, created_at="2026-02-01T23:30:00+01:00"),
        shopify_order(2, created_at="2026-02-01T23:30:00+00:00", total="5.00"),  # the second in Berlin
        shopify_order(3, created_at="2026-02-02T12:00:00+01:00", test=True),
        shopify_order(4, created_at="2026-02-02T12:00:00+01:00", cancelled_at="2026-02-03T12:00:00+01:00"),
        shopify_order(5, created_at="2026-02-03T00:10:00+01:00"),
    ]
    days = connector_of("shopify").days(link_of(joined), dt.date(2026, 2, 1), dt.date(2026, 2, 2))
    assert {day: (one.count, one.total) for day, one in days.items()} == {
        dt.date(2026, 2, 1): (1, Decimal("10.00")),
        dt.date(2026, 2, 2): (1, Decimal("5.00")),
    }
    found = connector_of("shopify").orders_of(link_of(joined), dt.date(2026, 2, 2))
    assert [one.number for one in found] == ["#2", "#3", "#4"]
