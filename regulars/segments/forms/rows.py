"""The builder's rows as a form sends them: what is chosen and typed, whether or not it says anything yet.

Rows become the text of a query, and the text is what is read: so everything that can be wrong is said by the one who
reads queries. A row where something is missing is left out of the text, and stays in the form.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from django.http import QueryDict

from regulars.segments.engine import asking
from regulars.segments.language.builder import rows_of
from regulars.segments.language.operators import written
from regulars.segments.language.scanning import quoted
from regulars.segments.language.tree import (
    Anniversary,
    Ask,
    Call,
    Clause,
    InGroups,
    Literal,
    Node,
    Offset,
    Place,
    StartOf,
    Test,
    Unit,
)

GROUPS = "segment"
ANNIVERSARY = re.compile(r"anniversary\((\w[\w.]*)\)")
MOST_ROWS = 500
_STEP = "    "
_HOWS = {Unit.DAY: "d", Unit.WEEK: "w", Unit.MONTH: "m", Unit.YEAR: "y"}
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}$")
_MOMENT = re.compile(r"(\d{4}-\d{2}-\d{2}T\d{2}:\d{2})(:\d{2})?$")
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?$")


@dataclass(slots=True)
class FormTest:
    """A test: about the attribute of its row, or about `name`, a parameter of its function. `values` are as typed;
    `hows` says of each date which kind it is: a day, a moment, so many days ago, the start of a month.
    """

    name: str = ""
    operator: str = ""
    values: list[str] = field(default_factory=list)
    hows: list[str] = field(default_factory=list)
    was: str = ""  # what the controls were drawn for


@dataclass(slots=True)
class FormRow:
    """A row: a bracket, a text that rows cannot edit, or `name` (an attribute, a function, segment) with its tests."""

    depth: int = 0
    joiner: str = ""
    is_bracket: bool = False
    text: str = ""
    name: str = ""
    is_negated: bool = False
    tests: list[FormTest] = field(default_factory=list)
    was: str = ""
    line: int | None = None


def of_node(node: Node) -> list[FormRow]:
    """The rows of a query."""
    return [_of_clause(row.depth, row.joiner, row.clause) for row in rows_of(node)]


def of_data(data: QueryDict) -> list[FormRow]:
    """The rows that a form sent."""
    found = []
    for number in data.getlist("row")[:MOST_ROWS]:
        prefix = f"r{number}"
        depth = data.get(f"{prefix}-depth", "")
        row = FormRow(
            depth=int(depth) if depth.isdecimal() and len(depth) < 3 else 0,
            joiner=data.get(f"{prefix}-joiner", ""),
            is_bracket=data.get(f"{prefix}-kind") == "bracket",
            text=data.get(f"{prefix}-text", ""),
            name=data.get(f"{prefix}-name", ""),
            is_negated=data.get(f"{prefix}-negated") == "1",
            was=data.get(f"{prefix}-was", ""),
        )
        row.tests = [_test(data, f"{prefix}t{one}") for one in data.getlist(f"{prefix}-test")]
        found.append(row)
    return settled(found)


def settled(rows: Sequence[FormRow]) -> list[FormRow]:
    """Rows whose depths and joiners fit together, whatever was added or taken away."""
    found: list[FormRow] = []
    begun: list[bool] = [False]
    for row in rows:
        # deeper than the line before stands only what is in its bracket
        most = (found[-1].depth + 1 if found[-1].is_bracket else found[-1].depth) if found else 0
        row.depth = min(row.depth, most)
        del begun[row.depth + 1 :]
        while len(begun) <= row.depth:
            begun.append(False)
        joined, _space, is_not = row.joiner.rpartition(" ") if row.joiner != "not" else ("", "", "not")
        joined, is_not = (joined, is_not) if is_not == "not" else (row.joiner, "")
        joined = (joined if joined in {"and", "or"} else "and") if begun[row.depth] else ""
        row.joiner = f"{joined} {is_not}".strip()
        begun[row.depth] = True
        found.append(row)
    return found


def pressed(rows: list[FormRow], act: str) -> list[FormRow]:
    """The rows after a button: line:<row>, bracket:<row> (behind it, or behind what it holds), remove:<row>,
    test:<row>, untest:<row>:<test>. A row of "end" is the end.
    """
    what, _colon, rest = act.partition(":")
    place, _colon, more = rest.partition(":")
    at = int(place) if place.isdecimal() and int(place[:4]) < len(rows) else None
    if what in {"line", "bracket"}:
        inside = at is not None and rows[at].is_bracket
        depth = rows[at].depth + inside if at is not None else 0
        here = _end_of(rows, at) if at is not None else len(rows)
        new = [FormRow(depth=depth, joiner="and")]
        if what == "bracket":
            new = [FormRow(depth=depth, joiner="and", is_bracket=True), FormRow(depth=depth + 1)]
        rows = [*rows[:here], *new, *rows[here:]]
    elif at is None:
        return rows
    elif what == "remove":
        rows = [*rows[:at], *rows[_end_of(rows, at) :]]
        rows = _without_empty(rows)
    elif what == "test":
        rows[at].tests.append(FormTest())
    elif what == "untest" and more.isdecimal() and int(more[:3]) < len(rows[at].tests):
        del rows[at].tests[int(more[:3])]
    return settled(rows)


def text_of(rows: Sequence[FormRow]) -> str:
    """The query that rows say, in lines; rows that say nothing yet are left out."""
    lines, _end = _block(rows, 0, 0)
    return "\n".join(lines)


def says(row: FormRow) -> str:
    """The text of one row; "" where something is missing."""
    if row.text:
        return row.text
    if not row.name:
        return ""
    if row.name == GROUPS:
        return _of_test(GROUPS, row.tests[0]) if row.tests else ""
    if is_function(row):
        inside = [_of_test(test.name, test) for test in row.tests if test.name]
        return f"{row.name} {'NOT ' if row.is_negated else ''}MATCHES ({', '.join(filter(None, inside))})"
    return _of_test(row.name, row.tests[0]) if row.tests else ""


def is_function(row: FormRow) -> bool:
    """Whether a row asks a function: it was drawn with a choice of with and without."""
    return row.was.startswith("function:")


# ── what a form sends


def _test(data: QueryDict, prefix: str) -> FormTest:
    return FormTest(
        name=data.get(f"{prefix}-name", ""),
        operator=data.get(f"{prefix}-op", ""),
        values=data.getlist(f"{prefix}-v"),
        hows=data.getlist(f"{prefix}-how"),
        was=data.get(f"{prefix}-was", ""),
    )


def _end_of(rows: Sequence[FormRow], at: int) -> int:
    """The place behind a row, and behind all that its bracket holds."""
    end = at + 1
    while end < len(rows) and rows[end].depth > rows[at].depth:
        end += 1
    return end


def _without_empty(rows: list[FormRow]) -> list[FormRow]:
    """Rows without brackets that hold nothing."""
    while True:
        kept = [row for at, row in enumerate(rows) if not row.is_bracket or _end_of(rows, at) > at + 1]
        if len(kept) == len(rows):
            return kept
        rows = kept


# ── rows of a tree


def _of_clause(depth: int, joiner: str, clause: Clause | None) -> FormRow:
    row = FormRow(depth=depth, joiner=joiner, is_bracket=clause is None)
    match clause:
        case Ask():
            row.name, row.tests = clause.attribute, [of_test(clause.test)]
        case Anniversary():
            row.name, row.tests = f"anniversary({clause.attribute})", [of_test(clause.test)]
        case InGroups():
            row.name = GROUPS
            row.tests = [FormTest(operator="NOT IN" if clause.is_negated else "IN", values=list(clause.names))]
        case Call() if len({one.parameter for one in clause.arguments}) == len(clause.arguments):
            row.name, row.is_negated = clause.function, clause.is_negated
            row.tests = [of_test(one.test, name=one.parameter) for one in clause.arguments]
            row.was = f"function:{clause.function}"
        case None:
            pass
        case _:
            row.text = asking.canonical(clause)
    return row


def of_test(test: Test, *, name: str = "") -> FormTest:
    """A test as controls show it."""
    pairs = [_written(value) for value in test.values]
    return FormTest(
        name=name,
        operator=written(test.operator, is_negated=test.is_negated),
        values=[value for value, _how in pairs],
        hows=[how for _value, how in pairs],
    )


def _written(value: Literal) -> tuple[str, str]:
    match value:
        case bool():
            return ("true" if value else "false"), ""
        case Decimal():
            return f"{value:f}", ""
        case dt.datetime():
            return value.isoformat(), "moment"
        case dt.date():
            return value.isoformat(), "day"
        case Offset():
            way = "ago" if value.count <= 0 else "on"
            return str(abs(value.count)), f"{way}_{_HOWS[value.unit]}"
        case StartOf():
            return "", f"start_{value.period}"
        case Place():
            return f"{value.latitude:f}, {value.longitude:f}", "place"
    return str(value), "text"


# ── the text of rows


def _block(rows: Sequence[FormRow], at: int, depth: int) -> tuple[list[str], int]:
    lines: list[str] = []
    while at < len(rows) and rows[at].depth == depth:
        row = rows[at]
        if row.is_bracket:
            inside, end = _block(rows, at + 1, depth + 1)
            if inside:
                inside = [f"({inside[0]}", *(f"{_STEP}{line}" for line in inside[1:])]
                inside[-1] += ")"
        else:
            said, end = says(row), at + 1
            inside = [said] if said else []
        if inside:
            # what was the first line may be left out: the next one then begins the query, or its bracket
            joiner = row.joiner if lines else ("not" if row.joiner.endswith("not") else "")
            inside[0] = f"{joiner.upper()} {inside[0]}".lstrip()
            lines += inside
        at = max(end, at + 1)
    return lines, at


def _of_test(name: str, test: FormTest) -> str:
    operator = test.operator
    if not operator:
        return ""
    if operator.endswith("NULL"):
        return f"{name} {operator}"
    values = [said for said in _literals(test) if said]
    if operator.endswith("IN"):
        return f"{name} {operator} ({', '.join(values)})" if values else ""
    if operator.endswith("BETWEEN"):
        return f"{name} {operator} {values[0]} AND {values[1]}" if len(values) == 2 else ""
    return f"{name} {operator} {values[0]}" if values else ""


def _literals(test: FormTest) -> Iterator[str]:
    for place, value in enumerate(test.values):
        how = test.hows[place] if place < len(test.hows) else ""
        yield _literal(value.strip(), how)


def _literal(value: str, how: str) -> str:
    """What a control says, as queries write it. What is no number or date is written as it was typed, so that whoever
    reads the query can say what is wrong with it.
    """
    way, _underscore, unit = how.partition("_")
    if way == "start":
        return f"start_of({unit})"
    if how == "today":
        return "today"
    if not value:
        return ""
    if how == "text":
        return quoted(value)
    if how == "place":
        return f"({value})"
    if way in {"ago", "on"}:
        if not value.isdecimal():
            return value
        if int(value[:9]) == 0:
            return "today"
        return f"{'-' if way == 'ago' else '+'}{int(value[:9])}{unit}"
    if how == "moment" and (moment := _MOMENT.match(value)):
        return f"{moment[1]}{moment[2] or ':00'}"
    if how in {"day", "moment"} or _NUMBER.match(value) or value in {"true", "false"}:
        return value
    return quoted(value) if not _DAY.match(value) else value
