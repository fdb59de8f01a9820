"""What goes out: addresses of other systems that want to know what happened here, and each message to them."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from regulars.core.models import Row


class Endpoint(Row):
    """An address that gets the facts it asked for, signed. It is told what its owner may see, and nothing else.

    `facts` are names of facts; none means every public one. `secret` was sealed with `sealing.seal_secret`. `cursor` is
    the last entry of the timeline below which nothing can still appear. It is switched off (`stopped_because`) when
    nobody answered there for days: `failing_since` is the first failure after the last answer. `rests_until` is when it
    is asked again, `sender` the one process that sends to it now, until `sender_until` at most.
    """

    id_prefix = "end"

    url = models.URLField(_("address"), max_length=500)
    name = models.CharField(_("name"), max_length=80)
    facts = models.JSONField(default=list)
    secret = models.TextField(default="", editable=False)
    owner = models.ForeignKey("staff.User", on_delete=models.PROTECT, related_name="+")
    is_on = models.BooleanField(_("on"), default=True)
    stopped_because = models.CharField(max_length=500, blank=True, default="", editable=False)
    cursor = models.BigIntegerField(default=0, editable=False)
    answered_at = models.DateTimeField(null=True, editable=False)
    failing_since = models.DateTimeField(null=True, editable=False)
    rests_until = models.DateTimeField(null=True, editable=False)
    sender = models.CharField(max_length=64, blank=True, default="", editable=False)
    sender_until = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering: ClassVar = ["name", "id"]

    def __str__(self) -> str:
        return self.name


class PostingState(models.TextChoices):
    """How far a message has come."""

    WAITING = "waiting", _("Waiting")
    SENT = "sent", _("Sent")
    GIVEN_UP = "given_up", _("Given up")


class Posting(models.Model):
    """One entry of the timeline for one address: what is to be sent when, and what was answered.

    The message itself is made when it is sent, so that a person who was forgotten meanwhile is in none. `tried_since`
    is the first time it was sent in vain.
    """

    id = models.BigAutoField(primary_key=True)
    endpoint = models.ForeignKey(Endpoint, on_delete=models.CASCADE, related_name="postings", db_index=False)
    entry_id = models.BigIntegerField()
    fact = models.CharField(max_length=64)
    state = models.CharField(max_length=8, choices=PostingState, default=PostingState.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(default=timezone.now)
    tried_since = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    status = models.PositiveSmallIntegerField(null=True)
    error = models.CharField(max_length=500, blank=True, default="")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["endpoint", "entry_id"], name="posting_once"),
        ]
        indexes: ClassVar = [
            # what is to be sent next
            models.Index(fields=["due_at", "id"], name="posting_due", condition=models.Q(state="waiting")),
            # the page of an address, by state and newest first
            models.Index(fields=["endpoint", "state", "id"], name="posting_by_state"),
        ]

    def __str__(self) -> str:
        return f"{self.fact} {self.entry_id}"
