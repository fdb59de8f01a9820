"""Holds: what an order in progress sets aside until it is paid or given up."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from regulars.core.models import Row
from regulars.core.walls import Guarded
from regulars.wallet.models.ledger import Account, AccountKind, Lot, Posting


class HoldState(models.TextChoices):
    """What became of a hold. Only `held` is not the end."""

    HELD = "held", _("Set aside")
    CAPTURED = "captured", _("Used")
    RELEASED = "released", _("Given up")
    LAPSED = "lapsed", _("Ran out")


class Hold(Row):
    """An amount of a customer's credit or points that nothing else can use until `until`, and then not by itself.

    What was captured of it is the posting `spent_by`; the rest was free again at that moment.
    """

    id_prefix = "hld"

    customer = models.ForeignKey("customers.Customer", null=True, on_delete=models.SET_NULL, related_name="+")
    kind = models.CharField(max_length=9, choices=AccountKind)
    currency = models.CharField(max_length=3)
    amount = models.BigIntegerField()
    state = models.CharField(max_length=8, choices=HoldState, default=HoldState.HELD)
    until = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    key = models.CharField(max_length=200, unique=True)
    fingerprint = models.CharField(max_length=32)
    cause_kind = models.CharField(max_length=24)
    cause_id = models.CharField(max_length=120, blank=True, default="")
    spent_by = models.OneToOneField(Posting, null=True, on_delete=models.PROTECT, related_name="hold")

    objects: ClassVar[models.Manager[Hold]] = Guarded()

    class Meta:
        constraints: ClassVar = [models.CheckConstraint(name="hold_of_something", condition=Q(amount__gt=0))]
        indexes: ClassVar = [
            # what runs out by the clock
            models.Index(fields=["until"], name="hold_by_end", condition=Q(state="held")),
        ]

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}: {self.state}"


class HeldLot(models.Model):
    """How much of a lot a hold has."""

    id = models.BigAutoField(primary_key=True)
    hold = models.ForeignKey(Hold, on_delete=models.CASCADE, related_name="parts")
    lot = models.ForeignKey(Lot, on_delete=models.PROTECT, related_name="+")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+", db_index=False)
    amount = models.BigIntegerField()

    objects: ClassVar[models.Manager[HeldLot]] = Guarded()

    class Meta:
        constraints: ClassVar = [models.CheckConstraint(name="held_of_something", condition=Q(amount__gt=0))]

    def __str__(self) -> str:
        return f"{self.amount} of lot {self.lot_id}"
