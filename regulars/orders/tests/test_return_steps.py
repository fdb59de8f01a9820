"""The way of a return: asked for, arrived, paid back, exchanged or refused. Only what is settled counts anywhere."""

import datetime as dt

import pytest

from regulars.channels.actions import channel_for
from regulars.core.errors import Invalid, Stale
from regulars.customers.actions import create_customer
from regulars.customers.models import Customer
from regulars.orders.actions import (
    ReturnIsOver,
    change_order,
    exchange_return,
    mark_paid,
    place_order,
    receive_goods,
    receive_return,
    refund_order,
    refuse_return,
    request_return,
    settle_return,
)
from regulars.orders.actions.bulk import write_returns
from regulars.orders.actions.drafts import new_return
from regulars.orders.models import Order, Payment, Return, ReturnLine
from regulars.orders.queries.purchases import purchase_summary
from regulars.orders.queries.verification import differences
from regulars.timeline.models import Entry

AT = dt.datetime(2026, 3, 12, 9, 30, tzinfo=dt.UTC)


@pytest.fixture
def web(db):
    return channel_for("web")


@pytest.fixture
def sofie(db):
    return create_customer(values={"name": "Sofie Dahl"})


@pytest.fixture
def order(web, sofie):
    """Three teas at 5.00 and a pot at 20.00, 7.00 off, 4.00 for shipping: 32.00."""
    return place_order(
        values={
            "number": "1042",
            "placed_at": AT,
            "discount_minor": 700,
            "shipping_minor": 400,
            "payment_method": "Card",
        },
        lines=[
            {"sku": "TEA", "title": "Sencha", "quantity": 3, "unit_price": "5.00"},
            {"title": "Pot", "quantity": 1, "unit_price": "20.00"},
        ],
        customer=sofie,
        channel=web,
    )


def figures(customer):
    now = Customer.objects.get(pk=customer.pk)
    return now.orders_count, now.spent_minor, now.refunded_minor


def state(order):
    now = Order.objects.get(pk=order.pk)
    return now.status, now.refunded_minor


def facts():
    return [entry.name for entry in Entry.objects.order_by("pk") if entry.name.startswith(("return.", "payment."))]


def test_what_is_only_asked_for_or_arrived_counts_nowhere(order, sofie):
    returned = request_return(order, lines=[{"position": 1, "quantity": 2}], reason="Too bitter")
    assert (returned.number, returned.state, returned.reason) == ("1042-R", "requested", "Too bitter")
    # two of three teas: 10.00, less their part of the discount, 7.00 × 10 ÷ 35
    assert returned.refund_minor == 800
    receive_goods(returned)
    assert state(order) == ("paid", 0)
    assert figures(sofie) == (1, 3200, 0)
    assert purchase_summary(Customer.objects.get(pk=sofie.pk)).returns_count == 0
    assert list(differences()) == []
    assert facts() == ["return.requested", "return.goods_received"]


def test_a_settled_return_counts_at_once_and_says_how_it_was_paid(order, sofie):
    returned = receive_goods(request_return(order, lines=[{"position": 1, "quantity": 2}]))
    settled = settle_return(returned, method="Bank transfer", reference="SEPA 7", version=2)
    assert (settled.state, settled.refund_minor, settled.version) == ("refunded", 800, 3)
    assert state(order) == ("part_refunded", 800)
    assert figures(sofie) == (1, 2400, 800)
    paid = Payment.objects.get()
    assert (paid.is_refund, paid.amount_minor, paid.method, paid.reference) == (True, 800, "Bank transfer", "SEPA 7")
    assert (paid.order, paid.returned, paid.at) == (order, returned, settled.returned_at)
    assert list(differences()) == []
    told = Entry.objects.get(name="return.refunded")
    assert told.data == {
        "number": "1042-R",
        "refund_minor": 800,
        "currency": "EUR",
        "order_number": "1042",
        "payment_method": "Bank transfer",
    }
    assert told.customer_id == sofie.pk


def test_settling_twice_pays_once(order, sofie):
    returned = request_return(order, lines=[{"position": 2, "quantity": 1}])
    settle_return(returned)
    for step in (settle_return, receive_goods, refuse_return):
        with pytest.raises(ReturnIsOver, match="refunded already"):
            step(returned)
    with pytest.raises(ReturnIsOver):
        exchange_return(returned, lines=[{"sku": "CUP", "quantity": 1, "unit_price": "1.00"}])
    assert Payment.objects.count() == 1
    assert figures(sofie) == (1, 1600, 1600)


