"""Who may listen to what: staff by what their room says of a topic, everybody else by a ticket that we signed."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from django.core import signing
from django.http import HttpRequest
from django.utils.translation import gettext as _

from regulars.core.errors import Invalid, NotAllowed

Opener = Callable[[Any, str], bool]

MOST_TOPICS = 8
_SALT = "regulars.core.live.ticket"
_OPENERS: dict[str, Opener] = {}


def opens(name: str, may: Opener) -> None:
    """Say who may listen to `<name>` and `<name>.<rest>`: `may(user, rest)`, with an empty rest for the first."""
    _OPENERS[name] = may


def ticket(topics: Collection[str]) -> str:
    """What lets whoever holds it listen to these topics: for visitors, who are known by nothing else."""
    return signing.TimestampSigner(salt=_SALT).sign_object(sorted(topics))


def asked(request: HttpRequest) -> list[str]:
    """The topics somebody who signed in asks for; refuses if there are none, or they may not listen to one of them."""
    topics = [topic for topic in request.GET.get("topics", "").split(",") if topic][:MOST_TOPICS]
    if not topics:
        sentence = _("Name the topics to listen to.")
        raise Invalid(sentence, fields={"topics": [sentence]})
    for topic in topics:
        name, _dot, rest = topic.partition(".")
        may = _OPENERS.get(name)
        if may is None or not may(request.user, rest):
            raise NotAllowed(_("You may not listen to this."), permission="")
    return topics


def admitted(request: HttpRequest, *, seconds: int) -> list[str]:
    """The topics of a ticket that is not older than `seconds`; refuses any other."""
    try:
        topics = signing.TimestampSigner(salt=_SALT).unsign_object(request.GET.get("ticket", ""), max_age=seconds)
    except signing.BadSignature:
        raise NotAllowed(_("This ticket is not valid any more."), permission="") from None
    return [str(topic) for topic in topics][:MOST_TOPICS]
