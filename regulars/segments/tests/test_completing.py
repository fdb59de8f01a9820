"""While somebody types: what could stand at the place where they are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.segments.language.completing import MOST, Suggestion, complete, completing
from regulars.segments.language.parsing import parse
from regulars.segments.tests import small_vocabulary
from regulars.segments.tests.test_bad_queries import FRAGMENTS

WORDS = small_vocabulary.words()
DATES = ["today", "yesterday", "-7d", "-30d", "-90d", "-12m", "+7d", "+30d"]
STARTS = ["start_of(week)", "start_of(month)", "start_of(quarter)", "start_of(year)"]
NUMBERS = ["=", "!=", ">", ">=", "<", "<=", "BETWEEN", "NOT BETWEEN", "IN", "NOT IN", "IS NULL", "IS NOT NULL"]
ATTRIBUTES = list(WORDS.attributes)
FUNCTIONS = list(WORDS.functions)
STEPS = [name for name, function in WORDS.functions.items() if function.is_dated]
EVERYTHING = [*ATTRIBUTES, "segment", "sequence", "anniversary", *FUNCTIONS, "NOT"]
ORDERS = list(WORDS.functions["orders_placed"].parameters)


@pytest.mark.parametrize(
    ("text", "texts"),
    [
        ("", EVERYTHING),
        ("NOT ", EVERYTHING),
        ("amount_spent > 5 AND (", EVERYTHING),
        ("amo", ["amount_spent", "average_order_amount"]),
        ("SPENT", ["amount_spent"]),
        ("birth", ["birth_date"]),
        ("amount_spent ", NUMBERS),
        ("name cont", ["CONTAINS", "NOT CONTAINS"]),
        ("name NOT ", ["CONTAINS", "STARTS WITH", "ENDS WITH", "BETWEEN", "IN"]),
        ("name STARTS ", ["WITH"]),
        ("customer_tags ", ["CONTAINS", "NOT CONTAINS", "IN", "NOT IN", "IS NULL", "IS NOT NULL"]),
        ("last_order_date IS ", ["NULL", "NOT NULL"]),
        ("amount_spent > ", []),
        ("amount_spent > 5 ", ["AND", "OR"]),
        ("(amount_spent > 5 ", ["AND", "OR"]),
        ("amount_spent > 5 a", ["AND"]),
        ("amount_spent BETWEEN 5 ", ["AND"]),
        ("is_guest = ", ["true", "false"]),
        ("last_order_date >", [*DATES, *STARTS]),
        ("last_order_date > -9", ["-90d"]),
        ("last_order_date > st", STARTS),
        ("last_order_date = start_of(", ["week", "month", "quarter", "year"]),
        ("email_subscription_status = ", ["'SUBSCRIBED'", "'UNSUBSCRIBED'", "'NOT_SUBSCRIBED'"]),
        ("email_subscription_status = 'uns", ["'UNSUBSCRIBED'"]),
        ("email_subscription_status = never", ["'NOT_SUBSCRIBED'"]),
        ("email_subscription_status IN ('SUBSCRIBED', ", ["'SUBSCRIBED'", "'UNSUBSCRIBED'", "'NOT_SUBSCRIBED'"]),
        ("customer_countries CONTAINS 'aus", ["'AT'"]),
        ("orders_placed ", ["MATCHES", "NOT MATCHES"]),
        ("orders_placed MATCHES (", ORDERS),
        ("orders_placed MATCHES (count > 1, ", [one for one in ORDERS if one != "count"]),
        ("orders_placed MATCHES (da", ["date", "last_date"]),
        ("orders_placed MATCHES (date > ", [*DATES, *STARTS]),
        ("messages MATCHES (channel = ", ["'email'", "'sms'"]),
        ("segment ", ["IN", "NOT IN", "=", "!="]),
        ("segment IN ('", ["'VIP'", "'Regular'", r"'O\'Hara\'s friends'"]),
        ("segment IN ('VIP', r", ["'Regular'"]),
        ("anniversary(", ["last_order_date", "customer_added_date", "birth_date", "metafields.custom.wedding"]),
        ("anniversary(birth_date) ", NUMBERS),
        ("sequence MATCHES (", STEPS),
        ("sequence MATCHES (orders_placed ", ["THEN", "WITHIN"]),
        ("sequence MATCHES (orders_placed THEN ", [*STEPS, "NOT"]),
        ("sequence MATCHES (orders_placed THEN messages(", ["channel", "date"]),  # no totals in a step
        ("sequence MATCHES (orders_placed THEN messages WITHIN ", ["7d", "14d", "30d", "90d", "1y"]),
    ],
)
def test_what_could_stand_here_is_offered(text, texts):
    assert [one.text for one in complete(text, len(text), WORDS)] == texts


@pytest.mark.parametrize(
    ("before", "texts"),
    [
        ("amount_spend > 5 AND is_guest = ", ["true", "false"]),
        ("foo = 5 AND % bar baz AND is_guest = ", ["true", "false"]),
        ("amount_spent > AND is_guest = ", ["true", "false"]),
        ("email_subscription_status = 'x' AND number_of_orders = 5.5 OR is_guest = ", ["true", "false"]),
        ("orders_placed MATCHES (cuont = 5, foo bar, fi", ["first"]),
        ("orders_placed MATCHES (count = = 5, first = ", ["true", "false"]),
        (")) ; is_guest = ", ["true", "false"]),
        ('name = "x" AND is_guest = ', ["true", "false"]),
    ],
)
def test_what_is_wrong_before_does_not_matter(before, texts):
    assert [one.text for one in complete(before, len(before), WORDS)] == texts


def test_suggestions_say_what_they_are():
    assert complete("amount_s", 8, WORDS) == [Suggestion("amount_spent", "attribute", "Spent")]
    assert complete("orders_p", 8, WORDS) == [Suggestion("orders_placed", "function", "Placed orders")]
    assert complete("customer_countries CONTAINS 'd", 30, WORDS) == [Suggestion("'DE'", "value", "Germany")]
    assert [one.kind for one in complete("is_guest ", 9, WORDS)] == ["operator"] * 6
    assert {one.kind for one in complete("is_guest = true ", 16, WORDS)} == {"keyword"}


def test_only_what_stands_before_the_place_is_read():
    text = "amount_spent > 5 AND is_gu  = name = 'unclosed"
    assert [one.text for one in complete(text, 26, WORDS)] == ["is_guest"]


@pytest.mark.parametrize(
    ("text", "replaced"),
    [
        ("amount", 6),
        ("amount_spent >", 0),
        ("x = 'Berl", 5),
        ("x = 'New York C", 11),
        ("x > -9", 2),
        ("x ", 0),
        ("", 0),
    ],
)
def test_a_suggestion_replaces_what_is_being_typed(text, replaced):
    assert completing(text, len(text), WORDS)[1] == replaced


def test_a_suggestion_is_written_with_what_always_follows():
    inserted = {one.text: one.insert for one in complete("", 0, WORDS)}
    assert (inserted["amount_spent"], inserted["orders_placed"]) == ("amount_spent ", "orders_placed MATCHES (")


@given(st.lists(st.sampled_from(FRAGMENTS), max_size=20).map(" ".join), st.integers(-5, 200))
def test_any_text_can_be_completed_at_any_place(text, place):
    offered, replaced = completing(text, place, WORDS)
    assert len(offered) <= MOST
    assert 0 <= replaced <= len(text)


def test_suggestions_taken_one_after_the_other_make_a_query():
    text = ""
    for typed, wanted in (
        ("nu", "number_of_orders"),
        ("B", "BETWEEN"),
        ("1 ", "AND"),
        ("5 ", "AND"),
        ("is_", "is_guest"),
    ):
        text += typed
        offered, replaced = completing(text, len(text), WORDS)
        (taken,) = [one for one in offered if one.text == wanted]
        text = text[: len(text) - replaced] + taken.insert
    assert text == "number_of_orders BETWEEN 1 AND 5 AND is_guest "
    assert parse(text + "= true", WORDS)
