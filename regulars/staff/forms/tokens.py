"""A new key for a program."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from regulars.core.forms import PageForm
from regulars.staff.models import User
from regulars.staff.roles import PERMISSIONS
from regulars.staff.summary import Deed, rooms


class TokenForm(PageForm):
    """A new API token: what for, what it may do, for how long, and from where."""

    ENDS = ((30, _("30 days")), (90, _("90 days")), (365, _("A year")))

    name = forms.CharField(label=_("What is it for?"), help_text=_("The program that will use it, and where it runs."))
    ends = forms.TypedChoiceField(label=_("Ends after"), choices=ENDS, coerce=int, initial=90)
    networks = forms.CharField(
        label=_("Only from these addresses"),
        required=False,
        help_text=_("IP addresses or networks, like 203.0.113.7 or 203.0.113.0/24. Empty: from anywhere."),
        widget=forms.TextInput(attrs={"spellcheck": "false", "autocomplete": "off"}),
    )
    scopes = forms.MultipleChoiceField(
        label=_("May"), required=False, widget=forms.CheckboxSelectMultiple, choices=list(PERMISSIONS.items())
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["scopes"].choices = [  # type: ignore[attr-defined]
            (name, label) for name, label in PERMISSIONS.items() if user.may(name)
        ]

    @property
    def expires_at(self) -> dt.datetime:
        """When it ends, counted from now."""
        return timezone.now() + dt.timedelta(days=self.cleaned_data["ends"])

    @property
    def rooms(self) -> list[tuple[str, list[Deed]]]:
        """What can be ticked, by rooms."""
        mine = {name for name, _label in self.fields["scopes"].choices}  # type: ignore[attr-defined]
        found = [
            (room, [deed for deed in deeds if deed.name in mine])
            for room, deeds in rooms(frozenset(self["scopes"].value() or ()))
        ]
        return [(room, deeds) for room, deeds in found if deeds]

    @property
    def addresses(self) -> list[str]:
        """The networks, one by one."""
        said: str = self.cleaned_data["networks"]
        return said.replace(",", " ").split()
