"""Articles and their sections, for programs."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from django.http import HttpRequest
from django.utils.translation import gettext as _
from pydantic import ConfigDict, Field

from regulars.core.api.listing import PAGING, Query, neighbours, parameter
from regulars.core.api.preconditions import find, must_match
from regulars.core.api.routes import Answer, Routes
from regulars.core.api.schemas import In, Moment, Out, PublicId
from regulars.core.errors import Invalid
from regulars.inbox.articles import languages, reading, searching, writing
from regulars.inbox.models import Article, ArticleSection, ArticleState, ArticleText

routes = Routes(tags=["Help articles"])

StateWord = Literal["draft", "published", "archived"]
_ONE = "/articles/{article_id}"


class ArticleTextIn(In):
    """What an article says in one language."""

    model_config = ConfigDict(json_schema_extra={"example": {"title": "Returning something", "body": "You have…"}})

    title: Annotated[str, Field(min_length=1, max_length=writing.LONGEST_TITLE)]
    body: Annotated[str, Field(min_length=1, max_length=writing.LONGEST, description="Markdown.")]


class ArticleIn(In):
    """A new article, with one text at least; a draft, unless said otherwise."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"texts": {"en": {"title": "Returning something", "body": "You have **30 days**."}}}
        }
    )

    texts: Annotated[dict[str, ArticleTextIn], Field(description=f"By language: {', '.join(languages.NAMES)}.")]
    slug: Annotated[str, Field(default_factory=str, max_length=80, description="Empty: made of the title.")]
    section: Annotated[PublicId | None, Field(default=None)]
    position: Annotated[int | None, Field(default=None, ge=0, le=1_000_000)]
    state: Annotated[StateWord, Field(default="draft")]


class ArticlePatch(In):
    """What to change; what is not sent stays, texts of other languages, too. `null` for a text lets go of it."""

    model_config = ConfigDict(json_schema_extra={"example": {"state": "published"}})

    texts: Annotated[
        dict[str, ArticleTextIn | None],
        Field(default_factory=dict, description=f"By language: {', '.join(languages.NAMES)}."),
    ]
    slug: Annotated[str, Field(default_factory=str, min_length=1, max_length=80, description="Not once published.")]
    section: Annotated[PublicId | None, Field(default=None)]
    position: Annotated[int, Field(default=0, ge=0, le=1_000_000)]
    state: Annotated[StateWord, Field(default="draft")]


class ArticleTextOut(Out):
    """What an article says in one language, and what its readers found."""

    title: str
    body: str
    updated_at: Moment
    views: int
    helpful: int
    unhelpful: int


class ArticleOut(Out):
    """An article; `url` is where everybody reads it, once it is published."""

    id: str
    slug: str
    url: str
    section: str | None
    position: int
    state: StateWord
    published_at: Moment | None
    created_at: Moment
    updated_at: Moment
    sent_count: int
    texts: dict[str, ArticleTextOut]


class ArticlesOut(Out):
    """A page of articles."""

    items: list[ArticleOut]
    next: str | None


class ArticleVersionOut(Out):
    """What an article said in one language since a moment, and whose work that was."""

    language: str
    number: int
    title: str
    body: str
    made_at: Moment
    made_by: str | None


class ArticleVersionsOut(Out):
    """The former texts of an article, the newest first."""

    items: list[ArticleVersionOut]


class SectionIn(In):
    """A section: its names by language."""

    model_config = ConfigDict(json_schema_extra={"example": {"names": {"en": "Orders", "zh-hans": "订单"}}})

    names: Annotated[dict[str, str], Field(description=f"By language: {', '.join(languages.NAMES)}.")]
    slug: Annotated[str, Field(default_factory=str, max_length=60)]
    position: Annotated[int | None, Field(default=None, ge=0, le=1_000_000)]


class SectionOut(Out):
    """A section of the help centre."""

    id: str
    slug: str
    names: dict[str, str]
    position: int


class SectionsOut(Out):
    """All sections, in their order."""

    items: list[SectionOut]


_FILTERS = [
    parameter("q", "Words it says, in any language; the best first, and no further page."),
    parameter("state", f"Any of these, separated by commas: {', '.join(ArticleState.values)}."),
    parameter("language", "The code of a language that it is written in.", examples=["en"]),
    parameter("section", "The id of a section."),
]


@routes.reads(
    "/articles",
    permission="inbox.view",
    summary="List help articles",
    out=ArticlesOut,
    parameters=[*_FILTERS, *(one for one in PAGING if one["name"] != "before")],
    refusals=(400,),
)
def list_articles(request: HttpRequest) -> Answer:
    """Articles of every state, in the order in which they were written; with words, the best first."""
    query = Query(request)
    words, language = query.text("q"), query.text("language")
    states = query.choices("state", ArticleState.values)
    section, after, limit = query.row_id("section", ArticleSection), query.row_id("after", Article), query.limit()
    query.refuse_rest()
    rows = Article.objects.select_related("section").prefetch_related("texts").order_by("pk")
    if states:
        rows = rows.filter(state__in=states)
    if language:
        rows = rows.filter(texts__language=languages.known(language))
    if section is not None:
        rows = rows.filter(section=section)
    if words:
        best = searching.find(words, states=states or ArticleState.values, most=limit)
        by_key = {row.pk: row for row in rows.filter(pk__in=best)}
        return Answer(body=ArticlesOut(items=[_out(by_key[key]) for key in best if key in by_key], next=None))
    if after is not None:
        rows = rows.filter(pk__gt=after)
    found = list(rows[: limit + 1])
    links = neighbours(
        request, next_cursor=found[limit - 1].public_id if len(found) > limit else "", previous_cursor=""
    )
    return Answer(body=ArticlesOut(items=[_out(row) for row in found[:limit]], next=links.get("next")), links=links)


