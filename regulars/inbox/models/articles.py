"""Help articles: what the shop explains to everybody, in the languages of its customers, on pages of its own."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from regulars.core.models import Row


class HelpCentre(models.Model):
    """Whether the help centre can be opened: one row."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    is_on = models.BooleanField(_("help centre"), default=True)

    class Meta:
        constraints: ClassVar = [models.CheckConstraint(condition=Q(id=1), name="one_help_centre")]

    def __str__(self) -> str:
        return "on" if self.is_on else "off"


class ArticleSection(Row):
    """A heading that articles stand under; `names` has what it is called in each language."""

    id_prefix = "ase"

    slug = models.SlugField(_("address"), max_length=60, unique=True)
    names = models.JSONField(default=dict)
    position = models.PositiveIntegerField(default=0)

    class Meta:
        ordering: ClassVar = ["position", "id"]

    def __str__(self) -> str:
        return self.slug


class ArticleState(models.TextChoices):
    """Who can open an article: the team, everybody, or nobody any more."""

    DRAFT = "draft", _("Draft")
    PUBLISHED = "published", _("Published")
    ARCHIVED = "archived", _("Archived")


class Article(Row):
    """Something explained once; what it says stands in its texts. Its address stays from the first publishing on."""

    id_prefix = "art"

    slug = models.SlugField(_("address"), max_length=80, unique=True)
    section = models.ForeignKey(
        ArticleSection, null=True, blank=True, on_delete=models.SET_NULL, related_name="articles"
    )
    position = models.PositiveIntegerField(_("place"), default=0)
    state = models.CharField(_("state"), max_length=10, choices=ArticleState, default=ArticleState.DRAFT)
    published_at = models.DateTimeField(null=True)
    sent_count = models.PositiveIntegerField(_("in answers"), default=0)

    class Meta:
        ordering: ClassVar = ["position", "id"]

    def __str__(self) -> str:
        return self.slug


class ArticleText(models.Model):
    """What an article says in one language now, and what people did with it; nothing says who they were."""

    id = models.BigAutoField(primary_key=True)
    article = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="texts", db_index=False)
    language = models.CharField(_("language"), max_length=16)
    title = models.CharField(_("title"), max_length=150)
    body = models.TextField(_("text"))
    views = models.PositiveIntegerField(_("views"), default=0)
    helpful = models.PositiveIntegerField(_("helpful"), default=0)
    unhelpful = models.PositiveIntegerField(_("not helpful"), default=0)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["article", "language"], name="article_once_a_language")
        ]

    def __str__(self) -> str:
        return self.title


class ArticleVersion(models.Model):
    """What an article said in one language since `made_at`. It is never changed; whoever edits adds the next one."""

    id = models.BigAutoField(primary_key=True)
    article = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="versions", db_index=False)
    language = models.CharField(_("language"), max_length=16)
    number = models.PositiveIntegerField()
    title = models.CharField(_("title"), max_length=150)
    body = models.TextField(_("text"))
    made_at = models.DateTimeField(default=timezone.now)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["article", "language", "number"], name="article_version_once")
        ]

    def __str__(self) -> str:
        return f"{self.article_id} {self.language} {self.number}"


class ArticleWord(models.Model):
    """The search index: a word of a text, and how much it says there. Bytes, so that both databases order it alike."""

    id = models.BigAutoField(primary_key=True)
    text = models.ForeignKey(ArticleText, on_delete=models.CASCADE, related_name="words")
    word = models.BinaryField(max_length=64)
    weight = models.PositiveSmallIntegerField(default=1)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["word", "text", "weight"], name="article_word")]

    def __str__(self) -> str:
        return f"{bytes(self.word).decode(errors='replace')} in {self.text_id}"


class ArticleMiss(models.Model):
    """Something that was looked for and not found on a day, and how often; kept 90 days, and nothing of who asked."""

    id = models.BigAutoField(primary_key=True)
    day = models.DateField()
    text = models.CharField(max_length=80)
    language = models.CharField(max_length=16)
    count = models.PositiveIntegerField(default=1)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["day", "text", "language"], name="article_miss_once_a_day")
        ]

    def __str__(self) -> str:
        return self.text
