"""The form of an address that is told."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from regulars.channels.outgoing import messages
from regulars.core import shop
from regulars.core.api.schemas import EARLIEST, LATEST
from regulars.core.forms import PageForm
from regulars.staff.models import User
from regulars.timeline.facts import Fact

_VALUE = re.compile(r"%\(\w+\)[sd]")
_ROOMS = {
    "customer": _("Customers"),
    "order": _("Orders"),
    "return": _("Orders"),
    "payment": _("Orders"),
    "checkout": _("Orders"),
    "product": _("Products"),
    "message": _("Mail"),
}


@dataclass(frozen=True, slots=True)
class Choice:
    """A fact that can be ticked: its name, its sentence with dots where values stand, and whether it is."""

    name: str
    sentence: str
    is_on: bool


def sentence_of(fact: type[Fact]) -> str:
    """What a fact is called where none has happened: its sentence, with dots for values."""
    return _VALUE.sub("…", str(fact.sentence))


class EndpointForm(PageForm):
    """Where to send, and which facts. Nothing ticked means every one."""

    name = forms.CharField(label=_("Which system is it?"), max_length=80)
    url = forms.CharField(
        label=_("Address"),
        max_length=500,
        help_text=_("It begins with https:// and takes a POST."),
        widget=forms.URLInput(attrs={"spellcheck": "false", "autocomplete": "off", "inputmode": "url"}),
    )
    facts = forms.MultipleChoiceField(label=_("What it is told"), required=False, widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._facts = messages.facts_for(user)
        self.fields["facts"].choices = [(name, name) for name in self._facts]  # type: ignore[attr-defined]

    @property
    def rooms(self) -> list[tuple[str, list[Choice]]]:
        """What can be ticked, by what it is about."""
        chosen = set(self["facts"].value() or ())
        found: dict[str, list[Choice]] = defaultdict(list)
        for name, fact in self._facts.items():
            room = _ROOMS.get(name.partition(".")[0].removesuffix("s"), _("The shop"))
            found[str(room)].append(Choice(name, sentence_of(fact), name in chosen))
        return list(found.items())


class SinceForm(PageForm):
    """From which day on messages are sent once more."""

    since = forms.DateField(label=_("From this day on"), widget=forms.DateInput(attrs={"type": "date"}))

    def clean_since(self) -> Any:
        day = self.cleaned_data["since"]
        if not EARLIEST <= day.year <= LATEST:
            raise forms.ValidationError(_("There is no such day."))
        return shop.start_of(day)
