"""What a platform says was sold on a day, what our books say, and where they differ."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from regulars.channels.models.coming import Connection
from regulars.core.money import Money


class Comparison(models.Model):
    """A day of a connection, as it was when it was last compared. Amounts are in the shop's base currency."""

    id = models.BigAutoField(primary_key=True)
    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="comparisons", db_index=False)
    on = models.DateField(_("day"))
    currency = models.CharField(max_length=3)
    their_count = models.PositiveIntegerField(_("orders there"))
    their_minor = models.BigIntegerField(_("sum there"))
    our_count = models.PositiveIntegerField(_("orders here"))
    our_minor = models.BigIntegerField(_("sum here"))
    compared_at = models.DateTimeField(_("compared"), default=timezone.now)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["connection", "on"], name="comparison_once_a_day"),
        ]

    def __str__(self) -> str:
        return f"{self.on}: {self.their_count} / {self.our_count}"

    @property
    def is_equal(self) -> bool:
        """Whether counts and sums agree."""
        return (self.their_count, self.their_minor) == (self.our_count, self.our_minor)

    @property
    def theirs(self) -> Money:
        """What the platform says the day came to."""
        return Money(self.their_minor, self.currency)

    @property
    def ours(self) -> Money:
        """What our books say it came to."""
        return Money(self.our_minor, self.currency)


class Reason(models.TextChoices):
    """In what way an order differs."""

    MISSING_HERE = "missing_here", _("Missing here")
    MISSING_THERE = "missing_there", _("Not on the platform")
    AMOUNT = "amount", _("Another amount")
    CANCELLED_THERE = "cancelled_there", _("Cancelled on the platform")
    CANCELLED_HERE = "cancelled_here", _("Not counted here")
    ANOTHER_DAY = "another_day", _("On another day here")


class Difference(models.Model):
    """An order that differs. `order_id` is ours and `external_id` theirs, as far as each is known.

    Amounts are in `currency`, the order's own; none where one side has no such order. `remark` says why mending it
    did not help.
    """

    id = models.BigAutoField(primary_key=True)
    comparison = models.ForeignKey(Comparison, on_delete=models.CASCADE, related_name="differences")
    reason = models.CharField(_("what differs"), max_length=16, choices=Reason)
    number = models.CharField(_("order"), max_length=60, blank=True, default="")
    external_id = models.CharField(max_length=120, blank=True, default="")
    order_id = models.BigIntegerField(null=True)
    currency = models.CharField(max_length=3, blank=True, default="")
    their_minor = models.BigIntegerField(_("there"), null=True)
    our_minor = models.BigIntegerField(_("here"), null=True)
    remark = models.CharField(max_length=500, blank=True, default="")

    class Meta:
        ordering: ClassVar = ["comparison_id", "number", "id"]

    def __str__(self) -> str:
        return f"{self.number} {self.reason}"

    @property
    def theirs(self) -> Money | None:
        """What the platform says it came to."""
        return None if self.their_minor is None else Money(self.their_minor, self.currency)

    @property
    def ours(self) -> Money | None:
        """What it came to here."""
        return None if self.our_minor is None else Money(self.our_minor, self.currency)
