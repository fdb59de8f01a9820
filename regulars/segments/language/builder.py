"""A query as rows that people put together, and back: lines joined by and, or, not, with brackets around some.

Who      Tier is at least Regular
and not  ⎡ Open inquiries more than 0          depth 0 is the bracket, depth 1 what stands in it
or       ⎣ Returned share more than 30%
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from regulars.segments.language.as_json import clause_from_json, clause_to_json
from regulars.segments.language.tree import And, Clause, Everybody, Node, Not, Or

DEEPEST = 100
"""No tree that may be asked is as deep; rows from outside that are have not been made by an editor."""

_NOT = "not"
_JOINERS = ("", "and", "or", "not", "and not", "or not")


@dataclass(frozen=True, slots=True)
class BuilderRow:
    """A line: a clause, or (None) a bracket that holds the lines below it that stand one deeper.

    `joiner` says how it goes on from the line before on its depth: and, or, and not, or not; the first line of a query
    or of a bracket has nothing, or not.
    """

    depth: int
    joiner: str
    clause: Clause | None


class Wrong(StrEnum):
    """What is wrong with rows from outside."""

    SHAPE = "shape"  # not written as rows are
    DEPTH = "depth"  # stands deeper than a bracket before it lets
    JOINER = "joiner"  # the first has one, or another has none
    EMPTY = "empty"  # a bracket without lines


class BadRows(ValueError):  # noqa: N818 - an answer, not a failure of ours
    """The rows are no query: `row` counts from 0, `wrong` says why, `part` what of the row is not understood."""

    def __init__(self, row: int, wrong: Wrong, part: str = "") -> None:
        super().__init__(f"row {row + 1}: {wrong.value} {part}".rstrip())
        self.row, self.wrong, self.part = row, wrong, part


def rows_of(node: Node) -> tuple[BuilderRow, ...]:
    """The lines of a query; everybody has none."""
    return () if isinstance(node, Everybody) else tuple(_rows(node, 0))


def node_of(rows: Sequence[BuilderRow]) -> Node:
    """The query of these lines: `node_of(rows_of(node)) == node`. And binds stronger than or. Raises BadRows."""
    if not rows:
        return Everybody()
    node, stop = _block(rows, 0, 0)
    if stop != len(rows):
        raise BadRows(stop, Wrong.DEPTH)
    return node


def to_json(rows: Sequence[BuilderRow]) -> list[dict[str, Any]]:
    """The lines as JSON has them."""
    return [
        {
            "depth": row.depth,
            "joiner": row.joiner,
            "clause": None if row.clause is None else clause_to_json(row.clause),
        }
        for row in rows
    ]


def from_json(data: Any) -> tuple[BuilderRow, ...]:
    """Lines from JSON, as `to_json` writes them. Raises BadRows; whether the words exist is not asked here."""
    if not isinstance(data, list):
        raise BadRows(0, Wrong.SHAPE, type(data).__name__)
    return tuple(_row_from(number, row) for number, row in enumerate(data))


# ── lines of a tree


def _rows(node: Node, depth: int) -> Iterator[BuilderRow]:
    """The lines of what stands alone on a depth: of an And and Or their parts, joined."""
    match node:
        case And(parts):
            for number, part in enumerate(parts):
                yield from _part(part, depth, "and" if number else "")
        case Or(parts):
            for number, part in enumerate(parts):
                yield from _part(part, depth, "or" if number else "")
        case _:
            yield from _part(node, depth, "")


def _part(node: Node, depth: int, joiner: str) -> Iterator[BuilderRow]:
    if isinstance(node, Not):
        joiner, node = f"{joiner} {_NOT}".lstrip(), node.part
    if isinstance(node, And | Or | Not):
        yield BuilderRow(depth, joiner, None)
        yield from _rows(node, depth + 1)
    elif isinstance(node, Everybody):
        raise TypeError("only a whole query is about everybody")
    else:
        yield BuilderRow(depth, joiner, node)


# ── a tree of lines


def _block(rows: Sequence[BuilderRow], at: int, depth: int) -> tuple[Node, int]:
    """The query of the lines from `at` on that stand on this depth, and where the next one stands."""
    if depth > DEEPEST:
        raise BadRows(at, Wrong.DEPTH)
    alternatives: list[list[Node]] = []
    while at < len(rows) and rows[at].depth == depth:
        row = rows[at]
        joined, _space, negated = row.joiner.rpartition(" ")
        joiner = joined if negated == _NOT else row.joiner
        if bool(alternatives) != (joiner in ("and", "or")):
            raise BadRows(at, Wrong.JOINER, row.joiner)
        node, at = _line(rows, at, depth)
        if negated == _NOT:
            node = Not(node)
        if joiner == "and":
            alternatives[-1].append(node)
        else:
            alternatives.append([node])
    if at < len(rows) and rows[at].depth > depth:
        raise BadRows(at, Wrong.DEPTH)
    return _together(Or, [_together(And, parts) for parts in alternatives]), at


def _line(rows: Sequence[BuilderRow], at: int, depth: int) -> tuple[Node, int]:
    clause = rows[at].clause
    if clause is not None:
        return clause, at + 1
    if at + 1 == len(rows) or rows[at + 1].depth <= depth:
        raise BadRows(at, Wrong.EMPTY)
    return _block(rows, at + 1, depth + 1)


def _together(kind: type[And] | type[Or], parts: list[Node]) -> Node:
    flat = [inner for part in parts for inner in (part.parts if isinstance(part, kind) else (part,))]
    return flat[0] if len(flat) == 1 else kind(tuple(flat))


def _row_from(number: int, data: Any) -> BuilderRow:
    row = data if isinstance(data, dict) else {}
    depth, joiner = row.get("depth"), row.get("joiner")
    if "clause" not in row:
        raise BadRows(number, Wrong.SHAPE, "clause")
    if isinstance(depth, bool) or not isinstance(depth, int) or not 0 <= depth <= DEEPEST:
        raise BadRows(number, Wrong.DEPTH, str(depth))
    if joiner not in _JOINERS:
        raise BadRows(number, Wrong.JOINER, str(joiner))
    try:
        clause = None if row["clause"] is None else clause_from_json(row["clause"])
    except ValueError as error:
        raise BadRows(number, Wrong.SHAPE, str(error)) from error
    return BuilderRow(depth, joiner, clause)
