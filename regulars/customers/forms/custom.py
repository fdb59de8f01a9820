"""The shop's own fields in the form of a customer, and the form that sets one of them up."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from regulars.core import shop
from regulars.core.errors import Invalid
from regulars.core.forms import PageForm
from regulars.customers import customfields
from regulars.customers.actions.custom_fields import checked_values, set_custom_values
from regulars.customers.conditions import NO, YES
from regulars.customers.forms.base import ShopForm, WordsField
from regulars.customers.models import Customer, CustomField
from regulars.staff.queries import role_titles
from regulars.staff.roles import Role

if TYPE_CHECKING:
    from django.http import HttpRequest

_BASE = "custom-base"
Type = CustomField.Type


class CustomForm(ShopForm):
    """One input for each field that the reader may see."""

    def __init__(self, fields: list[CustomField], *args: Any, **kwargs: Any) -> None:
        self.known = fields
        super().__init__(*args, **kwargs)
        for field in fields:
            self.fields[input_name(field)] = _input(field)

    def sent(self) -> dict[str, Any]:
        """What was typed, by the key of the field."""
        return {field.key: self.cleaned_data.get(input_name(field)) for field in self.known}


class CustomSection:
    """The section of the customer's form. What somebody else wrote meanwhile into other fields stays."""

    template = "customers/_custom_fields.html"

    def __init__(self, request: HttpRequest, customer: Customer | None) -> None:
        self.reader, self.is_new = request.user, customer is None
        known = customfields.seen_by(request.user)
        self.now = _now(customer, known) if customer else {field.key: _shown(field, field.default) for field in known}
        data = request.POST if request.method == "POST" else None
        self.base = _read_base(data.get(_BASE, "")) if data is not None else self.now
        self.form = CustomForm(known, data, initial={input_name(field): self.now[field.key] for field in known})

    @property
    def written_base(self) -> str:
        """What the inputs began with, to be sent along."""
        return json.dumps(self.base, ensure_ascii=False)

    def is_valid(self) -> bool:
        if not self.form.is_valid():
            return False
        try:
            checked_values(self._given(), reader=self.reader, is_new=self.is_new)
        except Invalid as refused:
            self.refuse(refused)
        return not self.form.errors

    def save(self, customer: Customer) -> None:
        given = self._given()
        clashes = {
            f"custom_fields.{key}": [
                _("Somebody else wrote “%(value)s” here meanwhile. Save again, and yours stays.")
                % {"value": _in_words(self.now[key])}
            ]
            for key, value in given.items()
            if not self.is_new and self.now[key] not in (self.base.get(key), value)
        }
        if clashes:
            self.base = self.now
            raise Invalid(next(iter(clashes.values()))[0], fields=clashes)
        # a copy, because the profile's own version is what its undo goes by
        set_custom_values(copy.copy(customer), values=given, reader=self.reader, is_new=self.is_new)

    def refuse(self, refusal: Invalid) -> None:
        fields = {f"custom-{name.removeprefix('custom_fields.')}": why for name, why in refusal.fields.items()}
        self.form.refuse(Invalid(refusal.sentence, fields=fields))

    def first_bad(self) -> str:
        return self.form.first_bad()

    def _given(self) -> dict[str, Any]:
        """What was changed in the form; of somebody new, all of it."""
        sent = self.form.sent()
        return sent if self.is_new else {key: value for key, value in sent.items() if value != self.base.get(key)}


def section(request: HttpRequest, customer: Customer | None) -> CustomSection | None:
    """The section, where the shop has fields that this person may see."""
    return CustomSection(request, customer) if customfields.seen_by(request.user) else None


def input_name(field: CustomField) -> str:
    """What the input of a field is called."""
    return f"custom-{field.key}"


