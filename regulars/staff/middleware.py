"""Whatever a request changes is the deed of who signed in, and whatever it reads is what they see."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from regulars.staff.policy import NOTHING, looking, reading_as, streamed
from regulars.timeline.actions import acting
from regulars.timeline.models import Source


class NobodyReads:
    """A request reads nothing until somebody is named: here, by the API's door, or by a page that is public."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with looking(NOTHING):
            return self.get_response(request)


class ActingPerson:
    """Sets who acts and who reads, for the whole of the request. The API names its token's owner itself, inside."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        with acting(user.pk if user.is_authenticated else None, Source.PAGE), reading_as(user) as access:
            return streamed(self.get_response(request), access)
