"""The definition of meaning, asked of real records: slow, for one customer at a time (language/evaluating.py).

`explain` stands on it, and `regulars segment count --engine reference` compares every other way of answering with it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Final

from pyroaring import BitMap

from regulars.core import sight
from regulars.core.text import fold
from regulars.segments.bits import unpacked
from regulars.segments.engine.comparing import Asked
from regulars.segments.engine.grouped import GroupCycle, UnknownGroup, listed, named
from regulars.segments.engine.sets import Sets
from regulars.segments.lake import rows as lake_rows
from regulars.segments.lake.tables import dimensions, tables
from regulars.segments.lake.view import View
from regulars.segments.language import evaluating
from regulars.segments.language.tree import Node
from regulars.segments.vocabulary import declared
from regulars.segments.vocabulary.reading import Person, Record, Scene, Tables, apart

_AT_ONCE: Final = 2_000  # customers whose rows are held at the same time


def scene_of(asked: Asked, seen: View) -> Scene:
    """What is the same for all customers, for the evaluator."""
    return Scene(
        known=declared.known(),
        functions=declared.rows(),
        dimensions={name: _by_key(seen, name) for name in dimensions()},
        today=asked.today,
        zone=asked.zone,
        is_past=asked.is_past,
        exponent=asked.exponent,
    )


def persons(customers: Sequence[int], scene: Scene, sets: Sets) -> Iterator[tuple[int, Person]]:
    """What is known of some customers, from their rows as they are now."""
    for start in range(0, len(customers), _AT_ONCE):
        some = customers[start : start + _AT_ONCE]
        with sight.looking(sight.EVERYTHING):
            own = {name: lake_rows.read_rows(table, some).to_pylist() for name, table in tables().items()}
        for customer, known in apart(own):
            yield customer, person_of(customer, known, scene, sets)


def person_of(customer: int, known: Tables, scene: Scene, sets: Sets) -> Person:
    """One of them; which groups they are in is found by the definition as well."""

    def is_in(name: str, trail: tuple[str, ...] = ()) -> bool:
        group = named(name)
        if group is None:
            raise UnknownGroup(name)
        if group.name in trail:
            raise GroupCycle((*trail[trail.index(group.name) :], group.name))
        if not group.is_by_rule:
            return customer in listed(unpacked(group.members), sets)
        inner = Person(scene=scene, tables=known, groups=lambda other: is_in(other, (*trail, group.name)))
        return matches(sets.rule_of(group), inner)

    return Person(scene=scene, tables=known, groups=is_in)


def matches(node: Node, person: Person, *, today: dt.date | None = None) -> bool:
    """Whether a query is true of somebody."""
    scene = person.scene
    return evaluating.matches(node, person, today=today or scene.today, zone=scene.zone, fold=fold)


def members(node: Node, sets: Sets) -> BitMap:
    """Who a query finds, by the definition alone, of everybody there was."""
    scene, found = scene_of(sets.asked, sets.view), BitMap()
    for customer, person in persons(sets.view.everyone.to_array().tolist(), scene, sets):
        if person.is_there and matches(node, person):
            found.add(customer)
    return found


def _by_key(seen: View, name: str) -> dict[object, Record]:
    key = dimensions()[name].key
    return {row[key]: row for row in seen.dimension(name).to_pylist()}
