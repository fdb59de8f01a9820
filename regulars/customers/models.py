"""The customer file: customers, how the channels know them, and where they live."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from regulars.core import shop
from regulars.core.models import Row
from regulars.core.money import Money


class Kind(models.TextChoices):
    PERSON = "person", _("Person")
    COMPANY = "company", _("Company")


class Status(models.TextChoices):
    ACTIVE = "active", _("Active")
    INACTIVE = "inactive", _("Inactive")


class PurchaseFigures(models.Model):
    """What somebody bought, summed up on their own row (see docs/definitions.md).

    The columns stand with the customer, because every list sorts and filters by them, and a list of a million people
    cannot afford a join to do it. They are written by `orders.actions.figures` alone, in the order's transaction.
    All money is in the smallest unit of the shop's base currency.
    """

    orders_count = models.PositiveIntegerField(default=0, editable=False)
    spent_minor = models.BigIntegerField(default=0, editable=False)
    refunded_minor = models.BigIntegerField(default=0, editable=False)
    first_order_at = models.DateTimeField(null=True, editable=False)
    last_order_at = models.DateTimeField(null=True, editable=False)
    usual_gap_days = models.FloatField(null=True, editable=False)

    class Meta:
        abstract = True

    @property
    def spent(self) -> Money:
        """Paid for counted orders, less what was refunded."""
        return Money(self.spent_minor, shop.current().currency)

    @property
    def refunded(self) -> Money:
        return Money(self.refunded_minor, shop.current().currency)

    @property
    def average_order(self) -> Money | None:
        """Spent per counted order; None for someone who never ordered."""
        if not self.orders_count:
            return None
        half = self.orders_count // 2
        sign = -1 if self.spent_minor < 0 else 1
        return Money(sign * ((abs(self.spent_minor) + half) // self.orders_count), shop.current().currency)


class Customer(PurchaseFigures, Row):
    """A person or a company that buys here, or might.

    `name` is what is shown; `sort_name` and `search_text` are its folded forms, made by `customers.actions` from the
    other columns. `city`, `region`, `postcode` and `country` repeat the default shipping address, so that lists need
    no join.
    """

    id_prefix = "cus"

    kind = models.CharField(_("kind"), max_length=8, choices=Kind, default=Kind.PERSON)
    title = models.CharField(_("title"), max_length=40, blank=True, default="")
    given_name = models.CharField(_("given name"), max_length=120, blank=True, default="")
    family_name = models.CharField(_("family name"), max_length=120, blank=True, default="")
    name = models.CharField(_("name"), max_length=250, blank=True, default="")
    company = models.CharField(_("company"), max_length=200, blank=True, default="")
    email = models.CharField(_("e-mail"), max_length=254, blank=True, default="")
    phone = models.CharField(_("phone"), max_length=24, blank=True, default="")
    language = models.CharField(_("language"), max_length=16, blank=True, default="")
    status = models.CharField(_("status"), max_length=8, choices=Status, default=Status.ACTIVE)
    is_guest = models.BooleanField(_("guest"), default=False)
    channel = models.ForeignKey(
        "channels.Channel", verbose_name=_("channel"), null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    looked_after_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("looked after by"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        db_index=False,
    )
    customer_since = models.DateTimeField(_("customer since"))

    city = models.CharField(_("city"), max_length=120, blank=True, default="", editable=False)
    region = models.CharField(_("region"), max_length=120, blank=True, default="", editable=False)
    postcode = models.CharField(_("postcode"), max_length=20, blank=True, default="", editable=False)
    country = models.CharField(_("country"), max_length=2, blank=True, default="", editable=False)

    sort_name = models.CharField(max_length=120, blank=True, default="", editable=False)
    search_text = models.TextField(blank=True, default="", editable=False)

    class Meta:
        indexes: ClassVar = [
            # each is an order of the customer list, with the key that pages it
            models.Index(fields=["sort_name", "id"], name="customer_by_name"),
            models.Index(fields=["spent_minor", "id"], name="customer_by_spent"),
            models.Index(fields=["orders_count", "id"], name="customer_by_orders"),
            models.Index(fields=["last_order_at", "id"], name="customer_by_last_order"),
            models.Index(fields=["customer_since", "id"], name="customer_by_since"),
            # upsert by e-mail; the e-mail filter
            models.Index(fields=["email"], name="customer_by_email"),
            # the country filter
            models.Index(fields=["country", "id"], name="customer_by_country"),
        ]

    def __str__(self) -> str:
        return self.name or self.company or self.email or self.phone or self.public_id

    @property
    def is_company(self) -> bool:
        return self.kind == Kind.COMPANY


class Identity(models.Model):
    """How one channel knows a customer: its own id for them. Unique there, for ever."""

    id = models.BigAutoField(primary_key=True)
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="identities")
    channel = models.ForeignKey("channels.Channel", on_delete=models.PROTECT, related_name="+", db_index=False)
    external_id = models.CharField(max_length=120)

    class Meta:
        verbose_name_plural = "identities"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["channel", "external_id"], name="identity_once_per_channel"),
        ]

    def __str__(self) -> str:
        return self.external_id


class Address(Row):
    """A postal address of a customer; at most one is the default for shipping, and one for billing."""

    id_prefix = "adr"

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="addresses")
    name = models.CharField(_("recipient"), max_length=250, blank=True, default="")
    company = models.CharField(_("company"), max_length=200, blank=True, default="")
    line1 = models.CharField(_("street and number"), max_length=200, blank=True, default="")
    line2 = models.CharField(_("more"), max_length=200, blank=True, default="")
    city = models.CharField(_("city"), max_length=120, blank=True, default="")
    region = models.CharField(_("region"), max_length=120, blank=True, default="")
    postcode = models.CharField(_("postcode"), max_length=20, blank=True, default="")
    country = models.CharField(_("country"), max_length=2, blank=True, default="")
    phone = models.CharField(_("phone"), max_length=24, blank=True, default="")
    is_default_shipping = models.BooleanField(_("ships to"), default=False)
    is_default_billing = models.BooleanField(_("bills to"), default=False)

    class Meta:
        verbose_name_plural = "addresses"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["customer"], condition=models.Q(is_default_shipping=True), name="one_default_shipping_address"
            ),
            models.UniqueConstraint(
                fields=["customer"], condition=models.Q(is_default_billing=True), name="one_default_billing_address"
            ),
        ]

    def __str__(self) -> str:
        return ", ".join(part for part in (self.line1, self.postcode, self.city, self.country) if part)


class Gram(models.Model):
    """The search index: which customers of a block of 65,536 have a short piece of text (see customers/search.py).

    `code` packs two or three characters, `block` is the customer id without its last 16 bits, `ids` a roaring bitmap
    of the last 16 bits. A hint, never the truth: what a search finds here is checked against `search_text`.
    """

    # the block first: a batch of new customers touches one block, and the grams of a term are read block by block
    pk = models.CompositePrimaryKey("block", "code")
    block = models.IntegerField()
    code = models.BigIntegerField()
    ids = models.BinaryField()

    class Meta:
        verbose_name = "gram"

    def __str__(self) -> str:
        return f"{self.code} in {self.block}"


class Standing(models.Model):
    """On which step of a column's scale each customer of a block of 65,536 stands: one 16-bit number per customer.

    Block -1 holds the scale itself, so that one statement reads a scale and the standings that were made with it (see
    customers/standings.py). A hint, as Gram is: it narrows a list to the rows worth reading, and those are then tested
    as they are.
    """

    pk = models.CompositePrimaryKey("column", "block")
    column = models.CharField(max_length=40)
    block = models.IntegerField()
    steps = models.BinaryField()

    class Meta:
        verbose_name = "standing"

    def __str__(self) -> str:
        return f"{self.column} in {self.block}"


class Unindexed(models.Model):
    """Customers that changed since they were last indexed; every search and list looks at their rows as well.

    `has_new_text` says that the search text changed too, and not only figures.
    """

    id = models.BigAutoField(primary_key=True)
    customer_id = models.BigIntegerField()
    has_new_text = models.BooleanField(default=True)

    class Meta:
        verbose_name_plural = "unindexed"

    def __str__(self) -> str:
        return str(self.customer_id)
