"""One clause, two ways: a statement over columns, and the definition in plain Python. They find the same people."""

import datetime as dt
from decimal import Decimal

import duckdb
import pytest
from pyroaring import BitMap

from regulars.core.text import fold
from regulars.segments.engine import running
from regulars.segments.engine.comparing import Asked
from regulars.segments.engine.compiling import compiled
from regulars.segments.language import evaluating, parsing
from regulars.segments.tests import engine_shop as shop
from regulars.segments.vocabulary.reading import Person, Scene, apart

ATTRIBUTES = """
name = 'Ångström'
name != 'Ångström'
name = 'O\\'Brien\\'); DROP TABLE customers; --'
name CONTAINS 'ANG'
name CONTAINS '%'
name CONTAINS '\\\\'
name NOT CONTAINS 'ö'
name STARTS WITH 'å'
name ENDS WITH 'M'
name IN ('Zoë', '李娜', 'zoe')
name NOT IN ('Zoë')
name IS NULL
name IS NOT NULL
name BETWEEN 'A' AND 'Z'
city > 'Koln'
added = 2026-03-12
added > -30d
added < 2025-10-26
added BETWEEN 2025-10-26 AND 2026-03-29
added = 2026-03-29T01:30:00
added IS NULL
category = 'Café'
category != 'Shop'
category IN ('Kantine', 'Shop')
category IS NULL
is_guest = true
is_guest != true
is_guest = false
birth_date < 1996-03-01
birth_date IS NULL
age >= 18
age = 30
age < 26
age BETWEEN 26 AND 36
age IN (25, 35)
age != 36
age IS NULL
age IS NOT NULL
anniversary(birth_date) = 2026-02-28
anniversary(birth_date) = 2028-02-28
anniversary(birth_date) BETWEEN today AND +30d
anniversary(birth_date) > 2026-11-03
anniversary(birth_date) != today
anniversary(added) = today
anniversary(added) BETWEEN -10d AND +20d
anniversary(latest) = 2026-02-28
anniversary(wedding) = 2026-02-28
tags CONTAINS 'vip'
tags NOT CONTAINS 'VIP'
tags IN ('grosskunde', 'nobody')
tags CONTAINS 'nobody'
tags NOT CONTAINS 'nobody'
tags IS NULL
countries CONTAINS 'de'
countries NOT IN ('DE', 'ch')
countries IS NOT NULL
consent = 'SUBSCRIBED'
consent != 'SUBSCRIBED'
consent = 'NOT_SUBSCRIBED'
consent IN ('NOT_SUBSCRIBED', 'UNSUBSCRIBED')
consent IS NULL
consent IS NOT NULL
amount_spent > 10
amount_spent >= 10.00
amount_spent = 10.001
amount_spent < 9.995
amount_spent <= 0
amount_spent = 0
amount_spent BETWEEN -5 AND 9.999
amount_spent > 999999999999999
amount_spent < 999999999999999
amount_spent IS NULL
number_of_orders = 0
number_of_orders != 0
number_of_orders > 1
number_of_orders IN (1, 3)
average = 10
average > 9.99
average < 0
average IS NULL
last_order < -90d
last_order IS NULL
gap > 0.1
gap = 0.1
gap < 0.1000000001
gap >= 15.5
gap BETWEEN 0.2 AND 30
gap != 0.1
worth > 0
worth = 0
worth != 0
worth <= 10.5
latest > -30d
latest IS NULL
colour = 'rot'
colour != 'rot'
colour STARTS WITH 'RO'
colour IS NULL
children = 3
children < 4
shoe = 12.34
shoe > 12.33
budget = 10.5
budget < 10.501
likes = true
likes = false
wedding = 2024-02-29
wedding > 2024-02-29
wedding IS NULL
colours CONTAINS 'blau'
colours IS NULL
favourites CONTAINS 'TEE 1'
favourites CONTAINS 'Tee 2'
favourites NOT CONTAINS 'Tee 1'
favourites IS NULL
bought CONTAINS 'cafe'
bought IN ('Tee', 'Kaffee')
bought IS NULL
methods CONTAINS 'VISA'
methods IS NOT NULL
band = 'HIGH'
band != 'LOW'
band IN ('NONE', 'LOW')
band IS NULL
grade = 'HIGH'
grade != 'HIGH'
grade IS NULL
nothing = 'x'
nothing != 'x'
nothing IS NULL
""".strip().splitlines()

