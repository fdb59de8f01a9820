"""One table: an entry is a fact that was recorded."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone

from regulars.core.walls import Guarded
from regulars.timeline.facts import Fact, fact_class


class Source(models.TextChoices):
    """By which door a change came in."""

    PAGE = "page"
    API = "api"
    IMPORT = "import"
    CHANNEL = "channel"
    SYSTEM = "system"


class Entry(models.Model):
    """Append-only: what happened (`name`, `data`), when, to which customer and row, by whom, through which door.

    `at` is when it happened in the shop, `recorded_at` when we learned of it; `id` is the order of learning and
    therefore the cursor of every change feed. The two foreign keys point up by name only (see docs/architecture.md).
    """

    id = models.BigAutoField(primary_key=True)
    name = models.CharField(max_length=64)
    at = models.DateTimeField()
    recorded_at = models.DateTimeField(default=timezone.now)
    customer = models.ForeignKey(
        "customers.Customer", null=True, on_delete=models.SET_NULL, related_name="entries", db_index=False
    )
    actor = models.ForeignKey("staff.User", null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    source = models.CharField(max_length=8, choices=Source, default=Source.SYSTEM)
    subject_type = models.CharField(max_length=32, blank=True, default="")
    subject_id = models.BigIntegerField(null=True)
    data = models.JSONField(default=dict)

    objects: ClassVar = Guarded()

    class Meta:
        ordering: ClassVar = ["-at", "-id"]
        indexes: ClassVar = [
            # the customer's timeline, newest first
            models.Index(fields=["customer", "at", "id"], name="entry_timeline"),
        ]

    def __str__(self) -> str:
        return f"{self.name} at {self.at:%Y-%m-%d %H:%M}"

    @property
    def fact(self) -> type[Fact] | None:
        """The class that describes this entry; None where the fact has been retired."""
        return fact_class(self.name)
