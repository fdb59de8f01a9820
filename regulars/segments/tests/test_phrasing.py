"""A query in words: what it says is what it means."""

from __future__ import annotations

import pytest
from django.utils import translation
from hypothesis import given

from regulars.segments.language.parsing import parse
from regulars.segments.language.tree import Ask, Everybody, Operator, Or, clauses
from regulars.segments.language.tree import Test as Asked
from regulars.segments.language.words import Attribute, Kind, Words
from regulars.segments.phrasing import looked_up_once, phrase_clause, sentence
from regulars.segments.phrasing.values import filled
from regulars.segments.tests.small_vocabulary import words
from regulars.segments.tests.strategies import queries, some

WORDS = words()
pytestmark = pytest.mark.django_db


def said(text):
    return sentence(parse(text, WORDS), WORDS)


def phrase(text):
    (clause,) = clauses(parse(text, WORDS))
    return tuple(phrase_clause(clause, WORDS))


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("", "All customers."),
        (
            "amount_spent > 500 AND last_order_date < -90d AND products_purchased NOT MATCHES (name = 'Tea')",
            (
                "Customers who spent more than €500 and whose last order was more than 90 days ago, "
                "but who never bought ‘Tea’."
            ),
        ),
        (
            "amount_spent > 12.345 AND (customer_countries CONTAINS 'DE' OR customer_tags IN ('VIP', 'x'))",
            (
                "Customers who spent more than €12.345 and "
                "(whose countries include Germany or who are tagged ‘VIP’ or ‘x’)."
            ),
        ),
        (
            "NOT (age >= 18 AND email_subscription_status = 'SUBSCRIBED')",
            "Customers whose age is not at least 18 or whose e-mail consent is not Agreed.",
        ),
        (
            "NOT (age >= 18 OR NOT email_subscription_status = 'SUBSCRIBED')",
            "Customers whose age is not at least 18 and whose e-mail consent is Agreed.",
        ),
        (
            "name STARTS WITH 'An' AND email NOT CONTAINS 'gmail' AND customer_tags IS NULL",
            "Customers whose name starts with ‘An’, whose e-mail does not contain ‘gmail’ and whose tags are missing.",
        ),
        (
            "last_order_date = today OR last_order_date >= start_of(month) OR last_order_date BETWEEN -90d AND -1w",
            (
                "Customers whose last order was today, whose last order was on or after the first day of this month "
                "or whose last order was between 90 days ago and 1 week ago."
            ),
        ),
        (
            "metafields.custom.wedding <= +1m AND anniversary(birth_date) = +1d",
            "Customers whose Wedding day is at most 1 month from now and whose birthday is tomorrow.",
        ),
        (
            "orders_placed MATCHES (count >= 1, date > -90d, amount > 50)",
            "Customers who placed at least 1 order less than 90 days ago whose amount is more than €50.",
        ),
        (
            "orders_placed NOT MATCHES (sum_amount >= 500, first = true)",
            "Customers who did not place orders that are their first, with total amount at least €500.",
        ),
        ("orders_placed MATCHES (count = 0)", "Customers who placed no orders."),
        ("orders_placed NOT MATCHES (count = 0)", "Customers who placed orders."),
        (
            "products_purchased MATCHES (name IN ('Tea', 'x'), count BETWEEN 2 AND 4, tag = 'sale')",
            "Customers who bought ‘Tea’ or ‘x’ whose tag is ‘sale’ in 2 to 4 orders.",
        ),
        ("messages MATCHES (channel != 'sms')", "Customers who had “Got messages” whose channel is not SMS."),
        (
            "customer_within_distance NOT MATCHES (coordinates = (52.52, 13.4), distance_km <= 10)",
            "Customers who have no address at most 10 km from 52.52, 13.4.",
        ),
        (
            "segment IN ('VIP', 'Regular') AND segment NOT IN ('VIP')",
            "Customers who are in the group ‘VIP’ or ‘Regular’, but who are not in the group ‘VIP’.",
        ),
        (
            "age > 3 AND sequence MATCHES (orders_placed THEN NOT messages THEN products_purchased WITHIN 30d)",
            (
                "Customers whose age is more than 3 and "
                "(who placed orders, then had no “Got messages”, then bought products, all within 30 days)."
            ),
        ),
    ],
)
def test_a_query_is_said_in_a_sentence(query, words):
    assert said(query) == words


