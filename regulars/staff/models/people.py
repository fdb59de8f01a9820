"""People, teams, and who is invited."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from regulars.core import ids
from regulars.core.models import Row
from regulars.staff.models.roles import StaffRole
from regulars.staff.roles import Role, permissions_of


class Users(BaseUserManager["User"]):
    """Finds users by their e-mail, whatever its capitals."""

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email=(username or "").strip().lower())


class User(AbstractBaseUser):
    """Someone who works in the shop. What they may do follows from their role.

    `role` names it; `definition` is its row, where it has one, so that whoever loads a person has the role as well.
    """

    id_prefix = "usr"

    email = models.EmailField(_("e-mail"), unique=True)
    name = models.CharField(_("name"), max_length=120)
    role = models.CharField(_("role"), max_length=40, default=Role.READ_ONLY)
    definition = models.ForeignKey(
        StaffRole, null=True, blank=True, on_delete=models.PROTECT, related_name="people", editable=False
    )
    language = models.CharField(_("language"), max_length=16, blank=True, default="")
    theme = models.CharField(_("theme"), max_length=8, blank=True, default="")
    shows_keys = models.BooleanField(_("key line"), default=True)
    has_single_keys = models.BooleanField(_("single-key shortcuts"), default=True)
    list_columns = models.JSONField(default=list, blank=True)
    is_active = models.BooleanField(_("active"), default=True)
    left_at = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar = ["name"]

    objects = Users()

    class Meta:
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def public_id(self) -> str:
        return ids.encode(self.id_prefix, self.pk)

    @property
    def initials(self) -> str:
        """Two letters for the avatar: first of the first and of the last word."""
        words = self.name.split()
        return "".join(word[0] for word in [*words[:1], *words[1:][-1:]]).upper()

    @property
    def role_name(self) -> str:
        """What people call this person's role."""
        if self.definition is not None and self.definition.name:
            return self.definition.name
        return str(Role(self.role).label) if self.role in Role.values else self.role

    @property
    def permissions(self) -> frozenset[str]:
        """Every permission this person has: what the shop says of their role, else what the role is built to do."""
        if not self.is_active:
            return frozenset()
        if self.definition is not None and self.role != Role.OWNER:
            return self.definition.allowed
        return permissions_of(self.role)

    def may(self, permission: str) -> bool:
        """Whether this person has the permission."""
        return permission in self.permissions


class Team(Row):
    """Colleagues who look after customers together."""

    id_prefix = "tea"

    name = models.CharField(_("name"), max_length=80, unique=True)
    members = models.ManyToManyField(User, related_name="teams", blank=True)

    class Meta:
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name


class Invitations(models.Manager["Invitation"]):
    """Finds those that still hold."""

    def open(self) -> models.QuerySet[Invitation]:
        """Neither accepted nor withdrawn, and not too old."""
        waiting = self.filter(accepted_at__isnull=True, revoked_at__isnull=True)
        return waiting.filter(expires_at__gt=timezone.now())


class Invitation(Row):
    """Somebody may come to work here: a link, of which only the hash is kept, good once and until it expires."""

    id_prefix = "inv"

    email = models.EmailField(_("e-mail"))
    name = models.CharField(_("name"), max_length=120, blank=True, default="")
    role = models.CharField(_("role"), max_length=40)
    teams = models.ManyToManyField(Team, blank=True, related_name="+")
    invited_by = models.ForeignKey(User, null=True, on_delete=models.CASCADE, related_name="+")  # None: command line
    hash = models.CharField(max_length=64, unique=True, editable=False)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, editable=False)
    revoked_at = models.DateTimeField(null=True, editable=False)

    objects = Invitations()

    class Meta:
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return self.email

    @property
    def is_expired(self) -> bool:
        """Whether nobody used it in time."""
        is_waiting = self.accepted_at is None and self.revoked_at is None
        return is_waiting and self.expires_at <= timezone.now()

    @property
    def is_open(self) -> bool:
        """Whether the link holds."""
        return self.accepted_at is None and self.revoked_at is None and self.expires_at > timezone.now()
