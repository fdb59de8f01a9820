"""What stands between the web server's threads and the pages.

The server has a thread for every stream, as streams wait and cost nothing. But pages are drawn by a few at a time, as
before, and only a few threads keep a connection to the database: each has its own, with its own memory.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django.db import connections
from django.http import StreamingHttpResponse

from regulars.core.live.streams import Live

Application = Callable[[dict[str, Any], Callable[..., Any]], Any]

_FORGOTTEN_AFTER = 60.0  # seconds; the server ends threads that have nothing to do


class Gate:
    """Lets `pages` requests at a time through to the application, and any number of streams wait."""

    def __init__(self, application: Application, *, pages: int) -> None:
        self._application, self._pages = application, pages
        self._free = threading.Semaphore(pages)
        self._lock = threading.Lock()
        self._keepers: dict[int, float] = {}

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        self._free.acquire()
        is_held = False
        try:
            response = self._application(environ, start_response)
            if isinstance(response, Live):
                return response
            if isinstance(response, StreamingHttpResponse) or not hasattr(response, "content"):
                is_held = True
                return _Held(response, self._done)
            body = response.content
            response.close()
            return [body]
        finally:
            if not is_held:
                self._done()

    def _done(self) -> None:
        """Make room for the next; a thread that is not one of the few gives its connection back."""
        if not self._keeps():
            connections.close_all()
        self._free.release()

    def _keeps(self) -> bool:
        me, now = threading.get_ident(), time.monotonic()
        with self._lock:
            self._keepers = {one: at for one, at in self._keepers.items() if now - at < _FORGOTTEN_AFTER}
            if me not in self._keepers and len(self._keepers) >= self._pages:
                return False
            self._keepers[me] = now
            return True


class _Held:
    """An answer that is read while it is sent: it takes the place of a page until its end."""

    def __init__(self, response: Any, done: Callable[[], None]) -> None:
        self._response, self._done = response, done

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._response)

    def close(self) -> None:
        done, self._done = self._done, _nothing
        try:
            if hasattr(self._response, "close"):
                self._response.close()
        finally:
            done()

    def __del__(self) -> None:
        # nobody read it: the answer to a HEAD, say
        self.close()


def _nothing() -> None:
    """The place was given back already."""
