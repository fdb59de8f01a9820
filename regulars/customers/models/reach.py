"""How a customer is reached: what each channel calls them, where they live, their e-mails and phones."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from regulars.core.models import Row
from regulars.core.walls import Guarded
from regulars.customers.models.people import Customer


class Identity(models.Model):
    """How one channel knows a customer: its own id for them. Unique there, for ever."""

    id = models.BigAutoField(primary_key=True)
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="identities")
    channel = models.ForeignKey("channels.Channel", on_delete=models.PROTECT, related_name="+", db_index=False)
    external_id = models.CharField(max_length=120)

    objects: ClassVar[models.Manager[Identity]] = Guarded()

    class Meta:
        verbose_name_plural = "identities"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["channel", "external_id"], name="identity_once_per_channel"),
        ]

    def __str__(self) -> str:
        return self.external_id


class Heard(models.Model):
    """Which parts of a profile are what a sales channel said of somebody, so that its newer word may replace them.

    `parts` are `{field: [who said it, when, the value's digest]}`. Where the digest is not that of what stands there,
    somebody else has written it since, and no channel does it again (customers/taking/words.py).
    """

    customer = models.OneToOneField(Customer, primary_key=True, on_delete=models.CASCADE, related_name="heard")
    parts = models.JSONField(default=dict)

    objects: ClassVar[models.Manager[Heard]] = Guarded()

    def __str__(self) -> str:
        return str(self.customer_id)


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
    latitude = models.FloatField(null=True, editable=False)
    longitude = models.FloatField(null=True, editable=False)
    is_default_shipping = models.BooleanField(_("ships to"), default=False)
    is_default_billing = models.BooleanField(_("bills to"), default=False)

    objects: ClassVar[models.Manager[Address]] = Guarded()

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


class ContactPoint(models.Model):
    """An e-mail or a phone of a customer, with what we know of it.

    The first ones stand in the customer's own row (`Customer.email`, `Customer.phone`), so that most customers need no
    row here; where one of those has a row, the row tells its label and state.
    """

    class Kind(models.TextChoices):
        EMAIL = "email", _("E-mail")
        PHONE = "phone", _("Phone")

    id = models.BigAutoField(primary_key=True)
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="contact_points", db_index=False)
    kind = models.CharField(max_length=5, choices=Kind)
    value = models.CharField(max_length=254)
    label = models.CharField(_("label"), max_length=40, blank=True, default="")
    verified_at = models.DateTimeField(_("verified"), null=True, blank=True)
    bounced_at = models.DateTimeField(_("bounced"), null=True, blank=True)
    bounce_reason = models.CharField(max_length=250, blank=True, default="")
    is_do_not_contact = models.BooleanField(_("do not call or write"), default=False)

    objects: ClassVar[models.Manager[ContactPoint]] = Guarded()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["customer", "kind", "value"], name="contact_point_once"),
        ]
        indexes: ClassVar = [
            # whose e-mail or phone is this
            models.Index(fields=["value", "kind"], name="contact_point_by_value"),
        ]

    def __str__(self) -> str:
        return self.value
