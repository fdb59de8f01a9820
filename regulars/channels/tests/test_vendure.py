"""Vendure: what its plugin delivered in a real shop, read to the cent, and what its Admin API lists."""

import datetime as dt
import json
from contextlib import suppress
from copy import deepcopy
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regulars.channels.connectors import signatures
from regulars.channels.connectors.protocol import Incoming, Link, NotGenuine, Pulls, Unreached, Unreadable
from regulars.channels.connectors.reaching import Refused
from regulars.channels.connectors.vendure import vendure
from regulars.channels.records import CheckoutRecord, CustomerRecord, Gone, OrderRecord, ProductRecord
from regulars.core import outbound

DELIVERIES = json.loads((Path(__file__).parent / "payloads" / "vendure.json").read_text(encoding="utf-8"))
KEY = "whsec_c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0"  # of the shop that they were recorded in
LINK = Link(
    options={"address": "https://shop.example.com/admin-api", "recovery_address": "https://shop.example.com/b/{code}"},
    secrets={"api_key": "key-1"},
    zone=dt.UTC,
    currency="EUR",
)


def content(name):
    return json.loads(DELIVERIES[name]["body"])


def read(found):
    return vendure.records(found["topic"], json.dumps(found).encode(), LINK)


def order(found):
    (one,) = [record for record in read(found) if isinstance(record, OrderRecord)]
    return one


def parts(record):
    return sum(line.unit_price * line.quantity for line in record.lines) - record.discount + record.shipping


@pytest.mark.parametrize("name", DELIVERIES)
def test_what_a_real_shop_signed_is_genuine(name):
    headers, body = DELIVERIES[name]["headers"], DELIVERIES[name]["body"].encode()
    at = dt.datetime.fromtimestamp(int(headers["webhook-timestamp"]), dt.UTC)
    event = vendure.genuine(Incoming(headers, body, at), {"signing_key": KEY})
    assert (event.id, event.topic, event.sent_at) == (headers["webhook-id"], content(name)["topic"], at)
    assert read(content(name))
    for changed in (body + b" ", body.replace(b"a", b"b", 1)):
        with pytest.raises(NotGenuine):
            vendure.genuine(Incoming(headers, changed, at), {"signing_key": KEY})
    with pytest.raises(NotGenuine):
        vendure.genuine(Incoming(headers, body, at + dt.timedelta(minutes=6)), {"signing_key": KEY})
    with pytest.raises(NotGenuine):
        vendure.genuine(Incoming(headers, body, at), {})


def test_a_body_that_is_not_our_plugins_has_no_topic():
    body = b'{"data":{},"topic":"order"}'
    headers = signatures.headers(KEY, "e-1", 1_800_000_000, body)
    at = dt.datetime.fromtimestamp(1_800_000_000, dt.UTC)
    assert vendure.genuine(Incoming(headers, body, at), {"signing_key": KEY}).topic == ""
    assert vendure.records("", body, LINK) == ()
    assert vendure.records("fulfillment", body, LINK) == ()


def test_a_sale_with_a_code_a_surcharge_and_two_payments_is_right_to_the_cent():
    sale = order(content("sale"))
    assert (sale.status, sale.currency, sale.total) == ("paid", "EUR", Decimal("212.22"))
    assert parts(sale) == sale.total
    assert sale.discount == sum(line.discount for line in sale.lines) == Decimal("23.03")
    assert (sale.shipping, sale.tax, sale.is_tax_included) == (Decimal("4.90"), Decimal("33.10"), True)
    assert [(line.sku, line.title, line.variant_title, line.quantity, line.unit_price) for line in sale.lines] == [
        ("TEA-1", "Tea caddy", "", 3, Decimal("19.95")),
        ("SHI-L", "Linen shirt", "L", 2, Decimal("84.00")),
        ("WRAP", "Gift wrap", "", 1, Decimal("2.50")),
    ]
    assert [(one.code, one.amount) for one in sale.discounts] == [("TEN", Decimal("23.03"))]
    assert [(one.method, one.amount, one.state) for one in sale.payments] == [
        ("invoice", Decimal("134.37"), "paid"),
        ("cash", Decimal("77.85"), "paid"),
    ]
    assert (sale.who.email, sale.who.given_name, sale.who.family_name) == ("li.na@example.com", "Na", "Li")
    assert (sale.delivery.line1, sale.delivery.city, sale.delivery.country) == ("Hafenstr. 1", "Hamburg", "DE")


