"""Calls of functions: which rows of a customer are as the arguments say, and how many these are."""

from __future__ import annotations

from typing import Any

from regulars.segments.arrow import pa
from regulars.segments.engine import figures
from regulars.segments.engine.comparing import NEVER, Operand, Range, condition, ranges
from regulars.segments.engine.drafting import Draft, Statement, of_dimension, quoted, where, who
from regulars.segments.language.tree import Argument, Call, Operator, Place, Test
from regulars.segments.language.words import Kind, Total
from regulars.segments.vocabulary.declared import Column, Rows

_KILOMETRES_OF_A_MILE = 1.609344
_GLOBE_KM = 6371.0088


def compile_call(clause: Call, rows: Rows, draft: Draft) -> Statement:
    """Who has rows that pass the arguments, as many as those that speak of all of them say; else at least one.

    Where no row at all would do, everybody is found but those for whom the totals do not hold.
    """
    columns = {one.parameter.name: one for one in rows.columns}
    conditions = draft.rows(rows.table, where=rows.where, moment=rows.moment)
    conditions += row_conditions(rows, clause.arguments, draft)
    totals = [(columns[one.parameter], one.test) for one in clause.arguments if columns[one.parameter].parameter.total]
    if NEVER in conditions:
        return Statement(
            is_complement=all(_of_nothing(column, test, draft) for column, test in totals) and bool(totals)
        )
    if not totals:
        return draft.done(who(rows.table, conditions))
    is_complement = all(_of_nothing(column, test, draft) for column, test in totals)
    sql = _few(rows, totals, conditions, draft, is_complement=is_complement)
    return draft.done(sql or _counted(rows, totals, conditions, draft, is_complement), is_complement=is_complement)


def row_conditions(rows: Rows, arguments: tuple[Argument, ...], draft: Draft) -> list[str]:
    """The conditions of the arguments that speak of each row, the negated ones two-valued."""
    columns = {one.parameter.name: one for one in rows.columns}
    place = next((one.test.values[0] for one in arguments if columns[one.parameter].parameter.kind is Kind.PLACE), None)
    found = []
    for one in arguments:
        column = columns[one.parameter]
        if column.parameter.total is not None or column.parameter.kind is Kind.PLACE:
            continue
        passed = _row(rows, column, one.test, place, draft)
        found.append(f"({passed}) IS NOT TRUE" if one.test.is_negated else f"({passed})")
    return found


def _of_nothing(column: Column, test: Test, draft: Draft) -> bool:
    """Whether a total of no rows is as its test says."""
    total, kind = column.parameter.total, column.parameter.kind
    if total in (Total.COUNT, Total.SUM):
        passed = figures.zero_passes(test, kind, draft.asked)
    else:
        passed = test.operator is Operator.IS_NULL
    return passed != test.is_negated


def _few(
    rows: Rows, totals: list[tuple[Column, Test]], conditions: list[str], draft: Draft, *, is_complement: bool
) -> str:
    """Whether there are two different ones at all is told by the least and the most, without counting them."""
    column, test = totals[0]
    if len(totals) > 1 or not column.each or is_complement:
        return ""
    each = draft.column(rows.table, column.column)
    if test.is_negated or test.operator is Operator.IS_NULL:
        return ""
    spans = ranges(test, 0)
    if spans == [(1, None)]:
        return who(rows.table, [*conditions, f"{each} IS NOT NULL"])
    fewest: dict[Range, str] = {(2, None): f"min({each}) <> max({each})", (1, 1): f"min({each}) = max({each})"}
    having = fewest.get(spans[0]) if len(spans) == 1 else None
    if having is None:
        return ""
    return f"SELECT customer FROM {quoted(rows.table)}{where(conditions)} GROUP BY customer HAVING {having}"


def _counted(
    rows: Rows, totals: list[tuple[Column, Test]], conditions: list[str], draft: Draft, is_complement: bool
) -> str:
    """Totals of each customer. Different values are counted in two steps, rows of one value first: DuckDB takes about
    two thirds of the time that counting distinct ones takes.
    """
    each = next((one.column for one, _ in totals if one.each), "")
    inner, outer, passed = [], [], []
    for number, (column, test) in enumerate(totals):
        name, total = f"t{number}", column.parameter.total
        if column.each or total is Total.COUNT:
            inner.append("" if column.each else f"count(*) AS {name}")
            outer.append(f"count(e) AS {name}" if column.each else f"sum({name}) AS {name}")
        else:
            source = draft.column(rows.table, column.column)
            first, then = figures.parts(total or Total.SUM, source, name)
            inner.append(first)
            outer.append(then)
        one = figures.total_condition(
            test, column.parameter.kind, total or Total.COUNT, name, _type(rows, column, draft), draft
        )
        passed.append(f"({one}) IS {'NOT ' if test.is_negated else ''}TRUE")
    inside = ", ".join(one for one in inner if one)
    source = f"FROM {quoted(rows.table)}{where(conditions)}"
    if each:
        of = draft.column(rows.table, each)
        source = f"FROM (SELECT customer, {of} AS e{', ' if inside else ''}{inside} {source} GROUP BY customer, e)"
        inside = ", ".join(outer)
    found = f"SELECT customer, {inside} {source} GROUP BY customer"
    holds = " AND ".join(passed)
    return f"SELECT customer FROM ({found}) WHERE {f'NOT ({holds})' if is_complement else holds}"


def _type(rows: Rows, column: Column, draft: Draft) -> pa.DataType | None:
    return draft.type(rows.table, column.column) if column.column else None


def _row(rows: Rows, column: Column, test: Test, place: Any, draft: Draft) -> str:
    kind = column.parameter.kind
    if column.distance:
        return _distance(rows.table, column.distance, test, place, draft)
    if column.dimension:
        row = {
            "table": rows.table,
            "dimension": column.dimension,
            "points": (rows.points or {})[column.dimension],
            "instead": column.instead,
        }
        if test.operator is Operator.IS_NULL:
            return f"({of_dimension(None, row, column.column, kind, draft, keys=column.keys)}) IS NOT TRUE"
        return of_dimension(test, row, column.column, kind, draft, keys=column.keys)
    return draft.test(test, rows.table, column.column, kind, keys=column.keys)


def _distance(table: str, unit: str, test: Test, place: Any, draft: Draft) -> str:
    if not isinstance(place, Place):
        return "TRUE" if test.operator is Operator.IS_NULL else NEVER
    latitude, longitude = draft.column(table, "latitude"), draft.column(table, "longitude")
    here, there = draft.values.add(float(place.latitude)), draft.values.add(float(place.longitude))
    radius, one = draft.values.add(_GLOBE_KM), draft.values.add(1.0 if unit == "km" else _KILOMETRES_OF_A_MILE)
    angle = (
        f"pow(sin(radians({latitude} - {here}) / 2), 2) + cos(radians({here})) * cos(radians({latitude})) "
        f"* pow(sin(radians({longitude} - {there}) / 2), 2)"
    )
    far = Operand(
        kind=Kind.DECIMAL,
        sql=f"(2 * {radius} * asin(sqrt(CASE WHEN {angle} > 1 THEN 1 ELSE {angle} END)) / {one})",
        type=pa.float64(),
    )
    return condition(test, far, draft.asked, draft.values)
