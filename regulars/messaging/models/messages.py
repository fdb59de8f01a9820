"""Messages: written before they are sent, so that what was promised is known whatever happens next."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from regulars.core.models import Row
from regulars.core.walls import Guarded


class Message(Row):
    """A mail to somebody. `cause` is unique: whatever asks for it twice gets the one that is there.

    Of one that `is_fleeting`, because it holds a link that lets somebody in, the text is forgotten once it left.

    `message_id` is the mail's own id, made from the row, so that a mail that went out twice is one at the receiver.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting to be sent")
        SENDING = "sending", _("Being sent")
        SENT = "sent", _("Sent")
        HELD = "held", _("Held: no mail server is set")
        FAILED = "failed", _("Not delivered")

    id_prefix = "msg"

    customer = models.ForeignKey("customers.Customer", null=True, on_delete=models.SET_NULL, related_name="messages")
    cause = models.CharField(max_length=120, unique=True)
    to = models.CharField(_("to"), max_length=254)
    subject = models.CharField(_("subject"), max_length=250)
    text = models.TextField()
    html = models.TextField(blank=True, default="")
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.WAITING)
    problem = models.TextField(blank=True, default="")
    message_id = models.CharField(max_length=120, blank=True, default="")
    sent_at = models.DateTimeField(null=True)
    is_fleeting = models.BooleanField(default=False)

    objects: ClassVar[models.Manager[Message]] = Guarded()

    class Meta:
        indexes: ClassVar = [
            # what waits, what is held, what failed, newest first
            models.Index(fields=["state", "-id"], name="message_by_state"),
        ]

    def __str__(self) -> str:
        return f"{self.subject} → {self.to}"
