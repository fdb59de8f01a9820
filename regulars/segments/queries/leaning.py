"""Which groups a rule leans on: `segment IN ('VIP')`, `joined_segment MATCHES (name = 'VIP')`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from regulars.core.errors import Refusal
from regulars.core.text import fold
from regulars.segments.language.tree import (
    And,
    Argument,
    Ask,
    Call,
    InGroups,
    Literal,
    Node,
    Not,
    Or,
    Sequence,
    Step,
    clauses,
)
from regulars.segments.models import Group

JOINED, NAME, EVENTS = "joined_segment", "name", "events"

Read = Callable[[str], Node]
"""How a rule is read; raises a Refusal where it cannot be."""


def names_in(node: Node) -> set[str]:
    """The folded names of the groups that a query names."""
    return {fold(name) for clause in clauses(node) for name in _named(clause)}


def asks_about_groups(node: Node) -> bool:
    """Whether an answer can change because somebody joined or left a group."""
    for clause in clauses(node):
        calls: tuple[Any, ...] = clause.steps if isinstance(clause, Sequence) else (clause,)
        if any(isinstance(one, InGroups) or getattr(one, "function", "") in {JOINED, EVENTS} for one in calls):
            return True
    return False


def users_of(group: Group, *, read: Read) -> list[Group]:
    """The groups whose rule names a group, by their names; what cannot be read names nobody."""
    found = []
    for other in Group.objects.filter(query__contains="segment").exclude(pk=group.pk):
        node = _readable(other, read)
        if node is not None and group.key in names_in(node):
            found.append(other)
    return found


def cycle(key: str, node: Node, *, read: Read) -> tuple[str, ...] | None:
    """The groups over which a rule saved under a folded name leads back to itself; None where it does not."""
    groups = {one.key: one for one in Group.objects.filter(is_by_rule=True).only("key", "name", "query")}
    seen: set[str] = set()

    def walk(below: Node, path: tuple[str, ...]) -> tuple[str, ...] | None:
        names = names_in(below)
        if key in names:
            return path
        for name in sorted(names - seen):
            seen.add(name)
            other = groups.get(name)
            node = _readable(other, read) if other is not None else None
            if other is not None and node is not None:
                found = walk(node, (*path, other.name))
                if found is not None:
                    return found
        return None

    return walk(node, ())


def renamed(node: Node, key: str, name: str) -> Node:
    """The same query with another name for the group of a folded name."""

    def new(value: Literal) -> Literal:
        return name if isinstance(value, str) and fold(value) == key else value

    def said(one: Argument) -> Argument:
        if one.parameter != NAME:
            return one
        return replace(one, test=replace(one.test, values=tuple(map(new, one.test.values))))

    match node:
        case And(parts):
            return And(tuple(renamed(part, key, name) for part in parts))
        case Or(parts):
            return Or(tuple(renamed(part, key, name) for part in parts))
        case Not():
            return replace(node, part=renamed(node.part, key, name))
        case InGroups():
            return replace(node, names=tuple(str(new(one)) for one in node.names))
        case Call() if node.function == JOINED:
            return replace(node, arguments=tuple(map(said, node.arguments)))
        case Sequence():
            steps = (
                replace(one, arguments=tuple(map(said, one.arguments))) if one.function == JOINED else one
                for one in node.steps
            )
            return replace(node, steps=tuple(steps))
    return node


def asked_in(node: Node) -> list[str]:
    """The names of the attributes and functions that a query asks, each once: what may be told of it in a log."""
    found: dict[str, None] = {}
    for clause in clauses(node):
        if isinstance(clause, Sequence):
            found |= dict.fromkeys(step.function for step in clause.steps)
        elif isinstance(clause, Call):
            found[clause.function] = None
        elif isinstance(clause, InGroups):
            found["segment"] = None
        else:
            found[clause.attribute] = None
    return list(found)


def _named(clause: Any) -> Iterator[str]:
    if isinstance(clause, InGroups):
        yield from clause.names
    calls: tuple[Call | Step | Ask, ...] = clause.steps if isinstance(clause, Sequence) else (clause,)
    for one in calls:
        if isinstance(one, Call | Step) and one.function == JOINED:
            for argument in one.arguments:
                if argument.parameter == NAME:
                    yield from (value for value in argument.test.values if isinstance(value, str))


def _readable(group: Group, read: Read) -> Node | None:
    try:
        return read(group.query)
    except Refusal:
        return None
