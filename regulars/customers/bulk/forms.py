"""What bulk work asks before it makes its plan; the page draws it, the API and the page clean with it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from regulars.core.errors import Invalid
from regulars.customers import customfields
from regulars.customers.bulk import columns, custom, tags
from regulars.customers.bulk.words import field_label
from regulars.customers.forms import CustomerForm, ShopForm
from regulars.customers.models import Category, CustomField, Medium, Status, Tag
from regulars.customers.normalise import RESTRICTIONS
from regulars.staff.models import User

# What is one person's alone makes no sense for many: names, e-mail, phone, birthday, VAT number.
PLAIN_FIELDS = (
    "company", "kind", "title", "language", "gender", "occupation", "position", "time_zone", "is_guest",
    "customer_since", "payment_preference", "payment_days", "preferred_channels", "contact_times", "interests",
    "shopping_frequency", *RESTRICTIONS,
)  # fmt: skip


class BulkForm(ShopForm):
    """The parameters of one kind of bulk work, as JSON; `reader` is who asks for it, and what they may see."""

    def __init__(self, *args: Any, reader: Any = None, **kwargs: Any) -> None:
        self.reader = reader
        super().__init__(*args, **kwargs)

    @classmethod
    def checked(cls, params: Mapping[str, Any], *, reader: Any) -> dict[str, Any]:
        """Parameters as a program sends them, cleaned as a form's are. Raises Invalid."""
        data = QueryDict(mutable=True)
        for name, value in params.items():
            if isinstance(value, list) and name == "tags" and cls is TagForm:
                data[name] = ",".join(value)
            elif isinstance(value, list):
                data.setlist(name, value)
            elif value is True:
                data[name] = "on"
            elif value is not None and value is not False:
                data[name] = str(value)
        form = cls(data, reader=reader)
        unknown = [name for name in params if name not in form.fields]
        if unknown:
            sentence = _("There is no such parameter.")
            raise Invalid(sentence, fields={f"params.{name}": [sentence] for name in unknown})
        try:
            if form.is_valid():
                return form.params()
            fields = {name: [str(error) for error in errors] for name, errors in form.errors.items()}
        except Invalid as refusal:
            fields = refusal.fields
        named = {f"params.{name}": why for name, why in fields.items()}
        raise Invalid(next(iter(named.values()))[0], fields=named)

    def params(self) -> dict[str, Any]:
        """What was asked for, cleaned; call it on a form that is valid. Raises Invalid where it means nothing."""
        return dict(self.cleaned_data)


class TagForm(BulkForm):
    """Which tags, with commas between them; new ones are made."""

    tags = forms.CharField(
        label=gettext_lazy("Tags"),
        help_text=gettext_lazy("Several with commas between them. New tags are made."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "list": "known-tags", "autofocus": True}),
    )

    def params(self) -> dict[str, Any]:
        return {"tags": tags.names_in(self.cleaned_data["tags"])}

    @property
    def suggestions(self) -> list[str]:
        """The tags there are."""
        return list(Tag.objects.values_list("name", flat=True)[:500])


