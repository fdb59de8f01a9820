"""What is suggested from the shop's own history, what people said of it, and how well it was learned."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from regulars.core.walls import Guarded
from regulars.inbox.models.conversations import Conversation, Topic
from regulars.inbox.models.working import Canned


class Guessing(models.Model):
    """What the shop wants suggested, and what was learned last: one row.

    `number` is that of the last model; `is_learned` says whether it is there to be asked. `forgotten` rises whenever
    something has to be forgotten, so that what is being learned meanwhile is not kept. `learned_from` is the digest of
    what there was to learn. Shares are None where they were not measured.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    topics_on = models.BooleanField(_("suggest topics"), default=True)
    sets_topics = models.BooleanField(_("set topics by itself"), default=False)
    answers_on = models.BooleanField(_("suggest canned answers"), default=True)
    number = models.PositiveIntegerField(default=0)
    is_learned = models.BooleanField(default=False)
    forgotten = models.PositiveIntegerField(default=0)
    learned_from = models.CharField(max_length=64, blank=True, default="")
    learned_at = models.DateTimeField(null=True)
    examples = models.PositiveIntegerField(default=0)
    topics = models.PositiveIntegerField(default=0)
    answers = models.PositiveIntegerField(default=0)
    accuracy = models.FloatField(null=True)
    usual = models.FloatField(null=True)
    shown = models.FloatField(null=True)
    precision = models.FloatField(null=True)
    hits = models.FloatField(null=True)

    class Meta:
        constraints: ClassVar = [models.CheckConstraint(condition=Q(id=1), name="one_guessing")]

    def __str__(self) -> str:
        return f"model {self.number}"


class Guess(models.Model):
    """Which topic was suggested for an inquiry, how sure that was (in hundredths), and what became of it.

    `number` is that of the model that said so. One that was set by itself can be kept or taken back.
    """

    class State(models.TextChoices):
        OFFERED = "offered", _("Suggested")
        ACCEPTED = "accepted", _("Accepted")
        DISMISSED = "dismissed", _("Dismissed")
        OTHER = "other", _("Another topic was chosen")
        SET = "set", _("Set by itself")
        TAKEN_BACK = "back", _("Taken back")

    id = models.BigAutoField(primary_key=True)
    conversation = models.OneToOneField(Conversation, on_delete=models.CASCADE, related_name="guess")
    topic = models.ForeignKey(Topic, on_delete=models.CASCADE, related_name="+")
    confidence = models.PositiveSmallIntegerField()
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=9, choices=State, default=State.OFFERED)
    made_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")

    objects: ClassVar[models.Manager[Guess]] = Guarded()

    class Meta:
        # what was suggested in a stretch of time
        indexes: ClassVar = [models.Index(fields=["-made_at"], name="guess_by_moment")]

    def __str__(self) -> str:
        return f"#{self.conversation_id}: {self.state}"


class CannedGuess(models.Model):
    """A canned answer that inquiries like this one got, offered at a place from 1 on, and whether it was sent."""

    id = models.BigAutoField(primary_key=True)
    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="canned_guesses", db_index=False
    )
    canned = models.ForeignKey(Canned, on_delete=models.CASCADE, related_name="+")
    place = models.PositiveSmallIntegerField()
    made_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    objects: ClassVar[models.Manager[CannedGuess]] = Guarded()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["conversation", "canned"], name="canned_guess_once"),
        ]
        indexes: ClassVar = [models.Index(fields=["-made_at"], name="canned_guess_by_moment")]

    def __str__(self) -> str:
        return f"#{self.conversation_id}: {self.canned_id}"
