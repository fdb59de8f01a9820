"""The forms of the door."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from regulars.core.forms import PageForm

_CODE = {
    "autocomplete": "one-time-code",
    "inputmode": "text",
    "autocapitalize": "off",
    "spellcheck": "false",
}


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


class CodeForm(PageForm):
    """A code of the app, or a recovery code."""

    code = forms.CharField(
        label=_("Code"), max_length=40, widget=forms.TextInput(attrs={**_CODE, "autofocus": True, "class": "code"})
    )


class FirstCodeForm(PageForm):
    """The first code of an app, typed back: only then it is asked for."""

    code = forms.CharField(
        label=_("Code that the app shows"),
        max_length=10,
        widget=forms.TextInput(attrs={**_CODE, "inputmode": "numeric"}),
    )


class ForgottenForm(PageForm):
    """Who forgot the password."""

    email = forms.CharField(
        label=_("E-mail"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True, "spellcheck": "false"}),
    )


class NewPasswordForm(PageForm):
    """A new password, for one who came with a link."""

    new = forms.CharField(
        label=_("New password"),
        max_length=1024,
        strip=False,
        help_text=_("At least 12 characters. A short sentence is easy to keep in mind."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password", "autofocus": True}),
    )


class PasskeyForm(PageForm):
    """A passkey that the browser made, and what to call it."""

    name = forms.CharField(
        label=_("What is it?"),
        max_length=80,
        required=False,
        help_text=_("This laptop, say, or the blue key."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    passkey = forms.CharField(max_length=20_000, required=False, widget=forms.HiddenInput())
