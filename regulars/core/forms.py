"""Forms as pages show them: fields that tell screen readers what is wrong, refusals of actions at their field."""

from __future__ import annotations

from typing import Any

from django import forms

from regulars.core.errors import Invalid


class PageForm(forms.Form):
    """A form whose checks look like ours, and whose refusals come from actions."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("auto_id", "%s")
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if isinstance(field.widget, forms.CheckboxInput | forms.CheckboxSelectMultiple | forms.RadioSelect):
                field.widget.attrs.setdefault("class", "check")

    def refuse(self, refusal: Invalid) -> None:
        """Put each reason at its field; reasons for fields that are not shown stand above the form."""
        for name, reasons in refusal.fields.items():
            for reason in reasons:
                self.add_error(name if name in self.fields else None, reason)

    def first_bad(self) -> str:
        """The id of the first field with an error; empty when there is none."""
        return next((bound.id_for_label for bound in self if bound.errors), "")
