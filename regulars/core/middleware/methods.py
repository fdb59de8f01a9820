"""Pages are read or sent a form; whatever else a request asks to do to them, it is not done."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseNotAllowed
from django.http.response import HttpResponseBase

from regulars.core.api.door import PREFIX

_TAKEN = ("GET", "HEAD", "POST")


class Methods:
    """Answers 405 to PUT, DELETE, TRACE and their like, which a page would else take for a GET."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.method in _TAKEN or request.path_info.startswith(PREFIX):
            return self.get_response(request)
        return HttpResponseNotAllowed(_TAKEN)
