"""Attributes that are reckoned: figures over rows, lists gathered from them, grades, and averages."""

from __future__ import annotations

from decimal import ROUND_FLOOR, Decimal
from itertools import product

from regulars.segments.arrow import pa
from regulars.segments.engine.comparing import (
    NEVER,
    Asked,
    Operand,
    condition,
    has_value,
    holds,
    passes,
    ranges,
    within,
)
from regulars.segments.engine.drafting import Draft, Statement, anniversary_of, of_dimension, quoted, where, who
from regulars.segments.language import dates
from regulars.segments.language.tree import Literal, Operator, Test
from regulars.segments.language.words import Kind, Total
from regulars.segments.vocabulary.declared import Figure, Gathered, Graded, Known

_DIGITS = 12  # decimals of an average that are looked at, besides those of the currency
_LARGEST = Decimal(10) ** 28
_AGGREGATES = {Total.SUM: "sum", Total.MINIMUM: "min", Total.MAXIMUM: "max"}


def compile_figure(test: Test, kind: Kind, figure: Figure, draft: Draft) -> Statement:
    """Whose figure passes a test. Whoever has no rows has counts and sums of 0, and nothing else."""
    is_null = test.operator is Operator.IS_NULL
    if figure.total is Total.AVERAGE:
        of = draft.column(figure.table, figure.column)
        rows = where(draft.rows(figure.table, where=figure.where, moment=figure.moment))
        source = (
            f"SELECT customer, sum({of}) AS s, count({of}) AS c FROM {quoted(figure.table)}{rows} GROUP BY customer"
        )
    elif figure.divisor is not None:
        source = (
            f"SELECT d.customer, coalesce(n.v, 0) AS s, d.v AS c FROM ({_figure(figure.divisor, draft)}) d "
            f"LEFT JOIN ({_figure(figure, draft)}) n ON n.customer = d.customer"
        )
    if figure.total is Total.AVERAGE or figure.divisor is not None:
        passed = "c <> 0" if is_null else f"c <> 0 AND ({rounded_condition(test, kind, 's', 'c', draft)})"
        return draft.done(f"SELECT customer FROM ({source}) WHERE {passed}", is_complement=is_null)
    has_zero = figure.total in (Total.COUNT, Total.SUM)
    if is_null and has_zero:
        return Statement()
    source = _figure(figure, draft)
    if is_null:
        return draft.done(f"SELECT customer FROM ({source}) WHERE v IS NOT NULL", is_complement=True)
    type_ = draft.type(figure.table, figure.column) if figure.column else pa.int64()
    passed = condition(test, Operand(kind=kind, sql="v", type=type_), draft.asked, draft.values)
    if has_zero and zero_passes(test, kind, draft.asked):
        return draft.done(f"SELECT customer FROM ({source}) WHERE ({passed}) IS NOT TRUE", is_complement=True)
    return draft.done(f"SELECT customer FROM ({source}) WHERE {passed}")


def compile_figure_anniversary(test: Test, figure: Figure, draft: Draft) -> Statement:
    """The date of whose figure has an anniversary that passes a test."""
    source = _figure(figure, draft)
    if test.operator is Operator.IS_NULL:
        return draft.done(f"SELECT customer FROM ({source}) WHERE v IS NOT NULL", is_complement=True)
    passed = sorted(dates.anniversaries(test, draft.asked.today))
    if not passed:
        return Statement()
    return draft.done(anniversary_of(f"SELECT customer, v AS moment FROM ({source})", passed, draft))


