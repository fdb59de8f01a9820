"""What one person may give another: never more than they have themselves, and never to themselves.

A grant is all that a role gives: what may be done, whose customers are seen, and how much of each group of protected
fields. `beyond` compares two of them; the verbs for roles, people and invitations refuse by it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Any, ClassVar

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from regulars.core.errors import NotAllowed, Refusal
from regulars.core.sight import GROUPS, Level
from regulars.staff.models import Sees, StaffRole, User
from regulars.staff.roles import PERMISSIONS, Role, permissions_of

_HOW_MUCH = {Level.HIDDEN: 0, Level.MASKED: 1, Level.FULL: 2}
_NO_CHANNELS: frozenset[int] = frozenset()


class TooMuch(Refusal):
    """Somebody tried to give what they do not have."""

    status: ClassVar[int] = HTTPStatus.FORBIDDEN
    slug: ClassVar[str] = "gives-too-much"


class NotOneself(Refusal):
    """Nobody changes their own role, their own teams, or whether they are let in."""

    status: ClassVar[int] = HTTPStatus.FORBIDDEN
    slug: ClassVar[str] = "not-oneself"


class LastOwner(Refusal):
    """The shop would have no owner any more."""

    slug: ClassVar[str] = "last-owner"


class OwnerStays(Refusal):
    """The owner's role is what it is."""

    slug: ClassVar[str] = "owner-stays"


@dataclass(frozen=True, slots=True)
class Grant:
    """All that a role gives."""

    permissions: frozenset[str] = frozenset()
    sees: str = Sees.ALL
    channel_ids: frozenset[int] = _NO_CHANNELS
    fields: Mapping[str, str] = field(default_factory=dict)
    needs_second_factor: bool = False

    def level(self, group: str) -> Level:
        """How much of a group of fields is shown: all of it where nothing is said, nothing where nobody knows."""
        said = self.fields.get(group, Level.FULL)
        return Level(said) if said in tuple(Level) else Level.HIDDEN

    def plain(self) -> dict[str, Any]:
        """The same as JSON values, as facts tell of it."""
        return {
            "permissions": sorted(self.permissions),
            "sees": str(self.sees),
            "channel_ids": sorted(self.channel_ids),
            "fields": {group: str(level) for group, level in sorted(self.fields.items()) if level != Level.FULL},
            "needs_second_factor": self.needs_second_factor,
        }


def original(key: str) -> Grant:
    """What a built-in role gives as long as nobody changed it; an unknown role gives nothing."""
    return Grant(permissions=permissions_of(key))


def title_of(key: str, row: StaffRole | None) -> str:
    """What people call a role."""
    return (row.name if row is not None else "") or (str(Role(key).label) if key in Role.values else key)


def of_definition(row: StaffRole) -> Grant:
    """What a role gives by its row."""
    return Grant(
        permissions=frozenset(row.permissions) & PERMISSIONS.keys(),
        sees=row.sees,
        channel_ids=frozenset(row.channel_ids) if row.sees == Sees.CHANNELS else _NO_CHANNELS,
        fields=dict(row.fields),
        needs_second_factor=row.needs_second_factor,
    )


def of_role(key: str) -> Grant | None:
    """What a role gives now; None where there is no such role."""
    row = StaffRole.objects.filter(key=key).first()
    if row is not None:
        return of_definition(row)
    return original(key) if key in Role.values else None


def of_person(user: User) -> Grant:
    """What somebody has, whether they are let in now or not."""
    if user.definition is None or user.role == Role.OWNER:
        return original(user.role)
    return replace(of_definition(user.definition), permissions=user.definition.allowed)


def beyond(given: Grant, own: Grant) -> list[str]:
    """What of a grant goes beyond another one, in words; empty where it stays within."""
    found = [str(PERMISSIONS[name]) for name in PERMISSIONS if name in given.permissions - own.permissions]
    if not _sees_within(given, own):
        found.append(_("seeing customers that you do not see"))
    if any(_HOW_MUCH[given.level(group)] > _HOW_MUCH[own.level(group)] for group in GROUPS):
        found.append(_("seeing more of a customer than you do"))
    return found


