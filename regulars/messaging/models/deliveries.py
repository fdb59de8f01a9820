"""What providers and mail servers told of messages that had left."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from regulars.core.fields import OfPerson, SealedText
from regulars.core.walls import Guarded
from regulars.messaging.models.messages import Message


class DeliveryEvent(OfPerson, models.Model):
    """One thing that was told of a message; each is kept once (`event_id`), whatever is told in which order.

    What came before we knew the message by that name waits without `applied_at`. `detail` are the server's words.
    """

    class Kind(models.TextChoices):
        ACCEPTED = "accepted", _("Sent")
        DELAYED = "delayed", _("Delayed")
        DELIVERED = "delivered", _("Arrived")
        OPENED = "opened", _("Opened")
        CLICKED = "clicked", _("Clicked")
        READ = "read", _("Read")
        FAILED = "failed", _("Not delivered")
        BOUNCED = "bounced", _("Came back")
        COMPLAINED = "complained", _("Marked as spam")

    id = models.BigAutoField(primary_key=True)
    message = models.ForeignKey(Message, null=True, on_delete=models.CASCADE, related_name="events")
    customer = models.ForeignKey("customers.Customer", null=True, on_delete=models.SET_NULL, related_name="+")
    event_id = models.CharField(max_length=250, unique=True)
    provider_id = models.CharField(max_length=250, blank=True, default="")
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    is_hard = models.BooleanField(default=False)
    reason = models.CharField(max_length=40, blank=True, default="")
    status = models.CharField(max_length=12, blank=True, default="")
    detail = SealedText(or_shop=True, blank=True, default="")
    at = models.DateTimeField()
    heard_at = models.DateTimeField(default=timezone.now)
    applied_at = models.DateTimeField(null=True)

    objects: ClassVar[models.Manager[DeliveryEvent]] = Guarded()

    class Meta:
        indexes: ClassVar = [
            # what was told of messages that nobody knew yet
            models.Index(fields=["heard_at"], name="event_not_applied", condition=models.Q(applied_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.event_id}"
