"""Generated orders are written as the verbs write them, column by column."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from regulars.channels.actions import channel_for
from regulars.core import shop
from regulars.customers.actions import create_customer
from regulars.orders.actions import place_order, receive_return
from regulars.orders.actions.figures import refresh
from regulars.orders.actions.history import PastLine, PastOrder, PastReturn, write_history
from regulars.orders.models import Order, OrderLine, Return, ReturnLine
from regulars.orders.queries.verification import differences
from regulars.timeline.models import Entry

AT = dt.datetime(2026, 3, 12, 9, 30, tzinfo=dt.UTC)
DIFFERS = {
    "id",
    "number",
    "created_at",
    "updated_at",
    "recorded_at",
    "order_id",
    "parent_id",
    "subject_id",
    "order_line_id",
}


def columns(row):
    return {
        field.attname: getattr(row, field.attname)
        for field in row._meta.concrete_fields
        if field.attname not in DIFFERS
    }


@pytest.mark.django_db
def test_generated_orders_equal_those_of_the_verbs():
    channel = channel_for("web")
    ada = create_customer(values={"name": "Ada"})
    lines = [
        {"sku": "A", "title": "Teapot", "quantity": 2, "unit_price": "24.50"},
        {"sku": "B", "title": "Mug", "quantity": 3, "unit_price": "9.95"},
    ]
    values = {"shipping_minor": 490, "payment_method": "card", "country": "GB"}
    placed = place_order(values={"number": "V1", "placed_at": AT, **values}, lines=lines, customer=ada, channel=channel)
    receive_return(
        values={"number": "VR1", "returned_at": AT + dt.timedelta(days=5), "reason": "Too small"},
        lines=lines[:1],
        customer=ada,
        channel=channel,
        order=placed,
    )
    past = PastOrder(
        number="H1",
        channel_id=channel.pk,
        customer_id=ada.pk,
        at="2026-03-12 09:30:00",
        status="paid",
        shipping_minor=490,
        payment_method="card",
        country="GB",
        lines=[PastLine("A", "Teapot", 2, "24.50", 4900), PastLine("B", "Mug", 3, "9.95", 2985)],
        returned=PastReturn("HR1", "2026-03-17 09:30:00", "Too small", (0,)),
    )
    guest = past._replace(number="H2", customer_id=None, returned=None)
    write_history([past, guest], currency=shop.current().currency)
    refresh([ada.pk])

    by_verb, by_history = Order.objects.get(number="V1"), Order.objects.get(number="H1")
    assert columns(by_history) == columns(by_verb)
    assert by_history.status == "part_refunded"
    assert by_history.refunded_minor == 4900
    for model, of_verb, of_history in (
        (OrderLine, {"order": by_verb}, {"order": by_history}),
        (Return, {"number": "VR1"}, {"number": "HR1"}),
        (ReturnLine, {"parent__number": "VR1"}, {"parent__number": "HR1"}),
    ):
        assert [columns(row) for row in model.objects.filter(**of_history)] == [
            columns(row) for row in model.objects.filter(**of_verb)
        ]
    [back] = ReturnLine.objects.filter(parent__number="HR1")
    assert (back.order_id, back.order_line.sku, back.order_line.unit_price) == (by_history.pk, "A", Decimal("24.50"))
    for name in ("order.placed", "return.received"):
        by_verb_entry, by_history_entry = Entry.objects.filter(name=name, customer=ada).order_by("id")
        numbers = {key: value.replace("H", "V") for key, value in by_history_entry.data.items() if "number" in key}
        assert {**by_history_entry.data, **numbers} == by_verb_entry.data
        assert {**columns(by_history_entry), "data": 0} == {**columns(by_verb_entry), "data": 0}
    assert Order.objects.get(number="H2").customer_id is None
    assert list(differences()) == []
