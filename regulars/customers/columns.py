"""The columns of the customer list: fields of the catalogue and what rooms draw, in one order, chosen per person."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from regulars.core import shop
from regulars.core.money import Money
from regulars.customers import catalogue, panels
from regulars.customers.catalogue import Type
from regulars.customers.models import Customer, Status
from regulars.customers.places import country_name
from regulars.staff.models import User

# From left to right as the eye asks: who, where, how often, how much, when; what is not named here follows.
_ORDER = (
    "name", "company", "email", "phone", "city", "postal_code", "customer_countries", "rhythm", "number_of_orders",
    "amount_spent", "last_order_date", "first_order_date", "customer_added_date", "sales_channels", "status",
)  # fmt: skip

# Narrow windows keep who, the rhythm and the money; the rest is one click away.
_FIRST_TO_GO = frozenset(
    {"sales_channels", "status", "email", "phone", "company", "first_order_date", "customer_added_date"}
)
_NEXT_TO_GO = frozenset({"city", "postal_code", "customer_countries", "last_order_date"})
_ON_PHONES = {"name": "m-who", "amount_spent": "m-1", "city": "m-2", "rhythm": "m-3"}


@dataclass(frozen=True, slots=True)
class Column:
    """One column: `kind` says how a cell is drawn; `sort` is what its head asks for, empty where it cannot."""

    name: str
    label: str | Promise
    kind: str
    sort: str = ""
    hint: str | Promise = ""
    panel: panels.RowPanel | None = None
    field: catalogue.Field | None = None

    @property
    def is_number(self) -> bool:
        return self.kind in {"number", "money", "date"}

    @property
    def css(self) -> str:
        """When it gives way, and its place on a phone."""
        gives_way = "d3" if self.name in _FIRST_TO_GO else "d2" if self.name in _NEXT_TO_GO else ""
        return " ".join(filter(None, ("num" if self.is_number else "", gives_way, _ON_PHONES.get(self.name, ""))))


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in one row of a column."""

    column: Column
    value: Any


@dataclass(frozen=True, slots=True)
class Line:
    """A customer with the cells of the chosen columns."""

    customer: Customer
    cells: list[Cell]


def available(user: User) -> list[Column]:
    """Every column this person may see."""
    found = [
        Column(
            name=field.name,
            # the city stands with its country: together they are a place
            label=_("Place") if field.name == "city" else field.label,
            kind="name" if field.name == "name" else "place" if field.name == "city" else str(field.type),
            sort=field.name if field.is_sortable else "",
            field=field,
        )
        for field in catalogue.fields()
        if field.is_column and user.may(field.permission)
    ]
    found += [
        Column(name=panel.name, label=panel.label, kind="panel", hint=panel.hint, panel=panel)
        for panel in panels.in_rows()
        if user.may(panel.permission)
    ]
    return sorted(found, key=lambda column: _ORDER.index(column.name) if column.name in _ORDER else len(_ORDER))


def chosen(user: User) -> list[Column]:
    """The columns this person chose, or the usual ones. The name is always there."""
    wanted = set(user.list_columns or _usual()) | {"name"}
    return [column for column in available(user) if column.name in wanted]


def lines(customers: Sequence[Customer], columns: Iterable[Column]) -> list[Line]:
    """The rows with their cells, with one query for each column that a room draws."""
    columns = list(columns)
    drawn = {column.name: column.panel.contexts(customers) for column in columns if column.panel}
    readers = {column.name: _reader(column, drawn) for column in columns}
    return [
        Line(customer, [Cell(column, readers[column.name](customer)) for column in columns]) for customer in customers
    ]


def texts(columns: Iterable[Column]) -> list[tuple[str, Callable[[Customer], str]]]:
    """The chosen columns as a file has them: the head, and what turns a customer into its cell."""
    return [(str(column.label), _text_reader(column)) for column in columns if column.panel is None]


def _usual() -> set[str]:
    fields = {field.name for field in catalogue.fields() if field.is_default_column}
    return fields | {panel.name for panel in panels.in_rows() if panel.is_default}


def _reader(column: Column, drawn: Mapping[str, Mapping[int, dict[str, Any]]]) -> Callable[[Customer], Any]:
    if column.panel:
        return lambda customer: drawn[column.name].get(customer.pk, {})
    if column.kind in {"name", "place"}:
        return lambda customer: customer
    field = column.field
    assert field is not None  # noqa: S101 — a column is drawn by a panel or reads a field
    if column.name == "sales_channels":
        return lambda customer: customer.channel
    if field.type is Type.MONEY:
        currency = shop.current().currency
        return lambda customer: Money(getattr(customer, field.column), currency)
    if field.type is Type.DATE:
        zone, today = shop.zone(), shop.today()
        return lambda customer: _date(getattr(customer, field.column), zone, today)
    return lambda customer: getattr(customer, field.column)


def _date(moment: dt.datetime | None, zone: dt.tzinfo, today: dt.date) -> dict[str, Any] | None:
    if moment is None:
        return None
    return {"at": moment, "days": (today - moment.astimezone(zone).date()).days}


def _text_reader(column: Column) -> Callable[[Customer], str]:
    field = column.field
    assert field is not None  # noqa: S101
    if column.name == "sales_channels":
        return lambda customer: str(customer.channel or "")
    if column.name == "status":
        labels = {value: str(label) for value, label in Status.choices}
        return lambda customer: labels.get(customer.status, customer.status)
    if field.type is Type.MONEY:
        currency = shop.current().currency
        return lambda customer: str(Money(getattr(customer, field.column), currency).amount)
    if field.type is Type.DATE:
        zone = shop.zone()
        return lambda customer: _iso(getattr(customer, field.column), zone)
    if field.type is Type.COUNTRY:
        return lambda customer: country_name(getattr(customer, field.column)) if customer.country else ""
    return lambda customer: str(getattr(customer, field.column))


def _iso(moment: dt.datetime | None, zone: dt.tzinfo) -> str:
    return moment.astimezone(zone).date().isoformat() if moment else ""
