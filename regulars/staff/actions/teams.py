"""Make, change and delete teams."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from regulars.core.errors import Invalid
from regulars.core.text import BadText, clean
from regulars.staff import grants
from regulars.staff.facts import TeamChanged
from regulars.staff.models import Team, User
from regulars.timeline.actions import record


@transaction.atomic
def create_team(*, by: User | None, name: str, members: Iterable[User] = ()) -> Team:
    """Colleagues who look after customers together. Raises Invalid and TooMuch."""
    by, _nobody = grants.hold(by, "staff.edit")
    grants.require_teams(by)
    team = Team.objects.create(name=_free_name(name))
    team.members.set(members)
    _tell(team, "made", {"name": ["", team.name], "members": [[], _emails(team)]})
    return team


@transaction.atomic
def change_team(team: Team, *, by: User | None, name: str, members: Iterable[User]) -> Team:
    """Another name, other members. Raises Invalid and TooMuch."""
    by, _nobody = grants.hold(by, "staff.edit")
    grants.require_teams(by)
    team = Team.objects.select_for_update().get(pk=team.pk)
    before = {"name": team.name, "members": _emails(team)}
    team.name = _free_name(name, besides=team)
    team.updated_at = timezone.now()
    team.version += 1
    team.save(update_fields=["name", "updated_at", "version"])
    team.members.set(members)
    after = {"name": team.name, "members": _emails(team)}
    changes = {field: [before[field], value] for field, value in after.items() if before[field] != value}
    if changes:
        _tell(team, "changed", changes)
    return team


@transaction.atomic
def delete_team(team: Team, *, by: User | None) -> None:
    """Delete a team; its people stay. Raises TooMuch."""
    by, _nobody = grants.hold(by, "staff.edit")
    grants.require_teams(by)
    team = Team.objects.select_for_update().get(pk=team.pk)
    _tell(team, "deleted", {"name": [team.name, ""], "members": [_emails(team), []]})
    team.delete()


def _free_name(name: str, *, besides: Team | None = None) -> str:
    try:
        name = clean(name, limit=80)
    except BadText as bad:
        raise Invalid(str(bad), fields={"name": [str(bad)]}) from bad
    sentence = ""
    if not name:
        sentence = _("A team needs a name.")
    elif Team.objects.filter(name__iexact=name).exclude(pk=besides.pk if besides else 0).exists():
        sentence = _("Another team is called so.")
    if sentence:
        raise Invalid(sentence, fields={"name": [sentence]})
    return name


def _emails(team: Team) -> list[str]:
    return sorted(team.members.values_list("email", flat=True))


def _tell(team: Team, deed: str, changes: dict[str, list[Any]]) -> None:
    record(TeamChanged(team=team.public_id, title=team.name, deed=deed, changes=changes), subject=team)
