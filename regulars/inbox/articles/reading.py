"""What articles say to whom: the sections of the help centre, one article in somebody's language, its address."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.urls import reverse

from regulars.inbox.articles import languages
from regulars.inbox.models import Article, ArticleSection, ArticleState, ArticleText, ContactForm, HelpCentre


@dataclass(frozen=True, slots=True)
class Shown:
    """An article in the language that somebody reads."""

    article: Article
    text: ArticleText

    @property
    def title(self) -> str:
        return self.text.title


@dataclass(frozen=True, slots=True)
class Shelf:
    """A section with its articles, as somebody reads them; without a name for those that stand in none."""

    slug: str
    name: str
    articles: Sequence[Shown]


def is_open() -> bool:
    """Whether the help centre is open."""
    row = HelpCentre.objects.first()
    return row is None or row.is_on


def shelves(wanted: Sequence[str], *, section: str = "") -> list[Shelf]:
    """What is published, by section, in the first of the wanted languages that each has."""
    shown = in_languages(Article.objects.filter(state=ArticleState.PUBLISHED), wanted)
    by_section: dict[int | None, list[Shown]] = {}
    for one in shown:
        by_section.setdefault(one.article.section_id, []).append(one)
    found = [
        Shelf(row.slug, name_of(row, wanted), by_section[row.pk])
        for row in ArticleSection.objects.all()
        if row.pk in by_section and section in ("", row.slug)
    ]
    if None in by_section and not section:
        found.append(Shelf("", "", by_section[None]))
    return found


def in_languages(rows: Iterable[Article], wanted: Sequence[str]) -> list[Shown]:
    """Articles, each in the first of the wanted languages that it has; two queries, however many there are."""
    articles = list(rows)
    by_article: dict[int, dict[str, ArticleText]] = {}
    for text in ArticleText.objects.filter(article__in=articles):
        by_article.setdefault(text.article_id, {})[text.language] = text
    return [
        Shown(article, texts[languages.best(texts, wanted)])
        for article in articles
        if (texts := by_article.get(article.pk))
    ]


def in_order(ids: Sequence[int], wanted: Sequence[str]) -> list[Shown]:
    """The articles of these ids, in their order."""
    rows = {one.article.pk: one for one in in_languages(Article.objects.filter(pk__in=ids), wanted)}
    return [rows[key] for key in ids if key in rows]


def name_of(section: ArticleSection, wanted: Sequence[str]) -> str:
    """What a section is called in the first of the wanted languages that it has a name in."""
    return str(section.names.get(languages.best(section.names, wanted), section.slug))


def address(article: Article, language: str = "") -> str:
    """The whole address of an article, in one language or in the visitor's own."""
    path = reverse("help:help-article", args=[article.slug])
    return f"{settings.PUBLIC_URL}{path}" + (f"?lang={languages.tag(language)}" if language else "")


def write_to_us() -> str:
    """The address of a contact form that is on; empty where there is none."""
    form = ContactForm.objects.filter(is_on=True).order_by("pk").first()
    return reverse("contact:contact-page", args=[form.public_id]) if form is not None else ""
