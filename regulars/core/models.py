"""The base every table stands on, and the one row that describes the shop."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from regulars.core import ids


class Row(models.Model):
    """A row with a public id, its two moments, and a version that two editors cannot both raise."""

    id_prefix: ClassVar[str]

    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        abstract = True

    @property
    def public_id(self) -> str:
        return ids.encode(self.id_prefix, self.pk)

    @property
    def etag(self) -> str:
        """The version as HTTP quotes it."""
        return f'"{self.version}"'

    @classmethod
    def pk_of(cls, public_id: str) -> int | None:
        """The primary key behind a public id of this table, or None."""
        return ids.decode(cls.id_prefix, public_id)

    @classmethod
    def by_public_id(cls, public_id: str, **conditions: Any) -> Self:
        """The row of that public id; raises the model's DoesNotExist."""
        return cls._default_manager.get(pk=cls.pk_of(public_id) or 0, **conditions)


class Shop(models.Model):
    """The business of this installation: one row, ever (see docs/decisions)."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    name = models.CharField(_("shop name"), max_length=120, default="Regulars")
    currency = models.CharField(_("currency"), max_length=3, default="EUR")
    time_zone = models.CharField(_("time zone"), max_length=64, default="Europe/Berlin")
    country = models.CharField(_("country"), max_length=2, default="DE")
    language = models.CharField(_("language"), max_length=16, default="en")

    class Meta:
        constraints: ClassVar = [models.CheckConstraint(condition=models.Q(id=1), name="one_shop")]

    def __str__(self) -> str:
        return self.name


class Lease(models.Model):
    """What the backend's row of a job leaves open: who does it until when, how often it was tried, how far it is."""

    job = models.OneToOneField(
        "django_tasks_database.DBTaskResult", primary_key=True, on_delete=models.CASCADE, related_name="lease"
    )
    worker = models.CharField(max_length=64, blank=True, default="")
    until = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.TextField(blank=True, default="")
    done = models.PositiveBigIntegerField(default=0)
    total = models.PositiveBigIntegerField(default=0)
    is_cancelled = models.BooleanField(default=False)

    class Meta:
        indexes: ClassVar = [
            # which leases have run out
            models.Index(fields=["until"], name="lease_until", condition=models.Q(until__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.job_id}: attempt {self.attempts}"


class Schedule(models.Model):
    """The last slot of a verb that runs by the clock, and the job it became."""

    verb = models.CharField(max_length=200, unique=True)
    slot = models.DateTimeField()
    job_id = models.UUIDField(null=True)

    def __str__(self) -> str:
        return f"{self.verb} at {self.slot:%Y-%m-%d %H:%M}"


class IdempotentCall(models.Model):
    """A write of the API that came with an Idempotency-Key, and what it was answered (core/api/idempotency.py).

    `status` is null while the call is being carried out, which nobody outside its transaction sees.
    """

    id = models.BigAutoField(primary_key=True)
    caller_id = models.BigIntegerField()
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True)
    headers = models.JSONField(default=dict)
    body = models.TextField(blank=True, default="")
    about = models.CharField(max_length=24, blank=True, default="")
    is_forgotten = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["caller_id", "key"], name="idempotent_call_once"),
        ]
        indexes: ClassVar = [
            # pruning
            models.Index(fields=["created_at"], name="idempotent_call_by_age"),
            # forgetting a person
            models.Index(fields=["about"], name="idempotent_call_about", condition=~models.Q(about="")),
        ]

    def __str__(self) -> str:
        return f"{self.key}: {self.status}"

    @property
    def is_answered(self) -> bool:
        return self.status is not None


class WrappedKey(models.Model):
    """A key that data are encrypted with, itself encrypted under the key ring's key `key_id` (core/sealing.py).

    These rows never enter a backup with the data: a backup keeps the newest of them apart, and no older ones, so that
    a key that was destroyed here cannot be brought back from there.
    """

    name = models.CharField(max_length=40, unique=True)
    key_id = models.CharField(max_length=8)
    value = models.TextField()
    changed_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.name


class BackupRun(models.Model):
    """A backup in one place: what was taken, and what was found when it was restored and looked at (core/backup)."""

    class State(models.TextChoices):
        TAKING = "taking", _("being taken")
        TAKEN = "taken", _("not proven yet")
        PROVEN = "proven", _("proven")
        DAMAGED = "damaged", _("damaged")
        FAILED = "failed", _("not taken")

    name = models.CharField(max_length=80)
    place = models.CharField(max_length=250)
    state = models.CharField(max_length=8, choices=State, default=State.TAKING)
    began_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True)
    proven_at = models.DateTimeField(null=True)
    size = models.PositiveBigIntegerField(default=0)
    digest = models.CharField(max_length=64, blank=True, default="")
    rows = models.PositiveBigIntegerField(default=0)
    checked = models.JSONField(default=list)
    error = models.TextField(blank=True, default="")

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["name", "place"], name="backup_once_in_a_place")]

    def __str__(self) -> str:
        return f"{self.name}: {self.state}"


class KeysCopy(models.Model):
    """How new the copy of the wrapped keys is that lies beside the backups of a place (core/backup/keys.py)."""

    place = models.CharField(max_length=250, unique=True)
    wanted_at = models.DateTimeField()
    replaced_at = models.DateTimeField(null=True)
    error = models.TextField(blank=True, default="")

    def __str__(self) -> str:
        return self.place


class Restoration(models.Model):
    """A moment at which this database was restored from a backup; until somebody releases it, nothing leaves it."""

    backup = models.CharField(max_length=80)
    taken_at = models.DateTimeField()
    restored_at = models.DateTimeField(default=timezone.now)
    released_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.backup}, restored {self.restored_at:%Y-%m-%d %H:%M}"


class LiveEvent(models.Model):
    """Something that open pages are told (core/live); kept for some minutes, for who was away for a moment."""

    id = models.BigAutoField(primary_key=True)
    topic = models.CharField(max_length=80)
    data = models.JSONField(default=dict)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes: ClassVar = [
            # who is here now
            models.Index(fields=["topic", "at"], name="live_event_by_topic"),
            # forgetting
            models.Index(fields=["at"], name="live_event_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.topic} at {self.at:%Y-%m-%d %H:%M:%S}"
