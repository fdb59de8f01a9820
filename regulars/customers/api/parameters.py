"""How the filters of the customer list stand in the API's description: one parameter per field and operator."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.utils import translation

from regulars.core.api.listing import DAY, parameter
from regulars.customers import catalogue
from regulars.customers.catalogue import Field, Type
from regulars.customers.conditions import operators_of

_DAYS = {"type": "integer", "minimum": 0}
_FORMS: dict[Type, dict[str, Any]] = {
    Type.TEXT: {"maxLength": 200},
    Type.NUMBER: {"type": "integer", "minimum": 0},
    Type.AGE: {"type": "integer", "minimum": 0, "maximum": 150},
    Type.MONEY: {"pattern": r"^(-?[0-9]{1,12}(\.[0-9]{1,6})?)?$", "examples": ["1250.50"]},
    Type.LONG_TEXT: {},
    Type.EXACT: {"maxLength": 200},
    Type.DECIMAL: {"pattern": r"^(-?[0-9]{1,15}(\.[0-9]{1,10})?)?$"},
    Type.DATE: DAY,
    Type.DAY: DAY,
    Type.BORN: DAY,
    Type.BIRTHDAY: {"examples": ["03-12"]},
    Type.QUERY: {"maxLength": 4_000, "examples": ["number_of_orders > 2"]},
    Type.YES_NO: {"enum": ["yes", "no"]},
    Type.CHOICE: {},
    Type.LIST: {"examples": ["vip,wholesale"]},
    Type.COUNTRY: {"examples": ["GB,DE"]},
}
_BY_OPERATOR: dict[str, dict[str, Any]] = {
    "older_than": _DAYS,
    "within": _DAYS,
    "month": {"type": "integer", "minimum": 1, "maximum": 12},
    "is_set": {"enum": ["yes"]},
    "is_empty": {"enum": ["yes"]},
}


def list_parameters() -> list[dict[str, Any]]:
    """Search, sorting, and every filter that the rooms have put into the catalogue."""
    with translation.override("en"):
        known = catalogue.permanent()
        orders = [name for field in known if field.is_sortable for name in (field.name, f"-{field.name}")]
        return [
            parameter("q", "Any part of a name, e-mail, phone, order number, company or postcode.", maxLength=200),
            parameter("sort", "By what; with a minus from high to low.", enum=orders, default="name"),
            *(found for field in known if field.is_filter for found in _of_field(field)),
            parameter("external_id", "The id under which a channel knows somebody.", maxLength=250),
            parameter("channel", "With external_id: the code of that channel."),
        ]


def _of_field(field: Field) -> Iterator[dict[str, Any]]:
    for operator, words in operators_of(field).items():
        name = f"{field.name}.{operator}" if operator else field.name
        form = _BY_OPERATOR.get(operator, _FORMS[field.type])
        yield parameter(name, _description(field, operator, str(words)), **form)


def _description(field: Field, operator: str, words: str) -> str:
    """A few words on what the parameter asks; what the page says beside its chip, with the unit."""
    asked = f"{field.label} {words} …"
    if operator in {"is_set", "is_empty"}:
        return f"{field.label} {words}."
    if field.type is Type.BIRTHDAY:
        return {"on": asked, "month": f"{asked}, a month from 1 to 12.", "within": f"{asked}, so many days."}[operator]
    if operator == "older_than":
        return f"{field.label}: longer ago than so many days."
    if operator == "within":
        return f"{field.label}: in the last so many days."
    if field.type is Type.MONEY:
        return f"{asked}, in the shop's base currency."
    if field.type is Type.QUERY:
        return "Customers whom a query finds, in the language of groups."
    if field.type in {Type.CHOICE, Type.COUNTRY, Type.LIST}:
        return f"{asked}; several are separated by commas."
    return asked
