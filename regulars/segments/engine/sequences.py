"""Sequences: steps that happened one after the other, found without leaving the columns.

For every moment of the first step the moments that the next may have are found by joins on the nearest row (ASOF), so
that the work grows with the rows, not with their pairs:

* Where nothing is forbidden after a step, its earliest moment is the best: whatever follows a later one follows it.
* Where something is forbidden after the last step, its latest moment is the best.
* Where something is forbidden between two steps, all moments of the first of them are kept: the earliest may be
  blocked by a row that lies before a later one.
"""

from __future__ import annotations

from collections.abc import Mapping

from regulars.segments.engine.calls import row_conditions
from regulars.segments.engine.drafting import Draft, Statement, quoted, where
from regulars.segments.language.tree import Offset, Sequence, Step, Unit
from regulars.segments.vocabulary.declared import Rows

_LONGEST = {Unit.DAY: 3_000_000, Unit.WEEK: 400_000, Unit.MONTH: 100_000, Unit.YEAR: 8_000}  # past the calendar's end


def compile_sequence(clause: Sequence, rows: Mapping[str, Rows], draft: Draft) -> Statement:
    """Who did the steps in their order, none at the moment of another, within so long after the first."""
    tables = [f"s{number} AS MATERIALIZED ({_moments(step, rows[step.function], draft)})"
              for number, step in enumerate(clause.steps)]  # fmt: skip
    positive = [number for number, step in enumerate(clause.steps) if not step.is_negated]
    between = {
        number: list(range(number + 1, following))
        for number, following in zip(positive, [*positive[1:], len(clause.steps)], strict=True)
    }
    first = positive[0]
    there = "".join(f" AND customer IN (SELECT customer FROM s{number})" for number in positive[1:])
    tables.append(
        f"w0 AS (SELECT customer, moment AS began, moment, moment + {_lasts(clause.within, draft)} AS until "
        f"FROM s{first} WHERE TRUE{there})"
    )
    walk = "w0"
    for number, following in zip(positive, [*positive[1:], None], strict=True):
        walk = _unblocked(tables, walk, between[number], number)
        if following is None:
            break
        last = following == positive[-1]
        name = f"w{following}"
        tables.append(f"{name} AS ({_next(walk, following, is_last=last, is_followed=bool(between[following]))})")
        walk = name
    ends = " WHERE blocked IS NULL OR blocked > until" if between[positive[-1]] else ""
    return draft.done(f"WITH {', '.join(tables)} SELECT DISTINCT customer FROM {walk}{ends}", is_heavy=True)


def _moments(step: Step, rows: Rows, draft: Draft) -> str:
    conditions = draft.rows(rows.table, where=rows.where, moment=rows.moment)
    conditions += row_conditions(rows, step.arguments, draft)
    return (
        f"SELECT customer, {draft.column(rows.table, rows.moment)} AS moment "
        f"FROM {quoted(rows.table)}{where(conditions)}"
    )


def _unblocked(tables: list[str], walk: str, forbidden: list[int], number: int) -> str:
    """The same walk with `blocked`: the first moment after it at which something forbidden happened."""
    name = f"b{number}"
    if forbidden:
        either = " UNION ALL ".join(f"SELECT customer, moment FROM s{one}" for one in forbidden)
        tables.append(
            f"{name} AS (SELECT w.*, n.moment AS blocked FROM {walk} w ASOF LEFT JOIN ({either}) n "
            "ON w.customer = n.customer AND w.moment < n.moment)"
        )
    else:
        tables.append(f"{name} AS (SELECT *, CAST(NULL AS TIMESTAMP) AS blocked FROM {walk})")
    return name


def _next(walk: str, step: int, *, is_last: bool, is_followed: bool) -> str:
    """The walk one step on: its earliest, latest, or all moments, up to `until` and to what is forbidden."""
    taken = "SELECT w.customer, w.began, r.moment, w.until"
    until = "coalesce(least(w.until, w.blocked), w.until)"
    if not is_followed:
        return (
            f"{taken} FROM {walk} w ASOF JOIN s{step} r ON w.customer = r.customer AND w.moment < r.moment "
            f"WHERE r.moment <= {until}"
        )
    if is_last:
        return (
            f"{taken} FROM (SELECT *, {until} AS latest FROM {walk} w) w ASOF JOIN s{step} r "
            "ON w.customer = r.customer AND w.latest >= r.moment WHERE r.moment > w.moment"
        )
    return (
        # pairs are many, and some alike
        f"{taken.replace('SELECT', 'SELECT DISTINCT')} FROM {walk} w JOIN s{step} r "
        f"ON w.customer = r.customer AND r.moment > w.moment "
        f"AND r.moment <= {until}"
    )


def _lasts(within: Offset, draft: Draft) -> str:
    count = min(within.count, _LONGEST[within.unit])
    if within.unit in (Unit.DAY, Unit.WEEK):
        return f"to_days({draft.values.add(count * (7 if within.unit is Unit.WEEK else 1))}::INTEGER)"
    return f"to_months({draft.values.add(count * (12 if within.unit is Unit.YEAR else 1))}::INTEGER)"
