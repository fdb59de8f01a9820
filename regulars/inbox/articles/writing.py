"""Verbs of articles: written, changed, put in order, published, put away; each former text is kept."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from django.db.models import Max
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _

from regulars.core.errors import Invalid, Stale
from regulars.core.text import BadText, clean, fold, pinyin_keys
from regulars.inbox.articles import languages
from regulars.inbox.articles.facts import ArticleChanged
from regulars.inbox.articles.searching import index
from regulars.inbox.facts import InboxSettingChanged
from regulars.inbox.models import Article, ArticleSection, ArticleState, ArticleText, ArticleVersion, HelpCentre
from regulars.staff.policy import verb
from regulars.timeline.actions import record, who_acts

LONGEST: Final = 50_000
LONGEST_TITLE: Final = 150

_LINE_END: Final = re.compile("\r\n|\r|\n")
_DEEDS: Final = {
    ArticleState.PUBLISHED: "published",
    ArticleState.DRAFT: "taken back",
    ArticleState.ARCHIVED: "archived",
}


@verb
def create(
    *,
    texts: Mapping[str, tuple[str, str]],
    slug: str = "",
    section: ArticleSection | None = None,
    position: int | None = None,
) -> Article:
    """Write a new article as a draft: a title and a text in one language at least. Raises Invalid."""
    kept = _checked_texts(texts)
    if not kept:
        raise _refused("title", _("Write a title and a text in one language at least."))
    title = next(title for title, _body in kept.values())
    article = Article(
        slug=_free_slug(slug or _slug_of(title), is_given=bool(slug)),
        section=section,
        position=_place(position) if position is not None else _last_place(section),
    )
    article.save()
    for language, (title, body) in kept.items():
        _write(article, language, title, body)
    record(ArticleChanged(article=article.public_id, slug=article.slug, deed="written"), subject=article)
    return article


@verb
def change(
    article: Article, *, values: Mapping[str, Any], texts: Mapping[str, tuple[str, str]] | None = None, seen: int | None
) -> Article:
    """Change where it stands (`slug`, `section`, `position`) and the texts that are given; others stay.

    Says and writes nothing where all is as it was. Raises Invalid, or Stale where it was changed since version `seen`.
    """
    now = _held(article, seen)
    changed = False
    if "slug" in values and values["slug"] != now.slug:
        if now.published_at is not None:
            raise _refused("slug", _("The address stays: it stands in answers and on other pages."))
        now.slug, changed = _free_slug(values["slug"], is_given=True, but=now), True
    if "section" in values and (values["section"].pk if values["section"] else None) != now.section_id:
        now.section, changed = values["section"], True
    if "position" in values and values["position"] != now.position:
        now.position, changed = _place(values["position"]), True
    written = [
        language
        for language, (title, body) in _checked_texts(texts or {}).items()
        if _write(now, language, title, body)
    ]
    if changed or written:
        _keep(now, "changed", ", ".join(written))
    return now


@verb
def restore(article: Article, *, version: ArticleVersion, seen: int | None) -> Article:
    """Let a text say again what it said in a former version; that is a version, too. Raises Stale."""
    now = _held(article, seen)
    if version.article_id != now.pk:
        raise _refused("version", _("This is a version of another article."))
    if _write(now, version.language, version.title, version.body):
        _keep(now, "restored", version.language)
    return now


@verb
def remove_text(article: Article, *, language: str, seen: int | None) -> Article:
    """Let go of one language of an article; its versions stay, and bring it back. Raises Invalid, Stale."""
    now = _held(article, seen)
    if now.texts.exclude(language=language).count() == 0:
        raise _refused("language", _("An article has one text at least. Archive it instead."))
    if now.texts.filter(language=language).delete()[0]:
        _keep(now, "text removed", language)
    return now


@verb
def set_state(article: Article, *, state: str, seen: int | None = None) -> Article:
    """Publish an article, make it a draft again, or archive it. Raises Invalid, Stale."""
    now = _held(article, seen)
    if state not in ArticleState.values:
        raise _refused("state", _("There is no such state."))
    if now.state != state:
        now.state = state
        if state == ArticleState.PUBLISHED:
            now.published_at = now.published_at or timezone.now()
        _keep(now, _DEEDS[ArticleState(state)], "")
    return now


@verb
def save_section(
    *,
    names: Mapping[str, str],
    slug: str = "",
    position: int | None = None,
    section: ArticleSection | None = None,
) -> ArticleSection:
    """Add a section behind the others, or change one: its names by language, its address, its place. Raises Invalid."""
    row = section or ArticleSection()
    try:
        kept = {languages.known(code): clean(name, limit=80) for code, name in names.items()}
    except BadText as problem:
        raise _refused("names", str(problem)) from problem
    row.names = {code: name for code, name in kept.items() if code and name}
    if not row.names:
        raise _refused("names", _("Give it a name in one language at least."))
    if slug or not row.slug:
        row.slug = slugify(slug)[:60] or _slug_of(row.names.get("en") or next(iter(row.names.values())))[:60]
    if ArticleSection.objects.filter(slug=row.slug).exclude(pk=row.pk).exists():
        raise _refused("slug", _("Another section has this address already."))
    if position is not None:
        row.position = _place(position)
    elif section is None:
        row.position = (ArticleSection.objects.aggregate(last=Max("position"))["last"] or 0) + 1
    if section is not None:
        row.version += 1
        row.updated_at = timezone.now()
    row.save()
    deed = "added" if section is None else "changed"
    record(InboxSettingChanged(what="help section", deed=deed, called=row.slug), subject=row)
    return row


@verb
def remove_section(section: ArticleSection) -> None:
    """Let go of a section; its articles stay, without one."""
    called = section.slug
    section.delete()
    record(InboxSettingChanged(what="help section", deed="removed", called=called))


@verb
def open_centre(*, is_on: bool) -> HelpCentre:
    """Open the help centre to everybody, or close it: then its addresses answer that there is nothing."""
    row = HelpCentre.objects.first() or HelpCentre()
    if row.is_on != is_on:
        row.is_on = is_on
        row.save()
        record(InboxSettingChanged(what="help centre", called="on" if is_on else "off"), subject=row)
    return row


def _held(article: Article, seen: int | None) -> Article:
    now = Article.objects.select_for_update(of=("self",), no_key=True).get(pk=article.pk)
    if seen is not None and now.version != seen:
        raise Stale(_("Somebody else changed this article since you opened it. Look at it again, then change it."))
    return now


def _keep(article: Article, deed: str, language: str) -> None:
    article.version += 1
    article.updated_at = timezone.now()
    article.save()
    fact = ArticleChanged(article=article.public_id, slug=article.slug, deed=deed, language=language)
    record(fact, subject=article)


def _write(article: Article, language: str, title: str, body: str) -> bool:
    """Write one text, and the version that keeps it; whether anything is another than before."""
    text = ArticleText.objects.filter(article=article, language=language).first()
    if text is not None and (text.title, text.body) == (title, body):
        return False
    text = text or ArticleText(article=article, language=language)
    text.title, text.body, text.updated_at = title, body, timezone.now()
    text.save()
    index(text)
    last = article.versions.filter(language=language).aggregate(last=Max("number"))["last"] or 0
    ArticleVersion.objects.create(
        article=article,
        language=language,
        number=last + 1,
        title=title,
        body=body,
        made_at=text.updated_at,
        made_by_id=who_acts().user_id,
    )
    return True


def _checked_texts(texts: Mapping[str, tuple[str, str]]) -> dict[str, tuple[str, str]]:
    kept = {}
    for code, (title, body) in texts.items():
        language = languages.known(code)
        if not language:
            raise _refused("language", _("Texts are written in: %(known)s.") % {"known": ", ".join(languages.NAMES)})
        try:
            kept[language] = (clean(title, limit=LONGEST_TITLE), _clean_body(body))
        except BadText as problem:
            raise _refused("body" if "\0" in body or len(body) > LONGEST else "title", str(problem)) from problem
        if not kept[language][0]:
            raise _refused("title", _("Give it a title."))
        if not kept[language][1]:
            raise _refused("body", _("Write a text."))
    return kept


def _clean_body(body: str) -> str:
    """Each line clean but for the spaces before it, which mean something in Markdown."""
    lines = []
    for line in _LINE_END.split(body[: LONGEST * 2].expandtabs(4)):
        rest = line.lstrip(" ")
        lines.append(" " * (len(line) - len(rest)) + clean(rest, limit=len(rest)) if rest else "")
    kept = "\n".join(lines).strip("\n")
    if len(kept) > LONGEST:
        raise BadText(
            _("It is %(length)s characters long; %(limit)s are the most that fit.")
            % {"length": len(kept), "limit": LONGEST}
        )
    return kept if kept.strip() else ""


def _slug_of(title: str) -> str:
    """An address of a title: accents gone, Chinese by its sound."""
    keys = pinyin_keys(title)
    return slugify(fold(title))[:80].strip("-") or (keys[0][:80] if keys else "") or "article"


def _free_slug(wanted: str, *, is_given: bool, but: Article | None = None) -> str:
    slug = slugify(wanted)[:80].strip("-_")
    if not slug:
        raise _refused("slug", _("An address has Latin letters, digits and hyphens."))
    others = Article.objects.exclude(pk=but.pk if but else 0)
    if not others.filter(slug=slug).exists():
        return slug
    if is_given:
        raise _refused("slug", _("Another article has this address already."))
    number = 2
    while others.filter(slug=f"{slug[:70]}-{number}").exists():
        number += 1
    return f"{slug[:70]}-{number}"


def _place(position: int) -> int:
    if not 0 <= position <= 1_000_000:
        raise _refused("position", _("Choose a place from 0 to 1,000,000."))
    return position


def _last_place(section: ArticleSection | None) -> int:
    return (Article.objects.filter(section=section).aggregate(last=Max("position"))["last"] or 0) + 1


def _refused(name: str, sentence: str) -> Invalid:
    return Invalid(sentence, fields={name: [sentence]})