def test_an_older_look_at_a_return_is_refused(order):
    returned = request_return(order, lines=[{"position": 2, "quantity": 1}])
    receive_goods(returned)
    with pytest.raises(Stale):
        settle_return(returned, version=1)
    assert not Payment.objects.exists()


def test_all_of_an_order_in_parts_is_never_more_than_all_at_once(order):
    parts = [request_return(order, lines=[{"position": 1, "quantity": 1}]).refund_minor for _part in range(3)]
    parts.append(request_return(order, lines=[{"position": 2, "quantity": 1}]).refund_minor)
    assert parts == [400, 400, 400, 1600]
    assert [returned.number for returned in Return.objects.order_by("pk")] == [
        "1042-R",
        "1042-R2",
        "1042-R3",
        "1042-R4",
    ]


def test_no_more_of_a_line_can_come_back_than_is_left_of_it(order):
    first = request_return(order, lines=[{"position": 1, "quantity": 2}])
    with pytest.raises(Invalid) as refusal:
        request_return(order, lines=[{"position": 1, "quantity": 2}, {"position": 3, "quantity": 1}])
    assert refusal.value.fields == {
        "lines.0.quantity": ["Only 1 of “Sencha” can come back."],
        "lines.1.position": ["The order has no line 3."],
    }
    refuse_return(first, reason="Opened")
    assert request_return(order, lines=[{"position": 1, "quantity": 3}]).refund_minor == 1200


def test_a_refused_return_counts_never_and_reverses_nothing(order, sofie):
    returned = refuse_return(request_return(order, lines=[{"position": 1, "quantity": 3}]), reason="Opened")
    assert returned.state == "refused"
    assert ReturnLine.objects.get().order_line is None
    assert state(order) == ("paid", 0)
    assert figures(sofie) == (1, 3200, 0)
    assert Entry.objects.get(name="return.refused").data["reason"] == "Opened"
    assert list(differences()) == []


def test_more_than_was_paid_is_refused_and_nothing_is_written(order, sofie):
    returned = request_return(order, lines=[{"position": 1, "quantity": 1}])
    for attempt in (
        lambda: settle_return(returned, refund_minor=3201),
        lambda: refund_order(order, refund_minor=3201),
        lambda: refund_order(order, lines=[{"position": 1, "quantity": 1, "unit_price": "33.00"}]),
    ):
        with pytest.raises(Invalid, match=r"€32\.00 of this order can still be paid back"):
            attempt()
    refund_order(order, refund_minor=3000, reason="Late", method="Cash")
    with pytest.raises(Invalid, match=r"€2\.00 of this order"):
        settle_return(returned)
    assert state(order) == ("part_refunded", 3000)
    assert [(row.amount_minor, row.method) for row in Payment.objects.all()] == [(3000, "Cash")]
    assert Return.objects.get(pk=returned.pk).state == "requested"
    settle_return(returned, refund_minor=200)
    assert state(order) == ("refunded", 3200)
    assert figures(sofie) == (1, 0, 3200)
    assert list(differences()) == []


def test_money_can_go_back_without_goods_and_goods_without_money(order):
    money = refund_order(order, refund_minor=500, reason="Scratched")
    assert (money.state, money.lines.count(), money.refund_minor) == ("refunded", 0, 500)
    goods = settle_return(request_return(order, lines=[{"position": 1, "quantity": 1}]), refund_minor=0)
    assert (goods.state, goods.refund_minor) == ("refunded", 0)
    assert Payment.objects.filter(is_refund=True).count() == 1
    assert state(order) == ("part_refunded", 500)
    assert list(differences()) == []


def test_of_an_open_order_only_what_was_paid_can_go_back(order, web, sofie):
    unpaid = place_order(
        values={"number": "7", "status": "open"},
        lines=[{"sku": "TEA", "quantity": 1, "unit_price": "5.00"}],
        customer=sofie,
        channel=web,
    )
    with pytest.raises(Invalid, match="Nothing was paid"):
        refund_order(unpaid, refund_minor=100)
    returned = request_return(unpaid, lines=[{"position": 1, "quantity": 1}])
    with pytest.raises(Invalid, match="Nothing was paid"):
        settle_return(returned)
    mark_paid(unpaid)
    assert settle_return(returned).refund_minor == 500


