"""A statement while it is written: its parameters, and what it needs of each table."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from regulars.segments.arrow import pa
from regulars.segments.engine.comparing import (
    FOLDED,
    Asked,
    Operand,
    Values,
    condition,
    has_value,
    naive,
)
from regulars.segments.language import dates
from regulars.segments.language.tree import Test
from regulars.segments.language.words import Kind

FIRST_YEAR, LAST_YEAR = 1900, 2199  # moments of a shop lie between


@dataclass(frozen=True, slots=True, kw_only=True)
class Shapes:
    """The columns of each table and dimension, and the key of each dimension."""

    schemas: Mapping[str, pa.Schema]
    keys: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """SQL that gives ids of customers, its parameters, and the columns that it needs of each table and dimension.

    Without SQL it gives nobody. With `is_complement` everybody but those that it gives is meant. What `is_heavy` is
    asked of some customers at a time: no statement looks at two of them together.
    """

    sql: str = ""
    values: tuple[Any, ...] = ()
    tables: Mapping[str, frozenset[str]] = field(default_factory=dict)
    dimensions: Mapping[str, frozenset[str]] = field(default_factory=dict)
    is_complement: bool = False
    is_heavy: bool = False


@dataclass(slots=True, kw_only=True)
class Draft:
    """A statement being written: its parameters and what it needs so far."""

    shapes: Shapes
    asked: Asked
    values: Values = field(default_factory=Values)
    tables: dict[str, set[str]] = field(default_factory=dict)
    dimensions: dict[str, set[str]] = field(default_factory=dict)

    def column(self, table: str, name: str) -> str:
        """A column of a table, which the statement then needs."""
        self.tables.setdefault(table, {"customer"}).add(name)
        return quoted(name)

    def of_dimension(self, table: str, name: str) -> str:
        """A column of a dimension, which the statement then needs."""
        self.dimensions.setdefault(table, set()).add(name)
        return quoted(name)

    def type(self, table: str, name: str) -> pa.DataType | None:
        """What a column holds."""
        schema = self.shapes.schemas[table]
        return schema.field(name).type if name in schema.names else None

    def operand(self, table: str, name: str, kind: Kind, *, is_dimension: bool = False, **more: Any) -> Operand:
        """A column as something to compare with. The folded one is needed only where it is compared."""
        need = self.of_dimension if is_dimension else self.column
        if more.get("keys") is not None:
            names = self.asked.names(more["keys"])
            more["keys"] = lambda: names
        found = Operand(kind=kind, sql=need(table, name), type=self.type(table, name), **more)
        if kind in (Kind.TEXT, Kind.CHOICE, Kind.LIST) and found.keys is None:
            return Operand(kind=kind, sql=found.sql, type=found.type, folded=quoted(name + FOLDED), is_age=found.is_age)
        return found

    def test(self, test: Test, table: str, name: str, kind: Kind, *, is_dimension: bool = False, **more: Any) -> str:
        """The condition of a test's positive form on a column."""
        operand = self.operand(table, name, kind, is_dimension=is_dimension, **more)
        written = condition(test, operand, self.asked, self.values)
        if operand.folded and operand.folded in written:
            (self.of_dimension if is_dimension else self.column)(table, name + FOLDED)
        return written

    def rows(self, table: str, *, where: str, moment: str) -> list[str]:
        """The conditions of all rows that count, and were there at the end of an earlier day."""
        self.column(table, "customer")  # also where nothing else of the rows is asked
        found = [self.column(table, where)] if where else []
        if moment and self.asked.is_past:
            found.append(f"{self.column(table, moment)} < {self.values.add(self.asked.end)}")
        return found

    def done(self, sql: str, *, is_complement: bool = False, is_heavy: bool = False) -> Statement:
        """The statement, written to its end."""
        return Statement(
            sql=sql,
            values=tuple(self.values.known),
            tables={name: frozenset(columns) for name, columns in self.tables.items()},
            dimensions={name: frozenset(columns) for name, columns in self.dimensions.items()},
            is_complement=is_complement,
            is_heavy=is_heavy,
        )


def anniversary_of(source: str, passed: list[tuple[int, int]], draft: Draft) -> str:
    """Customers of a source whose `moment` lies, by the shop's clock, on one of these days of a year."""
    spans = list(_runs(passed, draft.asked.zone))
    low = draft.values.add([one for one, _ in spans])
    high = draft.values.add([one for _, one in spans])
    return (
        f"SELECT t.customer FROM ({source}) t ASOF JOIN "
        f"(SELECT unnest({low}::TIMESTAMP[]) AS low, unnest({high}::TIMESTAMP[]) AS high) s "
        "ON t.moment >= s.low WHERE t.moment < s.high"
    )


def of_dimension(
    test: Test | None, row: Mapping[str, str], column: str, kind: Kind, draft: Draft, *, keys: Any = None
) -> str:
    """The condition on a row that its value in a dimension passes a test (without one: is there), or, where the
    dimension knows none, that in the row's own column does. `row` says table, dimension, points and instead.
    """
    dimension, table = row["dimension"], row["table"]
    key = draft.of_dimension(dimension, draft.shapes.keys[dimension])
    points = draft.column(table, row["points"])

    def those(inside: str) -> str:
        return f"{points} IN (SELECT {key} FROM {quoted(dimension)} WHERE {inside})"

    def passed(of: str, name: str, *, is_dimension: bool) -> str:
        if test is None:
            return has_value(draft.operand(of, name, kind, is_dimension=is_dimension, keys=keys), draft.values)
        return draft.test(test, of, name, kind, is_dimension=is_dimension, keys=keys)

    found = those(passed(dimension, column, is_dimension=True))
    if row["instead"]:
        is_known = has_value(draft.operand(dimension, column, kind, is_dimension=True, keys=keys), draft.values)
        own = passed(table, row["instead"], is_dimension=False)
        found = f"{found} OR (({own}) AND ({those(is_known)}) IS NOT TRUE)"
    return found


def quoted(name: str) -> str:
    """A name of ours, as SQL writes it."""
    if not name.isidentifier():
        raise ValueError(f"{name!r} is no name of a column")
    return f'"{name}"'


def _runs(passed: list[tuple[int, int]], zone: dt.tzinfo) -> list[tuple[dt.datetime, dt.datetime]]:
    """These days of every year as spans of moments, neighbours made one, in order."""
    found: list[tuple[dt.date, dt.date]] = []
    for year in range(FIRST_YEAR, LAST_YEAR + 1):
        for month, day in passed:
            if (month, day) == (2, 29) and (year % 4 or (year % 100 == 0 and year % 400)):
                continue
            start = dt.date(year, month, day)
            stop = start + dt.timedelta(days=1)
            if found and found[-1][1] == start:
                found[-1] = (found[-1][0], stop)
            else:
                found.append((start, stop))
    return [(naive(dates.midnight(low, zone)), naive(dates.midnight(high, zone))) for low, high in found]


def who(table: str, conditions: list[str]) -> str:
    """Everybody who has a row in a table that passes some conditions, each once."""
    distinct = "" if table == "customers" else "DISTINCT "
    return f"SELECT {distinct}customer FROM {quoted(table)}{where(conditions)}"


def where(conditions: list[str]) -> str:
    """Conditions as they stand behind a table."""
    return f" WHERE {' AND '.join(conditions)}" if conditions else ""
