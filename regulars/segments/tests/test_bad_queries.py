"""What is wrong with a query: the code, the place to the letter, what could stand there, and what was meant."""

from __future__ import annotations

import re
import time

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from regulars.segments import saying
from regulars.segments.language.canonical import canonical
from regulars.segments.language.errors import Code, QueryError, Wanted, line_and_place, nearest
from regulars.segments.language.parsing import parse
from regulars.segments.language.tree import Ask, Not, Operator
from regulars.segments.language.tree import Test as Asked
from regulars.segments.language.words import Attribute, Function, Kind, Parameter, Words
from regulars.segments.tests import small_vocabulary

WORDS = small_vocabulary.words()
A = Ask("name", Asked(Operator.EQUAL, ("a",)))
CLAUSE = (Wanted.ATTRIBUTE, Wanted.FUNCTION, "NOT", "(")
NUMBERS = ("=", "!=", ">", ">=", "<", "<=", "BETWEEN", "NOT BETWEEN", "IN", "NOT IN", "IS NULL", "IS NOT NULL")


@pytest.mark.parametrize(
    ("text", "code", "at", "suggestion"),
    [
        # names: the part of the text that is wrong, and what was meant
        ("amount_spend > 500", Code.UNKNOWN_NAME, "amount_spend", "amount_spent"),
        ("Amount_Spent > 500", Code.UNKNOWN_NAME, "Amount_Spent", "amount_spent"),
        ("name = 'a' AND zzz = 5", Code.UNKNOWN_NAME, "zzz", None),
        ("metafields.custom.age > 5", Code.UNKNOWN_NAME, "metafields.custom.age", None),
        (
            "metafields.custom.shoesize > 5",
            Code.UNKNOWN_NAME,
            "metafields.custom.shoesize",
            "metafields.custom.shoe_size",
        ),
        ("消费 > 500", Code.UNKNOWN_NAME, "消费", None),
        ("order_placed MATCHES ()", Code.UNKNOWN_FUNCTION, "order_placed", "orders_placed"),
        ("order_placed(count: 1) = true", Code.UNKNOWN_FUNCTION, "order_placed", "orders_placed"),
        ("orders_placed MATCHES (cuont = 5)", Code.UNKNOWN_PARAMETER, "cuont", "count"),
        ("segment IN ('VIP', 'Reguler')", Code.UNKNOWN_GROUP, "'Reguler'", "'Regular'"),
        ("anniversary(birthdate) = today", Code.UNKNOWN_NAME, "birthdate", "birth_date"),
        ("last_order_date = start_of(moth)", Code.UNKNOWN_PERIOD, "moth", "month"),
        # values
        ("email_subscription_status = 'subscribed'", Code.UNKNOWN_VALUE, "'subscribed'", "'SUBSCRIBED'"),
        ("email_subscription_status = 'Refused'", Code.UNKNOWN_VALUE, "'Refused'", "'UNSUBSCRIBED'"),
        ("email_subscription_status IN ('SUBSCRIBED', 'x')", Code.UNKNOWN_VALUE, "'x'", None),
        ("name = Berlin", Code.UNQUOTED, "Berlin", "'Berlin'"),
        ("name = 5", Code.WRONG_KIND, "5", "'5'"),
        ("name = -30d", Code.WRONG_KIND, "-30d", "'-30d'"),
        ("is_guest = 'true'", Code.WRONG_KIND, "'true'", "true"),
        ("is_guest = 1", Code.WRONG_KIND, "1", None),
        ("is_guest > true", Code.WRONG_OPERATOR, ">", None),
        ("name = NULL", Code.COMPARED_WITH_NULL, "NULL", "IS NULL"),
        ("amount_spent = 'much'", Code.WRONG_KIND, "'much'", None),
        ("amount_spent > 2026-01-01", Code.WRONG_KIND, "2026-01-01", None),
        ("amount_spent > today", Code.WRONG_KIND, "today", None),
        ("number_of_orders = '5'", Code.WRONG_KIND, "'5'", "5"),
        ("number_of_orders = 5.0", Code.NOT_WHOLE, "5.0", None),
        ("orders_placed MATCHES (count > 1.5)", Code.NOT_WHOLE, "1.5", None),
        ("amount_spent CONTAINS 5", Code.WRONG_OPERATOR, "CONTAINS", None),
        ("customer_tags NOT STARTS WITH 'a'", Code.WRONG_OPERATOR, "NOT STARTS WITH", None),
        ("email_subscription_status > 'SUBSCRIBED'", Code.WRONG_OPERATOR, ">", None),
        # numbers
        ("amount_spent > 1,000", Code.NUMBER_SEPARATORS, "1,000", "1000"),
        ("amount_spent > 1,000,000.50", Code.NUMBER_SEPARATORS, "1,000,000.50", "1000000.50"),
        ("amount_spent > 1,500,000", Code.NUMBER_SEPARATORS, "1,500,000", "1500000"),
        ("amount_spent IN (1,050, 2)", Code.NUMBER_SEPARATORS, "1,050", "1050"),
        ("amount_spent > 1,500", Code.NUMBER_SEPARATORS, "1,500", "1500"),
        ("amount_spent BETWEEN 1,500 AND 2", Code.NUMBER_SEPARATORS, "1,500", "1500"),
        ("orders_placed MATCHES (amount > 1,500, count = 2)", Code.NUMBER_SEPARATORS, "1,500", "1500"),
        ("amount_spent > 1.000.000", Code.NUMBER_SEPARATORS, "1.000.000", "1000000"),
        ("amount_spent > 1_000", Code.NUMBER_SEPARATORS, "1_000", "1000"),
        ("amount_spent > €5", Code.MONEY_SIGN, "€5", "5"),
        ("amount_spent > € 5.50 AND name = 'a'", Code.MONEY_SIGN, "€ 5.50", "5.50"),
        ("amount_spent > ¥", Code.MONEY_SIGN, "¥", None),
        ("amount_spent > 5 $", Code.MONEY_SIGN, "5 $", "5"),
        ("amount_spent > 5%", Code.PERCENT, "%", None),
        ("amount_spent > 007", Code.NUMBER_FORM, "007", "7"),
        ("amount_spent > 5.", Code.NUMBER_FORM, "5.", None),
        ("amount_spent > 5kg", Code.UNIT, "5kg", None),
        ("amount_spent > 1e5", Code.NUMBER_FORM, "1e5", None),
        ("amount_spent > 1000000000000000", Code.NUMBER_TOO_LONG, "1000000000000000", None),
        # dates
        ("last_order_date = 2026-02-30", Code.NO_SUCH_DAY, "2026-02-30", None),
        ("last_order_date = 2026-02-28T24:00:00", Code.NO_SUCH_DAY, "2026-02-28T24:00:00", None),
        ("last_order_date = 0000-01-01", Code.NO_SUCH_DAY, "0000-01-01", None),
        ("last_order_date = 2026-5-3", Code.DATE_FORM, "2026-5-3", "2026-05-03"),
        ("last_order_date = 30.05.2026", Code.DATE_FORM, "30.05.2026", "2026-05-30"),
        ("last_order_date = 05/30/2026", Code.DATE_FORM, "05/30/2026", "2026-05-30"),
        ("last_order_date = 05/06/2026", Code.DATE_FORM, "05/06/2026", None),
        ("last_order_date = 2026-05-30T16:00:00Z", Code.DATE_FORM, "2026-05-30T16:00:00Z", "2026-05-30T16:00:00"),
        ("last_order_date = '2026-05-30'", Code.WRONG_KIND, "'2026-05-30'", "2026-05-30"),
        ("last_order_date = tody", Code.WRONG_KIND, "tody", "today"),
        ("last_order_date > 90d", Code.UNSIGNED_OFFSET, "90d", "-90d"),
        ("last_order_date > 90 days ago", Code.UNSIGNED_OFFSET, "90 days ago", "-90d"),
        ("last_order_date > -3h", Code.UNIT, "-3h", None),
        ("last_order_date > -9999999d", Code.NUMBER_TOO_LONG, "-9999999d", None),
        ("birth_date > 2026-05-30T16:00:00", Code.NO_CLOCK, "2026-05-30T16:00:00", "2026-05-30"),
        ("anniversary(amount_spent) = today", Code.NO_DATE, "amount_spent", None),
        # quotes and signs that the language does not know
        ("name = “Berlin”", Code.WRONG_QUOTES, "“Berlin”", "'Berlin'"),
        ("name = ‘Berlin’", Code.WRONG_QUOTES, "‘Berlin’", "'Berlin'"),
        ('name = "Berlin"', Code.WRONG_QUOTES, '"Berlin"', "'Berlin'"),
        ("name = 'O''Hara'", Code.DOUBLED_QUOTE, "'O''Hara'", r"'O\'Hara'"),
        ("name = 'Berlin", Code.UNCLOSED_TEXT, "'", None),
        ("name = 'Berlin\\'", Code.UNCLOSED_TEXT, "'", None),
        ("（name = 'a'）", Code.WRONG_CHARACTER, "（", "("),
        ("amount_spent ≥ 5", Code.WRONG_CHARACTER, "≥", ">="),
        ("amount_spent <> 5", Code.WRONG_CHARACTER, "<>", "!="),
        ("name = 'a' && name = 'b'", Code.WRONG_CHARACTER, "&&", "AND"),
        ("amount_spent > 5; DROP TABLE customers", Code.WRONG_CHARACTER, ";", None),
        ("amount_spent > 5 -- and more", Code.WRONG_CHARACTER, "--", None),
        ("amount_spent > 5 /* 7 */", Code.WRONG_CHARACTER, "/*", None),
        ("name = 'a\x00b'", Code.WRONG_CHARACTER, "\x00", None),
        ("name = 'a\ud800b'", Code.WRONG_CHARACTER, "\ud800", None),
        # order of words
        ("name = 'a' name = 'b'", Code.UNEXPECTED, "name", None),
        ("name = 'a' ADN name = 'b'", Code.UNEXPECTED, "ADN", "AND"),
        ("name CONTIANS 'a'", Code.UNEXPECTED, "CONTIANS", "CONTAINS"),
        ("amount_spent > AND name = 'a'", Code.UNEXPECTED, "AND", None),
        ("name NOT = 'a'", Code.UNEXPECTED, "=", None),
        ("category IN 'Tea'", Code.UNEXPECTED, "'Tea'", None),
        ("category IN ()", Code.UNEXPECTED, ")", None),
        ("amount_spent MATCHES ()", Code.UNEXPECTED, "MATCHES", None),
        ("orders_placed > 5", Code.UNEXPECTED, ">", None),
        ("orders_placed(count >= 5)", Code.MISSING_MATCHES, "orders_placed", "orders_placed MATCHES"),
        ("orders_placed MATCHES (count = 5,)", Code.UNEXPECTED, ")", None),
        ("orders_placed MATCHES (count = 5, count = 6)", Code.REPEATED_PARAMETER, "count", None),
        ("name = 'a')", Code.UNOPENED_BRACKET, ")", None),
        ("((name = 'a')", Code.UNCLOSED_BRACKET, "(", None),
        ("orders_placed MATCHES (count = 5", Code.UNCLOSED_BRACKET, "(", None),
        ("name IN ('a', 'b'", Code.UNCLOSED_BRACKET, "(", None),
        ("()", Code.UNEXPECTED, ")", None),
        ("FROM orders WHERE name = 'a'", Code.UNEXPECTED, "orders", None),
        ("name = 'a' ORDER BY name; DROP", Code.WRONG_CHARACTER, ";", None),
        # places
        (
            "customer_within_distance MATCHES (distance_km < 5)",
            Code.MISSING_PARAMETER,
            "customer_within_distance",
            None,
        ),
        ("customer_within_distance MATCHES ()", Code.MISSING_PARAMETER, "customer_within_distance", None),
        (
            "customer_within_distance MATCHES (coordinates = (91, 0), distance_km < 5)",
            Code.WRONG_PLACE,
            "(91, 0)",
            None,
        ),
        (
            "customer_within_distance MATCHES (coordinates = 'Berlin', distance_km < 5)",
            Code.WRONG_PLACE,
            "'Berlin'",
            None,
        ),
        (
            "customer_within_distance MATCHES (coordinates != (1, 2), distance_km < 5)",
            Code.WRONG_OPERATOR,
            "!=",
            None,
        ),
        # sequences
        ("sequence MATCHES (orders_placed WITHIN 3d)", Code.LONELY_STEP, "WITHIN", None),
        ("sequence MATCHES (NOT orders_placed THEN messages WITHIN 3d)", Code.NEGATED_FIRST, "NOT", None),
        ("sequence MATCHES (orders_placed THEN messages)", Code.UNEXPECTED, ")", None),
        ("sequence MATCHES (orders_placed THEN messages WITHIN 30 days)", Code.WRONG_DURATION, "30", "30d"),
        ("sequence MATCHES (orders_placed THEN messages WITHIN 0d)", Code.WRONG_DURATION, "0d", None),
        ("sequence MATCHES (orders_placed THEN messages WITHIN -3d)", Code.WRONG_DURATION, "-3d", None),
        (
            "sequence MATCHES (messages THEN orders_placed(count > 1) WITHIN 3d)",
            Code.TOTAL_IN_STEP,
            "orders_placed",
            None,
        ),
        ("sequence MATCHES (message THEN orders_placed WITHIN 3d)", Code.UNKNOWN_FUNCTION, "message", "messages"),
    ],
)
def test_what_is_wrong_is_said_with_its_place_and_what_was_meant(text, code, at, suggestion):
    with pytest.raises(QueryError) as caught:
        parse(text, WORDS)
    error = caught.value
    start = text.rindex(at) if code in {Code.REPEATED_PARAMETER, Code.UNOPENED_BRACKET} or at == "name" else None
    start = text.index(at) if start is None else start
    if text.startswith("name = 'a' name"):
        start = 11
    assert (error.code, error.span, error.nearest) == (code, (start, start + len(at)), suggestion)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("name = 'a' AND", CLAUSE),
        ("NOT", CLAUSE),
        ("(", CLAUSE),
        ("amount_spent", NUMBERS),
        ("amount_spent >", (Wanted.NUMBER,)),
        ("number_of_orders IN (", (Wanted.WHOLE_NUMBER,)),
        ("amount_spent BETWEEN 5", ("AND",)),
        ("name IS", ("NULL", "NOT NULL")),
        ("name STARTS", ("WITH",)),
        ("is_guest =", ("true", "false")),
        ("orders_placed", ("MATCHES", "NOT MATCHES")),
        ("segment", ("IN", "NOT IN", "=", "!=")),
        ("segment IN (", (Wanted.GROUP,)),
        ("anniversary(", (Wanted.DATE_ATTRIBUTE,)),
        ("sequence MATCHES (orders_placed THEN", (Wanted.FUNCTION, "NOT")),
        ("sequence MATCHES (orders_placed THEN messages WITHIN", (Wanted.DURATION,)),
    ],
)
def test_a_query_that_ends_too_early_says_what_could_follow(text, expected):
    with pytest.raises(QueryError) as caught:
        parse(text, WORDS)
    assert (caught.value.code, caught.value.span) == (Code.UNEXPECTED_END, (len(text), len(text)))
    assert caught.value.expected == expected


