"""Users and their API tokens."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from regulars.core import ids
from regulars.core.models import Row
from regulars.staff.roles import Role, permissions_of


class Users(BaseUserManager["User"]):
    """Finds users by their e-mail, whatever its capitals."""

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email=(username or "").strip().lower())


class User(AbstractBaseUser):
    """Someone who works in the shop. What they may do follows from their role."""

    id_prefix = "usr"

    email = models.EmailField(_("e-mail"), unique=True)
    name = models.CharField(_("name"), max_length=120)
    role = models.CharField(_("role"), max_length=16, choices=Role, default=Role.READ_ONLY)
    language = models.CharField(_("language"), max_length=16, blank=True, default="")
    theme = models.CharField(_("theme"), max_length=8, blank=True, default="")
    shows_keys = models.BooleanField(_("key line"), default=True)
    has_single_keys = models.BooleanField(_("single-key shortcuts"), default=True)
    list_columns = models.JSONField(default=list, blank=True)
    is_active = models.BooleanField(_("active"), default=True)
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
    def permissions(self) -> frozenset[str]:
        """Every permission this person has."""
        return permissions_of(self.role) if self.is_active else frozenset()

    def may(self, permission: str) -> bool:
        """Whether this person has the permission."""
        return permission in self.permissions


class ApiToken(Row):
    """A key for a program. Only its hash is kept; `scopes` are permissions, never more than its owner has."""

    id_prefix = "tok"

    name = models.CharField(_("name"), max_length=80)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="tokens")
    hash = models.CharField(max_length=64, unique=True, editable=False)
    hint = models.CharField(max_length=12, editable=False)
    scopes = models.JSONField(default=list)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, editable=False)
    revoked_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return self.name

    @property
    def role(self) -> str:
        """Whose role decides what it sees: its owner's."""
        return self.user.role

    @property
    def is_valid(self) -> bool:
        """Neither revoked nor expired, and its owner still works here."""
        now = timezone.now()
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > now) and self.user.is_active

    def may(self, permission: str) -> bool:
        """Whether the token has the scope, and its owner still the permission."""
        return permission in self.scopes and self.user.may(permission)


class SignInTry(models.Model):
    """Failed sign-ins, counted per e-mail and address, so that guessing is slow."""

    key = models.CharField(max_length=64, unique=True)
    failures = models.PositiveSmallIntegerField(default=0)
    last_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name_plural = "sign-in tries"

    def __str__(self) -> str:
        return f"{self.key}: {self.failures}"
