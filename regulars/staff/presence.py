"""When somebody was last seen: noted after the page is made, and never waited for."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from regulars.staff.sessions import SessionStore


class Presence:
    """Notes that a browser came by (sessions.py), which keeps its session from running out."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        session = request.session
        if isinstance(session, SessionStore) and session.accessed and request.user.is_authenticated:
            session.note_seen()
        return response
