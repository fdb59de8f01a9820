"""Make, change, give back and delete roles."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _

from regulars.core.errors import Invalid, Refusal, Stale
from regulars.core.sight import GROUPS, Level
from regulars.core.text import BadText, clean
from regulars.staff import grants, reach
from regulars.staff.actions.people import move_to_role
from regulars.staff.facts import RoleChanged, RoleCreated, RoleDeleted
from regulars.staff.grants import Grant
from regulars.staff.models import Invitation, Sees, StaffRole, User
from regulars.staff.roles import PERMISSIONS, Role
from regulars.timeline.actions import record

_NAME = 80
_KEY = 40


class RoleInUse(Refusal):
    """Somebody has the role, or is invited with it."""

    slug = "role-in-use"


@transaction.atomic
def create_role(*, by: User | None, name: str, grant: Grant) -> StaffRole:
    """A role of the shop's own. Raises Invalid, and TooMuch where it gives what `by` does not have."""
    by, _nobody = grants.hold(by, "roles.edit")
    name = _checked(name, grant)
    grants.require_within(by, grant)
    row = StaffRole(key=secrets.token_hex(_KEY // 2), name=name)
    _set(row, grant)
    row.save(force_insert=True)
    # with its number in it, no later role ever has the same key: who sees a field of the shop's own is kept by it
    row.key = f"{slugify(name)[: _KEY // 2].strip('-') or 'role'}-{row.pk}"
    row.save(update_fields=["key"])
    record(RoleCreated(role=row.key, title=name, values=grant.plain()), subject=row)
    return row


@transaction.atomic
def change_role(key: str, *, by: User | None, name: str, grant: Grant, version: int | None = None) -> StaffRole:
    """Change a role, built-in or own; the people who have it are held to it from their next request on.

    With `version` (0: a built-in role that nobody changed), only that version of it is changed. Raises Invalid, Stale,
    OwnerStays, NotOneself, and TooMuch where the role gave, or would give, what `by` does not have.
    """
    by, _nobody = grants.hold(by, "roles.edit")
    row = _locked(key)
    _require_power(by, key, row)
    if version is not None and version != (row.version if row else 0):
        raise Stale(_("Somebody else changed this role since you opened it. Look at it again."))
    name = _checked(name, grant, key=key)
    grants.require_within(by, grant)
    before = {"name": grants.title_of(key, row), **(grants.of_definition(row) if row else grants.original(key)).plain()}
    if row is None:
        row = StaffRole(key=key)
    else:
        row.version += 1
    row.name = "" if name == _built_in_name(key) else name
    _set(row, grant)
    row.updated_at = timezone.now()
    row.save()
    User.objects.filter(role=key).exclude(definition=row).update(definition=row)
    after = {"name": grants.title_of(key, row), **grants.of_definition(row).plain()}
    _tell(row, before, after)
    return row


@transaction.atomic
def give_back_role(key: str, *, by: User | None) -> None:
    """Let a built-in role be again what it was. Nothing happens to one that nobody changed.

    Raises NotOneself, and TooMuch where the role gave, or would give again, what `by` does not have.
    """
    by, _nobody = grants.hold(by, "roles.edit")
    row = _locked(key)
    _require_power(by, key, row)
    if row is None or key not in Role.values:
        return
    first = grants.original(key)
    grants.require_within(by, first)
    before = {"name": grants.title_of(key, row), **grants.of_definition(row).plain()}
    people = User.objects.filter(role=key).update(definition=None)
    changes = _differences(before, {"name": _built_in_name(key), **first.plain()})
    record(RoleChanged(role=key, title=_built_in_name(key), changes=changes, people=people), subject=row)
    row.delete()


@transaction.atomic
def delete_role(key: str, *, by: User | None, move_to: str = "") -> None:
    """Delete a role of the shop's own; whoever has it, or is invited with it, gets the role `move_to` in the same step.

    Raises RoleInUse where somebody has it and no other role is named, and what `move_to_role` raises.
    """
    by, people = grants.hold(by, "roles.edit", *User.objects.filter(role=key))
    row = _locked(key)
    if row is None or key in Role.values:
        sentence = _("Only roles of your own can be deleted.")
        raise Invalid(sentence, fields={"role": [sentence]})
    _require_power(by, key, row)
    invited = Invitation.objects.filter(role=key, accepted_at__isnull=True, revoked_at__isnull=True)
    if (people or invited.exists()) and not move_to:
        raise RoleInUse(_("Somebody has this role, or is invited with it. Say which role they get."))
    if move_to:
        new = grants.of_role(move_to) if move_to != key else None
        if new is None:
            sentence = _("There is no such role.")
            raise Invalid(sentence, fields={"move_to": [sentence]})
        grants.require_within(by, new, role=move_to)
        for person in people:
            move_to_role(person, role=move_to, by=by)
        invited.update(role=move_to, updated_at=timezone.now())
    values = grants.of_definition(row).plain()
    record(RoleDeleted(role=key, title=row.name, values=values, moved_to=move_to if people else ""), subject=row)
    row.delete()


def _built_in_name(key: str) -> str:
    return str(Role(key).label) if key in Role.values else ""


def _locked(key: str) -> StaffRole | None:
    row = StaffRole.objects.select_for_update().filter(key=key).first()
    if row is None and key not in Role.values:
        sentence = _("There is no such role.")
        raise Invalid(sentence, fields={"role": [sentence]})
    return row


def _require_power(by: User | None, key: str, row: StaffRole | None) -> None:
    """Refuse the owner's role, one's own, and one that gives what `by` does not have."""
    if key == Role.OWNER:
        raise grants.OwnerStays(_("The owner’s role cannot be changed: somebody must be able to do everything."))
    if by is not None and by.role == key:
        raise grants.NotOneself(_("This is your own role. Somebody with another one has to change it."))
    grants.require_within(by, grants.of_definition(row) if row else grants.original(key))


def _checked(name: str, grant: Grant, *, key: str = "") -> str:
    """The name as it is kept. Raises Invalid with every reason at its field."""
    wrong: dict[str, list[str]] = {}
    try:
        name = clean(name, limit=_NAME)
    except BadText as bad:
        wrong["name"] = [str(bad)]
    else:
        if not name:
            wrong["name"] = [_("A role needs a name.")]
        elif name.casefold() in _names_besides(key):
            wrong["name"] = [_("Another role is called so.")]
    if why := _wrong_permissions(grant):
        wrong["permissions"] = why
    known = reach.channels()
    if grant.sees not in Sees.values:
        wrong["sees"] = [_("There is no such view.")]
    elif grant.sees == Sees.CHANNELS and not grant.channel_ids:
        wrong["channels"] = [_("Choose at least one channel.")]
    elif grant.sees == Sees.CHANNELS and not grant.channel_ids <= known.keys():
        wrong["channels"] = [_("There is no such channel.")]
    if not (grant.fields.keys() <= set(GROUPS) and set(grant.fields.values()) <= set(Level)):
        wrong["fields"] = [_("There is no such group of fields.")]
    if wrong:
        raise Invalid(_("The role cannot be saved like this."), fields=wrong)
    return name


def _wrong_permissions(grant: Grant) -> list[str]:
    """Why these permissions make no sense together: whoever changes something has to see it."""
    if not grant.permissions <= PERMISSIONS.keys():
        return [_("There is no such permission.")]
    wrong = []
    for name in sorted(grant.permissions):
        look = f"{name.partition('.')[0]}.view"
        if look in PERMISSIONS and look not in grant.permissions:
            wrong.append(_("“%(deed)s” needs “%(look)s”.") % {"deed": PERMISSIONS[name], "look": PERMISSIONS[look]})
    return wrong


def _names_besides(key: str) -> set[str]:
    changed = {row.key: row for row in StaffRole.objects.all()}
    return {grants.title_of(known, changed.get(known)).casefold() for known in {*Role.values, *changed} if known != key}


def _set(row: StaffRole, grant: Grant) -> None:
    values = grant.plain()
    row.permissions, row.sees, row.fields = values["permissions"], values["sees"], values["fields"]
    row.channel_ids = values["channel_ids"] if grant.sees == Sees.CHANNELS else []
    row.needs_second_factor = grant.needs_second_factor


def _tell(row: StaffRole, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    changes = _differences(before, after)
    if changes:
        people = User.objects.filter(role=row.key).count()
        record(RoleChanged(role=row.key, title=after["name"], changes=changes, people=people), subject=row)


def _differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, list[Any]]:
    return {name: [before[name], value] for name, value in after.items() if before[name] != value}
