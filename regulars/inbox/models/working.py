"""What makes work on inquiries quick: drafts, canned answers, macros, rules, views, and the journal of work."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from regulars.core.fields import OfPerson, SealedText
from regulars.core.models import Row
from regulars.core.walls import Guarded
from regulars.inbox.models.conversations import Conversation
from regulars.inbox.models.posts import Post


class Draft(OfPerson, models.Model):
    """What somebody has begun to write in a conversation; one each of an answer and a note."""

    id = models.BigAutoField(primary_key=True)
    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="drafts", db_index=False)
    customer = models.ForeignKey("customers.Customer", on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    is_note = models.BooleanField(default=False)
    text = SealedText()
    seen_version = models.PositiveIntegerField(default=0)
    updated_at = models.DateTimeField(default=timezone.now)

    objects: ClassVar[models.Manager[Draft]] = Guarded()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["conversation", "user", "is_note"], name="inbox_draft_once"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} in #{self.conversation_id}"


class PostMention(models.Model):
    """A note in a conversation names a colleague, who finds it on their page until they have seen it."""

    id = models.BigAutoField(primary_key=True)
    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="mentions")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False)
    seen_at = models.DateTimeField(null=True)

    objects: ClassVar[models.Manager[PostMention]] = Guarded()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["user", "post"], name="post_mention_once")]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.post_id}"


class Canned(Row):
    """An answer that is given often, found by `/` and its shortcut, in as many languages as somebody wrote it in."""

    id_prefix = "can"

    name = models.CharField(_("name"), max_length=80)
    shortcut = models.SlugField(_("shortcut"), max_length=40, unique=True)
    topic = models.ForeignKey("inbox.Topic", null=True, blank=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        ordering: ClassVar = ["name", "id"]

    def __str__(self) -> str:
        return self.name


class CannedText(models.Model):
    """What a canned answer says in one language, in Liquid."""

    id = models.BigAutoField(primary_key=True)
    canned = models.ForeignKey(Canned, on_delete=models.CASCADE, related_name="texts", db_index=False)
    language = models.CharField(_("language"), max_length=16)
    text = models.TextField(_("text"))

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["canned", "language"], name="canned_once_a_language")]

    def __str__(self) -> str:
        return f"{self.canned_id} {self.language}"


class Macro(Row):
    """Several steps that are done with one click or key, all of them or none (inbox/steps.py)."""

    id_prefix = "mac"

    name = models.CharField(_("name"), max_length=80, unique=True)
    key = models.CharField(_("key"), max_length=1, blank=True, default="")
    steps = models.JSONField(default=list)
    is_on = models.BooleanField(_("on"), default=True)

    class Meta:
        ordering: ClassVar = ["name", "id"]

    def __str__(self) -> str:
        return self.name


class Rule(Row):
    """What is done with a new inquiry by itself: where all `conditions` hold, all `steps`; in the order of `position`.

    One with `stops` is the last that is looked at for an inquiry that it fits.
    """

    id_prefix = "rul"

    name = models.CharField(_("name"), max_length=80, unique=True)
    position = models.PositiveIntegerField(default=0)
    is_on = models.BooleanField(_("on"), default=True)
    stops = models.BooleanField(_("is the last one"), default=False)
    conditions = models.JSONField(default=list)
    steps = models.JSONField(default=list)

    class Meta:
        ordering: ClassVar = ["position", "id"]

    def __str__(self) -> str:
        return self.name


class TeamTurn(models.Model):
    """Whose turn it was last in a team where inquiries go round."""

    team = models.OneToOneField("staff.Team", primary_key=True, on_delete=models.CASCADE, related_name="+")
    last = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.team_id}: {self.last}"


class Signature(Row):
    """What stands below an answer, in Liquid: of a person, a mailbox, an account, a person in one, or the whole shop.

    `language` is empty for one that is for all languages.
    """

    id_prefix = "sig"

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    mailbox = models.ForeignKey("inbox.Mailbox", null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    account = models.ForeignKey("messaging.Account", null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    language = models.CharField(_("language"), max_length=16, blank=True, default="")
    text = models.TextField(_("signature"))

    class Meta:
        constraints: ClassVar = [
            # an empty key is one like any other here
            models.UniqueConstraint(
                Coalesce("user", 0), Coalesce("mailbox", 0), Coalesce("account", 0), "language", name="signature_once"
            ),
        ]

    def __str__(self) -> str:
        return self.text[:40]


class InboxView(Row):
    """Filters of the inbox that somebody keeps by a name, for themselves or for everybody."""

    id_prefix = "ivw"

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(_("name"), max_length=80)
    query = models.CharField(max_length=1000)
    is_shared = models.BooleanField(_("shared"), default=False)
    position = models.PositiveIntegerField(default=0)

    class Meta:
        ordering: ClassVar = ["position", "name", "id"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["user", "name"], name="inbox_view_once")]

    def __str__(self) -> str:
        return self.name


class Work(Row):
    """Something that was done with one inquiry or many, with how they were before, so that it can be taken back.

    `images` are `{"id", "version", "before", "after"}` for each: states and keys of ours, nothing that anybody wrote.
    """

    id_prefix = "iwk"

    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    act = models.CharField(max_length=80)
    images = models.JSONField(default=list)
    done_at = models.DateTimeField(default=timezone.now)
    undone_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["user", "-id"], name="inbox_work_by_user")]

    def __str__(self) -> str:
        return f"{self.act} {len(self.images)}"


class SpamSender(models.Model):
    """Who sent spam, as a digest: what comes from there again is spam, until somebody says that it is not."""

    digest = models.CharField(max_length=64, primary_key=True)
    since = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.digest[:8]


class Token(models.Model):
    """The search index: which conversations of a block of 65,536 hold a word, or words that begin alike.

    `code` is a keyed hash of the word or of its beginning, so that the index says nothing without the shop's keys.
    """

    pk = models.CompositePrimaryKey("block", "code")
    block = models.IntegerField()
    code = models.BigIntegerField()
    ids = models.BinaryField()

    class Meta:
        verbose_name = "token"

    def __str__(self) -> str:
        return f"{self.code} in {self.block}"


class Unsearched(models.Model):
    """Posts that are not in the search index yet; every search looks at them as well."""

    id = models.BigAutoField(primary_key=True)
    post_id = models.BigIntegerField()

    class Meta:
        verbose_name_plural = "unsearched"

    def __str__(self) -> str:
        return str(self.post_id)
