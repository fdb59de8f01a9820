"""How rooms build declarations: of fields of the catalogue, and functions from their columns."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from regulars.channels.models import Channel
from regulars.core.sight import current
from regulars.customers import catalogue
from regulars.segments.language.words import Attribute, Function, Kind, Label, Parameter
from regulars.segments.vocabulary.declared import Column, Known, Rows

_KINDS = {
    catalogue.Type.TEXT: Kind.TEXT,
    catalogue.Type.LONG_TEXT: Kind.TEXT,
    catalogue.Type.EXACT: Kind.TEXT,
    catalogue.Type.NUMBER: Kind.NUMBER,
    catalogue.Type.AGE: Kind.NUMBER,
    catalogue.Type.BORN: Kind.DAY,
    catalogue.Type.MONEY: Kind.MONEY,
    catalogue.Type.DATE: Kind.MOMENT,
    catalogue.Type.YES_NO: Kind.YES_NO,
    catalogue.Type.CHOICE: Kind.CHOICE,
    catalogue.Type.COUNTRY: Kind.LIST,
    catalogue.Type.LIST: Kind.LIST,
}
_OF_ATTRIBUTE = ("label", "kind", "values", "is_open", "aliases")
_OF_PARAMETER = ("total", "values", "is_open")


def of_field(name: str, *, section: Label, column: str = "", **more: Any) -> Known:
    """The attribute of a field of the catalogue: its label, kind, values and who may ask, unless said otherwise."""
    field = catalogue.get(name)
    if field is None:
        raise ValueError(f"the catalogue has no field {name}")
    return as_attribute(field, section=section, column=column or name, **more)


def as_attribute(field: catalogue.Field, *, section: Label, column: str, **more: Any) -> Known:
    """The same of a field that is at hand."""
    said: dict[str, Any] = {key: more.pop(key) for key in _OF_ATTRIBUTE if key in more}
    kind = said.setdefault("kind", _KINDS.get(field.type))
    said.setdefault("label", field.label)
    if kind in {Kind.CHOICE, Kind.LIST}:
        said.setdefault("values", field.choices)
        said.setdefault("is_open", field.is_open)
        more.setdefault("keys", field.keys)
    more.setdefault("may_ask", partial(may_ask, field))
    return Known(
        attribute=Attribute(name=field.name, **said),
        section=section,
        column=column,
        permission=field.permission,
        **more,
    )


def may_ask(field: catalogue.Field, reader: Any) -> bool:
    """Whether somebody may filter by a field; the house itself (None) as far as is seen here and now."""
    if reader is not None:
        return field.is_asked_by(reader)
    sight = current()
    return sight.is_open or all(rule.is_open(sight) for rule in field.rules)


def attribute(name: str, label: Label, kind: Kind, *, section: Label, **more: Any) -> Known:
    """An attribute that no field of the catalogue stands for."""
    said = {key: more.pop(key) for key in _OF_ATTRIBUTE if key in more}
    return Known(attribute=Attribute(name=name, label=label, kind=kind, **said), section=section, **more)


def column(name: str, label: Label, kind: Kind, stands: str = "", **more: Any) -> Column:
    """A parameter, and the column where its values stand."""
    said = {key: more.pop(key) for key in _OF_PARAMETER if key in more}
    return Column(parameter=Parameter(name=name, label=label, kind=kind, **said), column=stands, **more)


def function(name: str, label: Label, *columns: Column, aliases: tuple[str, ...] = (), **more: Any) -> Rows:
    """A function with these parameters."""
    parameters = {one.parameter.name: one.parameter for one in columns}
    said = Function(name=name, label=label, parameters=parameters, aliases=aliases, is_dated=bool(more.get("moment")))
    return Rows(function=said, columns=columns, **more)


def channel_names() -> list[tuple[str, str]]:
    """The channels of the shop, by their codes."""
    return [(channel.code, channel.name) for channel in Channel.objects.all()]


def channel_ids() -> Mapping[str, int]:
    """What stands in columns of channels for each code."""
    return dict(Channel.objects.values_list("code", "pk"))
