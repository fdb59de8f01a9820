"""What all forms of a customer have in common."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms

from regulars.core.errors import Invalid


class ShopForm(forms.Form):
    """A form whose refusals come from actions, and whose fields tell screen readers what is wrong with them."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["auto_id"] = "%s"
        super().__init__(*args, **kwargs)
        _checks(self)

    def refuse(self, refusal: Invalid) -> None:
        """Put each reason at its field; reasons for fields that are not shown stand above the form."""
        for name, reasons in refusal.fields.items():
            for reason in reasons:
                self.add_error(name if name in self.fields else None, reason)

    def first_bad(self) -> str:
        """The id of the first field with an error, where the focus belongs; empty when there is none."""
        return next((bound.id_for_label for bound in self if bound.errors), "")

    def choose(self, name: str, choices: Iterable[tuple[str, Any]]) -> None:
        """Set the choices of a select, keeping a value that is there already though it is not among them."""
        listed = list(choices)
        current = self.initial.get(name)
        if current and current not in {key for key, _label in listed}:
            listed.append((current, current))
        self.fields[name].choices = listed  # type: ignore[attr-defined]


class WordsField(forms.MultipleChoiceField):
    """Several of some words, as check boxes; read also from one text with commas, as a decided clash sends them."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(widget=forms.CheckboxSelectMultiple(attrs={"class": "check"}), required=False, **kwargs)

    def to_python(self, value: Any) -> list[str]:
        return [word for text in value or () for word in str(text).split(",") if word]


def _checks(form: forms.Form) -> None:
    """Give check boxes the look of check boxes."""
    for form_field in form.fields.values():
        if isinstance(form_field, forms.BooleanField):
            form_field.widget.attrs["class"] = "check"
