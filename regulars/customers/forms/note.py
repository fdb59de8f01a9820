"""The form of a note."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from regulars.customers.forms.base import ShopForm
from regulars.customers.models import Note


class FilesInput(forms.ClearableFileInput):
    """Several files at once."""

    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Files as the browser sends them; what they are is looked at when they are stored."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(widget=FilesInput(attrs={"class": "files"}), required=False, **kwargs)

    def clean(self, data: Any, initial: Any = None) -> Any:  # noqa: ARG002 — what was there before plays no part
        return [file for file in (data if isinstance(data, list | tuple) else [data]) if file]


class NoteForm(ShopForm):
    """What somebody writes down; the text of a refused one stays where it was."""

    text = forms.CharField(
        label=_("Note"),
        required=False,
        strip=False,
        widget=forms.Textarea(
            attrs={"rows": 3, "placeholder": _("Write a note. @ names a colleague."), "data-mentions": "mentions"}
        ),
    )
    kind = forms.ChoiceField(label=_("Kind"), choices=Note.Kind.choices, initial=Note.Kind.NOTE, required=False)
    is_pinned = forms.BooleanField(label=_("Pin"), required=False)
    attached = FilesField(label=_("Files"))

    def values(self) -> dict[str, Any]:
        """The values as `customers.actions` takes them."""
        values = dict(self.cleaned_data)
        files = values.pop("attached")
        return {**values, "kind": values["kind"] or Note.Kind.NOTE, "files": files}