@pytest.mark.parametrize(
    ("query", "parts"),
    [
        ("last_order_date < -90d", ("Last order", "more than", "90 days ago")),
        ("last_order_date >= -90d", ("Last order", "at most", "90 days ago")),
        ("last_order_date = today", ("Last order", "is", "today")),
        ("last_order_date > 2026-05-30T16:00:05", ("Last order", "after", "30 May 2026, 16:00:05")),
        ("amount_spent BETWEEN 99.5 AND 500", ("Spent", "between", "€99.50 and €500")),
        ("customer_tags NOT CONTAINS 'VIP'", ("Tags", "do not include", "‘VIP’")),
        ("email IS NOT NULL", ("E-mail", "is known", "")),
        ("email_subscription_status = 'NOT_SUBSCRIBED'", ("E-mail consent", "is", "‘Never asked’")),
        ("number_of_orders IN (2, 2, 3)", ("Orders", "exactly", "2 or 3")),
        ("is_guest != true", ("Guest", "is not", "yes")),
        ("anniversary(birth_date) BETWEEN today AND +30d", ("Birthday", "between", "today and 30 days from now")),
        ("orders_placed MATCHES (count > 2)", ("Placed orders", "more than", "2")),
        ("orders_placed MATCHES ()", ("Placed orders", "ever", "")),
        (
            "orders_placed NOT MATCHES (amount > 5, first = true)",
            ("Placed orders", "not with", "Amount of one order more than €5, Is their first is yes"),
        ),
        ("segment NOT IN ('VIP')", ("Group", "is not", "‘VIP’")),
        (
            "sequence MATCHES (orders_placed THEN messages WITHIN 2w)",
            ("One after the other", "within 2 weeks", "placed orders, then had “Got messages”"),
        ),
    ],
)
def test_a_clause_has_a_label_an_operator_and_a_value(query, parts):
    assert phrase(query) == parts


@some
@given(queries(WORDS))
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_every_query_can_be_said(language, node):
    with translation.override(language):
        whole = sentence(node, WORDS)
        parts = [text for clause in clauses(node) for text in phrase_clause(clause, WORDS)]
    assert "%(" not in whole + "".join(parts)
    assert all(phrase_clause(clause, WORDS).label for clause in clauses(node))


def test_what_a_reader_may_not_see_is_said_by_its_bare_name():
    nothing = Words(attributes={}, functions={})
    hidden = parse("amount_spent > 500 AND orders_placed MATCHES (count > 2)", WORDS)
    assert sentence(hidden, nothing) == (
        "Customers who spent more than 500 and who placed orders whose count is more than 2."
    )
    assert sentence(Ask("secret", Asked(Operator.EQUAL, ("x",))), nothing) == "Customers whose secret is ‘x’."
    assert sentence(Everybody(), nothing) == "All customers."


def test_chinese_has_one_space_between_chinese_and_latin_and_no_other():
    with translation.override("zh-hans"):
        assert filled("%(a)s %(b)s", a="累计消费", b="超过") == "累计消费超过"
        assert filled("%(a)s%(b)s", a="超过", b="€500") == "超过 €500"
        assert filled("%(a)s%(b)s的客户", a="有标签", b="“VIP”") == "有标签“VIP”的客户"
        assert filled("%(a)s前", a="90 天") == "90 天前"
        assert filled("%(a)s %(b)s", a="VIP", b="Tea") == "VIP Tea"


def test_the_labels_of_a_choice_are_looked_up_once_for_a_sentence():
    asked = []

    def channels():
        asked.append(1)
        return [("web", "Web shop")]

    channel = Attribute(name="channel", label="Channel", kind=Kind.CHOICE, values=channels)
    one = parse("channel = 'web'", Words(attributes={"channel": channel}, functions={}))
    asked.clear()
    words = Words(attributes={"channel": channel}, functions={})
    assert sentence(Or((one, one, one)), words) == (
        "Customers whose channel is ‘Web shop’, whose channel is ‘Web shop’ or whose channel is ‘Web shop’."
    )
    assert len(asked) == 1
    with looked_up_once():
        assert [str(phrase_clause(clause, words)) for clause in (one, one)] == ["Channel is ‘Web shop’"] * 2
    assert len(asked) == 2
