"""The forms of staff's own pages."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from regulars.core.forms import PageForm
from regulars.staff.models import User
from regulars.staff.roles import PERMISSIONS


class SignInForm(PageForm):
    email = forms.CharField(
        label=_("E-mail"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True, "spellcheck": "false"}),
    )
    password = forms.CharField(
        label=_("Password"),
        max_length=1024,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    stays = forms.BooleanField(label=_("Stay signed in on this computer for 30 days"), required=False, initial=True)


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


class TokenForm(PageForm):
    """A new API token: what for, what it may do, for how long."""

    ENDS = ((30, _("30 days")), (90, _("90 days")), (365, _("A year")), (0, _("Never")))

    name = forms.CharField(label=_("What is it for?"), help_text=_("The program that will use it, and where it runs."))
    ends = forms.TypedChoiceField(label=_("Ends after"), choices=ENDS, coerce=int, initial=90)
    scopes = forms.MultipleChoiceField(
        label=_("May"), required=False, widget=forms.CheckboxSelectMultiple, choices=list(PERMISSIONS.items())
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["scopes"].choices = [  # type: ignore[attr-defined]
            (name, label) for name, label in PERMISSIONS.items() if user.may(name)
        ]

    @property
    def expires_at(self) -> dt.datetime | None:
        """When it ends, counted from now."""
        days = self.cleaned_data["ends"]
        return timezone.now() + dt.timedelta(days=days) if days else None
