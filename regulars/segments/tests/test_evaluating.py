"""What clauses mean, example by example: the sentences of the contract, on people whose rows are written out."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest

from regulars.core.text import fold
from regulars.segments.language.evaluating import decided, matches
from regulars.segments.language.parsing import parse
from regulars.segments.tests.small_vocabulary import FUNCTIONS, KNOWN, words
from regulars.segments.vocabulary.reading import Person, Scene

BERLIN = ZoneInfo("Europe/Berlin")
TODAY = dt.date(2026, 11, 22)
PRODUCTS = {1: {"title": "Green Tea", "tags": ["Sale", "New"]}, 2: {"title": None, "tags": []}}


def somebody(*, today=TODAY, is_past=False, groups=(), customer=None, **tables):
    scene = Scene(
        known=KNOWN,
        functions=FUNCTIONS,
        dimensions={"products": PRODUCTS},
        today=today,
        zone=BERLIN,
        is_past=is_past,
    )
    return Person(scene, {"customers": [customer or {}], **tables}, groups.__contains__)


def is_in(query, person):
    scene = person.scene
    return matches(parse(query, words()), person, today=scene.today, zone=scene.zone, fold=fold)


def why(query, person):
    scene = person.scene
    return decided(parse(query, words()), person, today=scene.today, zone=scene.zone, fold=fold)


def moment(text):
    """By the clock of Berlin, as the lake has it."""
    return dt.datetime.fromisoformat(text).replace(tzinfo=BERLIN).astimezone(dt.UTC).replace(tzinfo=None)


def order(placed, total=1000, **more):
    return {"placed": moment(placed), "total": total, "is_counted": True, **more}


def line(variant, *, ordr=1, placed="2026-11-01", quantity=1, title=None):
    return {
        "variant": variant,
        "ordr": ordr,
        "placed": moment(placed),
        "quantity": quantity,
        "title": title,
        "is_counted": True,
    }


NOBODY = somebody()
ANNA = somebody(
    customer={
        "name": "Anna Müller",
        "email": "anna@example.com",
        "orders_count": 3,
        "spent": 50000,
        "last_order": moment("2026-08-24T00:00"),
        "added": moment("2026-03-29T02:30"),
        "birth_date": dt.date(2000, 2, 29),
        "birthday": 229,
        "is_guest": False,
        "email_consent": "agreed",
        "tags": [2, 3, 99],
        "countries": ["DE", "AT"],
        "usual_gap": 30.25,
    },
    groups={"VIP"},
)


@pytest.mark.parametrize(
    "query",
    [
        "name = 'Anna Müller'",
        "NOT name = 'anna müller'",  # exactly
        "name CONTAINS 'MULLER'",  # but here capitals and accents are nothing
        "name STARTS WITH 'anna'",
        "name ENDS WITH 'ller'",
        "name IN ('x', 'Anna Müller')",
        "amount_spent >= 500",
        "NOT amount_spent > 500",
        "amount_spent > 499.995",  # nothing is rounded
        "amount_spent BETWEEN 500 AND 500.00",
        "days_between_orders = 30.25",
        "number_of_orders IN (1, 3)",
        "last_order_date = -90d",
        "last_order_date >= -90d",
        "NOT last_order_date < -90d",
        "last_order_date = 2026-08-24T00:00:00",
        "last_order_date > 2026-08-23T23:59:59",
        "age = 26",
        "anniversary(birth_date) = 2026-02-28",  # in a common year
        "NOT anniversary(birth_date) = 2024-02-28",
        "customer_tags CONTAINS 'vip'",  # the tag merged into it counts, capitals do not
        "customer_tags CONTAINS 'TEA'",
        "customer_countries IN ('fr', 'at')",
        "is_guest = false",
        "email_subscription_status = 'SUBSCRIBED'",
        "average_order_amount = 166.67",
        "segment IN ('Regular', 'VIP')",
        "segment NOT IN ('Regular')",
        "orders_placed MATCHES (count = 0)",
        "orders_placed NOT MATCHES ()",
    ],
)
def test_anna_is_in(query):
    assert is_in(query, ANNA)


@pytest.mark.parametrize(
    "positive",
    [
        "name = ''",
        "name CONTAINS ''",
        "number_of_orders < 5",
        "amount_spent BETWEEN -1000 AND 1000",
        "last_order_date < 2030-01-01",
        "birth_date > 1900-01-01",
        "age >= 0",
        "anniversary(birth_date) BETWEEN 2026-01-01 AND 2026-12-31",
        "customer_tags CONTAINS 'VIP'",
        "category = 'Tea'",
        "spend_band = 'LOW'",
    ],
)
def test_a_positive_test_on_a_missing_value_is_false_and_its_complement_true(positive):
    assert not is_in(positive, NOBODY)
    assert is_in(f"NOT {positive}", NOBODY)


def test_only_a_value_that_says_what_nobody_said_is_never_missing():
    assert is_in("email_subscription_status = 'NOT_SUBSCRIBED'", NOBODY)
    assert is_in("email_subscription_status IS NOT NULL", NOBODY)
    assert is_in("name IS NULL AND customer_tags IS NULL AND anniversary(birth_date) IS NULL", NOBODY)


@pytest.mark.parametrize(
    ("day", "age"), [("2025-02-27", 24), ("2025-02-28", 25), ("2028-02-28", 27), ("2028-02-29", 28), ("2000-02-29", 0)]
)
def test_an_age_changes_on_the_birthday_and_on_28_february_in_common_years(day, age):
    person = somebody(today=dt.date.fromisoformat(day), customer={"birth_date": dt.date(2000, 2, 29)})
    assert why(f"age = {age}", person).value == age
    assert is_in(f"age = {age}", person)


def test_days_begin_and_end_at_midnight_of_the_shop_also_when_clocks_change():
    before = somebody(customer={"last_order": moment("2026-03-29T00:00") - dt.timedelta(microseconds=1)})
    last = somebody(customer={"last_order": moment("2026-03-30T00:00") - dt.timedelta(microseconds=1)})
    assert not is_in("last_order_date = 2026-03-29", before)
    assert is_in("last_order_date = 2026-03-29", last)
    assert not is_in("last_order_date > 2026-03-29", last)


# ── functions

REGULAR = somebody(
    orders=[
        order("2026-11-01T10:00", 4000, codes=["SPRING"], is_first=True),
        order("2026-11-10T10:00", 6001, codes=[]),
        order("2026-11-15T10:00", 99900) | {"is_counted": False},
    ],
    lines=[
        line(1, ordr=1, quantity=2),
        line(1, ordr=2, placed="2026-11-10", quantity=1),
        line(2, ordr=2, placed="2026-11-10", quantity=5, title="Kettle"),
        line(None, ordr=2, placed="2026-11-10", title="Mug"),
    ],
)


@pytest.mark.parametrize(
    "query",
    [
        "orders_placed MATCHES (count = 2)",  # what does not count is not there
        "orders_placed MATCHES (sum_amount = 100.01)",
        "orders_placed MATCHES (average_amount = 50.005)",  # exactly: no average is rounded
        "orders_placed MATCHES (amount > 50, count = 1)",  # arguments about rows decide which are counted
        "orders_placed MATCHES (count = 0, date > -7d)",
        "orders_placed MATCHES (sum_amount = 0, date > -7d)",
        "NOT orders_placed MATCHES (average_amount >= 0, date > -7d)",  # of nothing there is no average
        "orders_placed MATCHES (average_amount IS NULL, least_amount IS NULL, date > -7d)",
        "orders_placed MATCHES (least_amount = 40, last_date = 2026-11-10)",
        "orders_placed MATCHES (discount_code = 'spring')",
        "orders_placed MATCHES (discount_code != 'spring', count = 1)",  # rows have two values, too
        "orders_placed MATCHES (first = true)",
        "products_purchased MATCHES (name = 'Green Tea', count = 2, sum_quantity = 3)",
        "products_purchased MATCHES (count = 2)",  # orders, not lines
        "products_purchased MATCHES (name IN ('Kettle', 'Mug'), count = 1)",  # the line's own name
        "products_purchased MATCHES (tag = 'new')",
        "products_purchased MATCHES (tag != 'new', sum_quantity = 6)",
        "products_purchased MATCHES (quantity >= 5, name = 'Kettle')",
        "favourite_products CONTAINS 'green tea' AND favourite_products NOT CONTAINS 'Kettle'",
    ],
)
def test_functions_ask_rows(query):
    assert is_in(query, REGULAR)


def test_as_of_an_earlier_day_what_came_later_is_not_there():
    tables = {"orders": REGULAR.tables["orders"], "lines": REGULAR.tables["lines"]}
    customer = {"orders_count": 2, "spent": 10001, "added": moment("2026-11-01T09:00")}
    then = somebody(today=dt.date(2026, 11, 9), is_past=True, customer=customer, **tables)
    assert then.is_there
    assert is_in("number_of_orders = 1 AND amount_spent = 40 AND last_order_date = -8d", then)
    assert is_in("orders_placed MATCHES (count = 1) AND products_purchased MATCHES (count = 1)", then)
    assert is_in("favourite_products IS NULL", then)
    before = somebody(today=dt.date(2026, 10, 31), is_past=True, customer=customer, **tables)
    assert not before.is_there
    # 10 November has not ended
    assert is_in(
        "number_of_orders = 2", somebody(today=dt.date(2026, 11, 10), is_past=True, customer=customer, **tables)
    )


HOME = {"latitude": 52.52, "longitude": 13.405}
FAR = {"latitude": None, "longitude": 13.0}


@pytest.mark.parametrize(
    ("distance", "is_near"),
    [("distance_km < 255.3", True), ("distance_km < 255.2", False), ("distance_mi < 158.7", True)],
)
def test_any_address_may_be_near_a_place(distance, is_near):
    person = somebody(addresses=[FAR, HOME])
    assert is_in(f"customer_within_distance MATCHES (coordinates = (53.5511, 9.9937), {distance})", person) is is_near


def message(sent, medium="email"):
    return {"sent": moment(sent), "medium": medium}


@pytest.mark.parametrize(
    ("orders", "messages", "query", "holds"),
    [
        # a day of 24 hours: clocks go forward in between
        (["2026-03-01T00:00", "2026-03-31T01:00"], [], "orders_placed THEN orders_placed WITHIN 30d", True),
        (["2026-03-01T00:00", "2026-03-31T01:01"], [], "orders_placed THEN orders_placed WITHIN 30d", False),
        (["2026-01-31T12:00", "2026-02-28T12:00"], [], "orders_placed THEN orders_placed WITHIN 1m", True),
        (["2026-01-31T12:00", "2026-02-28T12:01"], [], "orders_placed THEN orders_placed WITHIN 1m", False),
        (["2026-03-01", "2026-03-01"], [], "orders_placed THEN orders_placed WITHIN 1d", False),  # one after the other
        (
            ["2026-03-01", "2026-03-05"],
            ["2026-03-03"],
            "orders_placed THEN NOT messages THEN orders_placed WITHIN 9d",
            False,
        ),
        (
            ["2026-03-01", "2026-03-05"],
            ["2026-03-05"],
            "orders_placed THEN NOT messages THEN orders_placed WITHIN 9d",
            True,
        ),
        (
            ["2026-03-01", "2026-03-05"],
            ["2026-03-07"],
            "orders_placed THEN orders_placed THEN NOT messages WITHIN 9d",
            False,
        ),
        (
            ["2026-03-01", "2026-03-05"],
            ["2026-03-11"],
            "orders_placed THEN orders_placed THEN NOT messages WITHIN 9d",
            True,
        ),
        # another first order does it
        (["2026-01-01", "2026-03-01"], ["2026-03-02"], "orders_placed THEN messages WITHIN 2d", True),
        (["2026-03-01"], ["2026-02-01"], "orders_placed THEN messages WITHIN 1y", False),
        (["2026-03-01"], ["2026-03-02"], "orders_placed THEN messages MATCHES (channel = 'sms') WITHIN 1y", False),
    ],
)
def test_steps_follow_each_other(orders, messages, query, holds):
    person = somebody(orders=[order(at) for at in orders], messages=[message(at) for at in messages])
    assert is_in(f"sequence MATCHES ({query})", person) is holds
    assert is_in(f"sequence NOT MATCHES ({query})", person) is not holds


def test_a_clause_tells_what_decided_it():
    spent = why("amount_spent > 500", ANNA)
    assert (spent.is_true, spent.value, spent.rows) == (False, Decimal("500.00"), ())
    assert why("anniversary(birth_date) = today", ANNA).value == (2, 29)
    assert why("segment IN ('Regular', 'VIP')", ANNA).value == ("VIP",)
    orders = why("orders_placed MATCHES (count >= 1, average_amount > 10, amount > 50)", REGULAR)
    assert (orders.is_true, orders.value) == (True, 1)
    assert orders.totals == {"count": 1, "average_amount": Fraction(6001, 100)}
    assert [row.value("amount") for row in orders.rows] == [Decimal("60.01")]
    never = why("products_purchased NOT MATCHES (name = 'Mug')", REGULAR)
    assert (never.is_true, never.value, len(never.rows)) == (False, 1, 1)
    steps = why("sequence MATCHES (orders_placed THEN orders_placed WITHIN 30d)", REGULAR)
    assert [row.moment.day for row in steps.rows] == [1, 10]
