"""What happens to inquiries by the calendar: reminders of silence, closing, and letting go of what is old."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from regulars.core.walls import Guarded
from regulars.inbox.models.conversations import Conversation
from regulars.inbox.models.working import Canned


class FollowUp(models.Model):
    """What is done where the customer stays silent: remind them at `due_at` with `canned`, or give it back to `user`.

    It holds as long as the inquiry waits and nobody wrote since `asked_at`. `reminded_at` is when they were reminded.
    """

    id = models.BigAutoField(primary_key=True)
    conversation = models.OneToOneField(Conversation, on_delete=models.CASCADE, related_name="follow_up")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    days = models.PositiveSmallIntegerField(_("days"))
    canned = models.ForeignKey(Canned, null=True, on_delete=models.SET_NULL, related_name="+")
    asked_at = models.DateTimeField(default=timezone.now)
    due_at = models.DateTimeField(null=True)
    reminded_at = models.DateTimeField(null=True)

    objects: ClassVar[models.Manager[FollowUp]] = Guarded()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["due_at"], name="follow_up_due", condition=Q(due_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"#{self.conversation_id} {self.due_at}"


class Silence(models.Model):
    """What the shop does where customers do not answer: one row. No days mean never."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    remind_after = models.PositiveSmallIntegerField(_("days until a reminder"), default=0)
    remind_with = models.ForeignKey(Canned, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    close_after = models.PositiveSmallIntegerField(_("days until it is done"), default=0)
    close_with = models.ForeignKey(Canned, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        constraints: ClassVar = [models.CheckConstraint(condition=Q(id=1), name="one_silence")]

    def __str__(self) -> str:
        return f"{self.remind_after}, {self.close_after}"


class Keeping(models.Model):
    """How long inquiries are kept: one row. Nothing is let go of where there is no number."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    done_months = models.PositiveSmallIntegerField(_("months after an inquiry was done"), default=0)
    spam_days = models.PositiveSmallIntegerField(_("days after spam came"), default=0)
    raw_days = models.PositiveSmallIntegerField(_("days after a mail came"), default=0)
    ran_at = models.DateTimeField(null=True, editable=False)
    went = models.JSONField(default=dict, editable=False)

    class Meta:
        constraints: ClassVar = [models.CheckConstraint(condition=Q(id=1), name="one_keeping")]

    def __str__(self) -> str:
        return f"{self.done_months}, {self.spam_days}, {self.raw_days}"
