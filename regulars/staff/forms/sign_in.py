"""The form of the door."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from regulars.core.forms import PageForm


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
