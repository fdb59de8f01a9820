"""Whole sales through the API: what hangs on orders, payments, the steps of returns, and what is done with orders."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from regulars.channels.actions import channel_for
from regulars.core import shop
from regulars.orders.models import Order, Payment, Product, Return, Variant


@pytest.fixture
def program(ada, api_of):
    shop.change(currency="EUR", country="DE", time_zone="Europe/Berlin")
    channel_for("web", name="Web shop")
    return api_of(ada)


@pytest.fixture
def sofie(program):
    return program.post("/customers", {"name": "Sofie Dahl"}).json()["id"]


def eur(amount):
    return {"amount": amount, "currency": "EUR"}


def tea(quantity=2, price="5.00", **more):
    return {"sku": "TEA", "title": "Sencha", "quantity": quantity, "unit_price": eur(price), **more}


def order(number="1", **more):
    return {"number": number, "channel": "web", "lines": [tea()], **more}


def refused(answer, kind, status=409):
    assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{kind}"), answer.content
    return True


def test_a_whole_sale_comes_in_and_goes_out(program, sofie):
    product = Product.objects.create(channel=channel_for("web"), title="Sencha")
    variant = Variant.objects.create(product=product, sku="TEA")
    made = program.post(
        "/orders",
        order(
            customer=sofie,
            status="open",
            discount=eur("1.00"),
            fulfilment="unfulfilled",
            source="instagram",
            campaign="spring",
            referrer="https://example.org/",
            tags=["gift", "late"],
            codes=[{"code": "SPRING", "amount": eur("1.00")}],
            addresses={"delivery": {"name": "Sofie Dahl", "city": "Hamburg", "country": "DE"}, "billing": None},
            payments=[{"amount": eur("4.00"), "method": "Voucher", "at": "2026-03-12T09:42:00Z"}],
            lines=[
                tea(
                    variant=variant.public_id, variant_title="100 g", discount=eur("1"), tax=eur("0.5"), cost=eur("2.1")
                ),
            ],
        ),
    )
    assert made.status_code == 201, made.content
    out = made.json()
    assert {name: out[name] for name in ("fulfilment", "source", "campaign", "referrer", "tags", "codes", "paid")} == {
        "fulfilment": "unfulfilled",
        "source": "instagram",
        "campaign": "spring",
        "referrer": "https://example.org/",
        "tags": ["gift", "late"],
        "codes": [{"code": "SPRING", "amount": eur("1.00")}],
        "paid": eur("4.00"),
    }
    assert out["addresses"]["billing"] is None
    assert out["addresses"]["delivery"]["city"] == "Hamburg"
    assert out["payments"] == [
        {
            "id": Payment.objects.get().public_id,
            "order": out["id"],
            "returned": None,
            "is_refund": False,
            "state": "paid",
            "method": "Voucher",
            "amount": eur("4.00"),
            "at": "2026-03-12T09:42:00Z",
            "reference": "",
        }
    ]
    line = out["lines"][0]
    assert (line["variant"], line["variant_title"], line["discount"]) == (variant.public_id, "100 g", eur("1.00"))
    assert (line["tax"], line["cost"]) == (eur("0.50"), eur("2.10"))
    changed = program.patch(
        made["Location"],
        {"tags": [], "addresses": {"delivery": None}, "fulfilment": "fulfilled"},
        If_Match=made["ETag"],
    ).json()
    assert (changed["tags"], changed["addresses"]["delivery"], changed["codes"]) == ([], None, out["codes"])
    assert changed["lines"] == out["lines"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"fulfilment": "gone"}, "fulfilment"),
        ({"tags": ["x" * 61]}, "tags.0"),
        ({"tags": "gift"}, "tags"),
        ({"codes": [{"code": "A", "amount": {"amount": "1", "currency": "USD"}}]}, "codes.0.amount"),
        ({"addresses": {"delivery": {"country": "Germany"}}}, "addresses.delivery.country"),
        ({"addresses": {"home": {}}}, "addresses.home"),
        ({"payments": [{"amount": eur("1")}, {"amount": eur("-1")}]}, "payments.1.amount"),
        ({"payments": [{"amount": eur("1"), "state": "voided"}]}, "payments.0.state"),
        ({"lines": [tea(variant="var_0000000000000")]}, "lines.0.variant"),
        ({"lines": [tea(), tea(cost={"amount": "1", "currency": "USD"})]}, "lines.1.cost.currency"),
        ({"lines": [tea(tax=eur("0.001"))]}, "lines.0.tax"),
    ],
)
def test_what_cannot_be_kept_names_its_place(program, change, field):
    told = program.post("/orders", order(**change))
    assert told.status_code == 422, told.content
    assert [error["field"] for error in told.json()["errors"]] == [field]
    assert not Order.objects.exists()


def test_a_draft_is_put_together_opened_and_paid(program, sofie):
    draft = program.post("/orders", {"channel": "web", "status": "draft", "lines": []})
    assert (draft.status_code, draft.json()["number"], draft.json()["is_counted"]) == (201, "D-1", False)
    path = draft["Location"]
    told = program.post(f"{path}/open", {})
    assert (told.status_code, told.json()["errors"][0]["field"]) == (422, "lines")
    program.patch(path, {"lines": [tea()], "customer": sofie}, If_Match="*")
    opened = program.post(f"{path}/open", {}, Idempotency_Key="o")
    assert (opened.json()["number"], opened.json()["status"]) == ("WEB-1001", "open")
    assert program.post(f"{path}/open", {}, Idempotency_Key="o").content == opened.content
    assert refused(program.post(f"{path}/open", {}), "not-a-draft")
    paid = program.post(f"{path}/pay", {"method": "Cash"}).json()
    assert (paid["status"], paid["paid"]) == ("paid", eur("10.00"))
    assert refused(program.post(f"{path}/pay", {}), "payment-state")
    again = program.post(f"{path}/duplicate", {})
    assert (again.status_code, again.json()["number"], again.json()["customer"]) == (201, "D-2", sofie)
    told = program.post(f"{path}/duplicate", {"customer": "cus_0000000000000"})
    assert told.json()["errors"][0]["field"] == "customer"
    assert program.get(f"/customers/{sofie}").json()["orders_count"] == 1
    assert program.post("/orders", {"channel": "web", "lines": [tea()]}).json()["number"] == "WEB-1002"


def test_payments_are_booked_listed_and_taken_back(program, sofie):
    path = program.post("/orders", order(customer=sofie, status="open"))["Location"]
    body = {"amount": eur("4.00"), "method": "Cash", "reference": "7"}
    booked = program.post(f"{path}/payments", body, Idempotency_Key="p")
    assert booked.status_code == 201, booked.content
    assert program.post(f"{path}/payments", body, Idempotency_Key="p").content == booked.content
    assert program.get(booked["Location"]).content == booked.content
    told = program.post(f"{path}/payments", {"amount": eur("6.01")})
    assert (told.status_code, told.json()["errors"][0]["field"]) == (422, "amount")
    rest = program.post(f"{path}/payments", {"amount": eur("6.00")})
    assert program.get(path).json()["status"] == "paid"
    assert program.post(f"{rest['Location']}/void").json()["state"] == "voided"
    assert program.get(path).json()["status"] == "open"
    assert refused(program.post(f"{rest['Location']}/void"), "payment-state")
    listed = program.get(f"{path}/payments").json()["items"]
    assert [(item["amount"], item["state"]) for item in listed] == [(eur("4.00"), "paid"), (eur("6.00"), "voided")]


def test_an_order_is_cancelled_once_and_only_in_time(program, sofie):
    path = program.post("/orders", order(customer=sofie))["Location"]
    cancelled = program.post(f"{path}/cancel", {"reason": "Ordered twice"}).json()
    assert (cancelled["status"], cancelled["is_counted"]) == ("cancelled", False)
    assert refused(program.post(f"{path}/cancel", {}), "cannot-cancel")
    assert program.get(f"/customers/{sofie}").json()["orders_count"] == 0


def test_a_return_goes_its_way_and_counts_at_its_end(program, sofie):
    path = program.post("/orders", order(customer=sofie, lines=[tea(quantity=3)]))["Location"]
    asked = program.post(
        f"{path}/returns", {"state": "requested", "lines": [{"position": 1, "quantity": 2}], "reason": "Bitter"}
    )
    assert asked.status_code == 201, asked.content
    out = asked.json()
    assert (out["number"], out["state"], out["is_settled"], out["refund"]) == ("1-R", "requested", False, eur("10.00"))
    assert program.get(path).json()["refunded"] == eur("0.00")
    assert program.get(f"/customers/{sofie}").json()["refunded"] == eur("0.00")
    assert [item["id"] for item in program.get("/returns?state=requested,received").json()["items"]] == [out["id"]]
    assert program.get("/returns?state=refunded").json()["items"] == []
    back = asked["Location"]
    assert program.post(f"{back}/receive").json()["state"] == "received"
    assert refused(program.post(f"{back}/receive"), "return-state")
    told = program.post(f"{back}/settle", {"refund": eur("15.01")})
    assert told.status_code == 422
    settled = program.post(f"{back}/settle", {"refund": eur("8.00"), "method": "PayPal"}).json()
    assert (settled["state"], settled["is_settled"], settled["refund"]) == ("refunded", True, eur("8.00"))
    assert program.get(f"/customers/{sofie}").json()["refunded"] == eur("8.00")
    for step, body in (("settle", {}), ("refuse", {}), ("exchange", {"lines": [tea()]})):
        assert refused(program.post(f"{back}/{step}", body), "return-state")
    payment = program.get(f"{path}/payments").json()["items"][0]
    assert (payment["is_refund"], payment["returned"], payment["method"]) == (True, out["id"], "PayPal")
    told = program.post(f"{path}/returns", {"state": "requested", "lines": [{"position": 1, "quantity": 2}]})
    assert (told.status_code, told.json()["errors"][0]["field"]) == (422, "lines.0.quantity")
    told = program.post(f"{path}/returns", {"lines": [{"position": 1, "sku": "TEA", "quantity": 1}]})
    assert told.json()["errors"][0]["field"] == "lines.0.position"
    asked = program.post(f"{path}/returns", {"state": "requested", "lines": [{"position": 1, "quantity": 1}]})
    assert program.post(f"{asked['Location']}/refuse", {"reason": "Opened"}).json()["state"] == "refused"


def test_an_exchange_says_what_is_still_to_pay(program, sofie):
    path = program.post("/orders", order(customer=sofie))["Location"]
    back = program.post(f"{path}/returns", {"state": "requested", "lines": [{"position": 1, "quantity": 1}]})[
        "Location"
    ]
    made = program.post(f"{back}/exchange", {"lines": [tea(quantity=1, price="7.00")], "shipping": eur("1.00")})
    assert made.status_code == 200, made.content
    out = made.json()
    assert (out["to_pay"], out["paid_back"]) == (eur("3.00"), eur("0.00"))
    assert (out["returned"]["state"], out["returned"]["exchange"]) == ("exchanged", out["order"]["id"])
    assert (out["order"]["status"], out["order"]["total"], out["order"]["paid"]) == ("open", eur("8.00"), eur("5.00"))


def test_money_is_paid_back_with_and_without_goods(program, sofie):
    path = program.post("/orders", order(customer=sofie))["Location"]
    money = program.post(f"{path}/refunds", {"refund": eur("1.50"), "reason": "Scratched", "method": "Cash"})
    assert (money.status_code, money.json()["refund"], money.json()["lines"]) == (201, eur("1.50"), [])
    goods = program.post(f"{path}/refunds", {"lines": [{"position": 1, "quantity": 1}]}).json()
    assert (goods["refund"], goods["state"]) == (eur("5.00"), "refunded")
    told = program.post(f"{path}/refunds", {"refund": eur("3.51")})
    assert (told.status_code, told.json()["errors"][0]["field"]) == (422, "lines")
    assert program.get(path).json()["refunded"] == eur("6.50")
    assert Return.objects.count() == 2


def test_orders_are_found_by_what_hangs_on_them(program):
    program.post("/orders", order("1", tags=["gift"], fulfilment="unfulfilled", source="instagram"))
    program.post("/orders", order("2", codes=[{"code": "SPRING"}], fulfilment="fulfilled", campaign="spring"))
    program.post("/orders", order("3", lines=[tea(), {**tea(), "sku": "POT", "title": "Pot"}]))

    def numbers(**query):
        answer = program.get("/orders", {"sort": "placed_at", **query})
        assert answer.status_code == 200, answer.content
        return [item["number"] for item in answer.json()["items"]]

    assert numbers(tag="gift") == ["1"]
    assert numbers(code="SPRING") == ["2"]
    assert numbers(fulfilment="unfulfilled,fulfilled") == ["1", "2"]
    assert numbers(source="instagram") == ["1"]
    assert numbers(source="spring") == ["2"]
    assert numbers(product="POT") == ["3"]
    assert program.get("/orders", {"fulfilment": "lost"}).status_code == 422


def test_the_number_of_queries_does_not_grow_with_what_hangs(program, sofie):
    def add(number):
        whole = {
            "tags": ["a", "b"],
            "codes": [{"code": "A"}, {"code": "B"}],
            "addresses": {"delivery": {"city": "Bremen"}, "billing": {"city": "Bremen"}},
            "payments": [{"amount": eur("1.00")}, {"amount": eur("2.00")}],
        }
        assert program.post("/orders", order(number, customer=sofie, **whole)).status_code == 201

    def queries():
        with CaptureQueriesContext(connection) as captured:
            assert program.get("/orders").status_code == 200
        return len(captured)

    add("1")
    with_one = queries()
    add("2")
    add("3")
    assert queries() == with_one


def test_who_may_look_may_do_none_of_it(program, ben, api_of):
    path = program.post("/orders", order(status="open"))["Location"]
    back = program.post(f"{path}/returns", {"state": "requested", "lines": [{"position": 1, "quantity": 1}]})[
        "Location"
    ]
    looking = api_of(ben, "orders.view")
    for address, body in (
        *((f"{path}/{step}", {}) for step in ("open", "pay", "cancel", "duplicate", "refunds", "payments", "returns")),
        *((f"{back}/{step}", {}) for step in ("receive", "settle", "exchange", "refuse")),
        ("/payments/pay_0000000000000/void", {}),
    ):
        answer = looking.post(address, body)
        assert (answer.status_code, answer.json()["scope"]) == (403, "orders.edit"), address
    assert looking.get(f"{path}/payments").status_code == 200
    assert Order.objects.count() == 1
    assert Return.objects.get().state == "requested"
    assert not Payment.objects.exists()