@routes.creates("/articles", permission="inbox.setup", summary="Write a help article", out=ArticleOut)
def create_article(request: HttpRequest, body: ArticleIn) -> Answer:  # noqa: ARG001
    """Write an article; with the state `published` everybody can read it at once."""
    given = body.given()
    row = writing.create(
        texts=_texts(body.texts), slug=body.slug, section=_section(body.section), position=given.get("position")
    )
    if body.state != "draft":
        row = writing.set_state(row, state=body.state)
    return _answer(row, location=f"/api/v1/articles/{row.public_id}")


@routes.reads(_ONE, permission="inbox.view", summary="Read a help article", out=ArticleOut)
def get_article(request: HttpRequest, article_id: str) -> Answer:  # noqa: ARG001
    """An article in all its languages, with its figures."""
    return _answer(find(Article, article_id))


@routes.changes(_ONE, permission="inbox.setup", summary="Change a help article", out=ArticleOut)
def change_article(request: HttpRequest, article_id: str, body: ArticlePatch) -> Answer:
    """Change what is sent: texts by language, section, place, address, state."""
    row = find(Article, article_id, to_change=True)
    must_match(request, row, shown=_out(row))
    given = body.given()
    values: dict[str, Any] = {name: given[name] for name in ("slug", "position") if name in given}
    if "section" in given:
        values["section"] = _section(body.section)
    row = writing.change(
        row,
        values=values,
        texts=_texts({code: text for code, text in body.texts.items() if text is not None}),
        seen=row.version,
    )
    for code in [code for code, text in body.texts.items() if text is None]:
        row = writing.remove_text(row, language=languages.known(code), seen=row.version)
    if "state" in given:
        row = writing.set_state(row, state=body.state)
    return _answer(row)


@routes.reads(
    f"{_ONE}/versions", permission="inbox.view", summary="List former texts of a help article", out=ArticleVersionsOut
)
def list_article_versions(request: HttpRequest, article_id: str) -> Answer:  # noqa: ARG001
    """What it said, in which language, since when and by whom: the newest 200."""
    rows = find(Article, article_id).versions.select_related("made_by").order_by("-pk")[:200]
    items = [
        ArticleVersionOut(
            language=one.language,
            number=one.number,
            title=one.title,
            body=one.body,
            made_at=one.made_at,
            made_by=one.made_by.public_id if one.made_by else None,
        )
        for one in rows
    ]
    return Answer(body=ArticleVersionsOut(items=items))


@routes.reads("/article-sections", permission="inbox.view", summary="List sections of the help centre", out=SectionsOut)
def list_article_sections(request: HttpRequest) -> Answer:  # noqa: ARG001
    """All sections, in their order."""
    return Answer(body=SectionsOut(items=[_section_out(row) for row in ArticleSection.objects.all()]))


@routes.creates(
    "/article-sections", permission="inbox.setup", summary="Add a section to the help centre", out=SectionOut
)
def create_article_section(request: HttpRequest, body: SectionIn) -> Answer:  # noqa: ARG001
    """Add a section behind the others, or in a place."""
    row = writing.save_section(names=body.names, slug=body.slug, position=body.given().get("position"))
    return Answer(body=_section_out(row), version=row.version, location="/api/v1/article-sections")


def _texts(given: dict[str, ArticleTextIn]) -> dict[str, tuple[str, str]]:
    return {code: (text.title, text.body) for code, text in given.items()}


def _section(public_id: str | None) -> ArticleSection | None:
    if public_id is None:
        return None
    row = ArticleSection.objects.filter(pk=ArticleSection.pk_of(public_id) or 0).first()
    if row is None:
        sentence = _("There is no section with the id %(id)s.") % {"id": public_id[:40]}
        raise Invalid(sentence, fields={"section": [sentence]})
    return row


def _section_out(row: ArticleSection) -> SectionOut:
    return SectionOut(id=row.public_id, slug=row.slug, names=row.names, position=row.position)


def _out(row: Article) -> ArticleOut:
    texts: dict[str, ArticleText] = {text.language: text for text in row.texts.all()}
    return ArticleOut(
        id=row.public_id,
        slug=row.slug,
        url=reading.address(row),
        section=row.section.public_id if row.section else None,
        position=row.position,
        state=row.state,  # type: ignore[arg-type]
        published_at=row.published_at,
        created_at=row.created_at,
        updated_at=row.updated_at,
        sent_count=row.sent_count,
        texts={
            code: ArticleTextOut(
                title=text.title,
                body=text.body,
                updated_at=text.updated_at,
                views=text.views,
                helpful=text.helpful,
                unhelpful=text.unhelpful,
            )
            for code, text in sorted(texts.items())
        },
    )


def _answer(row: Article, *, location: str = "") -> Answer:
    return Answer(body=_out(row), version=row.version, location=location)
