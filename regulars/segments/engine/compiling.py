"""One clause of a query as one SQL statement over tables of the lake, which gives the ids of customers.

A statement is of the positive form of its clause, or (`is_complement`) gives all others: whoever has no order has no
row, and is found as everybody but those who have one. Names in it come from declarations; every value is a parameter.
"""

from __future__ import annotations

from collections.abc import Mapping

from regulars.segments.arrow import pa
from regulars.segments.engine import calls, figures, sequences
from regulars.segments.engine.comparing import NEVER, Asked, has_value, passes
from regulars.segments.engine.drafting import Draft, Shapes, Statement, anniversary_of, quoted, where, who
from regulars.segments.language import dates
from regulars.segments.language.tree import Anniversary, Ask, Call, Operator, Sequence
from regulars.segments.language.words import Kind
from regulars.segments.vocabulary.declared import Figure, Known, Rows


def compiled(
    clause: Ask | Anniversary | Call | Sequence,
    known: Mapping[str, Known],
    rows: Mapping[str, Rows],
    shapes: Shapes,
    asked: Asked,
) -> Statement:
    """The statement of a clause's positive form: what the clause itself negates is not looked at."""
    draft = Draft(shapes=shapes, asked=asked)
    match clause:
        case Ask():
            return _ask(clause, known[clause.attribute], draft)
        case Anniversary():
            return _anniversary(clause, known[clause.attribute], draft)
        case Call():
            return calls.compile_call(clause, rows[clause.function], draft)
        case Sequence():
            return sequences.compile_sequence(clause, rows, draft)


def _ask(clause: Ask, known: Known, draft: Draft) -> Statement:
    """Who passes the positive form of a test on an attribute. `IS NULL` is everybody but those who have a value."""
    test, attribute = clause.test, known.attribute
    if known.absent and test.operator is Operator.IS_NULL:
        return Statement()
    is_absent_in = bool(known.absent) and passes(known.absent, test, attribute.kind)
    if known.graded is not None:
        return figures.compile_graded(test, known, known.graded, draft)
    if known.gathered is not None:
        return figures.compile_gathered(test, known, known.gathered, draft)
    figure = _figure_of(known, draft.asked)
    if figure is not None:
        return figures.compile_figure(test, attribute.kind, figure, draft)
    if not known.column:
        return Statement(is_complement=is_absent_in or test.operator is Operator.IS_NULL)
    only = [
        f"{draft.column(known.table, name)} = {draft.values.add(value)}" for name, value in (known.only or {}).items()
    ]
    if known.divisor:
        return figures.compile_divided(test, known, only, draft)
    if test.operator is Operator.IS_NULL:
        operand = draft.operand(known.table, known.column, attribute.kind, keys=known.keys)
        there = [*only, has_value(operand, draft.values)]
        if known.is_age:  # who is not born yet has no age
            there.append(f"{operand.sql} <= {draft.values.add(draft.asked.today)}")
        return draft.done(who(known.table, there), is_complement=True)
    if is_absent_in:
        # everybody but those who have another value
        operand = draft.operand(known.table, known.column, attribute.kind, keys=known.keys)
        other = f"({has_value(operand, draft.values)})"
        passed = draft.test(test, known.table, known.column, attribute.kind, keys=known.keys)
        return draft.done(who(known.table, [*only, other, f"({passed}) IS NOT TRUE"]), is_complement=True)
    passed = draft.test(test, known.table, known.column, attribute.kind, keys=known.keys, is_age=known.is_age)
    return Statement() if passed == NEVER else draft.done(who(known.table, [*only, f"({passed})"]))


def _anniversary(clause: Anniversary, known: Known, draft: Draft) -> Statement:
    """Who has a date whose anniversary passes the positive form of a test."""
    figure = _figure_of(known, draft.asked)
    if figure is not None:
        return figures.compile_figure_anniversary(clause.test, figure, draft)
    only = [
        f"{draft.column(known.table, name)} = {draft.values.add(value)}" for name, value in (known.only or {}).items()
    ]
    table, name = known.table, known.birthday or known.column
    column = draft.column(table, name)
    if clause.test.operator is Operator.IS_NULL:
        return draft.done(who(table, [*only, f"{column} IS NOT NULL"]), is_complement=True)
    passed = sorted(dates.anniversaries(clause.test, draft.asked.today))
    if not passed:
        return Statement()
    if known.attribute.kind is Kind.MOMENT:
        source = f"SELECT customer, {column} AS moment FROM {quoted(table)}"
        return draft.done(anniversary_of(f"{source}{where(only)}", passed, draft))
    listed = draft.values.add_all(month * 100 + day for month, day in passed)
    if not known.birthday:
        if pa.types.is_floating(draft.type(table, name) or pa.null()):
            column = f"(DATE '0001-01-01' + (CAST({column} AS INTEGER) - 1))"
        column = f"month({column}) * 100 + day({column})"
    return draft.done(who(table, [*only, f"({column}) IN ({listed})"]))


def _figure_of(known: Known, asked: Asked) -> Figure | None:
    """The figure that an attribute is reckoned by, if it is."""
    return known.as_of if asked.is_past and known.as_of is not None else known.figure
