"""The one text of every query: `parse(canonical(node)) == node`, whatever the spelling it was read from."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from regulars.segments.language.operators import ONLY_NEGATED_BY_NOT, written
from regulars.segments.language.scanning import quoted
from regulars.segments.language.tree import (
    And,
    Anniversary,
    Argument,
    Ask,
    Call,
    Everybody,
    InGroups,
    Literal,
    Node,
    Not,
    Offset,
    Operator,
    Or,
    Place,
    Sequence,
    StartOf,
    Step,
    Test,
    Unit,
)

_WORDS = {Offset(0, Unit.DAY): "today", Offset(-1, Unit.DAY): "yesterday"}


def canonical(node: Node) -> str:
    """The text of a query, on one line, with keywords in capitals and only the brackets that it needs."""
    match node:
        case Everybody():
            return ""
        case And(parts):
            return " AND ".join(_bracketed(part) if isinstance(part, Or) else canonical(part) for part in parts)
        case Or(parts):
            return " OR ".join(canonical(part) for part in parts)
        case Not(Everybody()):
            raise ValueError("no text asks for nobody")
        case Not(part):
            return f"NOT {_bracketed(part) if isinstance(part, (And, Or)) else canonical(part)}"
        case Ask(name, test):
            return f"{name} {test_text(test)}"
        case Anniversary(name, test):
            return f"anniversary({name}) {test_text(test)}"
        case Call(name, arguments, is_negated):
            return f"{name} {_matches(is_negated=is_negated)} ({_arguments(arguments)})"
        case InGroups(names, is_negated):
            among = ", ".join(quoted(name) for name in names)
            return f"segment {written(Operator.IN, is_negated=is_negated)} ({among})"
        case Sequence(steps, within, is_negated):
            then = " THEN ".join(map(_step, steps))
            return f"sequence {_matches(is_negated=is_negated)} ({then} WITHIN {within.count}{within.unit.value})"


def test_text(test: Test) -> str:
    """An operator and its literals: `BETWEEN 5 AND 10`."""
    if test.is_negated and test.operator in ONLY_NEGATED_BY_NOT:
        raise ValueError(f"{test.operator} is negated by NOT before the clause")
    operator = written(test.operator, is_negated=test.is_negated)
    values = [literal_text(value) for value in test.values]
    match test.operator:
        case Operator.IS_NULL:
            return operator
        case Operator.BETWEEN:
            return f"{operator} {values[0]} AND {values[1]}"
        case Operator.IN:
            return f"{operator} ({', '.join(values)})"
    return f"{operator} {values[0]}"


def literal_text(literal: Literal) -> str:
    """A literal as queries write it: `'Berlin'`, `19.99`, `-90d`, `start_of(month)`."""
    match literal:
        case bool():
            return "true" if literal else "false"
        case str():
            return quoted(literal)
        case Decimal():
            return _number(literal)
        case dt.datetime():
            return literal.isoformat(timespec="seconds")
        case dt.date():
            return literal.isoformat()
        case Offset(count, unit):
            return _WORDS.get(literal) or f"{count:+d}{unit.value}"
        case StartOf(period):
            return f"start_of({period})"
        case Place(latitude, longitude):
            return f"({_number(latitude)}, {_number(longitude)})"


def _bracketed(node: Node) -> str:
    return f"({canonical(node)})"


def _matches(*, is_negated: bool) -> str:
    return "NOT MATCHES" if is_negated else "MATCHES"


def _arguments(arguments: tuple[Argument, ...]) -> str:
    return ", ".join(f"{argument.parameter} {test_text(argument.test)}" for argument in arguments)


def _step(step: Step) -> str:
    text = f"{step.function} MATCHES ({_arguments(step.arguments)})" if step.arguments else step.function
    return f"NOT {text}" if step.is_negated else text


def _number(number: Decimal) -> str:
    text = f"{number:f}"
    if "." in text:
        text = text.rstrip("0").removesuffix(".")
    return "0" if text in {"-0", ""} else text
