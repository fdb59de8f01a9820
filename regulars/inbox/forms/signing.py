"""The form of a signature: one text for all languages, and others where a language has its own."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext as _

from regulars.core.forms import PageForm
from regulars.inbox.queries.signatures import Place


class SignatureForm(PageForm):
    """The texts of one place."""

    def __init__(self, *args: Any, place: Place, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known, fields = place.texts(), dict[str, Any](self.fields)
        for code, label in _languages():
            fields[_name(code)] = forms.CharField(
                label=label,
                widget=forms.Textarea(attrs={"rows": 4}),
                required=False,
                max_length=2000,
                initial=known.get(code, ""),
            )
        self.fields = fields

    @property
    def texts(self) -> dict[str, str]:
        """What was written, by language; the empty one is for all."""
        return {code: self.cleaned_data.get(_name(code), "") for code, _label in _languages()}

    def refuse_text(self, code: str, reason: str) -> None:
        """Say at the text of a language what is wrong with it."""
        self.add_error(_name(code), reason)


def _languages() -> list[tuple[str, str]]:
    """Every language there can be a text in, with what the form calls it."""
    own = [(code, _("Another one in %(language)s") % {"language": _(str(label))}) for code, label in settings.LANGUAGES]
    return [("", _("Signature")), *own]


def _name(code: str) -> str:
    return f"text_{code}" if code else "text"
