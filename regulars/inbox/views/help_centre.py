"""The help centre: for everybody, without a password, a cookie or a script; in the visitor's language."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from regulars.core import shop
from regulars.core.api.preconditions import tags
from regulars.core.ui.stylesheet import sheet
from regulars.inbox.articles import counting, languages, reading, rendering
from regulars.inbox.articles.searching import find
from regulars.inbox.models import Article, ArticleState, ArticleText
from regulars.staff.access import public
from regulars.staff.actions.throttle import Paused
from regulars.staff.policy import as_house

_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_LONGEST = 200


@public
@as_house
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The sections with their articles, one section alone, or what was found."""
    _require_open()
    wanted = _wanted(request)
    with override(languages.page_language(wanted[0])):
        asked = request.GET.get("q", "")[:_LONGEST].replace("\0", "").strip()
        section = request.GET.get("section", "")[:60]
        context: dict[str, Any] = {"asked": asked, "is_home": True, "write": reading.write_to_us()}
        if asked:
            found = reading.in_order(find(asked, states=[ArticleState.PUBLISHED]), wanted)
            context |= {"found": [(one, rendering.summary(one.text.body)) for one in found], "is_hidden": True}
            if not found and _is_visitor(request):
                counting.missed(asked, language=wanted[0])
        else:
            shelves = reading.shelves(wanted, section=section)
            if not shelves:
                raise Http404
            context |= {"shelves": shelves, "section": shelves[0].name if section else ""}
        path = reverse("help:help-home") + (f"?{urlencode({'section': section})}" if section and not asked else "")
        written = set(
            ArticleText.objects.filter(article__state=ArticleState.PUBLISHED).values_list("language", flat=True)
        )
        return _page(request, "inbox/help/home.html", context, wanted[0], path, written)


@public
@as_house
@require_safe
def article(request: HttpRequest, slug: str) -> HttpResponse:
    """One article, in the visitor's language or the nearest there is."""
    row, text, written = _published(request, slug)
    if _is_visitor(request):
        counting.seen(text)
    return _article(request, row, text, written)


@csrf_exempt  # nobody is signed in, and all it does is count
@public
@as_house
@require_POST
def said(request: HttpRequest, slug: str) -> HttpResponse:
    """Whether it helped: one click, counted, and thanked for."""
    row, text, written = _published(request, slug)
    word = request.POST.get("helpful", "")
    if word not in {"yes", "no"}:
        raise Http404
    try:
        counting.vote(text, is_helpful=word == "yes", address=request.META.get("REMOTE_ADDR", ""))
    except Paused:
        with override(languages.page_language(text.language)):
            told = _("You told us a moment ago. Thank you!")
        return _article(request, row, text, written, told=told, status=HTTPStatus.TOO_MANY_REQUESTS)
    query = urlencode({"lang": languages.tag(text.language), "thanks": word})
    return redirect(f"{reverse('help:help-article', args=[slug])}?{query}#said")


def as_draft(*, title: str, html: str, language: str) -> HttpResponse:
    """A text on the page it will stand on, for the team alone."""
    with override(languages.page_language(language)):
        context = {"title": title, "html": html, "is_draft": True, "is_hidden": True}
        response = HttpResponse(_rendered("inbox/help/article.html", context, language))
    response.headers["Content-Security-Policy"] = _POLICY
    response.headers["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    return response


def _published(request: HttpRequest, slug: str) -> tuple[Article, ArticleText, list[str]]:
    _require_open()
    row = Article.objects.select_related("section").filter(slug=slug, state=ArticleState.PUBLISHED).first()
    texts = {text.language: text for text in row.texts.all()} if row else {}
    if row is None or not texts:
        raise Http404(_("There is no such article."))
    return row, texts[languages.best(texts, _wanted(request))], sorted(texts)


def _article(
    request: HttpRequest,
    row: Article,
    text: ArticleText,
    written: Sequence[str],
    *,
    told: str = "",
    status: int = HTTPStatus.OK,
) -> HttpResponse:
    with override(languages.page_language(text.language)):
        thanks = request.GET.get("thanks", "")
        context = {
            "title": text.title,
            "description": rendering.summary(text.body),
            "html": rendering.html(text.body),
            "row": row,
            "section": reading.name_of(row.section, [text.language]) if row.section else "",
            "updated_at": text.updated_at,
            "thanks": thanks if thanks in {"yes", "no"} else "",
            "told": told,
            "write": reading.write_to_us(),
            "is_hidden": bool(thanks or told),
        }
        path = reverse("help:help-article", args=[row.slug])
        return _page(request, "inbox/help/article.html", context, text.language, path, written, status=status)


def _page(
    request: HttpRequest,
    template: str,
    context: dict[str, Any],
    language: str,
    path: str,
    written: Sequence[str] | set[str],
    *,
    status: int = HTTPStatus.OK,
) -> HttpResponse:
    """A page with its addresses in every language. Whoever has it already is told so; each visit asks."""
    joint = "&" if "?" in path else "?"
    whole = settings.PUBLIC_URL + path
    switches = [
        (languages.tag(code), label, f"{path}{joint}lang={languages.tag(code)}", code == language)
        for code, label in languages.NAMES.items()
        if code in written
    ]
    links = {
        "canonical": f"{whole}{joint}lang={languages.tag(language)}",
        "alternates": [(tag, settings.PUBLIC_URL + address) for tag, _label, address, _here in switches],
        "whole": whole,
        "switches": switches,
    }
    body = _rendered(template, context | links, language).encode()
    known = f'"{hashlib.sha256(body).hexdigest()[:20]}"'
    if status == HTTPStatus.OK and known.strip('"') in {
        tag.removeprefix("W/") for tag in tags(request.headers.get("If-None-Match", ""))
    }:
        response = HttpResponse(status=HTTPStatus.NOT_MODIFIED)
        del response["Content-Type"]
    else:
        response = HttpResponse(body, status=status)
        response.headers["Content-Language"] = languages.tag(language)
    if status == HTTPStatus.OK:
        response.headers["ETag"] = known
    response.headers["Cache-Control"] = "public, no-cache"
    response.headers["Vary"] = "Accept-Language"
    response.headers["Content-Security-Policy"] = _POLICY
    if context.get("is_hidden"):
        response.headers["X-Robots-Tag"] = "noindex"
    return response


def _rendered(template: str, context: dict[str, Any], language: str) -> str:
    """Without the request: nothing of whoever looks at it can stand on it."""
    known = {
        "shop": shop.current(),
        "sheet_url": f"{reverse('stylesheet')}?v={sheet().digest}",
        "html_lang": languages.tag(language),
        "language": language,
    }
    return render_to_string(template, known | context)


def _wanted(request: HttpRequest) -> list[str]:
    """The languages of a visitor: what they chose on the page, then what their browser says, then the shop's."""
    chosen = languages.known(request.GET.get("lang", "")[:16])
    asked = languages.asked_by(request.headers.get("Accept-Language", ""))
    return [*([chosen] if chosen else []), *asked, languages.known(shop.current().language) or "en"]


def _is_visitor(request: HttpRequest) -> bool:
    """Somebody who reads for themselves: no robot, no browser that looks ahead, none of the team."""
    if request.method != "GET" or "prefetch" in request.headers.get("Sec-Purpose", ""):
        return False
    is_known = request.user.is_authenticated
    return not is_known and not counting.is_robot(request.headers.get("User-Agent", ""))


def _require_open() -> None:
    if not reading.is_open():
        raise Http404
