"""Purchases that were begun."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from regulars.core.models import Row
from regulars.core.money import MoneyOf
from regulars.core.walls import Guarded


class Checkout(Row):
    """A basket on its way to the till. Without `completed_at`, and an hour after the last step, it is abandoned.

    `lines` are objects with `sku title quantity unit_price`, the price as text. `recovery_url` leads back into it.
    """

    id_prefix = "chk"

    channel = models.ForeignKey("channels.Channel", on_delete=models.PROTECT, related_name="+", db_index=False)
    customer = models.ForeignKey(
        "customers.Customer", null=True, blank=True, on_delete=models.SET_NULL, related_name="checkouts", db_index=False
    )
    email = models.CharField(_("e-mail"), max_length=254, blank=True, default="")
    currency = models.CharField(_("currency"), max_length=3)
    total_minor = models.BigIntegerField(_("total"), default=0)
    lines = models.JSONField(default=list)
    recovery_url = models.URLField(max_length=2000, blank=True, default="")
    started_at = models.DateTimeField(_("begun"))
    touched_at = models.DateTimeField(_("last step"))
    completed_at = models.DateTimeField(null=True, blank=True)
    order = models.ForeignKey(
        "orders.Order", null=True, blank=True, on_delete=models.SET_NULL, related_name="checkouts"
    )

    total = MoneyOf("total_minor")

    objects: ClassVar[models.Manager[Checkout]] = Guarded()

    class Meta:
        indexes: ClassVar = [
            # the list of abandoned ones
            models.Index(fields=["touched_at", "id"], name="checkout_open", condition=models.Q(completed_at=None)),
            models.Index(fields=["customer", "touched_at"], name="checkout_by_customer"),
        ]

    def __str__(self) -> str:
        return f"{self.email or self.pk} {self.total_minor} {self.currency}"
