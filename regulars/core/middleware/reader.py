"""The page in the reader's language and the shop's time."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation
from django.utils.cache import patch_vary_headers
from django.utils.translation.trans_real import get_languages, parse_accept_lang_header

from regulars.core import shop

# These have no reader, and answer although the database does not: nothing may ask it for the shop.
_FOR_MACHINES = frozenset({"/healthz", "/readyz", "/assets/regulars.css"})


class Reader:
    """Language: the person's own, else this browser's cookie, else what the browser asks for, else the shop's."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path in _FOR_MACHINES:
            return self.get_response(request)
        language = language_of(request)
        with translation.override(language), timezone.override(shop.zone()):
            request.LANGUAGE_CODE = language
            response = self.get_response(request)
            response.headers.setdefault("Content-Language", language)
            patch_vary_headers(response, ("Accept-Language", "Cookie"))
            return response


def language_of(request: HttpRequest) -> str:
    """The language of the answer; always one we speak."""
    user = getattr(request, "user", None)
    wanted = [user.language if user is not None and user.is_authenticated else ""]
    wanted.append(request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, ""))
    wanted += [code for code, _weight in parse_accept_lang_header(request.headers.get("Accept-Language", ""))]
    wanted.append(shop.current().language)
    for code in wanted:
        if spoken := _spoken(code):
            return spoken
    return settings.LANGUAGE_CODE


def _spoken(code: str) -> str:
    code = code.lower()
    known = get_languages()
    if code in known:
        return code
    # every Chinese reads our 简体中文 more easily than English; en-GB is English
    main = code.split("-")[0]
    return next((spoken for spoken in known if spoken.split("-")[0] == main), "") if main else ""
