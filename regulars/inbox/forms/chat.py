"""The form of a chat."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from regulars.channels.models import Channel
from regulars.core.forms import PageForm
from regulars.inbox.models import Calendar, Chat, Mailbox, Topic
from regulars.staff.models import Team

_COLUMNS = ("name", "colour", "side", "asks_name", "asks_email", "away_after", "shows_names", "keeps_page")
_LINKS = ("channel", "team", "topic", "calendar", "mailbox")
_GREETINGS = {"greeting_en": "en", "greeting_zh": "zh-hans"}
_LINES: dict[str, Any] = {"rows": 2}


class ChatForm(PageForm):
    """How it looks, where it may stand, where its inquiries go, who is there, and what is asked."""

    name = forms.CharField(label=_("Name"), max_length=80, help_text=_("How colleagues tell it from others."))
    greeting_en = forms.CharField(
        label=_("Greeting in English"), required=False, max_length=400, widget=forms.Textarea(attrs=_LINES)
    )
    greeting_zh = forms.CharField(
        label=_("Greeting in Chinese"), required=False, max_length=400, widget=forms.Textarea(attrs=_LINES)
    )
    colour = forms.CharField(
        label=_("Colour"), max_length=7, initial="#1f4e4a", widget=forms.TextInput(attrs={"type": "color"})
    )
    side = forms.ChoiceField(label=_("Stands at the bottom"), choices=Chat.Side)
    origins = forms.CharField(
        label=_("Addresses of the shop’s pages"),
        widget=forms.Textarea(attrs={"rows": 2, "spellcheck": "false", "placeholder": "https://shop.example"}),
        help_text=_("One in a line. Pages of other addresses cannot speak with the chat."),
        required=False,
        max_length=4000,
    )
    channel = forms.ModelChoiceField(
        label=_("Channel"), queryset=Channel.objects.none(), required=False, empty_label="–"
    )
    team = forms.ModelChoiceField(label=_("Team"), queryset=Team.objects.none(), required=False, empty_label="–")
    topic = forms.ModelChoiceField(label=_("Topic"), queryset=Topic.objects.none(), required=False, empty_label="–")
    calendar = forms.ModelChoiceField(
        label=_("Somebody is there in the hours of"),
        queryset=Calendar.objects.none(),
        required=False,
        empty_label=_("the usual working hours"),
    )
    away_after = forms.IntegerField(
        label=_("Nobody is there after so many minutes without anybody signed in"),
        min_value=0,
        max_value=600,
        initial=15,
        help_text=_("0: the hours alone decide."),
    )
    asks_name = forms.ChoiceField(label=_("Asks for a name"), choices=Chat.Asked, initial=Chat.Asked.OPTIONAL)
    asks_email = forms.ChoiceField(label=_("Asks for an e-mail"), choices=Chat.Asked, initial=Chat.Asked.AWAY)
    mailbox = forms.ModelChoiceField(
        label=_("Goes on by mail from"),
        queryset=Mailbox.objects.none(),
        required=False,
        empty_label=_("the usual sender"),
    )
    shows_names = forms.BooleanField(label=_("Shows the first name of who answers"), required=False, initial=True)
    keeps_page = forms.BooleanField(label=_("Keeps on which page somebody wrote"), required=False)

    def __init__(self, *args: Any, chat: Chat | None = None, **kwargs: Any) -> None:
        if chat is not None:
            kwargs.setdefault("initial", _initial(chat))
        super().__init__(*args, **kwargs)
        for name, rows in (
            ("channel", Channel.objects.all()),
            ("team", Team.objects.all()),
            ("topic", Topic.objects.filter(is_archived=False)),
            ("calendar", Calendar.objects.all()),
            ("mailbox", Mailbox.objects.all()),
        ):
            field: Any = self.fields[name]
            field.queryset = rows

    def values(self) -> dict[str, Any]:
        """What was chosen, as the verb wants it."""
        given = self.cleaned_data
        return {
            **{name: given[name] for name in (*_COLUMNS, *_LINKS)},
            "greeting": {language: given[name] for name, language in _GREETINGS.items()},
            "origins": given["origins"].split(),
        }


def _initial(chat: Chat) -> dict[str, Any]:
    return {
        **{name: getattr(chat, name) for name in _COLUMNS},
        **{name: getattr(chat, f"{name}_id") for name in _LINKS},
        **{name: chat.greeting.get(language, "") for name, language in _GREETINGS.items()},
        "origins": "\n".join(chat.origins),
    }
