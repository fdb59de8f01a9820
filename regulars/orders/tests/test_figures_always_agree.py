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
from regulars.core.errors import Invalid, Refusal
from regulars.customers.actions import create_customer, delete_customer, erase_customer
from regulars.customers.models import Customer
from regulars.orders.actions import (
    add_payment,
    cancel_order,
    change_order,
    delete_order,
    duplicate_order,
    exchange_return,
    mark_paid,
    open_draft,
    place_order,
    receive_goods,
    receive_return,
    refund_order,
    refuse_return,
    request_return,
    settle_return,
    void_payment,
)
from regulars.orders.models import Order, Payment, PaymentState, Return, ReturnLine, Status
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
        self.changed = set()

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
        self.changed.add(order.pk)

    @precondition(lambda _shop: Order.objects.exists())
    @rule(which=places, position=st.integers(1, 4), quantity=st.integers(1, 9), back=st.none() | st.integers(0, 9999))
    def ask_to_send_back(self, which, position, quantity, back):
        order = self.one_of(list(Order.objects.order_by("pk")), which)
        self.tried(
            lambda: request_return(order, lines=[{"position": position, "quantity": quantity}], refund_minor=back)
        )

    @precondition(lambda _shop: Return.objects.exists())
    @rule(
        which=places,
        step=st.sampled_from([receive_goods, settle_return, settle_return, refuse_return, exchange_return]),
        back=st.none() | st.integers(0, 9999),
        lines=lines,
    )
    def go_on(self, which, step, back, lines):
        returned = self.one_of(list(Return.objects.order_by("pk")), which)
        settled = returned.is_settled
        more = {"refund_minor": back} if step in {settle_return, exchange_return} else {}
        done = self.tried(lambda: step(returned, **more, **({"lines": lines} if step == exchange_return else {})))
        assert done is None or not settled  # what was settled is settled once

    @precondition(lambda _shop: Order.objects.exists())
    @rule(which=places, back=st.integers(1, 99_999))
    def pay_back(self, which, back):
        order = self.one_of(list(Order.objects.order_by("pk")), which)
        self.tried(lambda: refund_order(order, refund_minor=back))

    @precondition(lambda _shop: Order.objects.exists())
    @rule(
        which=places, what=st.sampled_from(["add", "all", "void", "cancel", "copy", "open"]), minor=st.integers(1, 9999)
    )
    def handle(self, which, what, minor):
        order = self.one_of(list(Order.objects.order_by("pk")), which)
        payment = self.one_of(list(order.payments.order_by("pk")), which)
        deeds = {
            "add": lambda: add_payment(order, amount_minor=minor),
            "all": lambda: mark_paid(order),
            "void": lambda: payment and void_payment(payment),
            "cancel": lambda: cancel_order(order),
            "copy": lambda: duplicate_order(order),
            "open": lambda: open_draft(order),
        }
        self.tried(deeds[what])

    def tried(self, deed):
        """What became of a deed; None where it was refused, and then nothing is left of it."""
        before = [list(model.objects.order_by("pk").values()) for model in (Order, Return, ReturnLine, Payment)]
        try:
            return deed()
        except Refusal:
            after = [list(model.objects.order_by("pk").values()) for model in (Order, Return, ReturnLine, Payment)]
            assert after == before

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
    def payments_and_returns_fit(self):
        for order in Order.objects.prefetch_related("payments"):
            paid = [payment for payment in order.payments.all() if payment.state == PaymentState.PAID]
            came = sum(payment.amount_minor for payment in paid if not payment.is_refund)
            assert all(payment.amount_minor > 0 for payment in paid)
            # no more is booked than an order came to then; its lines may have been changed afterwards
            assert came <= order.total_minor or order.pk in self.changed
            if order.status == Status.OPEN and order.pk not in self.changed:
                went = sum(payment.amount_minor for payment in paid if payment.is_refund)
                assert came - went < order.total_minor or order.total_minor == 0
        for returned in Return.objects.prefetch_related("payments"):
            went = sum(payment.amount_minor for payment in returned.payments.all())
            assert went in {0, returned.refund_minor}
            assert returned.is_settled or not went

    @invariant()
    def nothing_comes_back_twice(self):
        for line in ReturnLine.objects.filter(order_line__isnull=False).select_related("order_line"):
            came_back = sum(line.order_line.return_lines.values_list("quantity", flat=True))
            bought = line.order_line.quantity
            # an order whose lines were changed afterwards may have had more
            assert came_back <= bought or line.order_line.order.version > 1


@pytest.mark.django_db
class TestShop(Shop.TestCase):
    settings = settings(max_examples=12, stateful_step_count=14, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.mark.slow
@pytest.mark.django_db
class TestManyShops(Shop.TestCase):
    settings = settings(
        max_examples=150, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
    )
