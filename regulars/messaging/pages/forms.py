"""The forms of the pages of messages."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from regulars.channels.models import Channel
from regulars.core.forms import PageForm
from regulars.messaging.accounts import NONE, STARTTLS, TLS
from regulars.messaging.models import Limits, Way

_PLAIN = {"spellcheck": "false", "autocomplete": "off"}


class SenderForm(PageForm):
    """A mail server. Its password is not shown again, and stays where nothing is typed."""

    name = forms.CharField(label=_("Sender's name"), max_length=80, help_text=_("Customers see it beside the address."))
    address = forms.EmailField(label=_("Sender's address"), max_length=254, widget=forms.EmailInput(attrs=_PLAIN))
    host = forms.CharField(label=_("Server"), max_length=250, widget=forms.TextInput(attrs=_PLAIN))
    port = forms.IntegerField(label=_("Port"), min_value=1, max_value=65_535, initial=587)
    security = forms.ChoiceField(
        label=_("Encryption"),
        initial=STARTTLS,
        choices=[(STARTTLS, "STARTTLS"), (TLS, "TLS"), (NONE, _("None: within your own network only"))],
    )
    user = forms.CharField(label=_("User name"), max_length=254, required=False, widget=forms.TextInput(attrs=_PLAIN))
    password = forms.CharField(
        label=_("Password"),
        max_length=1000,
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    return_to = forms.EmailField(
        label=_("Bounces go to"),
        max_length=254,
        required=False,
        help_text=_("A mailbox that is read here. Empty: the sender's address."),
        widget=forms.EmailInput(attrs=_PLAIN),
    )
    channel = forms.ModelChoiceField(
        label=_("Channel"),
        queryset=Channel.objects.none(),
        required=False,
        empty_label=pgettext_lazy("channel", "none"),
    )

    def __init__(self, *args: Any, is_kept: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["channel"].queryset = Channel.objects.all()  # type: ignore[attr-defined]
        if is_kept:
            self.fields["password"].help_text = _("It is kept, and not shown. Empty: it stays as it is.")
            self.fields["password"].widget.attrs["placeholder"] = "••••••••"


class LimitsForm(forms.ModelForm[Limits]):
    """How much is too much, and when people sleep."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("auto_id", "%s")
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
        for name in ("is_counted", "is_quiet"):
            self.fields[name].widget.attrs["class"] = "check"

    class Meta:
        model = Limits
        fields = ("is_counted", "most", "days", "is_quiet", "opens", "closes")
        widgets = {  # noqa: RUF012 — Django reads it here
            "opens": forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
            "closes": forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        }


class SuppressionForm(PageForm):
    """An address that is not to be written to."""

    way = forms.ChoiceField(label=_("Way"), choices=Way.choices, initial=Way.EMAIL)
    address = forms.CharField(label=_("Address or number"), max_length=254, widget=forms.TextInput(attrs=_PLAIN))
    purpose = forms.ChoiceField(
        label=_("What for"),
        required=False,
        choices=[("marketing", _("Marketing only")), ("", _("Nothing at all, not even answers"))],
    )
    note = forms.CharField(label=_("Why"), max_length=250)
