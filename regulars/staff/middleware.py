"""Whatever a request changes is the deed of who signed in."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from regulars.timeline.actions import acting
from regulars.timeline.models import Source


class ActingPerson:
    """Sets who acts, for the whole of the request. The API names its token's owner itself, inside."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        with acting(user.pk if user.is_authenticated else None, Source.PAGE):
            return self.get_response(request)