class FieldForm(PageForm):
    """A field of the shop's own, as the settings ask for it."""

    label = forms.CharField(label=gettext_lazy("Name"), max_length=80)
    type = forms.ChoiceField(label=gettext_lazy("Type"), choices=Type.choices)
    options = forms.CharField(
        label=gettext_lazy("Options"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("For one of and several of: one on each line, in their order."),
    )
    help = forms.CharField(label=gettext_lazy("Help"), max_length=250, required=False)
    default = forms.CharField(
        label=gettext_lazy("Filled in beforehand"),
        required=False,
        help_text=gettext_lazy("What somebody new has. Several with commas between them."),
    )
    is_required = forms.BooleanField(
        label=gettext_lazy("Required: nobody new is written down without it"), required=False
    )
    is_sensitive = forms.BooleanField(
        label=gettext_lazy("Sensitive: encrypted for each customer, and found only as a whole"), required=False
    )
    seen_by = forms.MultipleChoiceField(
        label=gettext_lazy("Only for"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("Nobody ticked: for all. The owner sees every field."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # a role that was deleted since stays ticked under its key, so that nobody shows the field to all by saving it
        titles = {key: key for key in self.initial.get("seen_by", ())} | role_titles()
        choice: Any = self.fields["seen_by"]
        choice.choices = [(key, title) for key, title in titles.items() if key != Role.OWNER]

    @classmethod
    def initial_of(cls, field: CustomField) -> dict[str, Any]:
        """What the form shows of a field."""
        default = field.default if isinstance(field.default, list) else [field.default] if field.default else []
        return {
            "label": field.label,
            "type": field.type,
            "options": "\n".join(customfields.option_labels(field).values()),
            "help": field.help,
            "default": ", ".join(customfields.plain(field, text) for text in default),
            "is_required": field.is_required,
            "is_sensitive": field.is_sensitive,
            "seen_by": [role for role in field.seen_by if role != Role.OWNER],
        }

    def values(self, field: CustomField | None = None) -> dict[str, Any]:
        """The values as the verbs take them. An option on the line of one that is gone is that one, renamed."""
        values = dict(self.cleaned_data)
        lines = [line.strip() for line in values["options"].splitlines() if line.strip()]
        values["options"] = _options(lines, field.options if field else [])
        if values["seen_by"]:
            values["seen_by"] = [Role.OWNER, *values["seen_by"]]
        return values


def _options(lines: list[str], known: list[dict[str, str]]) -> list[Any]:
    """Each line with the key it had; a new one, where as many stand there as before, with the key of its place."""
    by_label = {option["label"]: option["key"] for option in known}
    kept = {by_label[line] for line in lines if line in by_label}
    options: list[Any] = []
    for place, line in enumerate(lines):
        key = by_label.get(line, "")
        if not key and len(lines) == len(known) and known[place]["key"] not in kept:
            key = known[place]["key"]
        options.append({"key": key, "label": line} if key else line)
    return options


def _input(field: CustomField) -> forms.Field:
    more: dict[str, Any] = {"label": field.label, "help_text": field.help, "required": False}
    match field.type:
        case Type.LONG_TEXT:
            return forms.CharField(widget=forms.Textarea(attrs={"rows": 3}), strip=False, **more)
        case Type.NUMBER:
            return forms.CharField(widget=forms.TextInput(attrs={"inputmode": "decimal"}), **more)
        case Type.MONEY:
            more["label"] = f"{field.label} ({shop.current().currency})"
            return forms.CharField(widget=forms.TextInput(attrs={"inputmode": "decimal"}), **more)
        case Type.DATE:
            return forms.CharField(widget=forms.DateInput(attrs={"type": "date"}), **more)
        case Type.YES_NO:
            return forms.ChoiceField(choices=[("", "—"), (YES, _("Yes")), (NO, _("No"))], **more)
        case Type.ONE_OF:
            return forms.ChoiceField(choices=[("", "—"), *customfields.option_labels(field).items()], **more)
        case Type.SEVERAL_OF:
            more.pop("required")
            return WordsField(choices=list(customfields.option_labels(field).items()), **more)
        case Type.LINK:
            return forms.CharField(widget=forms.TextInput(attrs={"inputmode": "url"}), **more)
    return forms.CharField(**more)


def _now(customer: Customer, known: list[CustomField]) -> dict[str, Any]:
    """What is kept, as the inputs show it."""
    found = customfields.values_of([customer], known)[customer.pk]
    return {
        field.key: _shown(field, texts if field.type == Type.SEVERAL_OF else texts[0] if texts else "")
        for field in known
        for texts in [found.get(field.pk, [])]
    }


def _shown(field: CustomField, value: Any) -> Any:
    if field.type == Type.SEVERAL_OF:
        return list(value or [])
    return value or ""


def _read_base(text: str) -> dict[str, Any]:
    try:
        base = json.loads(text)
    except ValueError:
        return {}
    return base if isinstance(base, dict) else {}


def _in_words(value: Any) -> str:
    listed = value if isinstance(value, list) else [value]
    return pgettext("between the words of a list", ", ").join(map(str, listed)) or _("nothing")
