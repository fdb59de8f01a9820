"""Reads of many rows: people, roles, teams, invitations, tokens."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, Exists, F, OuterRef, Prefetch, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, Greatest
from django.utils import timezone

from regulars.core import ids
from regulars.staff import grants
from regulars.staff.grants import Grant
from regulars.staff.models import ApiToken, Authenticator, Invitation, Passkey, Session, StaffRole, Team, User
from regulars.staff.roles import Role

SHOWN_AFTER = dt.timedelta(days=30)


@dataclass(frozen=True, slots=True)
class RoleLine:
    """A role as lists show it: what people call it, what it gives, and how many have it."""

    key: str
    title: str
    grant: Grant
    people: int
    row: StaffRole | None

    @property
    def is_built_in(self) -> bool:
        return self.key in Role.values

    @property
    def is_changed(self) -> bool:
        """Whether it is a built-in one that the shop changed."""
        return self.is_built_in and self.row is not None

    @property
    def is_owner(self) -> bool:
        return self.key == Role.OWNER

    @property
    def allowed(self) -> frozenset[str]:
        """What it comes down to: less what takes sight of all customers, where the role has none."""
        return self.row.allowed if self.row is not None and not self.is_owner else self.grant.permissions

    @property
    def version(self) -> int:
        return self.row.version if self.row is not None else 0


def role_list() -> list[RoleLine]:
    """Every role, the built-in ones first. Two queries."""
    rows = {row.key: row for row in StaffRole.objects.all()}
    counts = dict(User.objects.filter(left_at=None).values_list("role").annotate(Count("pk")).order_by())
    own = sorted((row for row in rows.values() if row.key not in Role.values), key=lambda row: row.name.casefold())
    keys = [*Role.values, *(row.key for row in own)]
    return [_role_line(key, rows.get(key), counts.get(key, 0)) for key in keys]


def role_titles() -> dict[str, str]:
    """What every role is called, by its key, the built-in ones first. One query."""
    rows = {row.key: row for row in StaffRole.objects.order_by("pk")}
    return {key: grants.title_of(key, rows.get(key)) for key in [*Role.values, *rows]}


def role_line(key: str) -> RoleLine | None:
    """One role, or None where there is none of that key."""
    row = StaffRole.objects.filter(key=key).first()
    if row is None and key not in Role.values:
        return None
    return _role_line(key, row, User.objects.filter(role=key, left_at=None).count())


def roles_to_give(by: User | None) -> list[RoleLine]:
    """The roles that somebody may give to others."""
    lines = role_list()
    if by is None:
        return lines
    own = grants.of_person(by)
    return [line for line in lines if not grants.why_not(by, line.key, line.grant, own=own)]


def roles_with(permission: str) -> list[str]:
    """What the roles are called that have a permission now, for the sentence that says whom to ask."""
    return [line.title for line in role_list() if permission in line.allowed]


def people_list() -> QuerySet[User]:
    """Everybody, who is let in first, with role, teams, last visit (`seen_at`) and second step. Two queries."""
    return _with_state(User.objects.select_related("definition").prefetch_related("teams")).order_by(
        "-is_active", F("left_at").desc(nulls_first=True), "name", "pk"
    )


def person(public_id: str) -> User | None:
    """One of the people, as the list knows them."""
    return people_list().filter(pk=ids.decode(User.id_prefix, public_id) or 0).first()


def colleagues(*, besides: User | None = None) -> QuerySet[User]:
    """Everybody who is let in."""
    return User.objects.filter(is_active=True).exclude(pk=besides.pk if besides else 0).order_by("name", "pk")


def team_list() -> QuerySet[Team]:
    """All teams with their members, by name. Two queries."""
    members = User.objects.order_by("name", "pk")
    return Team.objects.prefetch_related(Prefetch("members", queryset=members)).order_by("name")


def open_invitations() -> QuerySet[Invitation]:
    """Whoever is invited and has not come yet, the newest first; those that are too old for thirty days after."""
    now = timezone.now()
    waiting = Invitation.objects.filter(accepted_at=None, revoked_at=None, expires_at__gt=now - SHOWN_AFTER)
    return waiting.select_related("invited_by").prefetch_related("teams").order_by("-pk")


def token_list() -> tuple[Iterable[ApiToken], Iterable[ApiToken]]:
    """The tokens that work, and the hundred that stopped working last."""
    now = timezone.now()
    rows = ApiToken.objects.select_related("user__definition", "made_by").order_by("-pk")
    works = Q(revoked_at=None, user__is_active=True) & (Q(expires_at=None) | Q(expires_at__gt=now))
    return rows.filter(works), rows.exclude(works)[:100]


def _role_line(key: str, row: StaffRole | None, people: int) -> RoleLine:
    grant = grants.of_definition(row) if row is not None and key != Role.OWNER else grants.original(key)
    return RoleLine(key, grants.title_of(key, row), grant, people, row)


def _with_state(people: QuerySet[User]) -> QuerySet[User]:
    step = Q(Exists(Passkey.objects.filter(user=OuterRef("pk"))))
    step |= Q(Exists(Authenticator.objects.filter(user=OuterRef("pk"), confirmed_at__isnull=False)))
    sessions = Session.objects.filter(user=OuterRef("pk")).order_by("-seen_at").values("seen_at")
    came = Subquery(sessions[:1])
    # whoever signed out has no session left, and what is greatest beside nothing differs between databases
    seen = Greatest(Coalesce(came, "last_login"), Coalesce("last_login", came))
    return people.annotate(has_second_step=step, seen_at=seen)
