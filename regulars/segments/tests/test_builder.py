"""Builder rows: a query as lines and brackets, and back without loss."""

from __future__ import annotations

import json

import pytest
from hypothesis import given

from regulars.segments.language.builder import BadRows, BuilderRow, Wrong, from_json, node_of, rows_of, to_json
from regulars.segments.language.parsing import parse
from regulars.segments.language.tree import Everybody
from regulars.segments.tests.small_vocabulary import words
from regulars.segments.tests.strategies import many, queries


def lines(text):
    return [(row.depth, row.joiner, row.clause and row.clause.attribute) for row in rows_of(parse(text, words()))]


@many
@given(queries(words()))
def test_rows_and_their_json_lead_back_to_the_same_query(node):
    written = json.dumps(to_json(rows_of(node)))
    assert node_of(from_json(json.loads(written))) == node


def test_a_query_is_taken_apart_into_lines_and_brackets():
    text = "name = 'a' AND age > 3 AND NOT (is_guest = true OR email IS NULL)"
    assert lines(text) == [
        (0, "", "name"),
        (0, "and", "age"),
        (0, "and not", None),
        (1, "", "is_guest"),
        (1, "or", "email"),
    ]
    assert lines("NOT name = 'a' OR age > 3 AND is_guest = true") == [
        (0, "not", "name"),
        (0, "or", None),
        (1, "", "age"),
        (1, "and", "is_guest"),
    ]
    assert lines("NOT NOT name = 'a'") == [(0, "not", None), (1, "not", "name")]


def test_everybody_has_no_lines():
    assert rows_of(Everybody()) == ()
    assert node_of(()) == Everybody()
    assert from_json([]) == ()


def test_and_binds_stronger_than_or_where_an_editor_mixes_them_on_one_depth():
    one, two, three = (row.clause for row in rows_of(parse("name = 'a' AND age > 3 AND is_guest = true", words())))
    mixed = (BuilderRow(0, "", one), BuilderRow(0, "or", two), BuilderRow(0, "and", three))
    assert node_of(mixed) == parse("name = 'a' OR age > 3 AND is_guest = true", words())


def test_a_bracket_that_changes_nothing_is_left_out():
    one, two, three = (row.clause for row in rows_of(parse("name = 'a' AND age > 3 AND is_guest = true", words())))
    bracketed = (
        BuilderRow(0, "", one),
        BuilderRow(0, "and", None),
        BuilderRow(1, "", two),
        BuilderRow(1, "and", three),
    )
    assert node_of(bracketed) == parse("name = 'a' AND age > 3 AND is_guest = true", words())


CLAUSE = {"ask": "age", "operator": ">", "values": [{"number": "3"}], "is_negated": False}


@pytest.mark.parametrize(
    ("rows", "number", "wrong"),
    [
        ("name = 'a'", 0, Wrong.SHAPE),
        ([7], 0, Wrong.SHAPE),
        ([{"depth": 0, "joiner": "", "clause": {}}], 0, Wrong.SHAPE),
        ([{"depth": 0, "joiner": "", "clause": CLAUSE | {"operator": "LIKE"}}], 0, Wrong.SHAPE),
        ([{"depth": 0, "joiner": "", "clause": CLAUSE | {"values": []}}], 0, Wrong.SHAPE),
        ([{"depth": 0, "joiner": "", "clause": CLAUSE | {"values": [{"number": "1e999999"}]}}], 0, Wrong.SHAPE),
        ([{"depth": 0, "joiner": "", "clause": CLAUSE | {"values": [{"day": "2026-02-30"}]}}], 0, Wrong.SHAPE),
        ([{"depth": True, "joiner": "", "clause": CLAUSE}], 0, Wrong.DEPTH),
        ([{"depth": 10_000, "joiner": "", "clause": CLAUSE}], 0, Wrong.DEPTH),
        ([{"depth": 1, "joiner": "", "clause": CLAUSE}], 0, Wrong.DEPTH),
        ([{"depth": 0, "joiner": "xor", "clause": CLAUSE}], 0, Wrong.JOINER),
        ([{"depth": 0, "joiner": ["and"], "clause": CLAUSE}], 0, Wrong.JOINER),
        ([{"depth": 0, "joiner": "and", "clause": CLAUSE}], 0, Wrong.JOINER),
        ([{"depth": 0, "joiner": "", "clause": CLAUSE}] * 2, 1, Wrong.JOINER),
        ([{"depth": 0, "joiner": "", "clause": None}], 0, Wrong.EMPTY),
        (
            [{"depth": 0, "joiner": "", "clause": CLAUSE}, {"depth": 1, "joiner": "and", "clause": CLAUSE}],
            1,
            Wrong.DEPTH,
        ),
    ],
)
def test_rows_that_are_no_query_are_refused_with_the_row(rows, number, wrong):
    with pytest.raises(BadRows) as refused:
        node_of(from_json(rows))
    assert (refused.value.row, refused.value.wrong) == (number, wrong)
