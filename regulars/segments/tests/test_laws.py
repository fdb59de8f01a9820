"""What a query means: the laws that hold for every query and everybody."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from regulars.core.text import fold
from regulars.segments.language import tree
from regulars.segments.language.canonical import canonical
from regulars.segments.language.evaluating import matches
from regulars.segments.language.parsing import parse
from regulars.segments.language.tree import And, Anniversary, Ask, Node, Not, Operator, Or
from regulars.segments.tests.small_vocabulary import FUNCTIONS, KNOWN, words
from regulars.segments.tests.strategies import asked, asks, clauses, dimensions, many, people, queries, some, together
from regulars.segments.vocabulary.reading import Person, Scene

WORDS = words()


@dataclass
class Somebody:
    """A random person, asked about on a day."""

    person: Person

    def __repr__(self) -> str:
        scene = self.person.scene
        return f"{scene.today} {scene.zone} {scene.is_past} {self.person.tables} {scene.dimensions}"

    def is_in(self, node: Node) -> bool:
        scene = self.person.scene
        return matches(node, self.person, today=scene.today, zone=scene.zone, fold=fold)


@cache
def _people(today: dt.date, zone: dt.tzinfo) -> st.SearchStrategy[Any]:
    at: dict[str, Any] = {"today": today, "zone": zone}
    return st.tuples(people(KNOWN, FUNCTIONS, **at), dimensions(KNOWN, FUNCTIONS, **at))


@st.composite
def _anybody(draw: Any) -> Somebody:
    today, zone = draw(asked())
    tables, pointed = draw(_people(today, zone))
    scene = Scene(
        known=KNOWN, functions=FUNCTIONS, dimensions=pointed, today=today, zone=zone, is_past=draw(st.booleans())
    )
    return Somebody(Person(scene, tables, draw(_GROUPS).__contains__))


_GROUPS = st.sets(st.sampled_from(WORDS.groups))
QUERIES = queries(WORDS)
ANYBODY = _anybody()
CLAUSES = clauses(WORDS)


@some
@given(QUERIES, QUERIES, ANYBODY)
def test_a_query_and_its_negation_split_everybody_and_de_morgan_holds(one, other, somebody):
    is_one, is_other = somebody.is_in(one), somebody.is_in(other)
    assert somebody.is_in(Not(one)) is not is_one
    assert somebody.is_in(Not(Not(one))) is is_one
    both, either = together(And, [one, other]), together(Or, [one, other])
    assert somebody.is_in(both) is (is_one and is_other)
    assert somebody.is_in(either) is (is_one or is_other)
    assert somebody.is_in(Not(both)) is somebody.is_in(together(Or, [Not(one), Not(other)]))
    assert somebody.is_in(Not(either)) is somebody.is_in(together(And, [Not(one), Not(other)]))


@some
@given(st.lists(CLAUSES, min_size=6, max_size=6), ANYBODY)
def test_every_negated_form_is_the_complement_of_the_positive_one(clauses, somebody):
    for clause in clauses:
        assert somebody.is_in(clause) is not somebody.is_in(_negated(clause))


@some
@given(st.lists(asks(WORDS, Operator.BETWEEN), min_size=4, max_size=4), ANYBODY)
def test_between_is_two_comparisons(clauses, somebody):
    for clause in clauses:
        low, high = clause.test.values
        ends = (tree.Test(Operator.AT_LEAST, (low,)), tree.Test(Operator.AT_MOST, (high,)))
        is_between = all(somebody.is_in(replace(clause, test=test)) for test in ends)
        assert somebody.is_in(clause) is (is_between is not clause.test.is_negated)


@some
@given(st.lists(asks(WORDS, Operator.IN), min_size=4, max_size=4), ANYBODY)
def test_in_is_one_of_several_equals(clauses, somebody):
    for clause in clauses:
        equals = [tree.Test(Operator.EQUAL, (value,)) for value in clause.test.values]
        is_among = any(somebody.is_in(replace(clause, test=test)) for test in equals)
        assert somebody.is_in(clause) is (is_among is not clause.test.is_negated)


@many
@given(QUERIES)
def test_every_query_has_one_text_that_means_the_same(node):
    assert parse(canonical(node), WORDS) == node


def _negated(clause: Any) -> Any:
    if isinstance(clause, Ask | Anniversary):
        return replace(clause, test=replace(clause.test, is_negated=not clause.test.is_negated))
    return replace(clause, is_negated=not clause.is_negated)
