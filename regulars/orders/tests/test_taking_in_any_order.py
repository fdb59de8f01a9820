"""What sales channels say of orders leads to the same rows, whatever comes first."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from regulars.channels.actions import channel_for
from regulars.channels.models import Fate, Mirror
from regulars.channels.records import (
    CheckoutRecord,
    CustomerRecord,
    Gone,
    PaymentRecord,
    VariantRecord,
)
from regulars.customers.models import Customer
from regulars.orders.models import (
    Checkout,
    Order,
    Product,
    Return,
)
from regulars.orders.tests.said import HOUR, JONAS, NOON, back, bring, everything, line, product, sale
from regulars.timeline.models import Entry

pytestmark = pytest.mark.django_db


STATES = [
    JONAS,
    replace(JONAS, version=NOON + 3 * HOUR, given_name="Jon", phone="040 1234567"),
    product(),
    product(hours=2, category="Tea", variants=(VariantRecord(external_id="v1", sku="TEA", price=Decimal(5)),)),
    sale(status="open", lines=(line(variant_id="v1"),), tags=("a",)),
    sale(hours=1, lines=(line(variant_id="v1", quantity=3),), tags=("b",), note="Ring", total=Decimal("20.00")),
    sale(
        "2",
        hours=1,
        who=replace(JONAS, version=NOON + HOUR, phone="040 7654321", language="de"),
        placed_at=NOON - 5 * HOUR,
        payments=(PaymentRecord(external_id="t", amount=Decimal(9)),),
    ),
    sale("3", who=CustomerRecord(external_id="", version=NOON, email="jonas@example.com", name="J. Wieck")),
    back(),
    back(hours=2, refund=Decimal("9.00"), lines=(line(quantity=2),), reason="Too strong"),
    back("r2", hours=1, order_id="2", state="requested"),
    Gone(of="return", external_id="r2", version=NOON + 9 * HOUR),
    CheckoutRecord(
        external_id="c",
        version=NOON,
        started_at=NOON - HOUR,
        currency="EUR",
        total=Decimal(9),
        completed_at=NOON,
        order_id="2",
    ),
]


def _any_order(max_examples):
    return settings(
        max_examples=max_examples,
        deadline=None,
        # each example is a shop of its own: to shrink one takes minutes
        phases=[Phase.explicit, Phase.reuse, Phase.generate],
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )


_ORDERS = given(order=st.permutations(range(len(STATES))), cuts=st.sets(st.integers(1, len(STATES) - 1)))


@_any_order(6)
@_ORDERS
def test_what_there_is_in_the_end_does_not_depend_on_what_came_first(order, cuts):
    _bring_in_any_order(order, cuts)


@pytest.mark.slow
@_any_order(200)
@_ORDERS
def test_what_there_is_in_the_end_does_not_depend_on_what_came_first_at_length(order, cuts):
    _bring_in_any_order(order, cuts)


def _bring_in_any_order(order, cuts):
    """What stands after all states came in one batch, and after they came in this order, in parts cut there."""
    _empty()
    channel = channel_for("shop", name="Web shop")
    bring(channel, *STATES)
    expected = everything()
    _empty()
    edges = [0, *sorted(cuts), len(STATES)]
    held = []
    for start, end in pairwise(edges):
        some = [STATES[place] for place in order[start:end]]
        outcomes = bring(channel, *some, *held)
        held = [one for one, outcome in zip([*some, *held], outcomes, strict=True) if outcome.fate is Fate.HELD]
    assert held == []
    found = everything()
    assert {name: rows for name, rows in found.items() if rows != expected[name]} == {}


def _empty():
    for model in (Checkout, Return, Order, Product, Mirror):
        model.objects.all().delete()
    Customer.everyone.all().delete()
    Entry.objects.all().delete()
