"""Invite somebody, change a colleague, let them go; and the form behind the link of an invitation."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from regulars.core.forms import PageForm
from regulars.staff import grants
from regulars.staff.models import Sees, Team, User
from regulars.staff.queries import colleagues, roles_to_give, team_list


class _GivesRole(PageForm):
    """Offers the roles that `by` may give, and all teams."""

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.known_teams: dict[str, Team] = {team.public_id: team for team in team_list()}
        roles: Any = self.fields["role"]
        offered = [(line.key, line.title) for line in roles_to_give(by)]
        # nobody becomes an owner because the list begins with it
        roles.choices = offered if self.initial.get("role") else [("", _("Choose a role")), *offered]
        teams: Any = self.fields["teams"]
        teams.choices = [(key, team.name) for key, team in self.known_teams.items()]
        if not self.known_teams or grants.of_person(by).sees != Sees.ALL:
            del self.fields["teams"]

    @property
    def chosen_teams(self) -> list[Team] | None:
        """The teams that were chosen; None where there is nothing to choose."""
        if "teams" not in self.fields:
            return None
        return [self.known_teams[key] for key in self.cleaned_data["teams"]]


class InviteForm(_GivesRole):
    email = forms.CharField(
        label=_("E-mail"), max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "off", "spellcheck": "false"})
    )
    name = forms.CharField(
        label=pgettext_lazy("person", "Name"), required=False, help_text=_("They can write it otherwise themselves.")
    )
    role = forms.ChoiceField(label=_("Role"))
    teams = forms.MultipleChoiceField(label=_("Teams"), required=False, widget=forms.CheckboxSelectMultiple)


class ColleagueForm(_GivesRole):
    role = forms.ChoiceField(label=_("Role"))
    teams = forms.MultipleChoiceField(label=_("Teams"), required=False, widget=forms.CheckboxSelectMultiple)

    @staticmethod
    def kept(person: User) -> dict[str, Any]:
        """What the form shows of somebody before it is changed."""
        return {"role": person.role, "teams": [team.public_id for team in person.teams.all()]}


class LeavingForm(PageForm):
    successor = forms.ChoiceField(label=_("Who takes over"), required=False)

    def __init__(self, *args: Any, person: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.known = {colleague.public_id: colleague for colleague in colleagues(besides=person)}
        field: Any = self.fields["successor"]
        field.choices = [("", _("Nobody")), *((key, colleague.name) for key, colleague in self.known.items())]

    @property
    def colleague(self) -> User | None:
        """The colleague who was chosen."""
        return self.known.get(self.cleaned_data["successor"])


class TeamForm(PageForm):
    name = forms.CharField(label=_("Name of the team"))
    members = forms.MultipleChoiceField(label=_("Members"), required=False, widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args: Any, team: Team | None = None, **kwargs: Any) -> None:
        if team is not None:
            kept = {"name": team.name, "members": [member.public_id for member in team.members.all()]}
            kwargs.setdefault("initial", kept)
        super().__init__(*args, **kwargs)
        self.known = {person.public_id: person for person in colleagues()}
        if team is not None:  # whoever is switched off for a while stays where they are
            self.known |= {member.public_id: member for member in team.members.all()}
        field: Any = self.fields["members"]
        field.choices = [(key, person.name) for key, person in self.known.items()]

    @property
    def chosen_members(self) -> list[User]:
        """The people who were chosen."""
        return [self.known[key] for key in self.cleaned_data["members"]]


class AcceptForm(PageForm):
    name = forms.CharField(
        label=pgettext_lazy("person", "Your name"), widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    password = forms.CharField(
        label=_("Password"),
        max_length=1024,
        strip=False,
        help_text=_("At least 12 characters. A short sentence is easy to keep in mind."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