def test_nothing_can_be_asked_back_of_what_is_no_sale(order):
    change_order(order, values={"status": "cancelled"})
    with pytest.raises(ReturnIsOver, match="not a sale"):
        request_return(order, lines=[{"position": 1, "quantity": 1}])
    with pytest.raises(Invalid, match="not a sale"):
        refund_order(order, refund_minor=1)


def test_an_exchange_for_something_dearer_leaves_the_rest_to_pay(order, sofie):
    returned = receive_goods(request_return(order, lines=[{"position": 2, "quantity": 1}]))
    made = exchange_return(
        returned, lines=[{"sku": "POT-L", "title": "Large pot", "quantity": 1, "unit_price": "29.00"}]
    )
    assert (made.to_pay.minor, made.paid_back.minor) == (1300, 0)
    assert (made.order.number, made.order.status, made.order.total_minor) == ("WEB-1001", "open", 2900)
    assert (made.returned.state, made.returned.exchange, made.returned.refund_minor) == ("exchanged", made.order, 1600)
    assert state(order) == ("part_refunded", 1600)
    assert figures(sofie) == (2, 3200 - 1600 + 2900, 1600)
    assert [
        (row.order.number, row.is_refund, row.amount_minor, row.method, row.reference)
        for row in Payment.objects.order_by("pk")
    ] == [
        ("WEB-1001", False, 1600, "Exchange", "1042-R"),
        ("1042", True, 1600, "Exchange", "WEB-1001"),
    ]
    assert mark_paid(made.order).status == "paid"
    assert Payment.objects.order_by("-pk")[0].amount_minor == 1300
    assert list(differences()) == []


def test_an_exchange_for_something_cheaper_pays_the_rest_back(order, sofie):
    returned = request_return(order, lines=[{"position": 2, "quantity": 1}])
    made = exchange_return(
        returned, lines=[{"sku": "CUP", "quantity": 2, "unit_price": "5.00"}], method="PayPal", values={"note": "Blue"}
    )
    assert (made.to_pay.minor, made.paid_back.minor) == (0, 600)
    assert (made.order.status, made.order.note, made.order.customer) == ("paid", "Blue", sofie)
    back = Payment.objects.filter(order=order).order_by("pk")
    assert [(row.amount_minor, row.method) for row in back] == [(1000, "Exchange"), (600, "PayPal")]
    assert figures(sofie) == (2, 3200 - 1600 + 1000, 1600)
    told = Entry.objects.get(name="return.exchanged").data
    assert (told["exchange_number"], told["to_pay_minor"], told["paid_back_minor"]) == ("WEB-1001", 0, 600)
    assert "order.paid" in set(Entry.objects.values_list("name", flat=True))
    assert list(differences()) == []


def test_a_program_may_tell_a_return_in_any_state(order, sofie, web):
    told = receive_return(
        values={"number": "X1", "state": "received", "refund_minor": 900},
        lines=[{"sku": "TEA", "quantity": 1, "unit_price": "5.00"}],
        customer=sofie,
        channel=web,
        order=order,
    )
    assert figures(sofie) == (1, 3200, 0)
    assert settle_return(told).refund_minor == 900
    assert figures(sofie) == (1, 2300, 900)


def test_returns_in_bulk_keep_their_state_and_count_only_when_settled(order, sofie, web):
    drafts = [
        new_return(
            values={"number": f"B-{place}", "returned_at": AT, "state": state, "refund_minor": 100},
            lines=[{"sku": "TEA", "quantity": 1, "unit_price": "1.00"}],
            channel_id=web.pk,
            customer_id=sofie.pk,
            order_id=order.pk,
        )
        for place, state in enumerate(["requested", "refused", "refunded"])
    ]
    write_returns(drafts)
    assert list(Return.objects.order_by("pk").values_list("state", flat=True)) == ["requested", "refused", "refunded"]
    assert state(order) == ("part_refunded", 100)
    assert facts() == ["return.requested", "return.refused", "return.received"]
    assert [line.order_line is None for line in ReturnLine.objects.order_by("pk")] == [False, True, False]
