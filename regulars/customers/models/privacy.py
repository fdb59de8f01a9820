"""A person's rights: what they asked for, what we may not do with their data, and what is left when they are erased."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from regulars.core.models import Row
from regulars.core.walls import Guarded
from regulars.customers.models.people import Customer


class Law(models.TextChoices):
    """The law somebody asks under. It decides until when an answer is due (customers/privacy/laws.py)."""

    GDPR = "gdpr", _("GDPR (European Union)")
    UK_GDPR = "uk_gdpr", _("UK GDPR (United Kingdom)")
    PIPL = "pipl", _("PIPL (China)")
    CCPA = "ccpa", _("CCPA (California)")
    OTHER = "other", _("Another law")


class PrivacyRequest(Row):
    """Somebody asks for their right: what, by which way, how we made sure who they are, until when, and the answer."""

    class Kind(models.TextChoices):
        COPY = "copy", _("Copy of the data")
        PORTABILITY = "portability", _("Data to take along")
        CORRECTION = "correction", _("Correction")
        RESTRICTION = "restriction", _("Restriction")
        OBJECTION = "objection", _("Objection")
        ERASURE = "erasure", _("Erasure")

    class Way(models.TextChoices):
        EMAIL = "email", _("E-mail")
        LETTER = "letter", _("Letter")
        PHONE = "phone", _("Phone")
        COUNTER = "counter", _("In the shop")
        PORTAL = "portal", _("Customer portal")
        API = "api", _("API")

    class Check(models.TextChoices):
        NOT_YET = "not_yet", _("Not checked yet")
        EMAIL = "email", _("Answered from the e-mail we know")
        CALL = "call", _("Called back on the number we know")
        ORDER = "order", _("Named an order and what was in it")
        SIGNED_IN = "signed_in", _("Signed in to the customer portal")
        DOCUMENT = "document", _("Showed a document")
        KNOWN = "known", _("Known in person")

    class State(models.TextChoices):
        OPEN = "open", _("To answer")
        DONE = "done", _("Done")
        REFUSED = "refused", _("Refused")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    id_prefix = "prv"

    customer = models.ForeignKey(
        Customer, null=True, on_delete=models.SET_NULL, related_name="privacy_requests", db_index=False
    )
    kind = models.CharField(_("what they ask for"), max_length=12, choices=Kind)
    law = models.CharField(_("law"), max_length=8, choices=Law, default=Law.GDPR)
    way = models.CharField(_("how it came"), max_length=8, choices=Way, default=Way.EMAIL)
    asked_by = models.CharField(_("who asked"), max_length=250, blank=True, default="")
    details = models.TextField(_("what exactly"), blank=True, default="")
    asked_on = models.DateField(_("asked on"))
    due_on = models.DateField(_("due on"))
    extension = models.CharField(_("why it takes longer"), max_length=250, blank=True, default="")
    check_made = models.CharField(_("identity"), max_length=10, choices=Check, default=Check.NOT_YET)
    checked_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    checked_at = models.DateTimeField(null=True)
    state = models.CharField(_("state"), max_length=9, choices=State, default=State.OPEN)
    answer = models.TextField(_("answer"), blank=True, default="")
    answered_at = models.DateTimeField(null=True)
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    objects: ClassVar[models.Manager[PrivacyRequest]] = Guarded()

    class Meta:
        indexes: ClassVar = [
            # what is to be answered, the earliest due first
            models.Index(fields=["state", "due_on", "id"], name="privacy_request_by_due"),
            # what a customer asked for
            models.Index(
                fields=["customer"], name="privacy_request_by_customer", condition=models.Q(customer__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.public_id}"


class Limit(models.Model):
    """Something we may not do with a person's data, since when and why; lifted, the row stays as its history."""

    class Kind(models.TextChoices):
        RESTRICTED = "restricted", _("Processing restricted")
        NO_MARKETING = "no_marketing", _("Objected to marketing")
        NO_PROFILING = "no_profiling", _("Objected to profiling")
        LEGAL_HOLD = "legal_hold", _("Legal hold")

    id = models.BigAutoField(primary_key=True)
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="limits", db_index=False)
    kind = models.CharField(max_length=12, choices=Kind)
    reason = models.CharField(_("reason"), max_length=250)
    request = models.ForeignKey(PrivacyRequest, null=True, on_delete=models.SET_NULL, related_name="limits")
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    since = models.DateTimeField()
    lifted_at = models.DateTimeField(null=True)
    lifted_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    lifted_reason = models.CharField(max_length=250, blank=True, default="")

    objects: ClassVar[models.Manager[Limit]] = Guarded()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["customer", "kind"], condition=models.Q(lifted_at__isnull=True), name="limited_once"
            ),
        ]
        indexes: ClassVar = [
            # who is under a limit
            models.Index(fields=["kind", "customer"], name="limit_by_kind", condition=models.Q(lifted_at__isnull=True)),
            models.Index(fields=["customer"], name="limit_by_customer"),
        ]

    def __str__(self) -> str:
        return f"{self.kind}: {self.customer_id}"


