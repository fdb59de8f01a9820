"""Orders, their lines, and what came back."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from regulars.core.models import Row
from regulars.core.money import MoneyOf
from regulars.core.walls import Guarded


class Status(models.TextChoices):
    """How far the money has come. Counted are open, paid, part-refunded and refunded (docs/definitions.md)."""

    DRAFT = "draft", _("Draft")
    OPEN = "open", pgettext_lazy("order state", "Open")
    PAID = "paid", _("Paid")
    PART_REFUNDED = "part_refunded", _("Part refunded")
    REFUNDED = "refunded", _("Refunded")
    CANCELLED = "cancelled", _("Cancelled")


COUNTED = (Status.OPEN, Status.PAID, Status.PART_REFUNDED, Status.REFUNDED)


class Order(Row):
    """What somebody bought at once. Without a customer it is a guest's order.

    Amounts are in the smallest unit of `currency`; `*_base_minor` repeats the two that are summed up in the shop's
    base currency, at `rate` base units for one of the order's. `total_minor` is the lines less the discount, plus
    shipping, plus the tax where the prices do not include it. `refunded_minor` is this order's part of all refunds
    (docs/definitions.md).
    """

    id_prefix = "ord"

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
        related_name="orders",
        db_index=False,
    )
    status = models.CharField(_("state"), max_length=16, choices=Status, default=Status.PAID)
    is_test = models.BooleanField(_("test order"), default=False)
    placed_at = models.DateTimeField(_("placed"))
    currency = models.CharField(_("currency"), max_length=3)
    rate = models.DecimalField(_("rate to the base currency"), max_digits=18, decimal_places=8, default=1)
    discount_minor = models.BigIntegerField(_("discount"), default=0)
    shipping_minor = models.BigIntegerField(_("shipping"), default=0)
    tax_minor = models.BigIntegerField(_("tax"), default=0)
    is_tax_included = models.BooleanField(_("prices include tax"), default=True)
    total_minor = models.BigIntegerField(_("total"), default=0)
    refunded_minor = models.BigIntegerField(_("refunded"), default=0)
    total_base_minor = models.BigIntegerField(default=0, editable=False)
    refunded_base_minor = models.BigIntegerField(default=0, editable=False)
    payment_method = models.CharField(_("paid by"), max_length=60, blank=True, default="")
    country = models.CharField(_("country"), max_length=2, blank=True, default="")
    note = models.TextField(_("note"), blank=True, default="")

    total = MoneyOf("total_minor")
    discount = MoneyOf("discount_minor")
    shipping = MoneyOf("shipping_minor")
    tax = MoneyOf("tax_minor")
    refunded = MoneyOf("refunded_minor")

    objects: ClassVar[models.Manager[Order]] = Guarded()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["channel", "number"], name="order_number_once_per_channel"),
        ]
        indexes: ClassVar = [
            # a customer's purchases; and all that the rhythms of a page of customers read, so that they need no order
            models.Index(
                fields=["customer", "placed_at", "total_base_minor", "status", "is_test"], name="order_by_customer"
            ),
            # the order list
            models.Index(fields=["placed_at", "id"], name="order_by_placed"),
            # the order list by what orders came to
            models.Index(fields=["total_base_minor", "id"], name="order_by_total"),
            # the finder: numbers by their beginning, and through the channel's unique number
            models.Index(fields=["number"], name="order_by_number"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def is_counted(self) -> bool:
        """Whether it counts in figures and reports: not a draft, not cancelled, not a test."""
        return self.status in COUNTED and not self.is_test


class OrderLine(models.Model):
    """One product of an order. `total_minor` is quantity × unit price, halves rounded up."""

    id = models.BigAutoField(primary_key=True)
    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="lines")
    position = models.PositiveIntegerField(default=1)
    sku = models.CharField(_("SKU"), max_length=80, blank=True, default="")
    title = models.CharField(_("product"), max_length=250, blank=True, default="")
    quantity = models.PositiveIntegerField(_("quantity"), default=1)
    unit_price = models.DecimalField(_("price"), max_digits=18, decimal_places=4, default=0)
    total_minor = models.BigIntegerField(_("amount"), default=0)

    objects: ClassVar[models.Manager[OrderLine]] = Guarded()

    class Meta:
        ordering: ClassVar = ["order_id", "position", "id"]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.title or self.sku}"


class KeptSale(models.Model):
    """A sale of somebody who was erased: kept under a number that stands for nobody, because the law wants the books.

    Exactly one of `order` and `returned` is set. `until` is the last day the law wants it kept; a rule that runs at
    night drops it then. All sales of one person have one `anonymous` number, so that the books can be read.
    """

    id = models.BigAutoField(primary_key=True)
    order = models.OneToOneField(Order, null=True, on_delete=models.CASCADE, related_name="kept_sale")
    returned = models.OneToOneField("Return", null=True, on_delete=models.CASCADE, related_name="kept_sale")
    anonymous = models.BigIntegerField()
    until = models.DateField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="kept_sale_of_one",
                condition=models.Q(order__isnull=False, returned__isnull=True)
                | models.Q(order__isnull=True, returned__isnull=False),
            ),
        ]
        indexes: ClassVar = [
            # what is dropped tonight
            models.Index(fields=["until"], name="kept_sale_by_until"),
        ]

    def __str__(self) -> str:
        return f"{self.anonymous} until {self.until}"


class NumberGram(models.Model):
    """The finder of order numbers: which orders of a block of 65,536 have a short piece of text in their number.

    Kept as customers.Gram is, by the same code. A hint, never the truth: what is found is checked against the number.
    """

    pk = models.CompositePrimaryKey("block", "code")
    block = models.IntegerField()
    code = models.BigIntegerField()
    ids = models.BinaryField()

    def __str__(self) -> str:
        return f"{self.code} in {self.block}"


class UnindexedNumber(models.Model):
    """Orders whose number is new and not in the finder yet; searches read these rows as well."""

    id = models.BigAutoField(primary_key=True)
    order_id = models.BigIntegerField()

    def __str__(self) -> str:
        return str(self.order_id)


class Return(Row):
    """What came back, or a cancellation after the fact. `order` is what it reverses, where that is known.

    `refund_minor` is positive: what the customer got back, in `currency`. A return without an order still lowers what
    its customer has spent.
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

    refund = MoneyOf("refund_minor")

    objects: ClassVar[models.Manager[Return]] = Guarded()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["channel", "number"], name="return_number_once_per_channel"),
        ]
        indexes: ClassVar = [
            # a customer's returns
            models.Index(fields=["customer", "returned_at"], name="return_by_customer"),
        ]

    def __str__(self) -> str:
        return self.number


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