@pytest.mark.parametrize(
    ("text", "code", "start"),
    [
        ("name = '" + "x" * 10**6 + "'", Code.TOO_LONG, 0),
        ("name = '" + "ü" * 60_000 + "'", Code.TOO_LONG, 0),
        ("(" * 10_000, Code.TOO_DEEP, 50),
        ("NOT " * 10_000, Code.TOO_DEEP, 200),
        ("(" * 51 + "name = 'a'" + ")" * 51, Code.TOO_DEEP, 50),
        (" OR ".join(["is_guest = true"] * 501), Code.TOO_MANY_CLAUSES, 500 * 19),
        (
            "sequence MATCHES (messages" + " THEN messages" * 500 + " WITHIN 3d)",
            Code.TOO_MANY_CLAUSES,
            26 + 498 * 14 + 6,
        ),
        ("amount_spent > " + "9" * 90_000, Code.NUMBER_TOO_LONG, 15),
        ("name = '" + "\\" * 90_000, Code.UNCLOSED_TEXT, 7),
        ("a" * 90_000 + " = 5", Code.UNKNOWN_NAME, 0),
    ],
    ids=lambda value: None if isinstance(value, str) and len(value) > 40 else value,
)
def test_hostile_texts_are_refused_quickly(text, code, start):
    began = time.perf_counter()
    with pytest.raises(QueryError) as caught:
        parse(text, WORDS)
    assert time.perf_counter() - began < 2
    assert (caught.value.code, caught.value.span[0]) == (code, start)


