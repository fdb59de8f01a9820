"""The money of an order: what was paid and paid back by which means, and links to pay by."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from regulars.core.models import Row
from regulars.core.money import MoneyOf
from regulars.core.walls import Guarded
from regulars.orders.models.returns import Return
from regulars.orders.models.sales import Order


class PaymentState(models.TextChoices):
    """Whether the money is there."""

    PENDING = "pending", _("Expected")
    AUTHORISED = "authorised", _("Promised by the provider")
    PAID = "paid", _("Paid")
    FAILED = "failed", pgettext_lazy("payment state", "Failed")
    VOIDED = "voided", _("Taken back")


class Payment(Row):
    """Money that came in for an order, or went back (`is_refund`), always above zero and in the order's currency.

    It is a record of how, and adds to no figure: what an order came to and what was refunded stand in the order and
    its returns. `reference` is the provider's number for it.
    """

    id_prefix = "pay"

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="payments")
    returned = models.ForeignKey(Return, null=True, blank=True, on_delete=models.SET_NULL, related_name="payments")
    is_refund = models.BooleanField(_("paid back"), default=False)
    state = models.CharField(_("state"), max_length=12, choices=PaymentState, default=PaymentState.PAID)
    method = models.CharField(_("paid by"), max_length=60, blank=True, default="")
    amount_minor = models.BigIntegerField(_("amount"), default=0)
    currency = models.CharField(_("currency"), max_length=3)
    at = models.DateTimeField(_("paid on"))
    reference = models.CharField(_("reference"), max_length=120, blank=True, default="")
    external_id = models.CharField(max_length=120, blank=True, default="", editable=False)

    amount = MoneyOf("amount_minor")

    objects: ClassVar[models.Manager[Payment]] = Guarded()

    class Meta:
        ordering: ClassVar = ["at", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["order", "external_id"], name="payment_once", condition=~models.Q(external_id="")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.method} {self.amount_minor} {self.currency}"


class PaymentLink(Row):
    """A page where a customer can pay one order. Who has the address can see it: only its hash is kept.

    It ends with `ends_at`, with the payment (`paid_at`), or when somebody takes it back (`is_revoked`).
    """

    id_prefix = "lnk"

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="payment_links")
    provider = models.CharField(max_length=40)
    hash = models.CharField(max_length=64, unique=True, editable=False)
    amount_minor = models.BigIntegerField(_("amount"))
    currency = models.CharField(_("currency"), max_length=3)
    ends_at = models.DateTimeField()
    opened_at = models.DateTimeField(null=True)
    paid_at = models.DateTimeField(null=True)
    is_revoked = models.BooleanField(default=False)

    amount = MoneyOf("amount_minor")

    objects: ClassVar[models.Manager[PaymentLink]] = Guarded()

    def __str__(self) -> str:
        return f"{self.provider} {self.amount_minor} {self.currency}"
