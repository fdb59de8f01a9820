"""Two people in one form: three versions become one, and where that cannot be, a person decides."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext

from regulars.core.contact import format_phone
from regulars.customers.forms.base import ShopForm, WordsField


@dataclass(frozen=True, slots=True)
class Clash:
    """One field that two people changed: what it was, what the other wrote, what you wrote."""

    name: str
    label: str
    theirs: str
    mine: str
    theirs_words: str
    mine_words: str


def base_of(initial: Mapping[str, Any]) -> str:
    """The form's starting values, to be sent along and compared with when somebody else was faster."""
    return json.dumps(initial, ensure_ascii=False, default=str)


def merged(data: QueryDict, *, form: ShopForm, now: Mapping[str, Any]) -> tuple[dict[str, Any], list[Clash], list[str]]:
    """Three versions become one: what the form began with, what stands there now, and what was typed.

    Where one side changed a field, that side's value is taken; where both did, and differently, it is a clash for a
    person to decide. Returns the values to show, the clashes, and the names of the fields the other person changed.
    Nothing typed is lost: a clash carries both values.
    """
    try:
        base = json.loads(data.get("base", ""))
    except ValueError:
        base = {}
    if not isinstance(base, dict):
        base = {}
    values: dict[str, Any] = {}
    clashes: list[Clash] = []
    theirs_only: list[str] = []
    for name, form_field in form.fields.items():
        mine = _sent(data, name, form_field)
        was, theirs = base.get(name, mine), now[name]
        if theirs in (mine, was):
            values[name] = mine
        elif mine == was:
            values[name] = theirs
            theirs_only.append(str(form_field.label))
        else:
            values[name] = theirs
            in_words = _words(name, form_field, theirs)
            clashes.append(
                Clash(
                    name,
                    str(form_field.label),
                    as_text(theirs),
                    as_text(mine),
                    in_words,
                    _words(name, form_field, mine),
                )
            )
    return values, clashes, theirs_only


def as_text(value: Any) -> str:
    """A value as one input sends it."""
    return ",".join(value) if isinstance(value, list) else str(value)


def _sent(data: QueryDict, name: str, form_field: forms.Field) -> Any:
    if isinstance(form_field, forms.BooleanField):
        return data.get(name, "") not in {"", "False", "false"} if name in data else False
    if isinstance(form_field, WordsField):
        return form_field.to_python(data.getlist(name))
    return data.get(name, "")


def _words(name: str, form_field: forms.Field, value: Any) -> str:
    if name == "phone" and value and value.startswith("+"):
        return format_phone(value)
    if isinstance(value, bool):
        return str(_("yes") if value else _("no"))
    choices = {str(key): str(label) for key, label in getattr(form_field, "choices", [])}
    listed = value if isinstance(value, list) else [value]
    comma = pgettext("between the words of a list", ", ")
    return comma.join(choices.get(str(one), str(one)) for one in listed) or str(_("nothing"))
