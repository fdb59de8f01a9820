"""Whatever happens to orders, in whatever sequence, the kept figures are those that the orders add up to."""

import datetime as dt
from decimal import Decimal

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from regulars.channels.actions import channel_for
from regulars.core import shop
from regulars.core.errors import Invalid
from regulars.customers.actions import create_customer, delete_customer, erase_customer
from regulars.customers.models import Customer
from regulars.orders.actions import change_order, delete_order, place_order, receive_return
from regulars.orders.models import Order, Return, ReturnLine, Status
from regulars.orders.queries.verification import differences

skus = st.sampled_from(["A", "B", "C"])
prices = st.decimals(min_value=0, max_value=500, places=4)
lines = st.lists(
    st.fixed_dictionaries({"sku": skus, "quantity": st.integers(1, 9), "unit_price": prices}), min_size=1, max_size=4
)
moments = st.datetimes(
    min_value=dt.datetime(2025, 3, 1),  # noqa: DTZ001 — Hypothesis wants them so, and adds the zone
    max_value=dt.datetime(2026, 3, 31),  # noqa: DTZ001
    timezones=st.just(dt.UTC),
)
places = st.integers(0, 50)
currencies = st.sampled_from([("EUR", None), ("JPY", Decimal("0.0061")), ("KWD", Decimal("2.98765432"))])
states = st.sampled_from([Status.DRAFT, Status.OPEN, Status.PAID, Status.PAID, Status.CANCELLED])


class Shop(RuleBasedStateMachine):
    """Random days of a small shop with three customers and two channels."""

    def __init__(self):
        super().__init__()
        self.transaction = transaction.atomic()
        self.transaction.__enter__()
        shop.change(currency="EUR", time_zone="Europe/Berlin")
        self.channels = [channel_for("web"), channel_for("store")]
        self.customers = [create_customer(values={"name": name}) for name in ("Ada", "Ben", "Zoë")]
        self.count = 0

    def teardown(self):
        transaction.set_rollback(True)
        self.transaction.__exit__(None, None, None)

    def one_of(self, rows, place):
        return rows[place % len(rows)] if rows else None

    def number(self):
        self.count += 1
        return f"N{self.count}"

    @rule(who=places, where=places, lines=lines, at=moments, money=currencies, state=states, is_test=st.integers(0, 9))
    def place(self, who, where, lines, at, money, state, is_test):
        currency, rate = money
        values = {
            "number": self.number(),
            "placed_at": at,
            "currency": currency,
            "status": state,
            "is_test": not is_test,
        }
        place_order(
            values={**values, "shipping_minor": 499, **({"rate": rate} if rate else {})},
            lines=lines,
            customer=self.one_of([*self.customers, None], who),
            channel=self.one_of(self.channels, where),
        )

    @rule(
        who=places, where=places, lines=lines, at=moments, money=currencies, paid_back=st.none() | st.integers(0, 9999)
    )
    def send_back(self, who, where, lines, at, money, paid_back):
        currency, rate = money
        values = {"number": self.number(), "returned_at": at, "currency": currency, **({"rate": rate} if rate else {})}
        receive_return(
            values=values if paid_back is None else {**values, "refund_minor": paid_back},
            lines=lines,
            customer=self.one_of([*self.customers, None], who),
            channel=self.one_of(self.channels, where),
        )

    @precondition(lambda _shop: Order.objects.exists())
    @rule(which=places, lines=lines | st.just([]), at=moments)
    def send_back_this_order(self, which, lines, at):
        order = self.one_of(list(Order.objects.order_by("pk")), which)
        values = {"number": self.number(), "returned_at": at, **({} if lines else {"refund_minor": 100})}
        left, refused = order.total_minor - order.refunded_minor, {}
        try:
            returned = receive_return(
                values=values, lines=lines, customer=order.customer, channel=order.channel, order=order
            )
        except Invalid as refusal:
            refused = refusal.fields
        if refused:
            assert "can still be paid back" in refused["lines"][0]
            assert not Return.objects.filter(number=values["number"]).exists()
        else:
            assert returned.refund_minor <= max(left, 0)

    @precondition(lambda _shop: Order.objects.exists())
    @rule(which=places, what=st.sampled_from(["status", "lines", "customer", "placed_at", "shipping"]), who=places,
          lines=lines, at=moments, state=states)  # fmt: skip
    def change(self, which, what, who, lines, at, state):
        order = self.one_of(list(Order.objects.order_by("pk")), which)
        values = {
            "status": {"status": state},
            "customer": {"customer": self.one_of([*self.customers, None], who)},
            "placed_at": {"placed_at": at},
            "shipping": {"shipping_minor": 990, "discount_minor": 0},
            "lines": {},
        }[what]
        change_order(order, values=values, lines=lines if what == "lines" else None)

    @precondition(lambda _shop: Order.objects.exists())
    @rule(which=places)
    def delete(self, which):
        delete_order(self.one_of(list(Order.objects.order_by("pk")), which))

    @precondition(lambda shop_now: len(shop_now.customers) > 1)
    @rule()
    def forget_a_customer(self):
        erase_customer(delete_customer(Customer.objects.get(pk=self.customers.pop().pk)))

    @invariant()
    def everything_agrees(self):
        assert list(differences()) == []

    @invariant()
    def nothing_comes_back_twice(self):
        for line in ReturnLine.objects.filter(order_line__isnull=False).select_related("order_line"):
            came_back = sum(line.order_line.return_lines.values_list("quantity", flat=True))
            bought = line.order_line.quantity
            # an order whose lines were changed afterwards may have had more
            assert came_back <= bought or line.order_line.order.version > 1


@pytest.mark.django_db
class TestShop(Shop.TestCase):
    settings = settings(max_examples=15, stateful_step_count=12, deadline=None, suppress_health_check=list(HealthCheck))