class Erasure(Row):
    """One case of erasing: why, how far it is, and the certificate. Nothing here says who it was.

    `preview` is what was promised before it began, `certificate` what was done, kept and searched, `signature` the
    shop's seal on it. `digest` is the SHA-256 of the certificate's text.
    """

    class Cause(models.TextChoices):
        REQUEST = "request", _("The person asked for it")
        STAFF = "staff", _("Decided by staff")
        DELETED = "deleted", _("Deleted thirty days ago")
        RETENTION = "retention", _("A retention rule")
        RESTORE = "restore", _("A backup was restored")

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting to begin")
        ERASED = "erased", _("Erased, being verified")
        DONE = "done", _("Erased and verified")
        FOUND = "found", _("Erased, but something was found")
        FAILED = "failed", _("Not erased")

    id_prefix = "era"

    cause = models.CharField(max_length=9, choices=Cause)
    rule = models.CharField(max_length=40, blank=True, default="")
    state = models.CharField(max_length=7, choices=State, default=State.WAITING)
    # the person while the case waits, nobody afterwards; no foreign key, so that the case can outlive the row
    customer_id = models.BigIntegerField(null=True)
    request = models.ForeignKey(PrivacyRequest, null=True, on_delete=models.SET_NULL, related_name="erasures")
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    people = models.PositiveBigIntegerField(default=0)
    erased_at = models.DateTimeField(null=True)
    verified_at = models.DateTimeField(null=True)
    problem = models.TextField(blank=True, default="")
    preview = models.JSONField(default=dict, blank=True)
    certificate = models.JSONField(default=dict, blank=True)
    digest = models.CharField(max_length=64, blank=True, default="")
    signature = models.CharField(max_length=128, blank=True, default="")

    class Meta:
        indexes: ClassVar = [
            # the list of cases, newest first, by how they ended
            models.Index(fields=["state", "-id"], name="erasure_by_state"),
        ]

    def __str__(self) -> str:
        return self.public_id


class Tombstone(models.Model):
    """The number of a record that was erased, so that no backup brings it back. A number, and nothing else."""

    customer_id = models.BigIntegerField(primary_key=True)
    erasure = models.ForeignKey(Erasure, null=True, on_delete=models.SET_NULL, related_name="tombstones")
    erased_at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.customer_id)


class Suppression(models.Model):
    """An e-mail or phone that must not be written to again, as a keyed hash: it can be asked for, and not be read."""

    id = models.BigAutoField(primary_key=True)
    kind = models.CharField(max_length=5)  # email or phone
    hash = models.BigIntegerField()
    since = models.DateTimeField()
    lifted_at = models.DateTimeField(null=True)  # somebody with this e-mail agreed anew

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["hash", "kind"], name="suppressed_once")]

    def __str__(self) -> str:
        return f"{self.kind} {self.hash}"


class RetentionRule(models.Model):
    """How the owner set one of the rules that run at night (customers/privacy/retention.py); no row, never set."""

    key = models.SlugField(max_length=40, unique=True)
    is_on = models.BooleanField(_("on"), default=False)
    months = models.PositiveSmallIntegerField(_("months"))
    changed_at = models.DateTimeField()
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    ran_at = models.DateTimeField(null=True)
    ran_count = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return self.key


class KeepingPeriod(models.Model):
    """For how many years a country wants orders kept, where the owner says otherwise than we do."""

    country = models.CharField(max_length=2, unique=True)
    years = models.PositiveSmallIntegerField(_("years"))
    source = models.CharField(_("source"), max_length=250, blank=True, default="")

    def __str__(self) -> str:
        return f"{self.country}: {self.years}"


class PrivacySettings(models.Model):
    """What only the owner can say about how this shop processes personal data: one row, or none before the first.

    `purposes` are the owner's words on each purpose of processing, `{key: {basis, note}}`; `recipients` what they say
    of each recipient, `{key: {country, contract, is_abroad}}`.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    controller = models.TextField(_("controller"), blank=True, default="")
    officer = models.TextField(_("data protection officer"), blank=True, default="")
    representative = models.TextField(_("representative"), blank=True, default="")
    authority = models.CharField(_("supervisory authority"), max_length=250, blank=True, default="")
    measures = models.TextField(_("further security measures"), blank=True, default="")
    default_law = models.CharField(_("law by default"), max_length=8, choices=Law, default=Law.GDPR)
    pipl_days = models.PositiveSmallIntegerField(_("days to answer under PIPL"), default=15)
    child_age = models.PositiveSmallIntegerField(_("age below which a guardian decides"), default=16)
    needs_separate_consent = models.BooleanField(_("separate consent, as PIPL wants it"), default=False)
    purposes = models.JSONField(default=dict, blank=True)
    recipients = models.JSONField(default=dict, blank=True)

    class Meta:
        constraints: ClassVar = [models.CheckConstraint(condition=models.Q(id=1), name="one_privacy_settings")]

    def __str__(self) -> str:
        return "privacy settings"
