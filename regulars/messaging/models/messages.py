"""Messages: written before they are sent, so that what was promised is known whatever happens next."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from regulars.core.fields import OfPerson, SealedText
from regulars.core.models import Row
from regulars.core.walls import Guarded
from regulars.messaging import digests
from regulars.messaging.models.accounts import Account, Way


class Message(OfPerson, Row):
    """A message to somebody. `cause` is unique: whatever asks for it twice gets the one that is there.

    planned → claimed → handed over → accepted, failed or unknown. A worker claims it for a while (`claim` counts the
    claims, and is the fence), writes down that it hands it over, and only then lets its bytes go. Who died in between
    left it handed over, and nobody can tell whether it arrived: that is `unknown`. What becomes of one that was
    accepted is told later: delivered, bounced, complained.

    `message_id` is the mail's own id, so that a mail that went out twice is one at the receiver. `consent` is the line
    of the ledger that allowed it. Of one that `is_fleeting`, because it holds a link that lets somebody in, the text is
    forgotten once it left. `counts_at` is the moment at which it counts against the limit of its person.
    """

    class State(models.TextChoices):
        PLANNED = "planned", _("Waiting to be sent")
        CLAIMED = "claimed", _("Being sent")
        HANDED = "handed_over", _("Being handed over")
        ACCEPTED = "accepted", _("Sent")
        DELIVERED = "delivered", _("Arrived")
        FAILED = "failed", _("Not delivered")
        BOUNCED = "bounced", _("Came back")
        COMPLAINED = "complained", _("Marked as spam")
        UNKNOWN = "unknown", _("Not known whether it arrived")
        HELD = "held", _("Held: no sender is set up")
        CANCELLED = "cancelled", _("Taken back")

    id_prefix = "msg"

    customer = models.ForeignKey("customers.Customer", null=True, on_delete=models.SET_NULL, related_name="messages")
    cause = models.CharField(max_length=120, unique=True)
    way = models.CharField(_("way"), max_length=8, choices=Way, default=Way.EMAIL)
    account = models.ForeignKey(Account, null=True, on_delete=models.SET_NULL, related_name="messages")
    to = SealedText(_("to"), or_shop=True, blinds=digests.column_of_mail)
    to_digest = models.CharField(max_length=32, blank=True, default="")
    subject = SealedText(_("subject"), or_shop=True, blank=True, default="")
    text = SealedText(or_shop=True, blank=True, default="")
    html = SealedText(or_shop=True, blank=True, default="")
    purpose = models.CharField(_("purpose"), max_length=40, blank=True, default="service")
    consent = models.ForeignKey("customers.ConsentRecord", null=True, on_delete=models.SET_NULL, related_name="+")
    language = models.CharField(max_length=16, blank=True, default="")
    template = models.CharField(max_length=40, blank=True, default="")
    headers = models.JSONField(default=dict)
    state = models.CharField(_("state"), max_length=11, choices=State, default=State.PLANNED)
    problem = models.TextField(blank=True, default="")
    message_id = models.CharField(max_length=250, blank=True, default="")
    provider_id = models.CharField(max_length=250, blank=True, default="")
    is_fleeting = models.BooleanField(default=False)
    is_bulk = models.BooleanField(default=False)
    is_answer = models.BooleanField(default=False)
    due_at = models.DateTimeField(default=timezone.now)
    counts_at = models.DateTimeField(null=True)
    claim = models.PositiveIntegerField(default=0)
    claimed_until = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    resends = models.PositiveSmallIntegerField(default=0)
    handed_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)

    objects: ClassVar[models.Manager[Message]] = Guarded()

    class Meta:
        indexes: ClassVar = [
            # what waits, what is held, what failed, newest first
            models.Index(fields=["state", "-id"], name="message_by_state"),
            # what bounces and providers name
            models.Index(fields=["message_id"], name="message_by_mail_id"),
            models.Index(fields=["provider_id"], name="message_by_provider", condition=~models.Q(provider_id="")),
            models.Index(fields=["to_digest", "-id"], name="message_by_address"),
            # how many somebody gets in some days
            models.Index(
                fields=["customer", "counts_at"], name="message_counts", condition=models.Q(counts_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subject} → {self.to}"


class MessageFile(OfPerson, models.Model):
    """A file that goes out with a message. Its bytes lie sealed in the data folder under `key`."""

    id = models.BigAutoField(primary_key=True)
    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="files")
    customer = models.ForeignKey("customers.Customer", null=True, on_delete=models.SET_NULL, related_name="+")
    name = SealedText(or_shop=True)
    media_type = models.CharField(max_length=100)
    size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    key = models.CharField(max_length=80, unique=True)
    content_id = models.CharField(max_length=250, blank=True, default="")
    is_inline = models.BooleanField(default=False)

    objects: ClassVar[models.Manager[MessageFile]] = Guarded()

    def __str__(self) -> str:
        return str(self.name)
