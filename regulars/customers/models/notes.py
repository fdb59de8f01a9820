"""What the team writes down about a customer, and the files it keeps with it."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from regulars.core.fields import OfPerson, SealedText
from regulars.core.models import Row
from regulars.core.walls import Guarded
from regulars.customers.models.people import Customer


class Note(OfPerson, Row):
    """A note of the team. A deleted note stays for thirty days, so that deleting can be undone."""

    class Kind(models.TextChoices):
        NOTE = "note", _("Note")
        SERVICE = "service", _("Service history")
        REQUIREMENT = "requirement", _("Special requirement")
        COMPLAINT = "complaint", _("Complaint")
        COMPLIMENT = "compliment", _("Compliment")
        RESTRICTION = "restriction", _("Restriction")

    id_prefix = "not"

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="notes", db_index=False)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(_("kind"), max_length=12, choices=Kind, default=Kind.NOTE)
    text = SealedText(_("note"))
    at = models.DateTimeField()
    edited_at = models.DateTimeField(null=True)
    is_pinned = models.BooleanField(_("pinned"), default=False)
    deleted_at = models.DateTimeField(null=True)

    objects: ClassVar[models.Manager[Note]] = Guarded()

    class Meta:
        indexes: ClassVar = [
            # the notes of a customer, newest first
            models.Index(fields=["customer", "at", "id"], name="note_by_customer"),
        ]

    def __str__(self) -> str:
        return self.text[:60]


class Mention(models.Model):
    """A note names a colleague, who finds it on their page until they have seen it."""

    id = models.BigAutoField(primary_key=True)
    note = models.ForeignKey(Note, on_delete=models.CASCADE, related_name="mentions")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False)
    seen_at = models.DateTimeField(null=True)

    objects: ClassVar[models.Manager[Mention]] = Guarded()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["user", "note"], name="mentioned_once")]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.note_id}"


class Attachment(OfPerson, Row):
    """A file that belongs to a note. Its bytes lie outside the web root, under `key` in the data folder."""

    id_prefix = "att"

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="attachments")
    note = models.ForeignKey(Note, on_delete=models.CASCADE, related_name="attachments")
    name = SealedText()
    media_type = models.CharField(max_length=100)
    size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    key = models.CharField(max_length=80, unique=True)

    objects: ClassVar[models.Manager[Attachment]] = Guarded()

    def __str__(self) -> str:
        return self.name