def why_not(by: User, role: str, grant: Grant, *, own: Grant | None = None) -> list[str]:
    """What somebody lacks for giving a role that gives this much; empty where they may. `own` is what they have."""
    found = beyond(grant, own or of_person(by))
    if role == Role.OWNER != by.role:
        found.append(_("being an owner"))
    return found


def may_give(by: User | None, role: str) -> bool:
    """Whether somebody may give a role to another, or take it; the command line (None) may give each."""
    grant = of_role(role)
    return grant is not None and (by is None or (by.is_active and not why_not(by, role, grant)))


def require_within(by: User | None, grant: Grant, *, role: str = "") -> None:
    """Refuse whoever would give more than they have. Raises TooMuch."""
    if by is None:
        return
    why = why_not(by, role, grant)
    if why:
        words = pgettext("between the words of a list", ", ").join(why)
        raise TooMuch(_("Nobody gives more than they have. You lack: %(what)s.") % {"what": words})


def require_power_over(by: User | None, person: User) -> None:
    """Refuse whoever would change themselves, or somebody who may do more than they. Raises NotOneself, TooMuch."""
    if by is None:
        return
    if by.pk == person.pk:
        raise NotOneself(_("Nobody changes their own role, or switches themselves off. Ask a colleague."))
    why = why_not(by, person.role, of_person(person))
    if why:
        words = pgettext("between the words of a list", ", ").join(why)
        raise TooMuch(
            _("%(name)s may do more than you, so that this is not yours to change. You lack: %(what)s.")
            % {"name": person.name, "what": words}
        )


def require_teams(by: User | None) -> None:
    """Refuse whoever could widen by a team what they, or others, see. Raises TooMuch."""
    if by is not None and of_person(by).sees != Sees.ALL:
        raise TooMuch(_("Teams decide who sees which customers. Only who sees all customers may change them."))


def hold(by: User | None, permission: str, *people: User) -> tuple[User | None, list[User]]:
    """Who acts and whom it is about, as they are now, held until the transaction ends, and all owners with them.

    All are held in one order, so that of two who change each other at the same moment one waits, and is then refused by
    what the other did. Raises NotAllowed where who acts has lost the permission, or works here no more.
    """
    wanted = {person.pk for person in people} | ({by.pk} if by is not None else set())
    rows = User.objects.select_related("definition").select_for_update(of=("self",))
    held = {row.pk: row for row in rows.filter(Q(pk__in=wanted) | Q(role=Role.OWNER)).order_by("pk")}
    now = held[by.pk] if by is not None else None
    if now is not None and not now.may(permission):
        raise NotAllowed(
            _("You may not do this any more: %(what)s.") % {"what": PERMISSIONS[permission]}, permission=permission
        )
    return now, [held[person.pk] for person in people]


def require_other_owner(person: User) -> None:
    """Refuse to lose the last owner, of those that `hold` holds. Raises LastOwner."""
    ids = set(User.objects.filter(role=Role.OWNER, is_active=True).values_list("pk", flat=True))
    if ids == {person.pk}:
        raise LastOwner(_("%(name)s is the only owner. Make somebody else an owner first.") % {"name": person.name})


def _sees_within(given: Grant, own: Grant) -> bool:
    """Whether a role that sees `given` opens no wider view than `own`.

    Who sees all gives every view. Who sees less gives the same kind of view, or a part of its channels; a view of teams
    holds that of one person.
    """
    if own.sees == Sees.ALL:
        return True
    if own.sees == Sees.CHANNELS:
        return given.sees == Sees.CHANNELS and given.channel_ids <= own.channel_ids
    return given.sees == own.sees or (own.sees == Sees.TEAM and given.sees == Sees.OWN)