def test_what_a_person_could_write_is_within_the_limits():
    assert len(parse(" OR ".join(["is_guest = true"] * 500), WORDS).parts) == 500
    deep = "(" * 49 + "NOT name = 'a'" + ")" * 49
    assert parse(deep, WORDS) == Not(A)


FRAGMENTS = (
    *("name", "amount_spent", "last_order_date", "orders_placed", "customer_within_distance", "segment", "sequence"),
    *(
        "AND",
        "OR",
        "NOT",
        "IN",
        "BETWEEN",
        "MATCHES",
        "IS",
        "NULL",
        "CONTAINS",
        "THEN",
        "WITHIN",
        "anniversary",
        "true",
    ),
    *("FROM", "customers", "WHERE", "ORDER", "BY", "start_of", "today", "count", "coordinates", "distance_km"),
    *(
        "(",
        ")",
        ",",
        "=",
        "!=",
        ">",
        ":",
        "'VIP'",
        "''",
        "'a",
        "5",
        "5.5",
        "-30d",
        "30d",
        "2026-05-30",
        "€",
        "“",
        "\\",
        "\n",
    ),
)


@given(st.lists(st.sampled_from(FRAGMENTS), max_size=30), st.sampled_from((" ", "")))
def test_any_text_is_a_query_or_refused_at_a_place_in_it(fragments, between):
    text = between.join(fragments)
    node, error = tried(text)
    if error is None:
        assert parse(canonical(node), WORDS) == node
    else:
        assert 0 <= error.span[0] <= error.span[1] <= len(text)
        assert saying.sentence(error, text)


