"""Forms of the settings of channels."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from regulars.channels.connectors.protocol import Connector
from regulars.channels.models import Kind
from regulars.core.forms import PageForm


class ChannelForm(PageForm):
    """A place where the shop sells."""

    name = forms.CharField(label=_("Name"), max_length=80)
    kind = forms.ChoiceField(label=_("Kind"), choices=Kind)


class NewChannelForm(ChannelForm):
    """The same with its code, which stays for ever."""

    code = forms.CharField(
        label=_("Code"),
        required=False,
        max_length=40,
        help_text=_("By which files and programs name it. Empty: made of the name."),
        widget=forms.TextInput(attrs={"spellcheck": "false", "autocomplete": "off"}),
    )


class ConnectionForm(PageForm):
    """What a connector asks for. A secret that is kept already is not shown, and stays where nothing is typed."""

    name = forms.CharField(label=_("Name"), max_length=80, help_text=_("How colleagues tell it from others."))

    def __init__(self, *args: Any, connector: Connector, is_joined: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._options = {f"option_{option.name}": option for option in connector.options}
        for name, option in self._options.items():
            attrs = {"spellcheck": "false", "autocomplete": "off"}
            help_text = str(option.help)
            if option.is_secret and is_joined:
                attrs["placeholder"] = "••••••••"
                help_text = gettext("It is kept, and not shown. Empty: it stays as it is.")
            self.fields[name] = forms.CharField(
                label=str(option.label),
                help_text=help_text,
                required=option.is_required and not (option.is_secret and is_joined),
                max_length=2_000,
                widget=forms.PasswordInput(attrs=attrs) if option.is_secret else forms.TextInput(attrs=attrs),
            )

    def given(self) -> tuple[dict[str, str], dict[str, str]]:
        """The options, and the secrets that were typed."""
        plain, secret = {}, {}
        for name, option in self._options.items():
            value = self.cleaned_data.get(name, "")
            if not option.is_secret:
                plain[option.name] = value
            elif value:
                secret[option.name] = value
        return plain, secret

    def refuse(self, refusal: Any) -> None:
        """Put reasons for an option at its field."""
        for name, reasons in refusal.fields.items():
            known = next((one for one in (name, f"option_{name}") if one in self.fields), None)
            for reason in reasons:
                self.add_error(known, reason)


class DaysForm(PageForm):
    """Which days to compare."""

    since = forms.DateField(label=_("From"), widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(label=_("To"), widget=forms.DateInput(attrs={"type": "date"}))