def test_what_was_cancelled_and_paid_back_stays_in_the_sale_with_a_return_beside_it():
    found = content("partly refunded")
    assert [line["quantity"] for line in found["data"]["lines"]] == [2, 1]  # Vendure took one out of three
    sale = order(found)
    assert [(line.sku, line.quantity) for line in sale.lines] == [("LAN-1", 3), ("SHI-M", 1)]
    assert sale.total == parts(sale) == Decimal("233.60")
    (back,) = sale.returns
    assert (back.state, back.refund, back.reason, back.order_id) == (
        "refunded",
        Decimal("49.90"),
        "too dark",
        sale.external_id,
    )
    assert [(line.sku, line.quantity) for line in back.lines] == [("LAN-1", 1)]
    assert [(one.amount, one.is_refund, one.state) for one in sale.payments] == [
        (Decimal("233.60"), False, "paid"),
        (Decimal("49.90"), True, "paid"),
    ]


def test_an_order_that_was_cancelled_whole_is_a_sale_whose_money_is_on_its_way_back():
    found = content("all given back")
    assert (found["data"]["state"], found["data"]["totalWithTax"]) == ("Cancelled", 0)
    sale = order(found)
    assert (sale.status, sale.total, sale.shipping) == ("paid", Decimal("24.85"), Decimal("4.90"))
    assert [(one.state, one.refund) for one in sale.returns] == [("requested", Decimal("24.85"))]
    found["data"]["payments"] = []
    assert (order(found).status, order(found).total) == ("cancelled", Decimal(0))


@pytest.mark.parametrize(
    ("sent", "says"),
    [
        ([], "unfulfilled"),
        (["Pending"], "unfulfilled"),
        (["Shipped"], "partial"),
        (["Shipped", "Delivered"], "fulfilled"),
    ],
)
def test_parcels_say_what_was_sent(sent, says):
    found = content("sent in part")
    lines = found["data"]["lines"]
    wanted = [[{"orderLineId": lines[0]["id"], "quantity": 2}], [{"orderLineId": lines[1]["id"], "quantity": 1}]]
    found["data"]["fulfillments"] = [
        {"id": str(number), "state": state, "lines": wanted[number]} for number, state in enumerate(sent)
    ]
    assert order(found).fulfilment == says


def test_a_basket_is_a_checkout_with_a_way_back_until_it_is_an_order():
    (basket,) = read(content("basket"))
    assert isinstance(basket, CheckoutRecord)
    code = content("basket")["data"]["code"]
    assert (basket.who.email, basket.completed_at) == ("sofie@example.com", None)
    assert basket.recovery_url == f"https://shop.example.com/b/{code}"
    sale, done = read(content("all given back"))
    assert done.external_id == sale.external_id == basket.external_id == done.order_id
    assert done.completed_at == sale.placed_at
    nobody = content("basket")
    nobody["data"]["customer"] = None
    assert read(nobody) == ()
    emptied = content("basket")
    emptied["data"]["lines"] = []
    assert [type(one) for one in read(emptied)] == [Gone]
    draft = content("basket")
    draft["data"]["state"] = "Draft"
    assert read(draft) == ()


def test_the_part_of_a_marketplaces_order_is_not_counted_beside_the_whole():
    found = content("sale")
    found["data"]["type"] = "Seller"
    assert read(found) == ()


