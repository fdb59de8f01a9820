"""What is done with an order from its page, row by row; refused for those who may not."""

import datetime as dt
import re
from decimal import Decimal

import pytest
import time_machine

from regulars.channels.actions import channel_for
from regulars.core import shop
from regulars.customers.actions import create_customer
from regulars.orders.actions import place_order, request_return
from regulars.orders.actions.links import make_link
from regulars.orders.models import Order, OrderTag, Payment, PaymentLink, Product, Return, Variant

NOW = dt.datetime(2026, 3, 12, 9, 42, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def _shop(db):
    shop.change(name="Hain & Hafen", currency="EUR", time_zone="Europe/Berlin", country="DE")
    with time_machine.travel(NOW, tick=True):
        yield


@pytest.fixture
def order(db):
    return placed()


def placed(number="HH-1", status="open", **values):
    return place_order(
        values={"number": number, "status": status, "payment_method": "PayPal", **values},
        lines=[
            {"sku": "TEA", "title": "Sencha", "quantity": 2, "unit_price": "10"},
            {"sku": "CUP", "title": "Cup", "quantity": 1, "unit_price": "20"},
        ],
        customer=create_customer(values={"given_name": "Sofie", "family_name": "Dahl"}),
        channel=channel_for("web"),
    )


def payments(order):
    return list(order.payments.values_list("is_refund", "state", "method", "amount_minor"))


def text_of(answer):
    return " ".join(answer.content.decode().split())


def test_all_of_it_is_paid_and_that_is_taken_back(client_of, ben, order):
    make_link(order)
    client = client_of(ben)
    answer = client.post(f"/orders/{order.public_id}/payments", {"all": "1", "method": "Card"}, follow=True)
    order.refresh_from_db()
    assert (order.status, payments(order)) == ("paid", [(False, "paid", "Card", 4000)])
    assert PaymentLink.objects.get().paid_at is not None
    undo = re.search(r'action="(/orders/payments/[^"]+/void)"', answer.content.decode())[1]
    client.post(undo)
    order.refresh_from_db()
    assert (order.status, payments(order)) == ("open", [(False, "voided", "Card", 4000)])


def test_a_part_is_paid_on_an_earlier_day(client_of, ben, order):
    client_of(ben).post(
        f"/orders/{order.public_id}/payments", {"part": "1", "amount": "15,50", "method": "Cash", "at": "2026-03-10"}
    )
    order.refresh_from_db()
    assert (order.status, payments(order)) == ("open", [(False, "paid", "Cash", 1550)])
    assert Payment.objects.get().at == dt.datetime(2026, 3, 10, 11, tzinfo=dt.UTC)
    assert "€24.50" in text_of(client_of(ben).get(f"/orders/{order.public_id}"))


@pytest.mark.parametrize(
    ("amount", "said"), [("much", "is not a number"), ("99", "is still to pay"), ("", "more than nothing")]
)
def test_a_payment_that_cannot_be_is_said_where_it_was_asked(amount, said, client_of, ben, order):
    answer = client_of(ben).post(
        f"/orders/{order.public_id}/payments", {"part": "1", "amount": amount, "reference": "kept"}
    )
    assert answer.status_code == 422
    assert said in text_of(answer)
    assert 'value="kept"' in text_of(answer)
    assert not Payment.objects.exists()


def test_lines_are_paid_back_at_once(client_of, ben):
    order = placed(status="paid")
    answer = client_of(ben).post(
        f"/orders/{order.public_id}/returns", {"back-1": "1", "reason": "Too bitter", "method": "PayPal", "now": "1"}
    )
    assert answer.status_code == 302
    order.refresh_from_db()
    assert (order.status, order.refunded_minor) == ("part_refunded", 1000)
    back = Return.objects.get()
    assert (back.state, back.reason, back.refund_minor) == ("refunded", "Too bitter", 1000)
    assert list(back.lines.values_list("sku", "quantity")) == [("TEA", 1)]
    assert payments(order) == [(True, "paid", "PayPal", 1000)]


def test_another_amount_than_proposed_is_paid_back(client_of, ben):
    order = placed(status="paid")
    client_of(ben).post(f"/orders/{order.public_id}/returns", {"back-2": "1", "amount": "12.50", "now": "1"})
    order.refresh_from_db()
    assert order.refunded_minor == 1250


def test_what_was_paid_is_proposed(client_of, ben):
    order = placed(status="paid", discount_minor=400)
    answer = client_of(ben).get(f"/orders/{order.public_id}/returns/proposal?back-1=1&back-2=0")
    assert "€9.00 was paid for that" in text_of(answer)


def test_a_return_goes_its_way(client_of, ben):
    order = placed(status="paid")
    client = client_of(ben)
    client.post(f"/orders/{order.public_id}/returns", {"back-2": "1", "later": "1"})
    back = Return.objects.get()
    assert (back.state, back.refund_minor) == ("requested", 2000)
    client.post(f"/orders/returns/{back.public_id}/received")
    back.refresh_from_db()
    order.refresh_from_db()
    assert (back.state, order.refunded_minor) == ("received", 0)
    client.post(f"/orders/returns/{back.public_id}/refund", {"amount": "18.00", "method": "Bank transfer"})
    back.refresh_from_db()
    order.refresh_from_db()
    assert (back.state, order.refunded_minor, order.status) == ("refunded", 1800, "part_refunded")
    assert payments(order) == [(True, "paid", "Bank transfer", 1800)]


def test_a_return_is_refused_and_counts_nowhere(client_of, ben):
    order = placed(status="paid")
    back = request_return(order, lines=[{"position": 1, "quantity": 2}])
    client_of(ben).post(f"/orders/returns/{back.public_id}/refuse", {"reason": "Opened"})
    back.refresh_from_db()
    order.refresh_from_db()
    assert (back.state, order.refunded_minor) == ("refused", 0)


def test_a_return_is_exchanged_for_what_was_picked(client_of, ben):
    order = placed(status="paid")
    back = request_return(order, lines=[{"position": 2, "quantity": 1}])
    kettle = Variant.objects.create(
        product=Product.objects.create(channel=channel_for("web"), title="Kettle"), sku="KET", price=Decimal(35)
    )
    client = client_of(ben)
    address = f"/orders/returns/{back.public_id}/exchange"
    answer = client.post(address, {"add": kettle.public_id})
    assert "Still to pay" in text_of(answer)
    assert "€15.00" in text_of(answer)
    assert Order.objects.count() == 1
    line = {"line-0-variant": kettle.public_id, "line-0-quantity": "1", "line-0-price": "35.00"}
    answer = client.post(address, {**line, "exchange": "1"})
    other = Order.objects.exclude(pk=order.pk).get()
    assert answer.url == f"/orders/{other.public_id}"
    assert (other.status, other.total_minor, payments(other)) == ("open", 3500, [(False, "paid", "Exchange", 2000)])
    back.refresh_from_db()
    assert (back.state, back.exchange) == ("exchanged", other)


def test_an_order_is_cancelled_with_a_reason(client_of, ben, order):
    client = client_of(ben)
    client.post(f"/orders/{order.public_id}/cancel", {"reason": "Out of stock", "version": order.version})
    order.refresh_from_db()
    assert order.status == "cancelled"
    assert "It was cancelled." in text_of(client.get(f"/orders/{order.public_id}"))


def test_an_order_that_somebody_changed_is_not_cancelled(client_of, ben, order):
    answer = client_of(ben).post(f"/orders/{order.public_id}/cancel", {"version": "99"})
    assert answer.status_code == 409
    order.refresh_from_db()
    assert order.status == "open"


def test_an_order_is_copied_into_a_draft(client_of, ben, order):
    answer = client_of(ben).post(f"/orders/{order.public_id}/copy")
    copy = Order.objects.exclude(pk=order.pk).get()
    assert answer.url == f"/orders/{copy.public_id}"
    assert (copy.status, copy.total_minor, copy.customer) == ("draft", 4000, order.customer)


def test_note_and_tags_are_changed_in_place_and_taken_back(client_of, ben, order):
    client = client_of(ben)
    answer = client.post(f"/orders/{order.public_id}/words", {"note": "Ring\ntwice"}, follow=True)
    client.post(f"/orders/{order.public_id}/words", {"tags": "gift, urgent"})
    order.refresh_from_db()
    assert order.note == "Ring\ntwice"
    assert sorted(OrderTag.objects.values_list("label", flat=True)) == ["gift", "urgent"]
    undo = re.search(r'action="(/orders/[^"]+/words/[^"]+)"', answer.content.decode())[1]
    client.post(undo)
    order.refresh_from_db()
    assert order.note == ""


def test_only_whoever_types_the_number_deletes_an_order(client_of, ada, order):
    client = client_of(ada)
    answer = client.post(f"/orders/{order.public_id}/delete", {"sure": "yes", "version": order.version})
    assert answer.status_code == 422
    assert Order.objects.exists()
    client.post(f"/orders/{order.public_id}/delete", {"sure": "HH-1", "version": order.version})
    assert not Order.objects.exists()


@pytest.mark.parametrize(
    ("address", "data"),
    [
        ("/orders/{order}/payments", {"all": "1"}),
        ("/orders/{order}/returns", {"back-1": "1", "now": "1"}),
        ("/orders/{order}/cancel", {}),
        ("/orders/{order}/copy", {}),
        ("/orders/{order}/words", {"note": "mine"}),
        ("/orders/{order}/delete", {"sure": "HH-1"}),
        ("/orders/returns/{back}/refund", {}),
        ("/orders/returns/{back}/exchange", {"exchange": "1"}),
    ],
)
def test_charlie_does_nothing_with_an_order(address, data, client_of, charlie, order):
    back = request_return(order, lines=[{"position": 1, "quantity": 1}])
    before = Order.objects.values().get()
    answer = client_of(charlie).post(address.format(order=order.public_id, back=back.public_id), data)
    assert answer.status_code == 403
    assert Order.objects.values().get() == before
    assert not Payment.objects.exists()
    back.refresh_from_db()
    assert back.state == "requested"


def test_ben_may_not_delete_an_order(client_of, ben, order):
    assert client_of(ben).post(f"/orders/{order.public_id}/delete", {"sure": "HH-1"}).status_code == 403
    assert Order.objects.exists()


def test_who_only_looks_sees_no_controls(client_of, client, order, ada):
    from regulars.staff.models import User

    reader = User.objects.create(name="Li Na", email="li@shop.example", role="read_only", password="!")
    text = text_of(client_of(reader).get(f"/orders/{order.public_id}"))
    assert "Sencha" in text
    assert "/payments" not in text
    assert "Cancel the order" not in text
