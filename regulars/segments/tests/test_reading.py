"""How a declaration and rows of the lake become a value."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given

from regulars.segments.language.tree import Place
from regulars.segments.tests.small_vocabulary import FUNCTIONS, KNOWN
from regulars.segments.tests.strategies import DAYS, many, people
from regulars.segments.vocabulary.reading import Person, Scene, apart, haversine

ZONE = ZoneInfo("America/New_York")
TODAY = dt.date(2026, 11, 22)


def read(*, customer=None, exponent=2, dimensions=None, **tables):
    scene = Scene(
        known=KNOWN, functions=FUNCTIONS, dimensions=dimensions or {}, today=TODAY, zone=ZONE, exponent=exponent
    )
    return Person(scene, {"customers": [customer or {}], **tables}, lambda _name: False)


@pytest.mark.parametrize(
    ("attribute", "customer", "value"),
    [
        ("amount_spent", {"spent": 12345}, Decimal("123.45")),
        ("amount_spent", {"spent": None}, None),
        ("days_between_orders", {"usual_gap": 0.1}, Decimal("0.1")),
        ("name", {"name": ""}, None),
        ("customer_tags", {"tags": [2, 4, 99, 1]}, ("VIP", "café")),  # 1 and 2 are one, 99 is none any more
        ("customer_tags", {"tags": [99]}, None),
        ("customer_tags", {"tags": []}, None),
        ("email_subscription_status", {"email_consent": None}, "NOT_SUBSCRIBED"),
        ("email_subscription_status", {"email_consent": "unheard of"}, "NOT_SUBSCRIBED"),
        ("email_subscription_status", {"email_consent": "refused"}, "UNSUBSCRIBED"),
        ("average_order_amount", {"spent": 5, "orders_count": 2}, Decimal("0.03")),
        ("average_order_amount", {"spent": -5, "orders_count": 2}, Decimal("-0.03")),
        ("average_order_amount", {"spent": 5, "orders_count": 0}, None),
        ("spend_band", {"spent": 1998, "orders_count": 1}, "LOW"),
        ("spend_band", {"spent": 1999, "orders_count": 1}, "MEDIUM"),
        ("spend_band", {"spent": 5000, "orders_count": 0}, None),
        ("last_order_date", {"last_order": dt.datetime(2026, 3, 1, 4)}, dt.datetime(2026, 3, 1, 4, tzinfo=dt.UTC)),  # noqa: DTZ001
    ],
)
def test_a_column_becomes_a_value(attribute, customer, value):
    assert read(customer=customer).value(attribute) == value


def test_amounts_have_the_decimals_of_the_currency():
    assert read(customer={"spent": 12345}, exponent=0).value("amount_spent") == Decimal(12345)
    assert read(customer={"spent": 12345}, exponent=3).value("amount_spent") == Decimal("12.345")


def test_own_fields_stand_in_rows_of_their_own():
    day = dt.date(2026, 5, 30)
    person = read(
        custom=[
            {"field": 7, "number": 42.5},
            {"field": 8, "number": float(day.toordinal())},
            {"field": 9, "text": "email"},
            {"field": 9, "text": "sms"},
        ]
    )
    assert person.value("metafields.custom.shoe_size") == Decimal("42.5")
    assert person.value("metafields.custom.wedding") == day
    assert person.birthday("metafields.custom.wedding") == (5, 30)
    assert person.value("metafields.custom.media") == ("email", "sms")
    assert read().value("metafields.custom.shoe_size") is None


def test_a_birthday_may_have_no_year_and_a_moment_has_the_day_of_the_shop():
    person = read(customer={"birthday": 229, "last_order": dt.datetime(2026, 3, 1, 4)})  # noqa: DTZ001
    assert (person.value("birth_date"), person.birthday("birth_date")) == (None, (2, 29))
    assert person.birthday("last_order_date") == (2, 28)  # it was still evening in New York


def test_what_a_dimension_does_not_know_the_row_says_itself():
    products = {1: {"title": "Green Tea", "tags": ["a"]}, 2: {"title": None, "tags": None}}
    lines = [{"is_counted": True, "variant": variant, "title": "Own", "ordr": 5} for variant in (1, 2, 3, None)]
    rows = read(dimensions={"products": products}, lines=lines).rows("products_purchased")
    assert [row.value("name") for row in rows] == ["Green Tea", "Own", "Own", "Own"]
    assert [row.value("tag") for row in rows] == [("a",), None, None, None]
    assert {row.value("count") for row in rows} == {5}


def test_distances_are_those_of_a_globe():
    assert haversine(53.5511, 9.9937, 52.52, 13.405) == pytest.approx(255.25, abs=0.01)
    assert haversine(0, 180, 0, -180) == pytest.approx(0, abs=1e-6)
    addresses = [{"latitude": 52.52, "longitude": 13.405}, {"latitude": None, "longitude": 13.405}]
    near, unknown = read(addresses=addresses).rows(
        "customer_within_distance", Place(Decimal("52.52"), Decimal("13.405"))
    )
    assert (near.value("distance_km"), unknown.value("distance_km"), near.moment) == (0, None, None)


@many
@given(people(KNOWN, FUNCTIONS, today=DAYS[-1], zone=ZONE, number=7))
def test_everybody_can_be_read_and_told_apart(tables):
    ((number, own),) = apart(tables)
    assert (number, own["customers"]) == (7, tables["customers"])
    person = read(**{name: rows for name, rows in own.items() if name != "customers"}, customer=own["customers"][0])
    assert [person.value(name) for name in KNOWN]
    assert all(row.rows.function.name == name for name in FUNCTIONS for row in person.rows(name))