CALLS = """
orders MATCHES ()
orders NOT MATCHES ()
orders MATCHES (date > -90d)
orders MATCHES (count = 0)
orders MATCHES (count = 0, date > -90d)
orders MATCHES (count > 1)
orders MATCHES (count != 1)
orders NOT MATCHES (count >= 2)
orders MATCHES (count BETWEEN 0 AND 2)
orders MATCHES (count IN (1, 7))
orders MATCHES (amount > 9.99, count >= 2)
orders MATCHES (amount != 10)
orders MATCHES (sum_amount > 20)
orders MATCHES (sum_amount < 20)
orders MATCHES (sum_amount = 0)
orders MATCHES (sum_amount != 0)
orders MATCHES (average_amount > 10)
orders MATCHES (average_amount != 10)
orders MATCHES (average_amount = 10)
orders MATCHES (average_amount BETWEEN 3.33 AND 9.995, count > 1)
orders MATCHES (average_amount < 16.6666666667)
orders MATCHES (least < 0)
orders MATCHES (latest > -90d)
orders MATCHES (status IN ('paid', 'open'), count = 2)
orders MATCHES (status NOT IN ('paid'))
orders MATCHES (method = 'Visa')
orders MATCHES (method != 'Visa')
orders MATCHES (code = 'spring')
orders MATCHES (code != 'SPRING', date < 2026-01-01)
products MATCHES ()
products MATCHES (name = 'Tee 1')
products MATCHES (name != 'Tee 1')
products MATCHES (category = 'Tee')
products MATCHES (category != 'Tee')
products NOT MATCHES (category = 'Tee')
products MATCHES (category = 'Tee', count >= 2)
products MATCHES (category = 'Tee', count = 1)
products MATCHES (category = 'Tee', count != 1)
products MATCHES (count = 0)
products MATCHES (count >= 1)
products MATCHES (count >= 3)
products MATCHES (count <= 2)
products MATCHES (count NOT IN (1, 2))
products MATCHES (tag = 'bio')
products MATCHES (tag IN ('neu', 'grosses'), sum_quantity >= 4)
products MATCHES (tag != 'BIO')
products MATCHES (returned = true)
products MATCHES (returned = false, quantity > 3)
products MATCHES (variant IN (1, 2, 13))
products MATCHES (count >= 2, sum_amount > 20)
products MATCHES (count < 3, sum_amount < 20)
products MATCHES (count = 2, average_amount >= 8.33)
events MATCHES (kind = 'called', count >= 2)
events MATCHES (kind = 'called\\' OR 1 = 1 --')
near MATCHES (coordinates = (52.52, 13.40), distance_km <= 10)
near MATCHES (coordinates = (52.52, 13.40), distance_km > 400)
near MATCHES (coordinates = (52.52, 13.40), distance_mi < 320)
near NOT MATCHES (coordinates = '48.1,11.6', distance_km < 1)
sequence MATCHES (events (kind = 'called') THEN events (kind = 'wrote') WITHIN 90d)
sequence MATCHES (events (kind = 'called') THEN events (kind = 'called') THEN events (kind = 'called') WITHIN 2y)
sequence MATCHES (events (kind = 'called') THEN NOT events (kind = 'wrote') WITHIN 6m)
sequence MATCHES (events (kind = 'called') THEN NOT events (kind = 'wrote') THEN events (kind = 'complained') WITHIN 1y)
sequence MATCHES (events () THEN NOT orders () THEN NOT events () THEN orders () THEN NOT events () WITHIN 52w)
sequence MATCHES (events () THEN NOT events (kind = 'wrote') THEN events () THEN NOT orders () THEN orders () WITHIN 9m)
sequence MATCHES (orders () THEN products (category = 'Tee') THEN NOT orders (amount > 10) WITHIN 3m)
sequence NOT MATCHES (orders () THEN orders () WITHIN 1m)
sequence MATCHES (orders (amount >= 10) THEN NOT events () THEN orders () THEN NOT events () THEN events () WITHIN 2y)
""".strip().splitlines()

DAYS = [(shop.TODAY, False), (dt.date(2025, 10, 26), True), (dt.date(2026, 2, 28), True)]


@pytest.fixture(scope="module")
def rows():
    return [(made, shop.columns(made)) for made in (shop.make(7, people=70), shop.make(8, people=20))]


