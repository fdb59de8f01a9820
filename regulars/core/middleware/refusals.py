"""A refusal that no page answered itself becomes a page: what happened, and what to do."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from django.contrib.messages import get_messages
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from regulars.core.errors import NotAllowed, Refusal, Stale


class Refusals:
    """Answers a Refusal with its status and sentence. The API has its own answer and never comes by here."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, Refusal):
            return None
        response = TemplateResponse(request, "errors/page.html", refusal_page(exception), status=exception.status)
        return response.render()


class Toasts:
    """Hands toasts to htmx in a header, because a fragment has no place for them."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not getattr(request, "htmx", False) or response.status_code >= 300 or "HX-Trigger" in response.headers:
            return response
        queued: Any = get_messages(request)  # without the message middleware: an empty list
        waiting = (
            []
            if getattr(queued, "used", True)
            else [{"sentence": str(said), "undo": said.extra_tags or ""} for said in queued]
        )
        if waiting:
            response.headers["HX-Trigger"] = json.dumps({"toast": {"said": waiting}})
        return response


def refusal_page(refusal: Refusal) -> dict[str, object]:
    """The words of the page for one refusal."""
    if isinstance(refusal, NotAllowed):
        return {"title": _("You cannot open this"), "sentence": refusal.sentence, "icon": "lock"}
    if isinstance(refusal, Stale):
        return {"title": _("Someone else was faster"), "sentence": refusal.sentence, "icon": "users-round"}
    return {
        "title": _("This was not done"),
        "sentence": refusal.sentence,
        "icon": "circle-alert",
        "home": reverse("today"),
    }