class UntagForm(BulkForm):
    """Which of the tags there are."""

    tags = forms.MultipleChoiceField(
        label=gettext_lazy("Tags"), widget=forms.CheckboxSelectMultiple(attrs={"class": "check"})
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = Tag.objects.values_list("name", flat=True)
        self.fields["tags"].choices = [(name, name) for name in names]  # type: ignore[attr-defined]


class CategoryForm(BulkForm):
    """One category, or none."""

    value = forms.ChoiceField(label=gettext_lazy("Category"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = Category.objects.values_list("key", "name")
        self.fields["value"].choices = [("", _("None")), *known]  # type: ignore[attr-defined]

    def params(self) -> dict[str, Any]:
        return {"field": "category", "value": self.cleaned_data["value"]}


class AssignForm(BulkForm):
    """A colleague, or nobody."""

    value = forms.ChoiceField(label=gettext_lazy("Looked after by"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = [(user.public_id, user.name) for user in User.objects.filter(is_active=True)]
        self.fields["value"].choices = [("", _("Nobody")), *known]  # type: ignore[attr-defined]

    def params(self) -> dict[str, Any]:
        return {"field": "looked_after_by", "value": self.cleaned_data["value"]}


class StatusForm(BulkForm):
    """Active or inactive."""

    value = forms.ChoiceField(
        label=gettext_lazy("Status"), choices=Status.choices, widget=forms.RadioSelect(attrs={"class": "check"})
    )

    def params(self) -> dict[str, Any]:
        return {"field": "status", "value": self.cleaned_data["value"]}


class FieldForm(BulkForm):
    """One plain field of the profile, and what it is to be for everybody; first which, then what."""

    field = forms.ChoiceField(label=gettext_lazy("Field"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        profile = CustomerForm()
        known = {name: profile.fields[name] for name in PLAIN_FIELDS if name in profile.fields}
        own = {field.name: field for field in customfields.seen_by(self.reader)}
        choices = [(name, field_label(name)) for name in known] + [(name, one.label) for name, one in own.items()]
        self.fields["field"].choices = [("", _("Choose a field")), *choices]  # type: ignore[attr-defined]
        chosen = self.data.get("field") or self.initial.get("field") or ""
        self.is_chosen = chosen in known or chosen in own
        if self.is_chosen:
            self.fields["value"] = known[chosen] if chosen in known else _input(own[chosen])
            self.fields["value"].label = _("New value")
            self.fields["value"].help_text = _("Left empty, the field is emptied.")
            self.fields["value"].required = False
            if chosen in RESTRICTIONS:
                self.fields["because"] = forms.CharField(
                    label=_("Why restricted"), required=False, help_text=_("Needed where the restriction is set.")
                )

    def params(self) -> dict[str, Any]:
        if not self.is_chosen:
            sentence = _("Choose a field.")
            raise Invalid(sentence, fields={"field": [sentence]})
        field, value = self.cleaned_data["field"], self.cleaned_data.get("value")
        kept = value.isoformat() if isinstance(value, dt.date) else value
        found: dict[str, Any] = {"field": field, "value": kept}
        if field in RESTRICTIONS and value:
            found["because"] = self.cleaned_data.get("because", "").strip()
            if not found["because"]:
                sentence = _("Say why these customers are restricted. Whoever serves them next has to know.")
                raise Invalid(sentence, fields={"because": [sentence]})
        try:
            if custom.is_custom(found):
                custom.value_of(found)
            else:
                columns.new_columns(found)
        except Invalid as refusal:
            reasons = [reason for of_field in refusal.fields.values() for reason in of_field]
            raise Invalid(refusal.sentence, fields={"value": reasons}) from refusal
        return found


def _input(field: CustomField) -> forms.Field:
    """What asks for a value of one of the shop's own fields; what it may be is decided when it is read."""
    options = list(customfields.option_labels(field).items())
    match CustomField.Type(field.type):
        case CustomField.Type.YES_NO:
            return forms.ChoiceField(choices=[("", "—"), ("yes", _("Yes")), ("no", _("No"))])
        case CustomField.Type.ONE_OF:
            return forms.ChoiceField(choices=[("", "—"), *options])
        case CustomField.Type.SEVERAL_OF:
            boxes = forms.CheckboxSelectMultiple(attrs={"class": "check"})
            return forms.MultipleChoiceField(choices=options, widget=boxes)
        case CustomField.Type.DATE:
            return forms.CharField(widget=forms.DateInput(attrs={"type": "date"}))
        case CustomField.Type.LONG_TEXT:
            return forms.CharField(widget=forms.Textarea(attrs={"rows": 4}))
    return forms.CharField()


class WithdrawForm(BulkForm):
    """On which channels nobody writes or calls any more."""

    channels = forms.MultipleChoiceField(
        label=gettext_lazy("Channels"),
        choices=Medium.choices,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "check"}),
    )


class NothingForm(BulkForm):
    """Work that needs to know nothing more."""
