"""The form of an account, from the fields that its service asks for."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from regulars.channels.models import Channel
from regulars.core.errors import Invalid
from regulars.core.forms import PageForm
from regulars.messaging.providers.base import Provider

_PLAIN = {"spellcheck": "false", "autocomplete": "off"}


class ServiceForm(PageForm):
    """What a service asks for. A secret that is kept already is not shown, and stays where nothing is typed."""

    name = forms.CharField(label=_("Name"), max_length=80, help_text=_("How colleagues tell it from others."))
    address = forms.CharField(
        label=_("Number or name"),
        max_length=254,
        required=False,
        help_text=_("By which customers know it: the number with its country code, or the name of the account."),
        widget=forms.TextInput(attrs=_PLAIN),
    )
    channel = forms.ModelChoiceField(
        label=_("Channel"),
        queryset=Channel.objects.none(),
        required=False,
        empty_label=pgettext_lazy("channel", "none"),
        help_text=_("Inquiries that come by it belong to this channel."),
    )

    def __init__(self, *args: Any, service: Provider, is_kept: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["channel"].queryset = Channel.objects.all()  # type: ignore[attr-defined]
        self._options = {f"option_{one.name}": one for one in service.options if not one.is_made}
        for name, option in self._options.items():
            attrs, help_text = dict(_PLAIN), str(option.help)
            if option.default:
                attrs["placeholder"] = option.default
            if option.is_secret and is_kept:
                attrs["placeholder"] = "••••••••"
                help_text = gettext("It is kept, and not shown. Empty: it stays as it is.")
            self.fields[name] = forms.CharField(
                label=str(option.label),
                help_text=help_text,
                required=option.is_required and not (option.is_secret and is_kept),
                max_length=2_000,
                widget=forms.PasswordInput(attrs=attrs) if option.is_secret else forms.TextInput(attrs=attrs),
            )

    def given(self) -> dict[str, Any]:
        """The values as verbs take them: name, address, channel, options, secrets."""
        options: dict[str, str] = {}
        secrets: dict[str, str] = {}
        for name, option in self._options.items():
            (secrets if option.is_secret else options)[option.name] = self.cleaned_data.get(name, "")
        plain = {key: self.cleaned_data[key] for key in ("name", "address", "channel")}
        return {**plain, "options": options, "secrets": secrets}

    def refuse(self, refusal: Invalid) -> None:
        """Put reasons for an option at its field."""
        for name, reasons in refusal.fields.items():
            known = next((one for one in (name, f"option_{name}") if one in self.fields), None)
            for reason in reasons:
                self.add_error(known, reason)
