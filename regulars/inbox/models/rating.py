"""How customers found our answers: asked once after an inquiry is done, and told with one click."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from regulars.core.fields import OfPerson, SealedText
from regulars.core.models import Row
from regulars.core.walls import Guarded
from regulars.inbox.models.conversations import Conversation


class Asking(models.Model):
    """Whether customers are asked after an inquiry is done, and how long after: one row."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    is_on = models.BooleanField(_("ask for a rating"), default=False)
    after_hours = models.PositiveSmallIntegerField(_("hours after it is done"), default=24)

    class Meta:
        constraints: ClassVar = [models.CheckConstraint(condition=Q(id=1), name="one_asking")]

    def __str__(self) -> str:
        return "on" if self.is_on else "off"


class Rating(OfPerson, Row):
    """One inquiry, asked about once; `score` is 1 to 5, and empty until they say. `agent` is who looked after it."""

    id_prefix = "rat"

    conversation = models.OneToOneField(Conversation, on_delete=models.CASCADE, related_name="rating")
    customer = models.ForeignKey("customers.Customer", on_delete=models.CASCADE, related_name="+", db_index=False)
    agent = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    asked_at = models.DateTimeField()
    score = models.PositiveSmallIntegerField(_("rating"), null=True)
    comment = SealedText(_("comment"), blank=True, default="")
    rated_at = models.DateTimeField(null=True)

    objects: ClassVar[models.Manager[Rating]] = Guarded()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(score__isnull=True) | Q(score__gte=1, score__lte=5), name="rating_score"
            ),
        ]
        indexes: ClassVar = [
            # whom we asked lately
            models.Index(fields=["customer", "-asked_at"], name="rating_by_customer"),
            # what was said in a stretch of time
            models.Index(fields=["-rated_at"], name="rating_by_moment", condition=Q(rated_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"#{self.conversation_id}: {self.score}"
