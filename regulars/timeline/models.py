"""An entry is a fact that was recorded; a seal proves that a block of entries is as it was."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone

from regulars.core.fields import SealedJson
from regulars.core.walls import Guarded
from regulars.timeline.facts import SEALED, Fact, fact_class


class Source(models.TextChoices):
    """By which door a change came in."""

    PAGE = "page"
    API = "api"
    IMPORT = "import"
    CHANNEL = "channel"
    SYSTEM = "system"
    COMMAND = "command"


class Entry(models.Model):
    """Append-only: what happened (`name`, `data`), when, to which customer and row, by whom, through which door.

    `at` is when it happened in the shop, `recorded_at` when we learned of it; `id` is the order of learning and
    therefore the cursor of every change feed. The two foreign keys point up by name only (see docs/architecture.md).
    `token_id` is the API token that a program acted with, for `actor`. `line` names the line of the spool that a read
    waited in, so that it becomes one entry and no second. Whoever changes an entry does so through
    `actions.blank_many`: everything else breaks its seal.
    """

    id = models.BigAutoField(primary_key=True)
    name = models.CharField(max_length=64)
    at = models.DateTimeField()
    recorded_at = models.DateTimeField(default=timezone.now)
    customer = models.ForeignKey(
        "customers.Customer", null=True, on_delete=models.SET_NULL, related_name="entries", db_index=False
    )
    actor = models.ForeignKey("staff.User", null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    token_id = models.BigIntegerField(null=True)
    source = models.CharField(max_length=8, choices=Source, default=Source.SYSTEM)
    subject_type = models.CharField(max_length=32, blank=True, default="")
    subject_id = models.BigIntegerField(null=True)
    data = SealedJson(keys=SEALED, is_history=True, default=dict)
    line = models.UUIDField(null=True)

    objects: ClassVar[models.Manager[Entry]] = Guarded()

    class Meta:
        ordering: ClassVar = ["-at", "-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["line"], name="entry_line", condition=models.Q(line__isnull=False)),
        ]
        indexes: ClassVar = [
            # the customer's timeline, newest first
            models.Index(fields=["customer", "at", "id"], name="entry_timeline"),
            # the audit page by kind and by person; what imports write is found by the customer or the day
            models.Index(fields=["name", "id"], name="entry_by_name", condition=~models.Q(source="import")),
            models.Index(fields=["actor", "id"], name="entry_by_actor", condition=~models.Q(source="import")),
        ]

    def __str__(self) -> str:
        return f"{self.name} at {self.at:%Y-%m-%d %H:%M}"

    @property
    def fact(self) -> type[Fact] | None:
        """The class that describes this entry; None where the fact has been retired."""
        return fact_class(self.name)


class Seal(models.Model):
    """A block of entries under a keyed seal: everything from `from_id` to `to_id` when it was made, in that order.

    `digests` holds 16 bytes for each entry, `gaps` the ids inside that nobody used. `mac` covers all columns and
    `previous`, the mac of the seal before: neither a block nor its order can be changed without the key.
    """

    number = models.BigIntegerField(primary_key=True)
    day = models.DateField()
    made_at = models.DateTimeField()
    from_id = models.BigIntegerField()
    to_id = models.BigIntegerField()
    count = models.PositiveIntegerField()
    gaps = models.TextField(default="[]")
    digests = models.BinaryField()
    key_name = models.CharField(max_length=40)
    previous = models.BinaryField()
    mac = models.BinaryField()

    class Meta:
        indexes: ClassVar = [
            # where in the log a day begins
            models.Index(fields=["made_at"], name="seal_by_moment"),
        ]

    def __str__(self) -> str:
        return f"{self.number}: {self.from_id} to {self.to_id}"


class Amendment(models.Model):
    """That an entry was changed lawfully after it was sealed: `by` is the entry that says so, with the new digest.

    The row itself proves nothing; it leads from the changed entry to the sealed one that names it.
    """

    id = models.BigAutoField(primary_key=True)
    entry_id = models.BigIntegerField()
    by_id = models.BigIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["entry_id", "by_id"], name="amendment_once"),
        ]
        indexes: ClassVar = [
            # whether everything that an entry says it changed has its row
            models.Index(fields=["by_id"], name="amendment_by"),
        ]

    def __str__(self) -> str:
        return f"{self.entry_id} by {self.by_id}"


class SealState(models.Model):
    """How far sealing is, one row: up to which id it waits for whom, and how the last proof of everything ended.

    On PostgreSQL an id is given out before its row is seen. `waiting` names the transactions that were running when
    `waiting_id` was the newest: when all of them have ended, nothing below it can still appear.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    waiting_id = models.BigIntegerField(null=True)
    waiting = models.JSONField(default=list)
    proven_at = models.DateTimeField(null=True)
    proven = models.JSONField(default=dict)

    class Meta:
        constraints: ClassVar = [models.CheckConstraint(condition=models.Q(id=1), name="one_seal_state")]

    def __str__(self) -> str:
        return f"sealing waits for {self.waiting_id}"
