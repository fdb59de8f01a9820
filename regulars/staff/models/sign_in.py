"""How people prove who they are, and what being signed in leaves behind."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from regulars.core.models import Row
from regulars.staff.models.people import User


class SignInTry(models.Model):
    """Failed sign-ins, counted under a key (see actions/throttle.py), so that guessing is slow."""

    key = models.CharField(max_length=64, unique=True)
    failures = models.PositiveSmallIntegerField(default=0)
    last_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name_plural = "sign-in tries"

    def __str__(self) -> str:
        return f"{self.key}: {self.failures}"


class Session(models.Model):
    """A browser that is signed in, or on its way. The cookie's value is not kept, only its hash, which is the key here.

    So whoever reads this table, or a backup of it, cannot take anybody's place. `data` is what Django keeps in a
    session, and among it when it began, with which browser and from where (staff/sessions.py).
    """

    key = models.CharField(max_length=64, primary_key=True)
    user = models.ForeignKey(User, null=True, on_delete=models.CASCADE, related_name="sessions")
    data = models.TextField()
    began_at = models.DateTimeField(default=timezone.now)
    seen_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.key[:8]} since {self.began_at:%Y-%m-%d %H:%M}"

    @property
    def public_id(self) -> str:
        """How pages call it: enough of the hash to find it among somebody's own."""
        return self.key[:20]


class Authenticator(models.Model):
    """The app that shows somebody's codes (TOTP, RFC 6238). `secret` is sealed; `last_step` makes a code good once.

    There is none before the first code was typed back: whoever has a row here is asked for codes.
    """

    user = models.OneToOneField(User, primary_key=True, on_delete=models.CASCADE, related_name="authenticator")
    secret = models.TextField()
    confirmed_at = models.DateTimeField(default=timezone.now)
    last_step = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.user_id} since {self.confirmed_at}"


class Passkey(Row):
    """A key that lives in somebody's device (WebAuthn): the second step, or all of signing in."""

    id_prefix = "pky"

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="passkeys")
    name = models.CharField(_("name"), max_length=80)
    credential_id = models.CharField(max_length=1400, unique=True)
    public_key = models.TextField()
    sign_count = models.BigIntegerField(default=0)
    transports = models.JSONField(default=list)
    last_used_at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar = ["id"]

    def __str__(self) -> str:
        return self.name


class RecoveryCode(models.Model):
    """For the day the phone is gone: good once in place of the second step. Only the hash is kept."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="recovery_codes")
    hash = models.CharField(max_length=64)
    used_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "hash"], name="recovery_code_once"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id}: {'used' if self.used_at else 'good'}"


class OutsideIdentity(models.Model):
    """Who somebody is at the sign-in service of the house: what the service calls them, which never changes there."""

    issuer = models.CharField(max_length=255)
    subject = models.CharField(max_length=255)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="outside_identities")
    email = models.EmailField(_("e-mail"))
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name_plural = "outside identities"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["issuer", "subject"], name="outside_identity_once"),
            models.UniqueConstraint(fields=["issuer", "user"], name="outside_identity_of_one"),
        ]

    def __str__(self) -> str:
        return f"{self.email} at {self.issuer}"
