"""Orders and returns through the API."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from regulars.channels.actions import channel_for
from regulars.core import shop
from regulars.orders.models import Order, Return


@pytest.fixture
def program(ada, api_of):
    shop.change(currency="GBP", country="GB", time_zone="Europe/London")
    channel_for("web", name="Web shop")
    channel_for("till", name="Till")
    return api_of(ada)


@pytest.fixture
def elodie(program):
    return program.post("/customers", {"name": "Élodie Moreau"}).json()["id"]


def gbp(amount):
    return {"amount": amount, "currency": "GBP"}


def line(sku="85123A", quantity=6, price="2.55", currency="GBP"):
    return {"sku": sku, "quantity": quantity, "unit_price": {"amount": price, "currency": currency}}


def order(number="10482", **more):
    return {"number": number, "channel": "web", "lines": [line()], **more}


def test_an_order_comes_in_whole_and_goes_out_whole(program, elodie):
    made = program.post(
        "/orders",
        order(
            customer=elodie,
            placed_at="2026-03-12T09:42:00+01:00",
            shipping=gbp("4.95"),
            discount=gbp("1"),
            tax=gbp("2.5"),
            is_tax_included=False,
            payment_method="PayPal",
            country="GB",
            note="Two\nlines",
            lines=[line(), {"title": "Gift wrap", "quantity": 1, "unit_price": gbp("0.125")}],
        ),
    )
    assert made.status_code == 201, made.content
    out = made.json()
    for name in ("created_at", "updated_at"):
        assert out.pop(name).endswith("Z")
    nothing_more = {
        "variant": None,
        "variant_title": "",
        "discount": gbp("0.00"),
        "tax": gbp("0.00"),
        "cost": None,
    }
    assert out == {
        "id": Order.objects.get().public_id,
        "version": 1,
        "number": "10482",
        "channel": "web",
        "customer": elodie,
        "status": "paid",
        "is_test": False,
        "is_counted": True,
        "placed_at": "2026-03-12T08:42:00Z",
        "currency": "GBP",
        "rate": "1",
        "discount": gbp("1.00"),
        "shipping": gbp("4.95"),
        "tax": gbp("2.50"),
        "is_tax_included": False,
        "total": gbp("21.88"),
        "refunded": gbp("0.00"),
        "payment_method": "PayPal",
        "country": "GB",
        "note": "Two\nlines",
        "fulfilment": "",
        "source": "",
        "campaign": "",
        "referrer": "",
        "tags": [],
        "codes": [],
        "addresses": {"delivery": None, "billing": None},
        "payments": [],
        "paid": gbp("0.00"),
        "lines": [
            {
                "position": 1,
                "sku": "85123A",
                "title": "",
                "quantity": 6,
                "unit_price": gbp("2.55"),
                "total": gbp("15.30"),
                **nothing_more,
            },
            {
                "position": 2,
                "sku": "",
                "title": "Gift wrap",
                "quantity": 1,
                "unit_price": gbp("0.125"),
                "total": gbp("0.13"),
                **nothing_more,
            },
        ],
    }
    read = program.get(made["Location"])
    assert (read.content, read["ETag"]) == (made.content, made["ETag"])


def test_the_customers_figures_follow_the_order(program, elodie):
    made = program.post("/orders", order(customer=elodie, placed_at="2026-03-12T09:42:00Z"))
    customer = program.get(f"/customers/{elodie}").json()
    assert (customer["orders_count"], customer["spent"], customer["average_order"]) == (1, gbp("15.30"), gbp("15.30"))
    assert customer["first_order_at"] == customer["last_order_at"] == "2026-03-12T09:42:00Z"
    cancelled = program.patch(made["Location"], {"status": "cancelled"}, If_Match=made["ETag"])
    assert (cancelled.json()["status"], cancelled.json()["is_counted"]) == ("cancelled", False)
    assert program.get(f"/customers/{elodie}").json()["orders_count"] == 0
    assert program.delete(made["Location"], If_Match=cancelled["ETag"]).status_code == 204
    assert not Order.objects.exists()


def test_figures_that_move_do_not_refuse_a_change_but_a_read_sees_them(program, elodie):
    path = f"/customers/{elodie}"
    etag = program.get(path)["ETag"]
    program.post("/orders", order(customer=elodie))
    assert program.get(path, If_None_Match=etag).status_code == 200
    assert program.patch(path, {"company": "x"}, If_Match=etag).status_code == 200


def test_another_currency_needs_its_rate(program):
    euros = order(currency="EUR", lines=[line(currency="EUR")])
    told = program.post("/orders", euros)
    assert (told.status_code, told.json()["errors"][0]["field"]) == (422, "rate")
    made = program.post("/orders", {**euros, "rate": "0.8542"}).json()
    assert (made["rate"], made["total"]) == ("0.8542", {"amount": "15.30", "currency": "EUR"})
    assert Order.objects.get().total_base_minor == 1307


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"channel": "nowhere"}, "channel"),
        ({"customer": "cus_0000000000000"}, "customer"),
        ({"customer": 1}, "customer"),
        ({"status": "refunded"}, "status"),
        ({"status": "gone"}, "status"),
        ({"lines": []}, "lines"),
        ({"lines": [line(quantity=0)]}, "lines.0.quantity"),
        ({"lines": [line(quantity=1.5)]}, "lines.0.quantity"),
        ({"lines": [line(quantity=2**31)]}, "lines.0.quantity"),
        ({"lines": [line(), line(price="1.23456")]}, "lines.1.unit_price.amount"),
        ({"lines": [line(price="NaN")]}, "lines.0.unit_price.amount"),
        ({"lines": [line(price=2.55)]}, "lines.0.unit_price.amount"),
        ({"lines": [line(price="-1")]}, "lines.0.unit_price"),
        ({"lines": [line(currency="USD")]}, "lines.0.unit_price.currency"),
        ({"lines": [{"quantity": 1, "unit_price": gbp("1")}]}, "lines.0.title"),
        ({"shipping": gbp("1.001")}, "shipping"),
        ({"shipping": gbp("-1")}, "shipping"),
        ({"shipping": {"amount": "1", "currency": "EUR"}}, "shipping"),
        ({"shipping": {"amount": "1", "currency": "QQQ"}}, "shipping"),
        ({"shipping": gbp("9999999999999")}, "total"),
        ({"discount": gbp("99")}, "discount"),
        ({"rate": "1e5"}, "rate"),
        ({"currency": "gbp"}, "currency"),
        ({"country": "GBR"}, "country"),
        ({"note": "x" * 10_001}, "note"),
        ({"number": ""}, "number"),
        ({"number": "x" * 61}, "number"),
        ({"total": gbp("1")}, "total"),
    ],
)
def test_what_cannot_be_kept_names_its_field(program, change, field):
    told = program.post("/orders", order(**change))
    assert told.status_code == 422, told.content
    assert [error["field"] for error in told.json()["errors"]] == [field]
    assert not Order.objects.exists()


def test_a_number_is_taken_once_in_its_channel(program):
    assert program.post("/orders", order()).status_code == 201
    told = program.post("/orders", order())
    assert (told.status_code, told.json()["type"]) == (409, "/problems/number-taken")
    assert program.post("/orders", order(channel="till")).status_code == 201
    assert Order.objects.count() == 2


def test_a_change_touches_only_what_was_sent(program, elodie):
    made = program.post("/orders", order(customer=elodie, note="first", payment_method="Card"))
    changed = program.patch(made["Location"], {"note": "second"}, If_Match=made["ETag"]).json()
    assert {name for name in changed if changed[name] != made.json()[name]} == {"note", "version", "updated_at"}
    changed = program.patch(made["Location"], {"lines": [line(quantity=1)], "customer": None}, If_Match="*").json()
    assert (changed["total"], changed["customer"]) == (gbp("2.55"), None)
    assert program.patch(made["Location"], {"note": "x"}).status_code == 428
    told = program.patch(made["Location"], {"note": "x"}, If_Match=made["ETag"])
    assert (told.status_code, told["ETag"]) == (412, program.get(made["Location"])["ETag"])


def test_a_return_lowers_the_order_and_the_figures(program, elodie):
    made = program.post("/orders", order(customer=elodie))
    sent_back = {
        "number": "R-1",
        "returned_at": "2026-03-20T14:05:00Z",
        "reason": "Broken",
        "lines": [line(quantity=2)],
    }
    path = f"{made['Location']}/returns"
    received = program.post(path, sent_back, Idempotency_Key="r")
    again = program.post(path, sent_back, Idempotency_Key="r")
    assert (received.status_code, again.content) == (201, received.content)
    out = received.json()
    assert (out["order"], out["customer"], out["refund"]) == (made.json()["id"], elodie, gbp("5.10"))
    assert program.get(received["Location"]).content == received.content
    now = program.get(made["Location"]).json()
    assert (now["status"], now["refunded"]) == ("part_refunded", gbp("5.10"))
    assert program.get(f"/customers/{elodie}").json()["refunded"] == gbp("5.10")
    for listed in (path, "/returns", f"/returns?customer={elodie}", f"/returns?order={out['order']}&number=R-1"):
        assert [item["id"] for item in program.get(listed).json()["items"]] == [out["id"]]
    for listed in (
        "/returns?channel=till",
        "/returns?customer=cus_0000000000000",
        "/returns?returned_at.before=2026-03-20",
    ):
        assert program.get(listed).json()["items"] == []
    told = program.post(path, sent_back)
    assert (told.status_code, told.json()["errors"][0]["field"]) == (422, "number")
    told = program.post(path, {"number": "R-2"})
    assert told.status_code == 422
    assert program.post(path, {"number": "R-2", "refund": gbp("1.00")}).json()["refund"] == gbp("1.00")
    assert Return.objects.count() == 2


def test_a_list_is_read_page_by_page_in_both_directions(program):
    for day in range(1, 8):
        program.post("/orders", order(str(day), placed_at=f"2026-03-0{day}T12:00:00Z"))
    pages = [program.get("/orders", {"limit": 3})]
    while pages[-1].json()["next"]:
        pages.append(program.get(pages[-1].json()["next"]))
    numbers = [[item["number"] for item in page.json()["items"]] for page in pages]
    assert numbers == [["7", "6", "5"], ["4", "3", "2"], ["1"]]
    assert pages[0].json()["previous"] is None
    back = program.get(pages[2].json()["previous"]).json()
    assert [item["number"] for item in back["items"]] == ["4", "3", "2"]
    rising = program.get("/orders", {"sort": "placed_at", "limit": 2}).json()
    assert [item["number"] for item in rising["items"]] == ["1", "2"]


def test_returns_are_read_page_by_page_in_both_directions(program):
    made = program.post("/orders", order())
    for day in range(1, 6):
        body = {"number": f"R{day}", "returned_at": f"2026-03-0{day}T12:00:00Z", "refund": gbp("0.10")}
        assert program.post(f"{made['Location']}/returns", body).status_code == 201
    pages = [program.get("/returns", {"limit": 2})]
    while pages[-1].json()["next"]:
        pages.append(program.get(pages[-1].json()["next"]))
    numbers = [[item["number"] for item in page.json()["items"]] for page in pages]
    assert numbers == [["R5", "R4"], ["R3", "R2"], ["R1"]]
    back = program.get(pages[2].json()["previous"]).json()
    assert [item["number"] for item in back["items"]] == ["R3", "R2"]


def test_a_list_takes_filters(program, elodie):
    program.post("/orders", order("100", customer=elodie, placed_at="2026-03-12T00:30:00Z"))
    program.post("/orders", order("101", status="open", channel="till", placed_at="2026-07-01T23:30:00Z"))
    program.post("/orders", order("200", lines=[line(quantity=100)], placed_at="2026-07-02T12:00:00Z"))

    def numbers(**query):
        answer = program.get("/orders", {"sort": "placed_at", **{k.replace("__", "."): v for k, v in query.items()}})
        assert answer.status_code == 200, answer.content
        return [item["number"] for item in answer.json()["items"]]

    assert numbers(number="10") == ["100", "101"]
    assert numbers(number__is="10") == []
    assert numbers(number__is="101") == ["101"]
    assert numbers(customer=elodie) == ["100"]
    assert numbers(status="open,draft") == ["101"]
    assert numbers(channel="till,web") == ["100", "101", "200"]
    assert numbers(placed_at__on="2026-07-02") == ["101", "200"]  # half past midnight in London's summer
    assert numbers(placed_at__after="2026-03-12") == ["101", "200"]
    assert numbers(placed_at__before="2026-07-02") == ["100"]
    assert numbers(placed_at__after="2026-07-01T23:30:00Z") == ["200"]
    assert numbers(total__min="15.31") == ["200"]
    assert numbers(total__max="15.30") == ["100", "101"]


@pytest.mark.parametrize(
    "query",
    [
        {"nonsense": "1"},
        {"status": "asleep"},
        {"channel": "nowhere"},
        {"placed_at.after": "31/02"},
        {"placed_at.on": "2026-02-31"},
        {"placed_at.before": "0001-01-01T00:00:00+14:00"},
        {"total.min": "much"},
        {"total.min": "1e999"},
        {"limit": "251"},
        {"limit": ""},
        {"sort": "total"},
        {"number": "a\0b"},
    ],
)
@pytest.mark.django_db
def test_a_filter_that_makes_no_sense_is_refused(program, query):
    told = program.get("/orders", query)
    assert told.status_code == 422
    assert [(error["in"], error["field"]) for error in told.json()["errors"]] == [("query", next(iter(query)))]


@pytest.mark.parametrize(
    "cursor", ["x", "é", "AAAA", "MDAwMS0wMS0wMVQwMDowMDowMCsxNDowMHwx", "MjAyNi0wMS0wMVQwMDowMDowMCswMDowMHww"]
)
def test_a_cursor_that_is_none_is_refused(program, cursor):
    for path in ("/orders", "/returns"):
        told = program.get(path, {"after": cursor})
        assert (told.status_code, told.json()["type"]) == (400, "/problems/bad-cursor")


def test_the_number_of_queries_does_not_grow_with_rows(program, elodie):
    def add(number):
        made = program.post("/orders", order(number, customer=elodie, lines=[line(), line("b")]))
        program.post(f"{made['Location']}/returns", {"number": f"R{number}", "lines": [line(quantity=1)]})
        return made

    def queries(path):
        with CaptureQueriesContext(connection) as captured:
            assert program.get(path).status_code == 200
        return len(captured)

    paths = ["/orders", "/returns", add("1")["Location"]]
    with_one = [queries(path) for path in paths]
    add("2")
    add("3")
    assert [queries(path) for path in paths] == with_one == [8, 4, 9]


def test_who_may_look_may_not_write(program, ben, api_of):
    looking = api_of(ben, "orders.view")
    for answer in (looking.post("/orders", order()), looking.patch("/orders/ord_1", {}, If_Match="*")):
        assert (answer.status_code, answer.json()["scope"]) == (403, "orders.edit")
    assert looking.delete("/orders/ord_1", If_Match="*").json()["scope"] == "orders.delete"
    assert looking.get("/orders").status_code == 200
    assert not Order.objects.exists()
