"""Which operators each kind of value takes, and how they are written."""

from __future__ import annotations

from dataclasses import dataclass

from regulars.segments.language.tree import Operator
from regulars.segments.language.words import DATED, NUMERIC, Attribute, Function, Kind, Parameter, Values

_ORDERED = (
    Operator.EQUAL,
    Operator.GREATER,
    Operator.AT_LEAST,
    Operator.LESS,
    Operator.AT_MOST,
    Operator.BETWEEN,
    Operator.IN,
    Operator.IS_NULL,
)
_AMONG = (Operator.EQUAL, Operator.IN, Operator.IS_NULL)
_TEXT = (Operator.EQUAL, Operator.CONTAINS, Operator.STARTS, Operator.ENDS, *_ORDERED[1:])

ONLY_NEGATED_BY_NOT = frozenset({Operator.GREATER, Operator.AT_LEAST, Operator.LESS, Operator.AT_MOST})
"""What has no negated form of its own: `NOT amount_spent > 5`."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What a test is about: an attribute, an attribute's anniversary, or a parameter of a function."""

    name: str
    kind: Kind
    operators: tuple[Operator, ...]
    values: Values | None = None
    is_open: bool = False
    is_id: bool = False  # texts that Shopify writes as plain numbers


def of_attribute(attribute: Attribute) -> Subject:
    """An attribute: lists are asked with CONTAINS."""
    operators = operators_of(attribute.kind)
    if attribute.kind is Kind.LIST:
        operators = (Operator.CONTAINS, *operators[1:])
    return Subject(
        attribute.name, attribute.kind, operators, attribute.values, attribute.is_open, _is_id(attribute.name)
    )


def of_anniversary(attribute: Attribute) -> Subject:
    """A date without its year: compared with days, never with moments."""
    return Subject(attribute.name, Kind.DAY, operators_of(Kind.DAY))


def of_parameter(function: Function, parameter: Parameter) -> Subject:
    """A parameter: lists are asked with =, and nobody lives at an exact distance."""
    operators = operators_of(parameter.kind)
    if is_distance(function, parameter):
        operators = operators[1:]
    return Subject(
        parameter.name, parameter.kind, operators, parameter.values, parameter.is_open, _is_id(parameter.name)
    )


def is_distance(function: Function, parameter: Parameter) -> bool:
    """Whether a parameter says how far it is from the place that the same call names."""
    measures = any(one.kind is Kind.PLACE for one in function.parameters.values())
    return measures and parameter.total is None and parameter.kind in NUMERIC


def operators_of(kind: Kind) -> tuple[Operator, ...]:
    """The operators of a kind, in the order in which they are offered."""
    if kind in NUMERIC or kind in DATED:
        return _ORDERED
    if kind is Kind.TEXT:
        return _TEXT
    return (Operator.EQUAL,) if kind is Kind.PLACE else _AMONG


def spellings(subject: Subject) -> tuple[str, ...]:
    """How the operators of a subject are written, and their negated forms behind them."""
    found = []
    for operator in subject.operators:
        found.append(written(operator))
        if operator not in ONLY_NEGATED_BY_NOT and subject.kind is not Kind.PLACE:
            found.append(written(operator, is_negated=True))
    return tuple(found)


def written(operator: Operator, *, is_negated: bool = False) -> str:
    """An operator as queries write it: `!=`, `NOT IN`, `IS NOT NULL`."""
    if not is_negated:
        return operator.value
    if operator is Operator.EQUAL:
        return "!="
    return "IS NOT NULL" if operator is Operator.IS_NULL else f"NOT {operator.value}"


def _is_id(name: str) -> bool:
    return name in {"id", "companies"} or name.endswith("_id")