def tried(text):
    try:
        return parse(text, WORDS), None
    except QueryError as error:
        return None, error


@given(st.text(max_size=60))
def test_any_letters_at_all_are_read_or_refused(text):
    _, error = tried(f"name = 'a' {text}")
    assert error is None or 0 <= error.span[0] <= error.span[1] <= len(text) + 11


def test_nearest_names_are_near():
    assert nearest("AMOUNT_SPENT", ["amount_spent", "amount_refunded"]) == "amount_spent"
    assert nearest("total_spent", ["amount_spent", "name"]) == "amount_spent"
    assert nearest("xyz", ["amount_spent", "name"]) is None
    assert nearest("x" * 10_000, ["x" * 10_000]) is None


def test_places_count_lines_from_one():
    assert line_and_place("name = 'a'\nAND zzz = 1", 15) == (2, 5)
    assert line_and_place("zzz = 1", 0) == (1, 1)


def test_values_of_two_that_have_one_name_are_not_mixed_up_and_looked_up_once():
    asked = []

    def values(*given):
        def look_up():
            asked.append(given)
            return [(one, one) for one in given]

        return look_up

    parameter = Parameter(name="kind", label="", kind=Kind.CHOICE, values=values("order"))
    words = Words(
        attributes={"kind": Attribute(name="kind", label="", kind=Kind.CHOICE, values=values("person"))},
        functions={"events": Function(name="events", label="", parameters={"kind": parameter})},
    )
    text = "kind = 'person' AND events MATCHES (kind = 'order') AND kind IN ('person', 'person')"
    assert len(parse(text, words).parts) == 3
    assert asked == [("person",), ("order",)]


