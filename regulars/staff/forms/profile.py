"""What people set for themselves."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from regulars.core.forms import PageForm


class ProfileForm(PageForm):
    name = forms.CharField(
        label=pgettext_lazy("person", "Name"), widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    language = forms.ChoiceField(label=_("Language"), required=False)
    theme = forms.ChoiceField(
        label=_("Theme"),
        required=False,
        choices=[
            ("", _("As the computer says")),
            ("light", pgettext_lazy("theme", "Light")),
            ("dark", pgettext_lazy("theme", "Dark")),
        ],
    )
    shows_keys = forms.BooleanField(
        label=_("Key line"), required=False, help_text=_("The line at the foot that says what single keys do here.")
    )
    has_single_keys = forms.BooleanField(
        label=_("Single keys"),
        required=False,
        help_text=_("j, k, c and the others. Ctrl K works either way. Switch off if you speak to your computer."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["language"].choices = [  # type: ignore[attr-defined]
            ("", _("As the browser says")),
            *settings.LANGUAGES,
        ]


class PasswordForm(PageForm):
    current = forms.CharField(
        label=_("Present password"),
        max_length=1024,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    new = forms.CharField(
        label=_("New password"),
        max_length=1024,
        strip=False,
        help_text=_("At least 12 characters. A short sentence is easy to keep in mind."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
