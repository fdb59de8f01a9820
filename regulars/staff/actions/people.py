"""Change what colleagues are: their role, their teams, and whether they are let in."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from regulars.core.errors import Invalid
from regulars.staff import grants
from regulars.staff.actions.sessions import end_sessions
from regulars.staff.facts import StaffChanged
from regulars.staff.models import StaffRole, Team, User
from regulars.staff.roles import Role
from regulars.timeline.actions import record


@transaction.atomic
def change_colleague(
    person: User, *, by: User | None, role: str | None = None, teams: Iterable[Team] | None = None
) -> User:
    """Give a colleague another role, or other teams. `by` is None for the command line, which may give everything.

    Raises Invalid, NotOneself, TooMuch and LastOwner.
    """
    by, (person,) = grants.hold(by, "staff.edit", person)
    wanted = None if teams is None else sorted(teams, key=lambda team: team.pk)
    has_other_teams = wanted is not None and {team.pk for team in wanted} != set(_team_ids(person))
    if role is not None and role != person.role:
        move_to_role(person, role=role, by=by)
    if has_other_teams and wanted is not None:
        grants.require_power_over(by, person)
        grants.require_teams(by)
        before = [team.name for team in person.teams.all()]
        person.teams.set(wanted)
        _tell(person, teams=[before, sorted(team.name for team in wanted)])
    return person


def move_to_role(person: User, *, role: str, by: User | None) -> None:
    """Give somebody who is held another role, inside a transaction, and sign them out of every browser.

    Raises Invalid, NotOneself, TooMuch and LastOwner.
    """
    definition = StaffRole.objects.select_for_update().filter(key=role).first()  # so that nobody deletes it meanwhile
    grant = grants.of_definition(definition) if definition is not None else grants.of_role(role)
    if grant is None:
        sentence = _("There is no such role.")
        raise Invalid(sentence, fields={"role": [sentence]})
    grants.require_power_over(by, person)
    grants.require_within(by, grant, role=role)
    if person.role == Role.OWNER != role:
        grants.require_other_owner(person)
    before = person.role
    person.role = role
    person.definition = definition
    person.save(update_fields=["role", "definition"])
    _tell(person, role=[before, role])
    end_sessions(person, why="role changed")


@transaction.atomic
def switch_off(person: User, *, by: User | None) -> int:
    """Let somebody in no more, until they are switched on again. Returns how many sessions ended with it.

    Their tokens do not work meanwhile. Switching off twice is the same as once. Raises NotOneself, TooMuch, LastOwner.
    """
    by, (person,) = grants.hold(by, "staff.edit", person)
    grants.require_power_over(by, person)
    if not person.is_active:
        return 0
    grants.require_other_owner(person)
    person.is_active = False
    person.save(update_fields=["is_active"])
    _tell(person, is_active=[True, False])
    return end_sessions(person, why="switched off")


@transaction.atomic
def switch_on(person: User, *, by: User | None) -> User:
    """Let somebody in again, also one who had left. Raises NotOneself and TooMuch."""
    by, (person,) = grants.hold(by, "staff.edit", person)
    grants.require_power_over(by, person)
    if not person.is_active:
        person.is_active, person.left_at = True, None
        person.save(update_fields=["is_active", "left_at"])
        _tell(person, is_active=[False, True])
    return person


def _team_ids(person: User) -> list[int]:
    return list(person.teams.values_list("pk", flat=True))


def _tell(person: User, **changes: list[Any]) -> None:
    record(StaffChanged(person=person.public_id, email=person.email, changes=changes), subject=person)
