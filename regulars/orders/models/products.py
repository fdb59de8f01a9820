"""What the shop sells: a mirror of its platforms' catalogues."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from regulars.core.models import Row


class Product(Row):
    """Something a channel sells; what it costs stands in its variants."""

    id_prefix = "prd"

    channel = models.ForeignKey("channels.Channel", on_delete=models.PROTECT, related_name="+")
    title = models.CharField(_("product"), max_length=250)
    category = models.CharField(_("category"), max_length=250, blank=True, default="", db_index=True)
    brand = models.CharField(_("brand"), max_length=120, blank=True, default="")
    tags = models.JSONField(_("tags"), default=list, blank=True)
    image_url = models.URLField(_("picture"), max_length=1000, blank=True, default="")
    url = models.URLField(_("page in the shop"), max_length=1000, blank=True, default="")
    is_active = models.BooleanField(_("on sale"), default=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["title", "id"], name="product_by_title"),
        ]

    def __str__(self) -> str:
        return self.title


class Variant(Row):
    """One thing that can be bought: a size, a colour, or just the product. Prices are decimals in `currency`."""

    id_prefix = "var"

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="variants")
    external_id = models.CharField(max_length=120, blank=True, default="", editable=False)
    sku = models.CharField(_("SKU"), max_length=80, blank=True, default="", db_index=True)
    title = models.CharField(_("variant"), max_length=120, blank=True, default="")
    barcode = models.CharField(_("barcode"), max_length=60, blank=True, default="")
    price = models.DecimalField(_("price"), max_digits=18, decimal_places=4, null=True, blank=True)
    cost = models.DecimalField(_("cost"), max_digits=18, decimal_places=4, null=True, blank=True)
    currency = models.CharField(_("currency"), max_length=3, blank=True, default="")
    position = models.PositiveIntegerField(default=1)
    is_active = models.BooleanField(_("on sale"), default=True)

    class Meta:
        ordering: ClassVar = ["product_id", "position", "id"]
        indexes: ClassVar = [
            # which one a line of a sale names
            models.Index(fields=["external_id"], name="variant_by_external_id"),
        ]

    def __str__(self) -> str:
        return self.title or self.sku


class ProductSales(models.Model):
    """What was sold of a product in the twelve months before `until`, as it was reckoned last night.

    Amounts are in the shop's currency, quantity × price. For lists; the page of a product counts its rows.
    """

    product = models.OneToOneField(Product, primary_key=True, on_delete=models.CASCADE, related_name="sales")
    orders = models.PositiveIntegerField(default=0)
    pieces = models.PositiveBigIntegerField(default=0)
    revenue_minor = models.BigIntegerField(default=0)
    until = models.DateTimeField()

    class Meta:
        verbose_name_plural = "product sales"
        indexes: ClassVar = [
            # the list of products, by what they brought in
            models.Index(fields=["revenue_minor", "product"], name="sales_by_revenue"),
        ]

    def __str__(self) -> str:
        return f"{self.product_id}: {self.pieces}"
