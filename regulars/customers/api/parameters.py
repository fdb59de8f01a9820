"""How the filters of the customer list stand in the API's description: one parameter per field and operator."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.utils import translation

from regulars.core.api.listing import DAY, parameter
from regulars.customers import catalogue
from regulars.customers.catalogue import Field, Type
from regulars.customers.filters import OPERATORS
from regulars.customers.queries import sortable

_DAYS = {"type": "integer", "minimum": 0}
_FORMS: dict[Type, dict[str, Any]] = {
    Type.TEXT: {"maxLength": 200},
    Type.NUMBER: {"type": "integer", "minimum": 0},
    Type.MONEY: {"pattern": r"^(-?[0-9]{1,12}(\.[0-9]{1,6})?)?$", "examples": ["1250.50"]},
    Type.DATE: DAY,
    Type.CHOICE: {},
    Type.COUNTRY: {"examples": ["GB,DE"]},
}


def list_parameters() -> list[dict[str, Any]]:
    """Search, sorting, and every filter that the rooms have put into the catalogue."""
    with translation.override("en"):
        orders = [name for field in sortable() for name in (field.name, f"-{field.name}")]
        return [
            parameter("q", "Any part of a name, e-mail, phone, order number, company or postcode.", maxLength=200),
            parameter("sort", "By what; with a minus from high to low.", enum=orders, default="name"),
            *(found for field in catalogue.fields() if field.is_filter for found in _of_field(field)),
            parameter("external_id", "The id under which a channel knows somebody.", maxLength=250),
            parameter("channel", "With external_id: the code of that channel."),
        ]


def _of_field(field: Field) -> Iterator[dict[str, Any]]:
    for operator, words in OPERATORS[field.type].items():
        name = f"{field.name}.{operator}" if operator else field.name
        form = _DAYS if operator in {"older_than", "within"} else _FORMS[field.type]
        yield parameter(name, _description(field, operator, str(words)), **form)


def _description(field: Field, operator: str, words: str) -> str:
    """A few words on what the parameter asks; what the page says beside its chip, with the unit."""
    asked = f"{field.label} {words} …"
    if operator == "older_than":
        return f"{field.label}: longer ago than so many days."
    if operator == "within":
        return f"{field.label}: in the last so many days."
    if field.type is Type.MONEY:
        return f"{asked}, in the shop's base currency."
    if field.type in {Type.CHOICE, Type.COUNTRY}:
        return f"{asked}; several are separated by commas."
    return asked
