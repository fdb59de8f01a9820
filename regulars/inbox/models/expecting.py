"""The time that was worked out: what customers were told they would wait, what they waited, and the words for it."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from regulars.core.walls import Guarded
from regulars.inbox.models.conversations import By, Conversation, Topic


class Expectation(models.Model):
    """How long the first answer to an inquiry should take, worked out when it came, and how long it took.

    `minutes` is the quantile, `took` what it was, both in working time. `said_at` is the moment that was worked out of
    it and rounded; `promised_at` the promise's own. It is kept for every inquiry, whether somebody was told or not
    (`told_at`), because the next estimate learns from all. `source` is “history” or “promise”.
    """

    conversation = models.OneToOneField(
        Conversation, primary_key=True, on_delete=models.CASCADE, related_name="expectation"
    )
    topic = models.ForeignKey(Topic, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    by = models.CharField(max_length=8, choices=By)
    came_at = models.DateTimeField()
    hour = models.PositiveSmallIntegerField()
    queue = models.PositiveIntegerField()
    people = models.PositiveSmallIntegerField()
    source = models.CharField(max_length=8)
    learned_from = models.PositiveIntegerField(default=0)
    level = models.FloatField(default=0.8)
    minutes = models.FloatField(null=True)
    said_at = models.DateTimeField(null=True)
    promised_at = models.DateTimeField(null=True)
    promised_minutes = models.FloatField(null=True)
    answered_at = models.DateTimeField(null=True)
    took = models.FloatField(null=True)
    told_at = models.DateTimeField(null=True)
    told_on = models.DateField(null=True)
    sender = models.CharField(max_length=64, blank=True, default="")

    objects: ClassVar[models.Manager[Expectation]] = Guarded()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["sender", "told_on"], condition=~Q(sender="") & Q(told_on__isnull=False), name="told_once_a_day"
            ),
        ]
        indexes: ClassVar = [
            # what to learn from, newest first
            models.Index(fields=["-answered_at"], name="expectation_learned", condition=Q(answered_at__isnull=False)),
            # what was said in a week, and whether it held
            models.Index(fields=["came_at"], name="expectation_by_week"),
        ]

    def __str__(self) -> str:
        return f"#{self.conversation_id}: {self.said_at}"


class Acknowledging(models.Model):
    """Whether inquiries are acknowledged by themselves, by which ways, and in which words: one row.

    `texts` has, for each language, a subject and a text in Liquid.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    is_on = models.BooleanField(default=False)
    ways = models.JSONField(default=list)
    texts = models.JSONField(default=dict)

    class Meta:
        constraints: ClassVar = [models.CheckConstraint(condition=models.Q(id=1), name="one_acknowledging")]

    def __str__(self) -> str:
        return "on" if self.is_on else "off"