def compile_gathered(test: Test, known: Known, gathered: Gathered, draft: Draft) -> Statement:
    """Whose rows hold a value that passes a test, often enough."""
    rows = draft.rows(gathered.table, where=gathered.where, moment=gathered.moment)
    is_null = test.operator is Operator.IS_NULL
    asked = None if is_null else test
    table, keys = gathered.table, known.keys
    if gathered.dimension:
        row = {
            "table": table,
            "dimension": gathered.dimension,
            "points": gathered.points,
            "instead": gathered.instead,
        }
        rows.append(f"({of_dimension(asked, row, gathered.column, Kind.LIST, draft, keys=keys)})")
    elif asked is None:
        rows.append(f"({has_value(draft.operand(table, gathered.column, Kind.LIST, keys=keys), draft.values)})")
    else:
        passed = draft.test(asked, table, gathered.column, Kind.LIST, keys=keys)
        if passed == NEVER:
            return Statement()
        rows.append(f"({passed})")
    if gathered.least <= 1:
        if gathered.each:
            rows.append(f"{draft.column(table, gathered.each)} IS NOT NULL")
        return draft.done(who(table, rows), is_complement=is_null)
    value, joined = _gathered_value(gathered, draft)
    count = f"count(DISTINCT {draft.column(table, gathered.each)})" if gathered.each else "count(*)"
    least = draft.values.add(gathered.least)
    sql = (
        f"SELECT DISTINCT customer FROM (SELECT customer FROM {quoted(table)}{joined}{where(rows)} "
        f"GROUP BY customer, {value} HAVING {count} >= {least})"
    )
    return draft.done(sql, is_complement=is_null)


def compile_graded(test: Test, known: Known, graded: Graded, draft: Draft) -> Statement:
    """Whose grade has a word that passes a test."""
    table, bounds, kind = "customers", graded.bounds(), known.attribute.kind

    def is_in(word: str | None) -> bool:
        if test.operator is Operator.IS_NULL:
            return not word
        return bool(word) and passes(str(word), test, kind)

    # where the ungraded are in it, everybody is found but those who are graded otherwise
    is_absent_in = is_in(known.absent)
    if bounds is None:
        return Statement(is_complement=is_absent_in)
    names = [draft.column(table, name) for name in graded.columns]
    graded_at_all = [f"{one} IS NOT NULL" for one in names]
    if graded.where:
        graded_at_all.append(f"{draft.column(table, graded.where)} >= 1")
    grades = product(*(range(len(one) + 1) for one in bounds))
    wanted = [grade for grade in grades if is_in(graded.words.get(grade) or known.absent) != is_absent_in]
    if not wanted:
        return Statement(is_complement=is_absent_in)
    either = []
    for grade in wanted:
        parts = []
        for name, number, of in zip(names, grade, bounds, strict=True):
            parts += [f"{name} >= {draft.values.add(of[number - 1])}"] if number else []
            parts += [f"{name} < {draft.values.add(of[number])}"] if number < len(of) else []
        either.append(f"({' AND '.join(parts) or 'TRUE'})")
    return draft.done(who(table, [*graded_at_all, f"({' OR '.join(either)})"]), is_complement=is_absent_in)


def compile_divided(test: Test, known: Known, only: list[str], draft: Draft) -> Statement:
    """Whose column divided by another passes a test."""
    column, divisor = draft.column(known.table, known.column), draft.column(known.table, known.divisor)
    there = [*only, f"{column} IS NOT NULL", f"{divisor} <> 0"]
    if test.operator is Operator.IS_NULL:
        return draft.done(who(known.table, there), is_complement=True)
    passed = rounded_condition(test, known.attribute.kind, column, divisor, draft)
    return draft.done(who(known.table, [*there, f"({passed})"]))


def parts(total: Total, source: str, name: str) -> tuple[str, str]:
    """A total of rows, and the same total of such totals of parts of the rows."""
    if total is Total.AVERAGE:
        return (
            f"sum({source}) AS {name}s, count({source}) AS {name}c",
            f"sum({name}s) AS {name}s, sum({name}c) AS {name}c",
        )
    aggregate = _AGGREGATES[total]
    return f"{aggregate}({source}) AS {name}", f"{aggregate}({name}) AS {name}"


def total_condition(test: Test, kind: Kind, total: Total, name: str, type_: pa.DataType | None, draft: Draft) -> str:
    """The condition of a test on a total that stands under a name."""
    if total is Total.AVERAGE:
        if test.operator is Operator.IS_NULL:
            return f"{name}c = 0"
        return f"{name}c <> 0 AND ({average_condition(test, kind, f'{name}s', f'{name}c', draft)})"
    sql = f"coalesce({name}, 0)" if total in (Total.COUNT, Total.SUM) else name
    type_ = pa.int64() if total is Total.COUNT else type_
    return condition(test, Operand(kind=kind, sql=sql, type=type_), draft.asked, draft.values)


