"""Orders, their lines, and what hangs on them."""

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


class Fulfilment(models.TextChoices):
    """How far the goods have come, beside the money."""

    NONE = "", _("Not said")
    UNFULFILLED = "unfulfilled", _("To be sent")
    PARTIAL = "partial", _("Sent in part")
    FULFILLED = "fulfilled", _("Sent")
    DELIVERED = "delivered", _("Delivered")
    PICKED_UP = "picked_up", _("Picked up")


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
    fulfilment = models.CharField(_("sent"), max_length=16, choices=Fulfilment, blank=True, default="", db_default="")
    source = models.CharField(_("source"), max_length=60, blank=True, default="", db_default="")
    campaign = models.CharField(_("campaign"), max_length=120, blank=True, default="", db_default="")
    referrer = models.CharField(_("came from"), max_length=250, blank=True, default="", db_default="")

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
            # the order list by where sales came from
            models.Index(fields=["source", "placed_at"], name="order_by_source", condition=~models.Q(source="")),
            models.Index(fields=["campaign", "placed_at"], name="order_by_campaign", condition=~models.Q(campaign="")),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def is_counted(self) -> bool:
        """Whether it counts in figures and reports: not a draft, not cancelled, not a test."""
        return self.status in COUNTED and not self.is_test


class OrderNumbers(models.Model):
    """The next numbers that orders and drafts of a channel get from us; whoever takes one holds this row."""

    channel = models.OneToOneField("channels.Channel", primary_key=True, on_delete=models.CASCADE, related_name="+")
    next_order = models.BigIntegerField(default=1001)
    next_draft = models.BigIntegerField(default=1)

    def __str__(self) -> str:
        return f"{self.channel_id}: {self.next_order}, {self.next_draft}"


class OrderLine(models.Model):
    """One product of an order. `total_minor` is quantity × unit price, halves rounded up.

    `discount_minor` and `tax_minor` are the line's part of what the order says, and are added nowhere. `cost` is what
    one of them cost the shop, in the order's currency, where that is known.
    """

    id = models.BigAutoField(primary_key=True)
    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="lines")
    position = models.PositiveIntegerField(default=1)
    sku = models.CharField(_("SKU"), max_length=80, blank=True, default="")
    title = models.CharField(_("product"), max_length=250, blank=True, default="")
    quantity = models.PositiveIntegerField(_("quantity"), default=1)
    unit_price = models.DecimalField(_("price"), max_digits=18, decimal_places=4, default=0)
    total_minor = models.BigIntegerField(_("amount"), default=0)
    variant = models.ForeignKey(
        "orders.Variant", null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    variant_title = models.CharField(_("variant"), max_length=120, blank=True, default="", db_default="")
    discount_minor = models.BigIntegerField(_("discount"), default=0, db_default=0)
    tax_minor = models.BigIntegerField(_("tax"), default=0, db_default=0)
    cost = models.DecimalField(_("cost"), max_digits=18, decimal_places=4, null=True, blank=True)

    objects: ClassVar[models.Manager[OrderLine]] = Guarded()

    class Meta:
        ordering: ClassVar = ["order_id", "position", "id"]
        indexes: ClassVar = [
            # who bought it
            models.Index(fields=["variant"], name="line_by_variant", condition=models.Q(variant__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.title or self.sku}"


class Side(models.TextChoices):
    """Which address of an order it is."""

    DELIVERY = "delivery", _("Ships to")
    BILLING = "billing", _("Bills to")


class OrderAddress(models.Model):
    """An address as it was when somebody bought: what they change later changes nothing here."""

    id = models.BigAutoField(primary_key=True)
    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="addresses", db_index=False)
    side = models.CharField(max_length=8, choices=Side)
    name = models.CharField(_("recipient"), max_length=250, blank=True, default="")
    company = models.CharField(_("company"), max_length=200, blank=True, default="")
    line1 = models.CharField(_("street and number"), max_length=200, blank=True, default="")
    line2 = models.CharField(_("more"), max_length=200, blank=True, default="")
    city = models.CharField(_("city"), max_length=120, blank=True, default="")
    region = models.CharField(_("region"), max_length=120, blank=True, default="")
    postcode = models.CharField(_("postcode"), max_length=20, blank=True, default="")
    country = models.CharField(_("country"), max_length=2, blank=True, default="")
    phone = models.CharField(_("phone"), max_length=40, blank=True, default="")

    objects: ClassVar[models.Manager[OrderAddress]] = Guarded()

    class Meta:
        verbose_name_plural = "order addresses"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["order", "side"], name="order_address_once"),
        ]

    def __str__(self) -> str:
        return ", ".join(part for part in (self.line1, self.postcode, self.city, self.country) if part)


class OrderDiscount(models.Model):
    """A code that was used, and what it took off; that is part of the order's discount already."""

    id = models.BigAutoField(primary_key=True)
    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="codes")
    code = models.CharField(_("code"), max_length=80, db_index=True)
    amount_minor = models.BigIntegerField(_("amount"), default=0)

    objects: ClassVar[models.Manager[OrderDiscount]] = Guarded()

    def __str__(self) -> str:
        return self.code


class OrderTag(models.Model):
    """A word that somebody, or the platform, hung on an order."""

    id = models.BigAutoField(primary_key=True)
    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="tags", db_index=False)
    label = models.CharField(_("tag"), max_length=60, db_index=True)

    objects: ClassVar[models.Manager[OrderTag]] = Guarded()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["order", "label"], name="order_tag_once"),
        ]

    def __str__(self) -> str:
        return self.label


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
