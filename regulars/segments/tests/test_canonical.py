"""Every query has one text: it is read as the same tree, and writing it again changes nothing."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given, settings

from regulars.segments.language.canonical import canonical, literal_text
from regulars.segments.language.parsing import parse
from regulars.segments.language.tree import And, Ask, Everybody, Not, Offset, Operator, Or, Place, StartOf, Unit
from regulars.segments.language.tree import Test as Asked
from regulars.segments.tests import small_vocabulary
from regulars.segments.tests.strategies import many, queries

WORDS = small_vocabulary.words()


@many
@given(queries(WORDS))
def test_what_is_written_is_read_as_the_same_tree(node):
    text = canonical(node)
    assert parse(text, WORDS) == node
    assert canonical(parse(text, WORDS)) == text


@settings(many, max_examples=50)
@given(queries(WORDS, most=4))
def test_capitals_blanks_and_brackets_change_nothing(node):
    text = canonical(node)
    # keywords of a text without quotes may be small; names are small already
    spelled = text if "'" in text else text.lower().replace("t00:", "T00:")
    assert parse(f"\n  ( {spelled} )\t", WORDS) == node


@pytest.mark.parametrize(
    ("text", "one"),
    [
        ("", ""),
        ("((name = 'a'))", "name = 'a'"),
        ("name='a'and(name='b'or name='c')", "name = 'a' AND (name = 'b' OR name = 'c')"),
        ("(name = 'a' AND name = 'b') OR name = 'c'", "name = 'a' AND name = 'b' OR name = 'c'"),
        ("not(name = 'a')", "NOT name = 'a'"),
        ("NOT NOT (name = 'a' OR name = 'b')", "NOT NOT (name = 'a' OR name = 'b')"),
        ("amount_spent > 0500.00", None),
        ("amount_spent > 500.00", "amount_spent > 500"),
        ("amount_spent > -0.0", "amount_spent > 0"),
        ("amount_spent > +5.10", "amount_spent > 5.1"),
        ("amount_spent > 1000000000", "amount_spent > 1000000000"),
        ("last_order_date > -1d", "last_order_date > yesterday"),
        ("last_order_date > +0d", "last_order_date > today"),
        ("last_order_date > 1_day_ago", "last_order_date > yesterday"),
        ("last_order_date > 2026-05-30T16:00", "last_order_date > 2026-05-30T16:00:00"),
        ("tags = 'VIP'", "customer_tags CONTAINS 'VIP'"),
        ("segment = 'vip'", "segment IN ('VIP')"),
        ("orders_placed(count: 1) != true", "orders_placed NOT MATCHES (count = 1)"),
    ],
)
def test_one_meaning_has_one_text(text, one):
    if one is None:
        with pytest.raises(Exception, match="number_form"):
            parse(text, WORDS)
        return
    assert canonical(parse(text, WORDS)) == one
    assert canonical(parse(one, WORDS)) == one


@pytest.mark.parametrize(
    ("literal", "text"),
    [
        ("O'Hara \\", r"'O\'Hara \\'"),
        ("two\nlines", "'two\nlines'"),
        (Decimal("1E+3"), "1000"),
        (Decimal("0.10"), "0.1"),
        (Decimal("-0"), "0"),
        (True, "true"),
        (dt.date(987, 1, 2), "0987-01-02"),
        (Offset(0, Unit.WEEK), "+0w"),
        (Offset(-12, Unit.MONTH), "-12m"),
        (StartOf("quarter"), "start_of(quarter)"),
        (Place(Decimal("52.520"), Decimal("-13.40")), "(52.52, -13.4)"),
    ],
)
def test_literals_have_one_text(literal, text):
    assert literal_text(literal) == text


def test_what_no_text_can_say_is_refused():
    for node in (Not(Everybody()), Ask("amount_spent", Asked(Operator.GREATER, (Decimal(5),), is_negated=True))):
        with pytest.raises(ValueError, match=r"no text|negated by NOT"):
            canonical(node)


def test_brackets_stand_only_where_the_meaning_needs_them():
    a, b, c = (Ask("name", Asked(Operator.EQUAL, (letter,))) for letter in "abc")
    assert canonical(Or((And((a, b)), Not(Or((b, c)))))) == (
        "name = 'a' AND name = 'b' OR NOT (name = 'b' OR name = 'c')"
    )