def test_words_that_a_reader_may_not_ask_do_not_exist_for_them():
    less = tree_words(without="amount_spent")
    with pytest.raises(QueryError) as caught:
        parse("amount_spent > 5", less)
    assert caught.value.code is Code.UNKNOWN_NAME
    assert caught.value.nearest != "amount_spent"


def tree_words(*, without):
    attributes = {name: one for name, one in WORDS.attributes.items() if name != without}
    return Words(attributes=attributes, functions=WORDS.functions, groups=WORDS.groups)


# ── in sentences


def refused(text):
    with pytest.raises(QueryError) as caught:
        parse(text, WORDS)
    return saying.sentence(caught.value, text)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("amount_spend > 5", "Line 1, place 1: there is no “amount_spend”. Did you mean amount_spent?"),
        ("name = 'a'\n  AND zzz > 5", "Line 2, place 7: there is no “zzz”."),
        ("name = “Berlin”", "Line 1, place 8: text stands in straight single quotes. Did you mean 'Berlin'?"),
        ("amount_spent > 1,000", "Line 1, place 16: numbers are written without separators. Did you mean 1000?"),
        (
            "name = 'a' AND",
            "Line 1, place 15: the query ends too early. Expected here: an attribute, a function, NOT, (.",
        ),
        (
            "number_of_orders = 5.5",
            "Line 1, place 20: number_of_orders is a whole number and is not compared with 5.5.",
        ),
        (
            "is_guest = 1",
            "Line 1, place 12: is_guest cannot be compared with 1. Expected here: true, false.",
        ),
        ("name = 'a\x00'", "Line 1, place 10: “U+0000” has no meaning in a query."),
    ],
)
def test_problems_are_said_in_a_sentence(text, sentence):
    assert refused(text) == sentence


def test_a_sentence_repeats_no_more_than_a_little_of_what_was_written():
    said = refused("x" * 50_000 + "\n= 5")
    assert len(said) < 150
    assert "x" * 50 + "x" * 9 + "…" in said


def test_every_problem_has_a_sentence_and_every_wish_a_name():
    assert set(saying._SENTENCES) == set(Code)
    assert set(saying._WANTED) == set(Wanted)
    for sentence in saying._SENTENCES.values():
        assert set(re.findall(r"%\((\w+)\)", str(sentence))) <= {"found", "name", "most", "missing", "unit"}


def test_sentences_are_asked_for_in_the_language_of_the_reader(monkeypatch):
    with translation.override("zh-hans"):
        said = refused("amount_spend > 5")
    assert "amount_spent" in said
    assert "%(" not in said
