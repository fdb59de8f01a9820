"""The editor of a role."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from regulars.core.forms import PageForm
from regulars.core.sight import GROUPS, Level
from regulars.staff import grants, reach
from regulars.staff.grants import Grant
from regulars.staff.models import Sees, User
from regulars.staff.queries import RoleLine
from regulars.staff.roles import PERMISSIONS
from regulars.staff.summary import Deed, rooms

LEVELS = ((Level.FULL, _("Shown")), (Level.MASKED, _("Masked")), (Level.HIDDEN, _("Hidden")))


class RoleForm(PageForm):
    """What a role is called, may do and sees. What `by` does not have themselves cannot be ticked."""

    version = forms.IntegerField(required=False, widget=forms.HiddenInput)
    name = forms.CharField(label=_("Name of the role"))
    permissions = forms.MultipleChoiceField(label=_("May"), required=False, choices=list(PERMISSIONS.items()))
    sees = forms.ChoiceField(label=_("Sees"), choices=Sees.choices, widget=forms.RadioSelect)
    channels = forms.MultipleChoiceField(label=_("Channels"), required=False, widget=forms.CheckboxSelectMultiple)
    needs_second_factor = forms.BooleanField(
        label=_("A second step at sign-in"),
        required=False,
        help_text=_("Whoever has this role sets one up at the next sign-in, and does nothing before that."),
    )

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.by, self.own = by, grants.of_person(by)
        channels: Any = self.fields["channels"]
        channels.choices = [(str(number), name) for number, name in reach.channels().items()]
        for group, label in GROUPS.items():
            choice = forms.ChoiceField(label=str(label), choices=LEVELS, required=False, widget=forms.RadioSelect)
            choice.widget.attrs["class"] = "check"
            self.fields[f"level_{group}"] = choice

    @staticmethod
    def kept(line: RoleLine, *, name: str | None = None) -> dict[str, Any]:
        """What the form shows of a role; with `name` as a copy that is called so."""
        grant = line.grant
        return {
            "version": line.version,
            "name": line.title if name is None else name,
            "permissions": sorted(grant.permissions),
            "sees": grant.sees,
            "channels": [str(number) for number in sorted(grant.channel_ids)],
            "needs_second_factor": grant.needs_second_factor,
            **{f"level_{group}": grant.level(group) for group in GROUPS},
        }

    @property
    def grant(self) -> Grant:
        """What was sent, as far as it can be read."""
        data = self.cleaned_data
        numbers = frozenset(int(number) for number in data.get("channels", ()))
        sees = data.get("sees") or Sees.ALL
        return Grant(
            permissions=frozenset(data.get("permissions", ())),
            sees=sees,
            channel_ids=numbers if sees == Sees.CHANNELS else frozenset(),
            fields={group: level for group in GROUPS if (level := data.get(f"level_{group}")) not in {"", None}},
            needs_second_factor=data.get("needs_second_factor", False),
        )

    @property
    def rooms(self) -> list[tuple[str, list[Deed]]]:
        """The permissions by rooms, as they are ticked now."""
        return rooms(frozenset(self["permissions"].value() or ()))

    @property
    def lacked(self) -> frozenset[str]:
        """The permissions that nobody can give who sits here."""
        return frozenset(PERMISSIONS) - self.own.permissions

    @property
    def levels(self) -> Iterator[tuple[str, forms.BoundField]]:
        """The protected groups of fields."""
        for group in GROUPS:
            yield group, self[f"level_{group}"]


class RoleDeletionForm(PageForm):
    """Which role the people get whose role is deleted."""

    move_to = forms.ChoiceField(label=_("They get the role"), required=False)

    def __init__(self, *args: Any, offered: list[RoleLine], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["move_to"]
        field.choices = [("", _("Choose a role")), *((line.key, line.title) for line in offered)]
