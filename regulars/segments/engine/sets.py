"""Who a query finds: each clause is one set of customers, and a query is arithmetic on sets.

A set over the columns of a version is found once, whoever asks. Customers to whom something happened since are asked
anew, by the same statement over their rows as they are now: (found − touched) | found among the touched.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.db import connection
from pyroaring import BitMap

from regulars.segments.arrow import pa
from regulars.segments.engine import running
from regulars.segments.engine.comparing import FOLDED, Asked
from regulars.segments.engine.compiling import compiled
from regulars.segments.engine.drafting import Shapes, Statement
from regulars.segments.engine.remembering import Shelf, remembered
from regulars.segments.lake import rows as lake_rows
from regulars.segments.lake.tables import Dimension, dimensions, tables
from regulars.segments.lake.view import View
from regulars.segments.language.tree import And, Clause, Everybody, InGroups, Node, Not, Or
from regulars.segments.models import Group
from regulars.segments.vocabulary import declared
from regulars.segments.vocabulary.declared import Known, Rows

_WORTH_SHARING = 0.02  # seconds that finding a set took, from which on others are spared it


InGroup = Callable[[str, "Sets"], BitMap]
"""Who is in the saved group of a name."""

RuleOf = Callable[[Group], Node]
"""The query of a saved group."""


@dataclass(kw_only=True)
class Sets:
    """One question to the lake: what it shows, the day asked about, the vocabulary. Nobody changes sets it gives."""

    view: View
    asked: Asked
    in_group: InGroup
    rule_of: RuleOf
    shelf: Shelf | None = None
    known: Mapping[str, Known] = field(default_factory=declared.known)
    rows: Mapping[str, Rows] = field(default_factory=declared.rows)
    trail: tuple[str, ...] = ()
    of_groups: dict[str, BitMap] = field(default_factory=dict)

    @cached_property
    def everyone(self) -> BitMap:
        """Everybody there was on the day asked about."""
        if not self.asked.is_past:
            return self.view.everyone
        added = Statement(
            sql='SELECT customer FROM "customers" WHERE "added" < $1',
            values=(self.asked.end,),
            tables={"customers": frozenset({"customer", "added"})},
        )
        return self.found(added) & self.view.everyone

    def of(self, node: Node) -> BitMap:
        """Who a query finds, of everybody there was."""
        match node:
            case Everybody():
                return self.everyone
            case And(parts):
                found = self.of(parts[0])
                for part in parts[1:]:
                    found = found & self.of(part)
                return found
            case Or(parts):
                return BitMap.union(*(self.of(part) for part in parts))
            case Not(part):
                return self.everyone - self.of(part)
            case _:
                return self.of_clause(node)

    def of_clause(self, clause: Clause) -> BitMap:
        """Who one clause finds."""
        running.check_time()
        if isinstance(clause, InGroups):
            found = BitMap.union(BitMap(), *(self.in_group(name, self) for name in clause.names)) & self.everyone
            return self.everyone - found if clause.is_negated else found
        statement = compiled(clause, self.known, self.rows, self._shapes, self.asked)
        is_negated = clause.test.is_negated if hasattr(clause, "test") else clause.is_negated
        found = self.found(statement)
        return self.everyone - found if statement.is_complement != is_negated else found & self.everyone

    def found(self, statement: Statement) -> BitMap:
        """Who a statement gives, now: over the version's columns where nothing happened since, else over fresh rows."""
        if not statement.sql:
            return BitMap()
        stamps = tuple((name, self.view.stamp_of(name)) for name in sorted(statement.dimensions))
        values = tuple(tuple(one) if isinstance(one, list) else one for one in statement.values)
        asked_for = (statement.sql, values, stamps)
        found = self._of_base(statement, asked_for) if self.view.version is not None else BitMap()
        if not self.view.touched:
            return found
        key = ("fresh", self.view.stamp, *asked_for)
        fresh = remembered.get(key)
        if fresh is None:
            fresh = running.run(statement, self._tables(statement, self.view.fresh))
            remembered.put(key, fresh)
        return (found - self.view.touched) | fresh

    def _of_base(self, statement: Statement, asked_for: Hashable) -> BitMap:
        key = ("base", self.view.version_stamp, asked_for)
        found = remembered.get(key)
        if found is not None:
            return found
        found = self.shelf.get(asked_for) if self.shelf else None
        if found is None:
            began = time.perf_counter()
            found = running.run(statement, self._tables(statement, self.view.base))
            if self.shelf and time.perf_counter() - began > _WORTH_SHARING:
                self.shelf.put(asked_for, found)
        remembered.put(key, found)
        return found

    def _tables(self, statement: Statement, read: Callable[[str, Any], pa.Table]) -> dict[str, pa.Table]:
        found = {name: _with_folded(name, columns, read) for name, columns in statement.tables.items()}
        for name, columns in statement.dimensions.items():
            found[name] = _folded_dimension(dimensions()[name], self.view, columns)
        return found

    @cached_property
    def _shapes(self) -> Shapes:
        known = dimensions()
        schemas = {name: table.schema() for name, table in tables().items()}
        return Shapes(
            schemas=schemas | {name: one.schema for name, one in known.items()},
            keys={name: one.key for name, one in known.items()},
        )


def _with_folded(name: str, columns: frozenset[str], read: Callable[[str, Any], pa.Table]) -> pa.Table:
    """The columns of a table; texts that the lake does not keep folded are folded here."""
    kept = set(lake_rows.full_schema(tables()[name]).names)
    missing = sorted(column for column in columns if column.endswith(FOLDED) and column not in kept)
    found = read(name, sorted((columns - set(missing)) | {column.removesuffix(FOLDED) for column in missing}))
    for column in missing:
        found = found.append_column(column, lake_rows.folded(found.column(column.removesuffix(FOLDED))))
    return found.select(sorted(columns))


_FOLDED: dict[tuple[str, str], tuple[Hashable, pa.Array]] = {}


def _folded_dimension(dimension: Dimension, view: View, columns: frozenset[str]) -> pa.Table:
    """The columns of a dimension, its texts folded as well; that is remembered until one of its rows changes."""
    rows, stamp = view.dimension(dimension.name), view.stamp_of(dimension.name)
    for column in sorted(columns):
        if column.endswith(FOLDED) and column not in rows.column_names:
            kept = _FOLDED.get((dimension.name, column))
            if kept is None or kept[0] != stamp or len(kept[1]) != len(rows) or connection.in_atomic_block:
                kept = stamp, lake_rows.folded(rows.column(column.removesuffix(FOLDED)))
                _FOLDED[dimension.name, column] = kept
            rows = rows.append_column(column, kept[1])
    return rows.select(sorted(columns))
