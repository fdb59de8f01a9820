"""The form of a mailbox."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from regulars.channels.models import Channel
from regulars.core.forms import PageForm
from regulars.inbox.actions.mailboxes import Settings
from regulars.inbox.models import Mailbox
from regulars.messaging.models import Account, Way
from regulars.staff.models import Team

_PLAIN: dict[str, Any] = {"spellcheck": "false", "autocomplete": "off"}
_OPTIONS = ("token_url", "client_id", "scope", "after", "move_to", "has_no_plus")
_SECRETS = ("password", "client_secret", "refresh_token")


class MailboxForm(PageForm):
    """Everything about a mailbox. A secret that is kept already is not shown, and stays where nothing is typed."""

    name = forms.CharField(label=_("Name"), max_length=80, help_text=_("How colleagues tell it from others."))
    address = forms.CharField(
        label=_("E-mail address"), max_length=254, widget=forms.TextInput(attrs={**_PLAIN, "inputmode": "email"})
    )
    host = forms.CharField(
        label=_("Server"),
        max_length=250,
        widget=forms.TextInput(attrs=_PLAIN),
        help_text=_("The name of the IMAP server, imap.example.com say."),
    )
    port = forms.IntegerField(label=_("Port"), min_value=1, max_value=65535, initial=993)
    security = forms.ChoiceField(
        label=_("Encryption"),
        choices=[("tls", _("TLS (usual)")), ("starttls", "STARTTLS"), ("none", _("None: own network only"))],
    )
    user = forms.CharField(
        label=_("User name"),
        max_length=254,
        widget=forms.TextInput(attrs=_PLAIN),
        help_text=_("Often the e-mail address itself."),
    )
    sign = forms.ChoiceField(label=_("Signs in by"), choices=Mailbox.Sign)
    password = forms.CharField(
        label=_("Password"), required=False, max_length=2000, widget=forms.PasswordInput(attrs=_PLAIN)
    )
    token_url = forms.CharField(
        label=_("Address of the provider's tokens"),
        required=False,
        max_length=500,
        widget=forms.TextInput(attrs=_PLAIN),
        help_text=_("The token endpoint, as its documents name it. It begins with https://."),
    )
    client_id = forms.CharField(
        label=_("Client ID"), required=False, max_length=500, widget=forms.TextInput(attrs=_PLAIN)
    )
    client_secret = forms.CharField(
        label=_("Client secret"), required=False, max_length=2000, widget=forms.PasswordInput(attrs=_PLAIN)
    )
    refresh_token = forms.CharField(
        label=_("Refresh token"), required=False, max_length=8000, widget=forms.PasswordInput(attrs=_PLAIN)
    )
    scope = forms.CharField(label=_("Scope"), required=False, max_length=500, widget=forms.TextInput(attrs=_PLAIN))
    folder = forms.CharField(
        label=_("Folder"),
        max_length=250,
        initial="INBOX",
        widget=forms.TextInput(attrs={**_PLAIN, "list": "folders"}),
        help_text=_("“Try to sign in” lists the folders there are."),
    )
    since = forms.DateField(
        label=_("From"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=_("Mails from this day on are fetched. Empty: all there are."),
    )
    after = forms.ChoiceField(
        label=_("On the server, what was fetched"),
        required=False,
        choices=[
            ("", _("stays as it is")),
            ("seen", _("is marked as read")),
            ("move", _("is moved to another folder")),
        ],
    )
    move_to = forms.CharField(
        label=_("That folder"),
        required=False,
        max_length=250,
        widget=forms.TextInput(attrs={**_PLAIN, "list": "folders"}),
    )
    has_no_plus = forms.ChoiceField(
        label=_("Customers answer to"),
        required=False,
        choices=[
            ("", _("name+number@…, by which an answer finds its inquiry")),
            ("1", _("the address alone: the server knows no +")),
        ],
    )
    account = forms.ModelChoiceField(
        label=_("Answers go out by"),
        queryset=Account.objects.none(),
        required=False,
        empty_label=_("the usual sender"),
    )
    channel = forms.ModelChoiceField(
        label=_("Channel"), queryset=Channel.objects.none(), required=False, empty_label="–"
    )
    team = forms.ModelChoiceField(label=_("Team"), queryset=Team.objects.none(), required=False, empty_label="–")

    def __init__(self, *args: Any, mailbox: Mailbox | None = None, **kwargs: Any) -> None:
        if mailbox is not None:
            kwargs.setdefault("initial", _initial(mailbox))
        super().__init__(*args, **kwargs)
        for name, rows in (
            ("account", Account.objects.filter(way=Way.EMAIL)),
            ("channel", Channel.objects.all()),
            ("team", Team.objects.all()),
        ):
            field: Any = self.fields[name]
            field.queryset = rows
        if mailbox is not None:
            for name in _SECRETS:
                self.fields[name].widget.attrs["placeholder"] = "••••••••"
                self.fields[name].help_text = gettext("It is kept, and not shown. Empty: it stays as it is.")

    def settings(self) -> Settings:
        """What was chosen, as the verbs want it."""
        given = dict(self.cleaned_data)
        options = {name: given.pop(name) for name in _OPTIONS}
        secrets = {name: given.pop(name) for name in _SECRETS}
        return Settings(**given, options=options, secrets=secrets)


def _initial(mailbox: Mailbox) -> dict[str, Any]:
    columns = ("name", "address", "host", "port", "security", "user", "sign", "folder", "since")
    return {
        **{name: getattr(mailbox, name) for name in columns},
        **{name: getattr(mailbox, f"{name}_id") for name in ("account", "channel", "team")},
        **mailbox.options,
    }