def defined(text, rows, day, *, is_past):
    """Who the definition finds among those who were there."""
    scene = Scene(
        known=shop.KNOWN,
        functions=shop.FUNCTIONS,
        dimensions={"products": {row["variant"]: row for row in rows["products"]}},
        today=day,
        zone=shop.ZONE,
        is_past=is_past,
    )
    clause = parsing.parse(text, scene.words)
    there, found = BitMap(), BitMap()
    own = {name: table for name, table in rows.items() if name != "products"}
    for customer, tables in apart(own):
        person = Person(scene=scene, tables=tables, groups=lambda _name: False)
        there.add(customer)
        if evaluating.decided(clause, person, today=day, zone=shop.ZONE, fold=fold).is_true:
            found.add(customer)
    return clause, there, found


def of_columns(clause, tables, there, day, *, is_past):
    """Who the statement finds, with what is negated taken from everybody."""
    asked = Asked(today=day, zone=shop.ZONE, is_past=is_past)
    statement = compiled(clause, shop.KNOWN, shop.FUNCTIONS, shop.SHAPES, asked)
    needs = {**statement.tables, **statement.dimensions}
    found = running.run(statement, {name: tables[name].select(sorted(columns)) for name, columns in needs.items()})
    negated = clause.test.is_negated if hasattr(clause, "test") else clause.is_negated
    return there - found if statement.is_complement != negated else found


@pytest.mark.parametrize("text", ATTRIBUTES + CALLS)
def test_columns_answer_as_the_definition_does(text, rows):
    for each, tables in rows:
        for day, is_past in DAYS:
            clause, there, wanted = defined(text, each, day, is_past=is_past)
            assert of_columns(clause, tables, there, day, is_past=is_past) == wanted, (text, day)


def test_what_somebody_writes_is_never_part_of_a_statement(rows):
    evil = 'x\'); DROP TABLE customers; SELECT $1 FROM "customers" --'
    for text in (
        "name = '{}'",
        "name CONTAINS '{}'",
        "tags CONTAINS '{}'",
        "orders MATCHES (code = '{}')",
        "products MATCHES (category = '{}')",
    ):
        scene = Scene(known=shop.KNOWN, functions=shop.FUNCTIONS, dimensions={}, today=shop.TODAY, zone=shop.ZONE)
        clause = parsing.parse(text.format(evil.replace("'", "\\'")), scene.words)
        statement = compiled(clause, shop.KNOWN, shop.FUNCTIONS, shop.SHAPES, Asked(today=shop.TODAY, zone=shop.ZONE))
        assert "DROP" not in statement.sql
        assert "drop" not in statement.sql


def test_amounts_are_compared_exactly():
    from regulars.segments.engine.comparing import ranges
    from regulars.segments.language.tree import Operator, Test

    assert ranges(Test(Operator.EQUAL, (Decimal("12.345"),)), 2) == []
    assert ranges(Test(Operator.GREATER, (Decimal("12.345"),)), 2) == [(1235, None)]
    assert ranges(Test(Operator.AT_LEAST, (Decimal("12.345"),)), 2) == [(1235, None)]
    assert ranges(Test(Operator.LESS, (Decimal("12.345"),)), 2) == [(None, 1234)]
    assert ranges(Test(Operator.AT_MOST, (Decimal("12.34"),)), 2) == [(None, 1234)]
    assert ranges(Test(Operator.LESS, (Decimal(12),)), 0) == [(None, 11)]


def test_what_does_not_fit_is_asked_of_some_customers_after_the_others(rows, monkeypatch):
    each, tables = rows[0]
    text = "sequence MATCHES (events () THEN NOT orders () THEN events () WITHIN 1y)"
    clause, there, wanted = defined(text, each, shop.TODAY, is_past=False)
    assert wanted
    monkeypatch.setattr(running, "_HEAVY_ROWS", 7)
    assert of_columns(clause, tables, there, shop.TODAY, is_past=False) == wanted
    once, failed = running._once, []

    def too_small(statement, part):
        if len(part["events"]) > 20:
            failed.append(len(part["events"]))
            raise duckdb.OutOfMemoryException
        return once(statement, part)

    monkeypatch.setattr(running, "_HEAVY_ROWS", 10_000)
    monkeypatch.setattr(running, "_once", too_small)
    assert of_columns(clause, tables, there, shop.TODAY, is_past=False) == wanted
    assert failed
    monkeypatch.setattr(running, "_TRIES", 0)
    with pytest.raises(running.TooLarge, match="MB of memory"):
        of_columns(clause, tables, there, shop.TODAY, is_past=False)
