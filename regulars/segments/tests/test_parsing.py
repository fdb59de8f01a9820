"""Queries are read: what they mean, Shopify's spellings, and what is wrong with others, to the letter."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from regulars.segments.language import tree
from regulars.segments.language.canonical import canonical
from regulars.segments.language.errors import Code, QueryError
from regulars.segments.language.parsing import parse
from regulars.segments.language.tree import (
    And,
    Anniversary,
    Argument,
    Ask,
    Call,
    Everybody,
    InGroups,
    Not,
    Offset,
    Operator,
    Or,
    Place,
    StartOf,
    Step,
    Unit,
)
from regulars.segments.tests import shopify_vocabulary, small_vocabulary

WORDS = small_vocabulary.words()
SHOPIFY = shopify_vocabulary.words()


def asked(operator, *values, is_negated=False):
    return tree.Test(operator, values, is_negated)


def equal(value, **more):
    return asked(Operator.EQUAL, value, **more)


A, B, C = (Ask("name", equal(letter)) for letter in "abc")


@pytest.mark.parametrize(
    ("text", "node"),
    [
        ("", Everybody()),
        (" \n\t\u00a0\ufeff", Everybody()),
        ("name = 'a'", A),
        ("name = 'a' AND name = 'b' AND name = 'c'", And((A, B, C))),
        ("name = 'a' and (name = 'b' And name = 'c')", And((A, B, C))),
        ("name = 'a' OR name = 'b' AND name = 'c'", Or((A, And((B, C))))),
        ("(name = 'a' OR name = 'b') AND name = 'c'", And((Or((A, B)), C))),
        ("name = 'a' OR (name = 'b' OR (name = 'c'))", Or((A, B, C))),
        ("NOT name = 'a' AND name = 'b'", And((Not(A), B))),
        ("NOT (name = 'a' AND name = 'b')", Not(And((A, B)))),
        ("not NOT name = 'a'", Not(Not(A))),
        ("name != 'a'", Ask("name", equal("a", is_negated=True))),
        (r"name = 'O\'Hara \\ \n'", Ask("name", equal("O'Hara \\ \\n"))),
        ("name = 'two\nlines — “” ; -- /* DROP TABLE'", Ask("name", equal("two\nlines — “” ; -- /* DROP TABLE"))),
        ("name = ''", Ask("name", equal(""))),
        ("name CONTAINS 'a'", Ask("name", asked(Operator.CONTAINS, "a"))),
        ("name NOT STARTS WITH 'a'", Ask("name", asked(Operator.STARTS, "a", is_negated=True))),
        ("name ends  with 'a'", Ask("name", asked(Operator.ENDS, "a"))),
        ("name IS NULL", Ask("name", asked(Operator.IS_NULL))),
        ("name is Not null", Ask("name", asked(Operator.IS_NULL, is_negated=True))),
        ("name IN ('a')", Ask("name", asked(Operator.IN, "a"))),
        ("name NOT IN ('a','b')", Ask("name", asked(Operator.IN, "a", "b", is_negated=True))),
        ("amount_spent>19.99", Ask("amount_spent", asked(Operator.GREATER, Decimal("19.99")))),
        ("amount_spent <= -5", Ask("amount_spent", asked(Operator.AT_MOST, Decimal(-5)))),
        ("number_of_orders BETWEEN 2 AND 5", Ask("number_of_orders", asked(Operator.BETWEEN, Decimal(2), Decimal(5)))),
        (
            "number_of_orders NOT BETWEEN 5 AND 2 AND name = 'a'",
            And((Ask("number_of_orders", asked(Operator.BETWEEN, Decimal(5), Decimal(2), is_negated=True)), A)),
        ),
        ("is_guest = TRUE", Ask("is_guest", equal(True))),
        ("is_guest != false", Ask("is_guest", equal(False, is_negated=True))),
        ("customer_tags CONTAINS 'VIP'", Ask("customer_tags", asked(Operator.CONTAINS, "VIP"))),
        ("tags = 'nobody has it'", Ask("customer_tags", asked(Operator.CONTAINS, "nobody has it"))),
        ("category = 'Made up'", Ask("category", equal("Made up"))),
        ("last_order_date = 2026-05-30", Ask("last_order_date", equal(dt.date(2026, 5, 30)))),
        (
            "last_order_date < 2026-05-30T16:00:00",
            Ask("last_order_date", asked(Operator.LESS, dt.datetime.fromisoformat("2026-05-30T16:00:00"))),
        ),
        (
            "last_order_date < 2026-05-30T16:00",
            Ask("last_order_date", asked(Operator.LESS, dt.datetime.fromisoformat("2026-05-30T16:00:00"))),
        ),
        ("last_order_date = today", Ask("last_order_date", equal(Offset(0, Unit.DAY)))),
        ("last_order_date = Yesterday", Ask("last_order_date", equal(Offset(-1, Unit.DAY)))),
        ("last_order_date > +2w", Ask("last_order_date", asked(Operator.GREATER, Offset(2, Unit.WEEK)))),
        ("last_order_date > 12_months_ago", Ask("last_order_date", asked(Operator.GREATER, Offset(-12, Unit.MONTH)))),
        ("last_order_date > 45_days_ago", Ask("last_order_date", asked(Operator.GREATER, Offset(-45, Unit.DAY)))),
        ("last_order_date = start_of( Month )", Ask("last_order_date", equal(StartOf("month")))),
        (
            "anniversary(birth_date) NOT BETWEEN today AND +30d",
            Anniversary(
                "birth_date", asked(Operator.BETWEEN, Offset(0, Unit.DAY), Offset(30, Unit.DAY), is_negated=True)
            ),
        ),
        ("anniversary(birth_date) IS NULL", Anniversary("birth_date", asked(Operator.IS_NULL))),
        ("orders_placed MATCHES ()", Call("orders_placed")),
        (
            "orders_placed not matches (count >= 2, discount_code IN ('A', 'B'), date IS NOT NULL)",
            Call(
                "orders_placed",
                (
                    Argument("count", asked(Operator.AT_LEAST, Decimal(2))),
                    Argument("discount_code", asked(Operator.IN, "A", "B")),
                    Argument("date", asked(Operator.IS_NULL, is_negated=True)),
                ),
                is_negated=True,
            ),
        ),
        ("products_purchased MATCHES (tag CONTAINS 'x')", Call("products_purchased", (Argument("tag", equal("x")),))),
        ("segment IN ('VIP', 'regular')", InGroups(("VIP", "Regular"))),
        ("Segment NOT IN ('VIP')", InGroups(("VIP",), is_negated=True)),
        ("segment != 'VIP'", InGroups(("VIP",), is_negated=True)),
        (
            "sequence MATCHES (orders_placed (first = true) THEN NOT messages THEN products_purchased WITHIN 30d)",
            tree.Sequence(
                (
                    Step("orders_placed", (Argument("first", equal(True)),)),
                    Step("messages", is_negated=True),
                    Step("products_purchased"),
                ),
                Offset(30, Unit.DAY),
            ),
        ),
        (
            "sequence NOT MATCHES (orders_placed THEN orders_placed WITHIN 1y)",
            tree.Sequence((Step("orders_placed"), Step("orders_placed")), Offset(1, Unit.YEAR), is_negated=True),
        ),
        (
            "customer_within_distance MATCHES (coordinates = '52.52, -13.40', distance_km = 10)",
            Call(
                "customer_within_distance",
                (
                    Argument("coordinates", equal(Place(Decimal("52.52"), Decimal("-13.40")))),
                    Argument("distance_km", asked(Operator.AT_MOST, Decimal(10))),
                ),
            ),
        ),
    ],
)
def test_a_text_is_read_as_a_tree(text, node):
    assert parse(text, WORDS) == node


def test_clauses_know_where_they_stand():
    text = "NOT (name = 'a') AND orders_placed MATCHES (count > 1)\nOR anniversary(birth_date) = today"
    found = [text[slice(*clause.span)] for clause in tree.clauses(parse(text, WORDS))]
    assert found == ["name = 'a'", "orders_placed MATCHES (count > 1)", "anniversary(birth_date) = today"]
    assert parse(text, WORDS).parts[0].parts[0].span == (0, 16)


SHOPIFY_TEXTS = {
    # what the pages of Shopify show, in the older and the newer form, and how it stands here
    "abandoned_checkout_date >= 7_days_ago": "abandoned_checkout_date >= -7d",
    "abandoned_checkout_date > -8m": None,
    "amount_spent BETWEEN 1 AND 999.99": None,
    "amount_spent = 10.99": None,
    "number_of_orders BETWEEN 100 AND 1000": None,
    "companies = 123456789": "companies = '123456789'",
    "created_by_app_id = 1354745": None,
    "customer_account_status = 'DISABLED'": None,
    "customer_cities CONTAINS 'US-NY-NewYorkCity'": None,
    "customer_countries CONTAINS 'CA' OR customer_countries CONTAINS 'FR'": None,
    "customer_regions NOT CONTAINS 'US-NY'": None,
    "customer_tags CONTAINS 'vip' AND customer_tags IS NOT NULL": None,
    "customer_email_domain = 'example.com'": None,
    "customer_language = 'en-US'": None,
    r"customer_tags CONTAINS '\'VIP\''": None,
    "email_subscription_status = 'SUBSCRIBED' AND customer_countries CONTAINS 'CA' OR amount_spent > 999.99": None,
    "(email_subscription_status = 'SUBSCRIBED' AND customer_countries CONTAINS 'CA') OR amount_spent > 999.99": (
        "email_subscription_status = 'SUBSCRIBED' AND customer_countries CONTAINS 'CA' OR amount_spent > 999.99"
    ),
    "email_subscription_status = 'SUBSCRIBED' AND (customer_countries CONTAINS 'CA' OR amount_spent > 999.99)": None,
    "first_order_date IS NULL": None,
    "last_order_date BETWEEN 2020-01-01 AND -7d": None,
    "last_order_date BETWEEN 2021-01-01 AND today": None,
    "last_order_date > 2020-05-30T16:00:00": None,
    "last_order_date = yesterday": None,
    "predicted_spend_tier = 'HIGH'": None,
    "product_subscription_status = 'SUBSCRIBED'": None,
    "rfm_group != 'AT_RISK'": None,
    "sms_subscription_status = 'REDACTED'": None,
    "customer.metafields.facts.points >= 5": "metafields.facts.points >= 5",
    "metafields.my-app.note = 'blue'": None,
    "metafields.facts.is_member = true": None,
    "anniversary('metafields.facts.birth_date') = today": "anniversary(metafields.facts.birth_date) = today",
    "anniversary ('metafields.facts.birth_date') BETWEEN today AND +30d": (
        "anniversary(metafields.facts.birth_date) BETWEEN today AND +30d"
    ),
    "anniversary(date: 'metafields.facts.birth_date') BETWEEN today AND +30d": (
        "anniversary(metafields.facts.birth_date) BETWEEN today AND +30d"
    ),
    "products_purchased NOT MATCHES ()": None,
    "products_purchased MATCHES (id = 2012162031638)": "products_purchased MATCHES (id = '2012162031638')",
    "products_purchased MATCHES (id IN (2012162031638, 1012132033639), count > 1)": (
        "products_purchased MATCHES (id IN ('2012162031638', '1012132033639'), count > 1)"
    ),
    "products_purchased MATCHES (id NOT IN (1012132033639))": (
        "products_purchased MATCHES (id NOT IN ('1012132033639'))"
    ),
    "products_purchased MATCHES (tag = 'Sports wear', date >= -12m)": None,
    "products_purchased MATCHES (id = 7, date BETWEEN -12m AND today)": (
        "products_purchased MATCHES (id = '7', date BETWEEN -12m AND today)"
    ),
    "products_purchased(id: 1234) = true": "products_purchased MATCHES (id = '1234')",
    "products_purchased(quantity: 5, date: -30d) = false": (
        "products_purchased NOT MATCHES (quantity = 5, date = -30d)"
    ),
    "products_purchased (id: (1, 2)) = true": Code.UNEXPECTED,
    "orders_placed MATCHES (amount >= 100, date > -3m, count >= 2)": None,
    "orders_placed MATCHES (app_id = 1, location_id = 2)": ("orders_placed MATCHES (app_id = '1', location_id = '2')"),
    "shopify_email.opened MATCHES ()": None,
    "shopify_email.opened() = true": "shopify_email.opened MATCHES ()",
    "shopify_email.bounced NOT MATCHES (activity_id = 5240029206, date BETWEEN -12m AND today)": (
        "shopify_email.bounced NOT MATCHES (activity_id = '5240029206', date BETWEEN -12m AND today)"
    ),
    "storefront.product_viewed MATCHES (id = 1, count > 3)": (
        "storefront.product_viewed MATCHES (id = '1', count > 3)"
    ),
    "storefront.collection_viewed NOT MATCHES (date > -3m)": None,
    "store_credit_accounts MATCHES (balance > 0, currency = 'EUR', next_expiry_date < +30d)": None,
    "customer_within_distance MATCHES (coordinates = (37.773972,-122.431297), distance_mi = 10)": (
        "customer_within_distance MATCHES (coordinates = (37.773972, -122.431297), distance_mi <= 10)"
    ),
    "customer_within_distance(coordinates: (37.7, -122.4), distance_mi: 6.2) = true": (
        "customer_within_distance MATCHES (coordinates = (37.7, -122.4), distance_mi <= 6.2)"
    ),
    "FROM customers SHOW customer_name, note WHERE amount_spent > 5 ORDER BY updated_at DESC, name": "amount_spent > 5",
    "from customers show *, #!? order by x": "",
    "FROM customers": "",
    "WHERE number_of_orders = 0": "number_of_orders = 0",
    # and what it says is invalid, is invalid here, too
    "last_order_date BETWEEN 1pm AND 3pm": Code.UNIT,
    "last_order_date = 2020-02-30": Code.NO_SUCH_DAY,
    "orders_placed MATCHES (date > -3m, date < -1m)": Code.REPEATED_PARAMETER,
    "number_of_orders > 10.5": Code.NOT_WHOLE,
    "amount_spent > 1,000.50": Code.NUMBER_SEPARATORS,
}


@pytest.mark.parametrize(("text", "ours"), SHOPIFY_TEXTS.items())
def test_shopify_s_texts_are_read_as_they_are(text, ours):
    if isinstance(ours, Code):
        with pytest.raises(QueryError) as caught:
            parse(text, SHOPIFY)
        assert caught.value.code is ours
    else:
        assert canonical(parse(text, SHOPIFY)) == (text if ours is None else ours)
