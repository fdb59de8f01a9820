"""Clauses and literals as JSON has them, for the editor and whoever builds queries with a program."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from regulars.segments.language import tree
from regulars.segments.language.dates import PERIODS
from regulars.segments.language.tree import (
    NOWHERE,
    Anniversary,
    Argument,
    Ask,
    Call,
    Clause,
    InGroups,
    Literal,
    Offset,
    Operator,
    Place,
    Span,
    StartOf,
    Step,
    Test,
    Unit,
)

_DIGITS = 40  # no amount has as many
_UNITS = {unit.value: unit for unit in Unit}


def clause_to_json(clause: Clause) -> dict[str, Any]:
    """A clause as JSON has it: `{"ask": "amount_spent", "operator": ">", "values": [{"number": "500"}], …}`."""
    found: dict[str, Any]
    match clause:
        case Ask(name, test):
            found = {"ask": name} | _test_to_json(test)
        case Anniversary(name, test):
            found = {"anniversary": name} | _test_to_json(test)
        case Call(name, arguments, is_negated):
            found = {"call": name, "arguments": _arguments_to_json(arguments), "is_negated": is_negated}
        case InGroups(names, is_negated):
            found = {"groups": list(names), "is_negated": is_negated}
        case tree.Sequence(steps, within, is_negated):
            found = {
                "steps": [
                    {"call": one.function, "arguments": _arguments_to_json(one.arguments), "is_negated": one.is_negated}
                    for one in steps
                ],
                "within": f"{within.count}{within.unit.value}",
                "is_negated": is_negated,
            }
    return found | ({"span": list(clause.span)} if clause.span != NOWHERE else {})


def literal_to_json(literal: Literal) -> dict[str, Any]:
    """A literal under the name of what it is: text, number, yes, day, moment, offset, start_of or place."""
    match literal:
        case str():
            return {"text": literal}
        case bool():
            return {"yes": literal}
        case Decimal():
            return {"number": str(literal)}
        case dt.datetime():
            return {"moment": literal.isoformat(timespec="seconds")}
        case dt.date():
            return {"day": literal.isoformat()}
        case Offset(count, unit):
            return {"offset": f"{count}{unit.value}"}
        case StartOf(period):
            return {"start_of": period}
        case Place(latitude, longitude):
            return {"place": [str(latitude), str(longitude)]}


def _test_to_json(test: Test) -> dict[str, Any]:
    return {
        "operator": test.operator.value,
        "values": [literal_to_json(one) for one in test.values],
        "is_negated": test.is_negated,
    }


def _arguments_to_json(arguments: Sequence[Argument]) -> list[dict[str, Any]]:
    return [{"parameter": one.parameter} | _test_to_json(one.test) for one in arguments]


def clause_from_json(data: Any) -> Clause:
    """A clause from JSON as `clause_to_json` writes it; ValueError says what of it is not understood."""
    try:
        return _clause(data)
    except KeyError as error:
        raise ValueError(f"{error.args[0]} is missing or not known") from error
    except (TypeError, InvalidOperation, OverflowError) as error:
        raise ValueError(str(error)) from error


def _clause(data: Any) -> Clause:
    row = _mapping(data)
    span = _span(row.get("span"))
    if "ask" in row:
        return Ask(_text(row["ask"]), _test(row), span)
    if "anniversary" in row:
        return Anniversary(_text(row["anniversary"]), _test(row), span)
    if "call" in row:
        return Call(_text(row["call"]), _arguments(row["arguments"]), _is(row["is_negated"]), span)
    if "groups" in row:
        names = tuple(_text(one) for one in _list(row["groups"]))
        return InGroups(names, _is(row["is_negated"]), span)
    steps = tuple(_step(_mapping(one)) for one in _list(row["steps"]))
    return tree.Sequence(steps, _offset(row["within"]), _is(row["is_negated"]), span)


def _literal(data: Any) -> Literal:
    ((kind, value),) = _mapping(data).items()
    match kind:
        case "text":
            return _text(value)
        case "yes":
            return _is(value)
        case "number":
            return _number(value)
        case "moment":
            moment = dt.datetime.fromisoformat(_text(value))
            if moment.tzinfo is not None or moment.microsecond:
                raise ValueError("a moment is written by the shop's clock, to the second")
            return moment
        case "day":
            return dt.date.fromisoformat(_text(value))
        case "offset":
            return _offset(value)
        case "start_of":
            if value not in PERIODS:
                raise ValueError(f"no period is called {value}")
            return StartOf(value)
        case "place":
            latitude, longitude = _list(value)
            return Place(_number(latitude), _number(longitude))
    raise KeyError(kind)


def _test(row: Mapping[str, Any]) -> Test:
    values = tuple(_literal(one) for one in _list(row["values"]))
    test = Test(Operator(row["operator"]), values, _is(row["is_negated"]))
    count = {Operator.IS_NULL: 0, Operator.BETWEEN: 2}.get(test.operator, 1)
    if len(values) != count and not (test.operator is Operator.IN and values):
        raise ValueError(f"{test.operator.value} takes {count}")
    return test


def _arguments(data: Any) -> tuple[Argument, ...]:
    rows = [_mapping(one) for one in _list(data)]
    return tuple(Argument(_text(row["parameter"]), _test(row)) for row in rows)


def _step(row: Mapping[str, Any]) -> Step:
    return Step(_text(row["call"]), _arguments(row["arguments"]), _is(row["is_negated"]))


def _span(data: Any) -> Span:
    if data is None:
        return NOWHERE
    start, stop = _list(data)
    return int(start), int(stop)


def _offset(data: Any) -> Offset:
    text = _text(data)
    return Offset(int(text[:-1]), _UNITS[text[-1:]])


def _number(data: Any) -> Decimal:
    number = Decimal(_text(data))
    if not number.is_finite() or abs(number.adjusted()) > _DIGITS:
        raise ValueError("a number is written with its digits")
    return number


def _text(data: Any) -> str:
    if not isinstance(data, str):
        raise TypeError("a text is expected")
    return data


def _is(data: Any) -> bool:
    if not isinstance(data, bool):
        raise TypeError("yes or no is expected")
    return data


def _list(data: Any) -> list[Any]:
    if not isinstance(data, list):
        raise TypeError("a list is expected")
    return data


def _mapping(data: Any) -> Mapping[str, Any]:
    if not isinstance(data, dict):
        raise TypeError("an object is expected")
    return data
