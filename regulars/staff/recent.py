"""Is it still you? Some deeds ask for the password, a code or a passkey again where the last proof is too long ago.

The page that asks holds what somebody was about to send, and sends it to the same address together with the proof. So
nothing typed is lost, nothing happens twice, and it works without scripts. Files alone cannot be held: pages on which a
file is chosen ask when they are opened (`recent=ON_OPENING`).
"""

from __future__ import annotations

import datetime as dt
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from regulars.core.errors import Invalid
from regulars.staff.actions.again import prove_again
from regulars.staff.actions.sign_in import PROVED, has_authenticator
from regulars.staff.actions.throttle import Paused
from regulars.staff.relying_party import party_of

WINDOW = dt.timedelta(minutes=10)
ON_OPENING = "on opening"

_MARK = "prove"
_FIELDS = (_MARK, "prove_password", "prove_code", "prove_passkey")
_WHOLE_PAGE = {"HX-Retarget": "#main", "HX-Reselect": "#main", "HX-Reswap": "outerHTML", "HX-Push-Url": "false"}
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def is_recent(request: HttpRequest) -> bool:
    """Whether this browser proved in the last ten minutes who sits before it."""
    proved = request.session.get(PROVED)
    return isinstance(proved, int | float) and timezone.now().timestamp() - proved < WINDOW.total_seconds()


def mark_recent(request: HttpRequest) -> None:
    """It was proved just now."""
    request.session[PROVED] = timezone.now().timestamp()


def require_recent(request: HttpRequest) -> HttpResponse | None:
    """None where the last proof is recent, or comes with this request; else the page that asks for one.

    Answer with what this returns, unless it is None: then go on, `request.POST` holds what was sent at first.
    """
    if is_recent(request):
        _forget_proof(request)
        return None
    if _MARK not in request.POST:
        return _ask(request, "")
    try:
        prove_again(
            request,
            password=request.POST.get("prove_password", ""),
            code=request.POST.get("prove_code", ""),
            passkey=request.POST.get("prove_passkey", ""),
        )
    except Invalid as wrong:
        return _ask(request, wrong.sentence)
    except Paused as wait:
        return _ask(request, wait.sentence, status=wait.status)
    mark_recent(request)
    if request.POST[_MARK] == "page":
        return redirect(request.get_full_path())
    _forget_proof(request)
    return None


def is_asked(request: HttpRequest, recent: bool | str) -> bool:
    """Whether a page guarded with `recent` asks at this request: at writing ones, or at every one (ON_OPENING)."""
    return recent == ON_OPENING or (recent is True and request.method not in _SAFE)


def _forget_proof(request: HttpRequest) -> None:
    """The view behind gets what was sent at first, without the proof."""
    if _MARK in request.POST:
        kept = request.POST.copy()
        for field in _FIELDS:
            kept.pop(field, None)
        request.POST = kept  # type: ignore[assignment]


def _ask(request: HttpRequest, problem: str, *, status: int = HTTPStatus.FORBIDDEN) -> HttpResponse:
    user: Any = request.user
    is_page = request.method in _SAFE or request.POST.get(_MARK) == "page" or bool(request.FILES)
    kept = [
        (name, value)
        for name, values in request.POST.lists()
        for value in values
        if name not in {*_FIELDS, "csrfmiddlewaretoken"}
    ]
    context = {
        "problem": problem,
        "kept": [] if is_page else kept,
        "mark": "page" if is_page else "send",
        "is_writing": not is_page,
        "had_files": bool(request.FILES),
        "action": request.get_full_path(),
        "has_password": user.has_usable_password(),
        "has_code": has_authenticator(user),
        "has_passkey": user.passkeys.exists() and party_of(request).is_possible,
        "service": settings.OIDC.name if settings.OIDC else "",
        "title": _("Is it still you?"),
    }
    response = render(request, "staff/again.html", context, status=status)
    response.headers["Cache-Control"] = "no-store"
    if getattr(request, "htmx", False):  # a fragment was asked for: take the whole page instead
        response.status_code = HTTPStatus.OK
        for name, value in _WHOLE_PAGE.items():
            response.headers[name] = value
    return response