def test_customers_products_and_what_is_gone():
    (person,) = read(content("account"))
    assert isinstance(person, CustomerRecord)
    assert (person.email, person.given_name, person.is_email_verified) == ("m.petersen@example.com", "Mara", True)
    (product,) = read(content("product"))
    assert isinstance(product, ProductRecord)
    assert (product.title, product.category, product.brand, product.currency) == (
        "Storm lantern XL",
        "Lighting",
        "Hain & Hafen",
        "EUR",
    )
    assert [(one.sku, one.price, one.is_active) for one in product.variants] == [("LAN-1", Decimal("49.90"), True)]
    assert [one.of for one in read(content("customer gone"))] == ["customer"]
    assert [one.of for one in read(content("product gone"))] == ["product"]
    gone = {"topic": "order.deleted", "at": "2026-11-22T16:00:00Z", "data": {"id": "5"}}
    assert [one.of for one in read(gone)] == ["order", "checkout"]


def test_the_version_is_the_latest_moment_of_any_part():
    found = content("sale")
    at = dt.datetime.fromisoformat(found["at"])
    assert order(found).version == at
    found["data"]["payments"][0]["refunds"] = [
        {
            "id": "9",
            "createdAt": "2027-01-01T10:00:00Z",
            "updatedAt": "2027-01-02T10:00:00Z",
            "state": "Settled",
            "total": 1,
        }
    ]
    assert order(found).version == dt.datetime(2027, 1, 2, 10, tzinfo=dt.UTC)


def places(found, way=()):
    """Every place in the JSON below `data`."""
    pairs = found.items() if isinstance(found, dict) else enumerate(found) if isinstance(found, list) else ()
    for name, one in pairs:
        yield (*way, name)
        yield from places(one, (*way, name))


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_whatever_a_body_holds_it_is_read_or_refused_with_a_sentence(data):
    found = deepcopy(content(data.draw(st.sampled_from(sorted(DELIVERIES)))))
    for _ in range(data.draw(st.integers(1, 3))):
        way = data.draw(st.sampled_from(list(places(found["data"]))))
        inside = found["data"]
        for step in way[:-1]:
            inside = inside[step]
        inside[way[-1]] = data.draw(
            st.sampled_from(
                [None, "", "x", -1, 0, 1.5, 10**30, True, [], {}, [None], [[1]], "2026-99-99", "\0", {"id": 1}]
            )
        )
    with suppress(Unreadable):
        read(found)


class Shop:
    """Answers as the Admin API does, from what was recorded."""

    def __init__(self, orders, customers=(), products=()):
        self.has = {"orders": orders, "customers": list(customers), "products": list(products)}
        self.asked, self.clock = [], 0

    def send(self, url, *, method, body, headers, within, at_most):
        assert (url, method, headers["vendure-api-key"]) == ("https://shop.example.com/admin-api", "POST", "key-1")
        assert (within, at_most) == (30.0, 32_000_000)
        self.clock += 1
        asked = json.loads(body)
        options = asked["variables"]["options"]
        said = {"date": f"Sun, 22 Nov 2026 17:00:{self.clock % 60:02} GMT"}
        if not options:
            data = {"globalSettings": {"serverConfig": {"moneyStrategyPrecision": 2}}}
        else:
            kind = next(kind for kind in self.has if f"{{ {kind}(options" in asked["query"])
            self.asked.append((kind, options))
            items = self.has[kind][options["skip"] : options["skip"] + options["take"]]
            data = {kind: {"totalItems": len(self.has[kind]), "items": items}}
        return outbound.Reply(200, said, json.dumps({"data": data}).encode())


