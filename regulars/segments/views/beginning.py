"""How a group begins: from a ready one, from Shopify, from nothing."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET

from regulars.core.errors import Refusal
from regulars.core.ui import words as said
from regulars.segments.engine import asking
from regulars.segments.laying import laid_out
from regulars.segments.phrasing import sentence
from regulars.segments.ready import Category, template, templates
from regulars.segments.views.pasted import changes
from regulars.segments.vocabulary.words import words_for
from regulars.staff.access import requires


@requires("segments.edit")
@require_GET
def begin(request: HttpRequest) -> HttpResponse:
    """Three ways to begin, and the gallery of ready groups by what they are about, with those that may be asked."""
    sections = [
        {
            "label": category.value,
            "templates": [
                {"key": one.key, "title": one.title, "description": one.description, "text": text}
                for one in templates()
                if one.category is category and (text := _text(one.query, request.user)) is not None
            ],
        }
        for category in Category
    ]
    return render(request, "segments/begin.html", {"sections": sections})


@requires("segments.view")
@require_GET
def counted(request: HttpRequest, name: str) -> HttpResponse:
    """How many a ready group would have now."""
    ready = template(name)
    if ready is None:
        raise Http404(_("There is no such ready group."))
    try:
        count = asking.count(asking.read(ready.query, reader=request.user))
    except Refusal as refusal:
        return render(request, "segments/_counted.html", {"said": refusal.sentence})
    words = ngettext("%(count)s person is in it now.", "%(count)s people are in it now.", count)
    return render(request, "segments/_counted.html", {"said": words % {"count": said.number(count)}})


@requires("segments.view")
def paste(request: HttpRequest) -> HttpResponse:
    """A segment as it stands in Shopify: what was understood of it, what was changed, and how many it finds."""
    text = request.POST.get("text", "").replace("\r\n", "\n").strip()
    context: dict[str, Any] = {"text": text, "canonical": None}
    status = HTTPStatus.OK
    if text:
        try:
            node = asking.read(text, reader=request.user)
            context |= {
                "count": asking.count(node),
                "canonical": asking.canonical(node),
                "laid_out": laid_out(node),
                "sentence": sentence(node, words_for(request.user)),
                "changes": changes(text, asking.canonical(node)),
            }
        except Refusal as refusal:
            context["problem"] = refusal.sentence
            status = HTTPStatus.UNPROCESSABLE_ENTITY
    elif request.method == "POST":
        context["problem"], status = _("Paste the segment first."), HTTPStatus.UNPROCESSABLE_ENTITY
    return render(request, "segments/paste.html", context, status=status)


def _text(query: str, reader: Any) -> str | None:
    """A ready query in lines; None where it asks for what this reader does not see."""
    try:
        return laid_out(asking.read(query, reader=reader))
    except Refusal:
        return None
