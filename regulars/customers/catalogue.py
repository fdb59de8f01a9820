"""The catalogue: what can be asked of a customer.

One vocabulary for list filters, sorting, columns, export and API filters (groups, mail merge and report dimensions
join it with their rooms). A room adds its fields in wiring.py with `add(Field(…))`; names are those of the customer
query language.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.utils.functional import Promise

Choices = Callable[[], list[tuple[str, str]]]
Keys = Callable[[], dict[str, Any]]


class Type(StrEnum):
    """Decides operators, the input and how a value is written."""

    TEXT = "text"
    NUMBER = "number"
    MONEY = "money"
    DATE = "date"
    CHOICE = "choice"
    COUNTRY = "country"


class Form(StrEnum):
    """How texts are compared: folded, digit by digit (phones), or folded without spaces (postcodes)."""

    FOLDED = "folded"
    DIGITS = "digits"
    COMPACT = "compact"


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """`column` is the column of Customer; `label` what people read; `permission` what it takes to see it.

    `is_sortable` promises an index that gives the order, by `sort_column` where that is another one than `column`;
    `is_searched` that the value is part of the search text, so that the search index narrows a test on it. `choices`
    are the values people choose from, with their labels; `keys` what the column holds for each, where that differs.
    """

    name: str
    label: str | Promise
    type: Type
    column: str
    permission: str = "customers.view"
    is_filter: bool = True
    is_sortable: bool = False
    is_column: bool = True
    is_default_column: bool = False
    is_searched: bool = False
    sort_column: str = ""
    form: Form = Form.FOLDED
    choices: Choices | None = None
    keys: Keys | None = None


_FIELDS: dict[str, Field] = {}


def add(field: Field) -> None:
    """Put a field into the catalogue; a name can be taken only once."""
    known = _FIELDS.get(field.name)
    if known is not None and known != field:
        raise ValueError(f"the catalogue already has a field {field.name}")
    _FIELDS[field.name] = field


def fields() -> list[Field]:
    """All fields, in the order they were added."""
    return list(_FIELDS.values())


def get(name: str) -> Field | None:
    """The field of that name, or None."""
    return _FIELDS.get(name)
