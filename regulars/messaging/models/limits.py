"""What is not sent: addresses that are not written to, how much is too much, and when people sleep."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from regulars.core.fields import OfPerson, SealedText
from regulars.core.models import Row
from regulars.core.walls import Guarded
from regulars.messaging.models.accounts import Way
from regulars.messaging.models.messages import Message


class Suppression(OfPerson, Row):
    """An address that is not written to: for nothing (no purpose), or not for one purpose.

    It is found by `digest` alone; the address itself is sealed with the shop's key, and goes when its person is erased.
    """

    class Reason(models.TextChoices):
        BOUNCE = "bounce", _("Mail came back")
        COMPLAINT = "complaint", _("Marked as spam")
        UNSUBSCRIBED = "unsubscribed", _("Unsubscribed")
        BY_HAND = "by_hand", _("By hand")

    id_prefix = "sup"

    way = models.CharField(_("way"), max_length=8, choices=Way, default=Way.EMAIL)
    digest = models.CharField(max_length=32)
    address = SealedText(_("address or number"), person="", blank=True, default="")
    customer = models.ForeignKey("customers.Customer", null=True, on_delete=models.SET_NULL, related_name="+")
    reason = models.CharField(_("reason"), max_length=12, choices=Reason)
    purpose = models.CharField(_("purpose"), max_length=40, blank=True, default="")
    note = models.CharField(_("why"), max_length=250, blank=True, default="")
    message = models.ForeignKey(Message, null=True, on_delete=models.SET_NULL, related_name="+")
    since = models.DateTimeField(default=timezone.now)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    ended_reason = models.CharField(max_length=250, blank=True, default="")

    objects: ClassVar[models.Manager[Suppression]] = Guarded()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["digest", "purpose"], condition=models.Q(ended_at__isnull=True), name="not_written_to_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.way} {self.digest}: {self.reason}"


class Limits(models.Model):
    """How the shop limits what it sends: one row, or none before the first change. The window is in local time."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    is_counted = models.BooleanField(_("Limit how much marketing one person gets"), default=True)
    most = models.PositiveSmallIntegerField(
        _("Messages at most"), default=3, validators=[MinValueValidator(1), MaxValueValidator(100)]
    )
    days = models.PositiveSmallIntegerField(
        _("In so many days"), default=7, validators=[MinValueValidator(1), MaxValueValidator(365)]
    )
    is_quiet = models.BooleanField(_("Wait until people are awake"), default=True)
    opens = models.TimeField(_("From"), default=dt.time(8))
    closes = models.TimeField(_("Until"), default=dt.time(20))
    changed_at = models.DateTimeField(default=timezone.now)
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints: ClassVar = [models.CheckConstraint(condition=models.Q(id=1), name="one_row_of_limits")]

    def __str__(self) -> str:
        return f"{self.most} in {self.days} days"


class SigningKey(models.Model):
    """The key that signs the mail of a domain (DKIM). `secret` is sealed with `sealing.seal_secret`."""

    id = models.BigAutoField(primary_key=True)
    domain = models.CharField(max_length=250, unique=True)
    selector = models.CharField(max_length=63)
    public = models.TextField()
    secret = models.TextField(editable=False)
    is_on = models.BooleanField(default=False)
    made_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.selector}._domainkey.{self.domain}"
