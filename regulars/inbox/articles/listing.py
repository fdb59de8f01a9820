"""The list of articles as the team sees it, with the figures of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import F, QuerySet

from regulars.inbox.articles import languages, reading
from regulars.inbox.articles.searching import find
from regulars.inbox.models import Article, ArticleMiss, ArticleSection, ArticleState, ArticleText

MOST = 200


@dataclass(frozen=True, slots=True)
class Wanted:
    """What of the list is asked for; an empty word asks for nothing."""

    words: str = ""
    section: str = ""
    state: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One article with its figures, over all its languages."""

    article: Article
    title: str
    shown_language: str
    section: str
    written: Sequence[str]
    views: int
    helpful: int
    unhelpful: int


def rows_of(wanted: Wanted) -> QuerySet[Article]:
    """The articles that fit, in the order of the help centre. Archived ones only where they are asked for."""
    rows = Article.objects.select_related("section").order_by(
        F("section__position").asc(nulls_last=True), F("section").asc(nulls_last=True), "position", "pk"
    )
    if wanted.state in ArticleState.values:
        rows = rows.filter(state=wanted.state)
    elif not wanted.words:
        rows = rows.exclude(state=ArticleState.ARCHIVED)
    if wanted.section:
        rows = rows.filter(section=ArticleSection.pk_of(wanted.section) or 0)
    if wanted.language:
        rows = rows.filter(texts__language=wanted.language)
    return rows


def lines(wanted: Wanted, readers: Sequence[str]) -> list[Line]:
    """The list, titles in a language of the reader; looked for, the best first. Few queries, however many."""
    rows = rows_of(wanted)
    if wanted.words:
        best = find(wanted.words, states=ArticleState.values, most=MOST)
        by_key = {row.pk: row for row in rows.filter(pk__in=best)}
        found = [by_key[key] for key in best if key in by_key]
    else:
        found = list(rows[:MOST])
    texts: dict[int, list[ArticleText]] = {}
    for text in ArticleText.objects.filter(article__in=found).defer("body").order_by("language"):
        texts.setdefault(text.article_id, []).append(text)
    shown = [(row, texts[row.pk]) for row in found if row.pk in texts]
    return [_line(row, said, wanted, readers) for row, said in shown]


def misses(most: int = 20) -> list[dict[str, object]]:
    """What was looked for and not found, the most often first."""
    counts: dict[str, int] = {}
    for text, count in ArticleMiss.objects.values_list("text", "count"):
        counts[text] = counts.get(text, 0) + count
    best = sorted(counts.items(), key=lambda one: (-one[1], one[0]))[:most]
    return [{"text": text, "count": count} for text, count in best]


def _line(row: Article, texts: Sequence[ArticleText], wanted: Wanted, readers: Sequence[str]) -> Line:
    by_language = {text.language: text for text in texts}
    language = wanted.language if wanted.language in by_language else ""
    shown = by_language[language or languages.best(by_language, readers)]
    return Line(
        article=row,
        title=shown.title,
        shown_language=shown.language,
        section=reading.name_of(row.section, readers) if row.section else "",
        written=[text.language for text in texts],
        views=sum(text.views for text in texts),
        helpful=sum(text.helpful for text in texts),
        unhelpful=sum(text.unhelpful for text in texts),
    )
