"""Deliveries go straight to their view: they have no session, no language and no cookie, and come by the hundred."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from regulars.channels.views.hooks import deliver

PREFIX = "/hooks/"


class DeliveryDoor:
    """Answers what is posted to /hooks/…, before the middleware that pages need. It stands behind the proxies' word."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        path = request.path_info
        if path.startswith(PREFIX) and "/" not in path[len(PREFIX) :]:
            answer = deliver(request, path[len(PREFIX) :])
            # the middleware that says so stands behind this one, and some senders wait for an end that they can count
            answer.headers.setdefault("Content-Length", str(len(answer.content)))
            return answer
        return self.get_response(request)