def test_everything_is_fetched_page_by_page_and_the_same_as_it_was_told(monkeypatch):
    sale = content("sale")["data"]
    sale["lines"].reverse()  # the API has an order of its own
    many = [{**content("account")["data"], "id": str(number)} for number in range(1, 231)]
    shop = Shop([sale], many, [content("product")["data"]])
    monkeypatch.setattr(outbound, "send", shop.send)
    assert isinstance(vendure, Pulls)
    pages = list(vendure.pull(LINK, {}))
    fetched = [record for page in pages for record in page.records]
    assert {one.external_id for one in fetched if isinstance(one, CustomerRecord)} == {str(n) for n in range(1, 231)}
    assert [kind for kind, _ in shop.asked] == ["products", "customers", "customers", "customers", "orders"]
    # each page begins a little before the last one's end
    assert [options["skip"] for _, options in shop.asked] == [0, 0, 90, 180, 0]
    (mine,) = [one for one in fetched if isinstance(one, OrderRecord)]
    told = order(content("sale"))
    assert (mine.lines, mine.payments, mine.total, mine.discounts) == (
        told.lines,
        told.payments,
        told.total,
        told.discounts,
    )
    # what an answer says was so at the moment of the answer before it, by the shop's own clock
    assert mine.version == dt.datetime(2026, 11, 22, 17, 0, 5, tzinfo=dt.UTC)
    # cut short after the second page of customers, it goes on there
    shop.asked.clear()
    list(vendure.pull(LINK, pages[2].cursor))
    assert [(kind, options["skip"]) for kind, options in shop.asked] == [("customers", 180), ("orders", 0)]


def test_the_next_pull_asks_for_what_changed_and_once_a_day_more_thoroughly(monkeypatch):
    shop = Shop([])
    monkeypatch.setattr(outbound, "send", shop.send)
    last = list(vendure.pull(LINK, {}))[-1].cursor
    assert last == {"since": "2026-11-22T16:50:01+00:00", "thorough_at": "2026-11-22T17:00:01+00:00"}
    shop.asked.clear()
    list(vendure.pull(LINK, last))
    since = {"after": "2026-11-22T16:50:01Z"}
    assert [options["filter"] for _, options in shop.asked] == [
        {"updatedAt": since},
        {"updatedAt": since},
        {"_or": [{"updatedAt": since}, {"orderPlacedAt": since}]},
    ]
    shop.asked.clear()
    list(vendure.pull(LINK, {**last, "thorough_at": "2026-11-20T17:00:01+00:00"}))
    assert shop.asked[0][1]["filter"] == {}
    assert shop.asked[2][1]["filter"]["_or"][1] == {"orderPlacedAt": {"after": "2026-11-08T16:50:01Z"}}


def test_days_count_what_counts_and_the_orders_of_a_day_are_asked_for_in_the_shops_zone(monkeypatch):
    unpaid = {**content("all given back")["data"], "id": "77", "payments": []}
    shop = Shop([content("sale")["data"], content("partly refunded")["data"], unpaid])
    monkeypatch.setattr(outbound, "send", shop.send)
    day = dt.date(2026, 11, 22)
    found = vendure.days(LINK, day, day)
    assert {on: (one.count, one.total) for on, one in found.items()} == {
        day: (2, Decimal("212.22") + Decimal("233.60"))
    }
    asked = shop.asked[-1][1]["filter"]["orderPlacedAt"]["between"]
    assert asked == {"start": "2026-11-22T00:00:00Z", "end": "2026-11-22T23:59:59.999000Z"}
    assert len(vendure.orders_of(LINK, day)) == 3


def test_what_the_shop_refuses_is_a_sentence(monkeypatch):
    without = Link(options=LINK.options, secrets={}, zone=dt.UTC, currency="EUR")
    with pytest.raises(Refused):
        list(vendure.pull(without, {}))
    refusal = {"errors": [{"message": "You are not currently authorized to perform this action"}], "data": None}
    reply = outbound.Reply(200, {}, json.dumps(refusal).encode())
    monkeypatch.setattr(outbound, "send", lambda *_given, **_more: reply)
    with pytest.raises(Unreached, match="not currently authorized"):
        list(vendure.pull(LINK, {}))


def test_an_order_that_cannot_be_read_is_told_and_stops_no_other(monkeypatch):
    bad = {**content("partly refunded")["data"], "totalWithTax": "much"}
    shop = Shop([bad, content("sale")["data"]])
    monkeypatch.setattr(outbound, "send", shop.send)
    *_, page = vendure.pull(LINK, {})
    assert [type(one) for one in page.records] == [OrderRecord, CheckoutRecord]
    assert len(page.problems) == 1
    assert "totalWithTax" in page.problems[0]
