"""The outermost door of /api/: nothing leaves it that is an error and not a problem."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import translation
from django.utils.translation import gettext as _

from regulars.core.api import problems
from regulars.core.api.parser import LIMIT

PREFIX = "/api/"
_KEPT_HEADERS = ("Allow", "Retry-After", "WWW-Authenticate")


class ApiDoor:
    """Middleware, first in the list, so that what other middleware refuses becomes a problem, too.

    It refuses calls over an open line where the shop speaks HTTPS, and bodies that are too large before they are read;
    it answers HEAD as GET without the body.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.path_info.startswith(PREFIX):
            return self.get_response(request)
        with translation.override(translation.get_language_from_request(request)):
            refusal = _line_refusal(request) or _size_refusal(request)
        if refusal is not None:
            return refusal
        is_head = request.method == "HEAD"
        if is_head:
            request.method = "GET"
        response = self.get_response(request)
        if response.status_code >= 400 and problems.MEDIA_TYPE not in response.get("Content-Type", ""):
            with translation.override(translation.get_language_from_request(request)):
                response = _as_problem(request, response)
        if is_head and isinstance(response, HttpResponse):
            response.headers.setdefault("Content-Length", str(len(response.content)))
            response.content = b""
        return response


def _line_refusal(request: HttpRequest) -> HttpResponse | None:
    """Sending a program on to HTTPS would let it send its token in the open for ever, and nobody would see."""
    if request.is_secure() or not settings.SECURE_SSL_REDIRECT:
        return None
    return problems.answer(request, problems.known("needs-https"), detail=_("This shop takes calls over HTTPS only."))


def _size_refusal(request: HttpRequest) -> HttpResponse | None:
    length = str(request.META.get("CONTENT_LENGTH") or "")
    if length and not (length.isascii() and length.isdigit()):
        return problems.answer(request, problems.kind_for(400), detail=_("The header “Content-Length” is wrong."))
    if not length and "chunked" in request.META.get("HTTP_TRANSFER_ENCODING", "").lower():
        return problems.answer(request, problems.kind_for(411), detail=_("Send the header “Content-Length”."))
    if len(length) > len(str(LIMIT)) or int(length or 0) > LIMIT:
        return problems.answer(request, problems.kind_for(413), detail=_("The body is larger than one megabyte."))
    return None


def _as_problem(request: HttpRequest, response: HttpResponseBase) -> HttpResponse:
    """What Django or the framework answered, in our words."""
    kind = problems.kind_for(response.status_code)
    details = {
        404: _("There is nothing at this address."),
        405: _("This address does not take %(method)s; it takes %(allowed)s.")
        % {"method": request.method, "allowed": response.get("Allow", "—")},
    }
    return problems.answer(
        request,
        kind,
        status=response.status_code,
        detail=details.get(response.status_code, str(kind.title)),
        headers={name: response[name] for name in _KEPT_HEADERS if name in response.headers},
    )
