"""What came back."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from regulars.core.models import Row
from regulars.core.money import MoneyOf
from regulars.core.walls import Guarded
from regulars.orders.models.sales import Order, OrderLine


class ReturnState(models.TextChoices):
    """How far a return has come. Its refund counts once it is refunded or exchanged."""

    REQUESTED = "requested", _("Requested")
    RECEIVED = "received", pgettext_lazy("return state", "Received")
    REFUNDED = "refunded", _("Refunded")
    EXCHANGED = "exchanged", _("Exchanged")
    REFUSED = "refused", _("Refused")


SETTLED = (ReturnState.REFUNDED, ReturnState.EXCHANGED)


class Return(Row):
    """What came back, or a cancellation after the fact. `order` is what it reverses, where that is known.

    `refund_minor` is positive: what the customer got back, in `currency`; of a return that is not settled yet (SETTLED)
    it is what they are to get, and counts nowhere. A return without an order still lowers what its customer has spent.
    `exchange` is the order with what they got instead. `returned_at` is when it was paid back, or asked for before.
    """

    id_prefix = "ret"

    number = models.CharField(_("number"), max_length=60)
    channel = models.ForeignKey(
        "channels.Channel", verbose_name=_("channel"), on_delete=models.PROTECT, related_name="+", db_index=False
    )
    customer = models.ForeignKey(
        "customers.Customer",
        verbose_name=_("customer"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="returns",
        db_index=False,
    )
    order = models.ForeignKey(
        Order, verbose_name=_("order"), null=True, blank=True, on_delete=models.SET_NULL, related_name="returns"
    )
    returned_at = models.DateTimeField(_("returned"))
    currency = models.CharField(_("currency"), max_length=3)
    rate = models.DecimalField(_("rate to the base currency"), max_digits=18, decimal_places=8, default=1)
    refund_minor = models.BigIntegerField(_("refund"), default=0)
    refund_base_minor = models.BigIntegerField(default=0, editable=False)
    reason = models.CharField(_("reason"), max_length=200, blank=True, default="")
    state = models.CharField(
        _("state"), max_length=16, choices=ReturnState, default=ReturnState.REFUNDED, db_default=ReturnState.REFUNDED
    )
    exchange = models.ForeignKey(
        Order, verbose_name=_("exchanged for"), null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    refund = MoneyOf("refund_minor")

    objects: ClassVar[models.Manager[Return]] = Guarded()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["channel", "number"], name="return_number_once_per_channel"),
        ]
        indexes: ClassVar = [
            # a customer's returns
            models.Index(fields=["customer", "returned_at"], name="return_by_customer"),
            # those that wait for somebody
            models.Index(
                fields=["returned_at", "id"],
                name="return_open",
                condition=models.Q(state__in=[ReturnState.REQUESTED, ReturnState.RECEIVED]),
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def is_settled(self) -> bool:
        """Whether its refund was made, in money or goods, and counts."""
        return self.state in SETTLED


class ReturnLine(models.Model):
    """One product that came back; `order_line` is the line it reverses, and `order` whose money it is, where known.

    A return may reverse lines of several orders; `Return.order` is then the order of most of its money. What was sent
    back at once but bought in two orders stands as two lines.
    """

    id = models.BigAutoField(primary_key=True)
    parent = models.ForeignKey(Return, on_delete=models.CASCADE, related_name="lines")
    order_line = models.ForeignKey(
        OrderLine, null=True, blank=True, on_delete=models.SET_NULL, related_name="return_lines"
    )
    order = models.ForeignKey(Order, null=True, blank=True, on_delete=models.SET_NULL, related_name="return_lines")
    position = models.PositiveIntegerField(default=1)
    sku = models.CharField(_("SKU"), max_length=80, blank=True, default="")
    title = models.CharField(_("product"), max_length=250, blank=True, default="")
    quantity = models.PositiveIntegerField(_("quantity"), default=1)
    unit_price = models.DecimalField(_("price"), max_digits=18, decimal_places=4, default=0)
    total_minor = models.BigIntegerField(_("amount"), default=0)

    objects: ClassVar[models.Manager[ReturnLine]] = Guarded()

    class Meta:
        ordering: ClassVar = ["parent_id", "position", "id"]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.title or self.sku}"
