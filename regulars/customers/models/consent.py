"""What a customer agreed to: a ledger that is only added to, and the state that follows from it."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from regulars.core.models import Row
from regulars.core.walls import Guarded
from regulars.customers.models.people import Customer


class Medium(models.TextChoices):
    """By which way we may write or call."""

    EMAIL = "email", _("E-mail")
    SMS = "sms", _("SMS")
    WHATSAPP = "whatsapp", _("WhatsApp")
    PHONE = "phone", _("Phone")
    POST = "post", _("Post")


class ConsentState(models.TextChoices):
    """Never asked is the absence of a state. `asked` waits for the answer to a confirmation mail."""

    ASKED = "asked", _("Asked to confirm")
    AGREED = "agreed", _("Agreed")
    REFUSED = "refused", _("Refused")


class Wording(Row):
    """The words somebody agreed to. A version is never changed; a new text is a new version."""

    id_prefix = "wrd"

    purpose = models.SlugField(_("purpose"), max_length=40, default="marketing")
    language = models.CharField(_("language"), max_length=16, default="en")
    number = models.PositiveSmallIntegerField(_("version"))
    text = models.TextField(_("wording"))

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["purpose", "language", "number"], name="wording_version_once")
        ]

    def __str__(self) -> str:
        return f"{self.purpose} {self.language} {self.number}"


class ConsentRecord(models.Model):
    """One line of the ledger: said when, where, for what, to which words, with which proof. Never changed."""

    class Source(models.TextChoices):
        CHECKOUT = "checkout", _("Checkout")
        FORM = "form", _("Form")
        CONFIRMATION = "confirmation", _("Confirmation mail")
        UNSUBSCRIBE = "unsubscribe", _("Unsubscribe link")
        STAFF = "staff", _("Told to staff")
        IMPORT = "import", _("Import")
        CHANNEL = "channel", _("Sales channel")
        API = "api", _("API")
        BOUNCE = "bounce", _("Complaint or bounce")

    id = models.BigAutoField(primary_key=True)
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="consent_records", db_index=False)
    medium = models.CharField(_("channel"), max_length=8, choices=Medium)
    purpose = models.SlugField(_("purpose"), max_length=40, default="marketing", db_index=False)
    state = models.CharField(_("state"), max_length=8, choices=ConsentState)
    value = models.CharField(max_length=254, blank=True, default="")  # the address or number it was given for
    wording = models.ForeignKey(Wording, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    source = models.CharField(_("source"), max_length=12, choices=Source)
    reason = models.CharField(_("reason"), max_length=250, blank=True, default="")
    proof = models.JSONField(default=dict, blank=True)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    recorded_at = models.DateTimeField()

    objects: ClassVar[models.Manager[ConsentRecord]] = Guarded()

    class Meta:
        indexes: ClassVar = [
            # the history of a customer's consents
            models.Index(fields=["customer", "medium", "purpose", "at", "id"], name="consent_history"),
        ]

    def __str__(self) -> str:
        return f"{self.medium} {self.purpose}: {self.state}"


class Consent(models.Model):
    """What holds now, derived from the ledger: the latest word, and at the same moment the stricter one."""

    id = models.BigAutoField(primary_key=True)
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="consents", db_index=False)
    medium = models.CharField(_("channel"), max_length=8, choices=Medium)
    purpose = models.SlugField(_("purpose"), max_length=40, default="marketing", db_index=False)
    state = models.CharField(_("state"), max_length=8, choices=ConsentState)
    since = models.DateTimeField()
    record = models.ForeignKey(ConsentRecord, on_delete=models.CASCADE, related_name="+")

    objects: ClassVar[models.Manager[Consent]] = Guarded()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["customer", "medium", "purpose"], name="consent_state_once")
        ]
        indexes: ClassVar = [
            # who agreed
            models.Index(fields=["medium", "purpose", "state", "customer"], name="consent_by_state"),
        ]

    def __str__(self) -> str:
        return f"{self.medium} {self.purpose}: {self.state}"


class ConfirmationRequest(models.Model):
    """A confirmation mail on its way: what a click on its link agrees to, and until when. The link is signed."""

    id = models.BigAutoField(primary_key=True)
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="confirmation_requests")
    medium = models.CharField(max_length=8, choices=Medium, default=Medium.EMAIL)
    purpose = models.SlugField(max_length=40, default="marketing", db_index=False)
    value = models.CharField(max_length=254)
    wording = models.ForeignKey(Wording, null=True, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)

    objects: ClassVar[models.Manager[ConfirmationRequest]] = Guarded()

    def __str__(self) -> str:
        return f"{self.medium} {self.purpose} asked at {self.asked_at}"