def rounded_condition(test: Test, kind: Kind, total: str, count: str, draft: Draft) -> str:
    """The condition of a test on one number divided by another that is not 0, halves away from zero."""
    size = f"abs({count}::HUGEINT)"
    half_up = f"((2 * abs({total}::HUGEINT) + {size}) // (2 * {size}))"
    sign = f"(sign({total}::HUGEINT) * sign({count}::HUGEINT))"
    places = draft.asked.exponent if kind is Kind.MONEY else 0
    return within(f"({half_up} * {sign})", ranges(test, places), draft.values)


def average_condition(test: Test, kind: Kind, total: str, count: str, draft: Draft) -> str:
    """The condition of a test on an average, exactly: both sides are multiplied by the count, and by 10^12."""
    places = (draft.asked.exponent if kind is Kind.MONEY else 0) + _DIGITS
    average = f"{total}::HUGEINT * {10**_DIGITS}"

    def side(operator: str, literal: Literal) -> str:
        scaled = Decimal(str(literal)).scaleb(places)
        number = int(min(max(scaled, -_LARGEST), _LARGEST).to_integral_value(ROUND_FLOOR))
        return f"{average} {operator} {draft.values.add(number)}::HUGEINT * {count}"

    values = test.values
    match test.operator:
        case Operator.EQUAL | Operator.IN:
            return " OR ".join(f"({side('=', one)})" for one in values) or NEVER
        case Operator.BETWEEN:
            return f"{side('>=', values[0])} AND {side('<=', values[1])}"
        case _:
            return side(test.operator.value, values[0])


def zero_passes(test: Test, kind: Kind, asked: Asked) -> bool:
    """Whether 0 passes the positive form of a test."""
    if test.operator is Operator.IS_NULL:
        return False
    if kind is not Kind.DECIMAL:
        return holds(0, ranges(test, asked.exponent if kind is Kind.MONEY else 0))
    bounds = [Decimal(str(one)) for one in test.values]
    match test.operator:
        case Operator.EQUAL | Operator.IN:
            return 0 in bounds
        case Operator.GREATER:
            return bounds[0] < 0
        case Operator.AT_LEAST:
            return bounds[0] <= 0
        case Operator.LESS:
            return bounds[0] > 0
        case Operator.AT_MOST:
            return bounds[0] >= 0
        case Operator.BETWEEN:
            return bounds[0] <= 0 <= bounds[1]
    return False


def _figure(figure: Figure, draft: Draft) -> str:
    """Each customer's figure as `v`."""
    rows = where(draft.rows(figure.table, where=figure.where, moment=figure.moment))
    if figure.total is Total.COUNT:
        value = "count(*)"
    else:
        value = f"{_AGGREGATES[figure.total]}({draft.column(figure.table, figure.column)})"
        value = f"coalesce({value}, 0)" if figure.total is Total.SUM else value
    return f"SELECT customer, {value} AS v FROM {quoted(figure.table)}{rows} GROUP BY customer"


def _gathered_value(gathered: Gathered, draft: Draft) -> tuple[str, str]:
    """What a row gives to the list, and what has to be joined for it."""
    table = gathered.table
    if not gathered.dimension:
        return draft.column(table, gathered.column), ""
    key = draft.of_dimension(gathered.dimension, draft.shapes.keys[gathered.dimension])
    given = draft.of_dimension(gathered.dimension, gathered.column)
    points = draft.column(table, gathered.points)
    own = draft.column(table, gathered.instead) if gathered.instead else "NULL"
    joined = (
        f" LEFT JOIN (SELECT {key} AS g_key, {given} AS g_value FROM {quoted(gathered.dimension)}) ON {points} = g_key"
    )
    return f"coalesce(g_value, {own})", joined
