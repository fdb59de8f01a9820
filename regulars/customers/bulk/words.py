"""Fields and values of bulk work in words, for plans, logs and timelines."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from regulars.core.contact import format_phone
from regulars.core.ui import words
from regulars.customers import catalogue, customfields
from regulars.customers.consents import FIELD_OF
from regulars.customers.consents import LABELS as CONSENTS
from regulars.customers.models import Category, Customer, Medium
from regulars.customers.names import category_name
from regulars.customers.places import country_name, language_name
from regulars.customers.preferences import SLOTS
from regulars.staff.models import User

LABELS = {
    "birth_year": gettext_lazy("Year of birth"),
    "birthday": gettext_lazy("Birthday"),
    "tags": gettext_lazy("Tags"),
    "deleted_at": gettext_lazy("Deleted"),
}
_LISTS = {"preferred_channels": dict(Medium.choices), "contact_times": SLOTS}


class Names:
    """The names behind public ids and keys, read once for a page."""

    def __init__(self) -> None:
        self.colleagues = {user.public_id: user.name for user in User.objects.only("name")}
        self.categories = {
            key: category_name(one) for one in Category.objects.all() for key in (one.key, one.public_id)
        }


def field_label(name: str) -> str:
    """What people call a field."""
    if name in LABELS:
        return str(LABELS[name])
    known = catalogue.get(name)
    own = {field.name: field for field in Customer._meta.concrete_fields}
    label = str(own[name].verbose_name) if name in own else str(known.label) if known else name
    return label[:1].upper() + label[1:]


def field_words(name: str, value: Any, names: Names | None = None) -> str:
    """A value as people read it; nothing is an empty text."""
    if value is None or value in ("", []):
        return ""
    if isinstance(value, list) and not name.startswith(customfields.PREFIX):
        return pgettext("between the words of a list", ", ").join(field_words(name, one, names) for one in value)
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if name in {"looked_after_by", "category"}:
        return _named(name, str(value), names or Names())
    if name.startswith(customfields.PREFIX):
        return customfields.told(name, value)
    if name in _LISTS:
        known: Mapping[str, Any] = _LISTS[name]
        return field_words("", [str(known.get(word, word)) for word in str(value).split(",")])
    if name == "language":
        return language_name(str(value))
    if name == "country":
        return country_name(str(value))
    if name == "phone":
        return format_phone(str(value))
    if choices := _choices(name):
        return str(choices.get(value, value))
    if name == "deleted_at":
        return words.day(dt.datetime.fromisoformat(value))
    return words.number(value) if isinstance(value, int) else str(value)


def _named(name: str, key: str, names: Names) -> str:
    if name == "category":
        return names.categories.get(key, key)
    return names.colleagues.get(key, _("somebody who left"))


def _choices(name: str) -> Mapping[Any, Any]:
    if name in FIELD_OF.values():
        return CONSENTS
    field = next((field for field in Customer._meta.concrete_fields if field.name == name), None)
    return dict(field.flatchoices) if field is not None and field.choices else {}
