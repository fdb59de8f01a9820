"""Posts: every single thing said in a conversation, by whom and how, with its files."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from regulars.core.fields import Keys, OfPerson, SealedJson, SealedText
from regulars.core.models import Row
from regulars.core.walls import Guarded
from regulars.inbox.models.arriving import Arrival
from regulars.inbox.models.conversations import By, Conversation


class PostKind(models.TextChoices):
    """Who says it to whom. What happens to a conversation (taken, closed) is told by the timeline, not here."""

    IN = "in", _("From the customer")
    OUT = "out", _("Our answer")
    NOTE = "note", _("Note")
    CALL = "call", _("Call")
    AUTO = "auto", _("Sent by itself")


class Post(OfPerson, Row):
    """One thing said. `text` is what its author wrote, `quoted` what they quoted and signed with, folded away.

    `html` is their own make-up, cleaned (inbox/reading). `people` are the addresses: from, to, cc. `mail_id` is the id
    of the mail itself, `id_digest` stands for it in the index. `joined_by` says how it came into this conversation, and
    `confidence` how sure that is, in hundredths. `cause` is unique where it is set: what comes twice is one post.
    """

    id_prefix = "pst"

    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="posts", db_index=False)
    customer = models.ForeignKey("customers.Customer", on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(_("kind"), max_length=4, choices=PostKind)
    by = models.CharField(_("channel"), max_length=8, choices=By)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    subject = SealedText(blank=True, default="")
    text = SealedText(_("text"), blank=True, default="")
    quoted = SealedText(blank=True, default="")
    html = SealedText(blank=True, default="")
    people = SealedJson(keys=Keys(frozenset({"from", "name", "to", "cc", "reply_to", "number"})), default=dict)
    data = models.JSONField(default=dict)
    cause = models.CharField(max_length=120, null=True, unique=True)  # noqa: DJ001 — many have none
    id_digest = models.CharField(max_length=64, blank=True, default="")
    mail_id = models.CharField(max_length=250, blank=True, default="")
    joined_by = models.CharField(max_length=12, blank=True, default="")
    confidence = models.PositiveSmallIntegerField(default=100)
    arrival = models.OneToOneField(Arrival, null=True, on_delete=models.SET_NULL, related_name="post")
    message = models.OneToOneField("messaging.Message", null=True, on_delete=models.SET_NULL, related_name="post")
    deleted_at = models.DateTimeField(null=True)

    objects: ClassVar[models.Manager[Post]] = Guarded()

    class Meta:
        indexes: ClassVar = [
            # a conversation as it went
            models.Index(fields=["conversation", "at", "id"], name="post_by_conversation"),
            # which post a mail answers
            models.Index(fields=["id_digest"], name="post_by_message"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} in #{self.conversation_id}"


class File(OfPerson, Row):
    """A file that came or went with a post. Its bytes lie sealed in the data folder under `key`.

    `media_type` is what its own first bytes say. One with a `content_id` is shown where the mail's text names it.
    """

    id_prefix = "fil"

    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="files")
    customer = models.ForeignKey("customers.Customer", on_delete=models.CASCADE, related_name="+")
    name = SealedText()
    media_type = models.CharField(max_length=100)
    size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    key = models.CharField(max_length=80, unique=True)
    content_id = models.CharField(max_length=250, blank=True, default="")
    is_inline = models.BooleanField(default=False)

    objects: ClassVar[models.Manager[File]] = Guarded()

    def __str__(self) -> str:
        return self.name


class ThreadOffer(models.Model):
    """A mail may belong to another conversation than the one it began: people decide, and it is asked once.

    `by` says what leads there, `confidence` how sure that is, in hundredths.
    """

    class Decided(models.TextChoices):
        JOINED = "joined", _("Put together")
        DECLINED = "declined", _("Left apart")

    id = models.BigAutoField(primary_key=True)
    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="offers", db_index=False)
    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="+")
    by = models.CharField(max_length=12)
    confidence = models.PositiveSmallIntegerField()
    decided = models.CharField(max_length=8, choices=Decided, blank=True, default="")
    decided_at = models.DateTimeField(null=True)

    objects: ClassVar[models.Manager[ThreadOffer]] = Guarded()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["post", "conversation"], name="thread_offer_once")]

    def __str__(self) -> str:
        return f"{self.post_id} to #{self.conversation_id}"
