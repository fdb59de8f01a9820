"""A stream of server-sent events: what was missed, then what comes, with a beat in between, until its time is over."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Collection, Iterator

from django.db import connections
from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse

from regulars.core import streaming
from regulars.core.live import access
from regulars.core.live.hub import HUB
from regulars.core.models import LiveEvent

TICKET_SECONDS = 24 * 3600
_BACK_AFTER = 2000  # milliseconds until a browser whose stream ended comes back
_BACK_WHEN_FULL = 6000
_MOST_MISSED = 200


class Live(StreamingHttpResponse):
    """The answer that lasts (core/live/gate.py knows it by its type). It begins to listen when it is first read."""

    def __init__(self, topics: Collection[str], after: int | None) -> None:
        super().__init__(_lines(topics, after), content_type="text/event-stream", headers={"X-Accel-Buffering": "no"})


def stream(request: HttpRequest) -> HttpResponseBase:
    """`/live?topics=a,b&after=12`: for those who signed in and may listen to these topics."""
    return Live(access.asked(request), _after(request))


def open_stream(request: HttpRequest) -> HttpResponseBase:
    """`/live/open?ticket=…`: for whoever holds a ticket, on whatever page of the shop they are."""
    response = Live(access.admitted(request, seconds=TICKET_SECONDS), _after(request))
    # the ticket is all there is to know: no cookie is asked for, so any page may read
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


def _after(request: HttpRequest) -> int | None:
    """What the page has heard already: the browser says so when it comes back, the page when it is new."""
    said = request.headers.get("Last-Event-ID", "") or request.GET.get("after", "")
    return int(said) if said.isascii() and said.isdigit() and len(said) < 19 else None


def _missed(topics: Collection[str], after: int) -> list[LiveEvent]:
    return list(LiveEvent.objects.filter(topic__in=list(topics), id__gt=after).order_by("id")[:_MOST_MISSED])


def _lines(topics: Collection[str], after: int | None) -> Iterator[bytes]:
    listener = HUB.join(topics, after)
    back = _BACK_WHEN_FULL if listener is None else _BACK_AFTER
    try:
        # listening comes first, then what was missed: nothing falls in between
        missed = [] if after is None else _missed(topics, after)
        _let_go()  # this thread will wait for minutes
        sent = {event.pk for event in missed}
        yield f"retry: {back + random.randrange(1000)}\n\n".encode()  # noqa: S311 — spreads, hides nothing
        yield b"".join(_written(event) for event in missed) or b": \n\n"
        ends_at = time.monotonic() + streaming.LASTS
        while listener is not None and time.monotonic() < ends_at:
            told = [event for event in listener.hear(streaming.BEAT) if event.pk not in sent]
            yield b"".join(_written(event) for event in told) or b": \n\n"
    finally:
        if listener is not None:
            HUB.leave(listener)


def _let_go() -> None:
    for connection in connections.all(initialized_only=True):
        if not connection.in_atomic_block:
            connection.close()


def _written(event: LiveEvent) -> bytes:
    data = json.dumps({"topic": event.topic, **event.data}, ensure_ascii=False, separators=(",", ":"))
    return f"id: {event.pk}\ndata: {data}\n\n".encode()
