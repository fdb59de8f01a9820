"""The one thread of a process that looks into the table, and hands what is new to the streams that wait for it.

An id is given out before its transaction is through, so that a lower one may become visible after a higher one. The
hub therefore reads the last seconds again and again, and remembers what it has handed out.
"""

from __future__ import annotations

import datetime as dt
import logging
import threading
from collections import deque
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from django.db import Error, close_old_connections, connection
from django.utils import timezone

from regulars.core import streaming
from regulars.core.models import LiveEvent

logger = logging.getLogger(__name__)

_LOOKS_BACK = dt.timedelta(seconds=20)  # no transaction that tells something takes longer
_AFTER_TROUBLE = 5.0


@dataclass(eq=False, slots=True)
class Listener:
    """A stream: what it has not sent yet, and a bell. What is not newer than `after` its page knows already."""

    topics: frozenset[str]
    after: int | None = None
    waiting: deque[LiveEvent] = field(default_factory=deque)
    bell: threading.Event = field(default_factory=threading.Event)

    def hear(self, seconds: float) -> list[LiveEvent]:
        """What was told meanwhile; waits for at most `seconds`, and returns nothing where nothing was."""
        if not self.bell.wait(seconds):
            return []
        self.bell.clear()
        told = []
        while self.waiting:
            told.append(self.waiting.popleft())
        return told


class Hub:
    """All streams of this process. Nobody listens: nothing is read."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._listeners: set[Listener] = set()
        self._somebody = threading.Event()
        self._thread: threading.Thread | None = None

    def join(self, topics: Collection[str], after: int | None = None) -> Listener | None:
        """A listener for what is newer than `after`, or None where this process holds as many as it can."""
        with self._lock:
            if len(self._listeners) >= streaming.STREAMS:
                return None
            listener = Listener(frozenset(topics), after)
            self._listeners.add(listener)
            self._somebody.set()
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="live", daemon=True)
                self._thread.start()
            return listener

    def leave(self, listener: Listener) -> None:
        """Forget a listener."""
        with self._lock:
            self._listeners.discard(listener)
            if not self._listeners:
                self._somebody.clear()

    def __len__(self) -> int:
        return len(self._listeners)

    def hand_out(self, told: Iterable[LiveEvent], *, is_first: bool = False) -> None:
        """Give what was told to those who listen to its topic; at the first look only what is newer than they know."""
        with self._lock:
            listeners = list(self._listeners)
        for event in told:
            for listener in listeners:
                is_known = is_first and (listener.after is None or event.pk <= listener.after)
                if event.topic in listener.topics and not is_known:
                    listener.waiting.append(event)
                    listener.bell.set()

    def _run(self) -> None:
        pause = threading.Event()
        seen: set[int] | None = None
        while True:
            if not self._somebody.is_set():
                connection.close()
                self._somebody.wait()
                seen = None
            try:
                close_old_connections()
                seen = self._look(seen)
            except Error:
                logger.exception("what was told cannot be read now")
                connection.close()
                pause.wait(_AFTER_TROUBLE)
            pause.wait(streaming.EVERY)

    def _look(self, seen: set[int] | None) -> set[int]:
        """Hand out what is new; the ids of the last seconds.

        Before the first look nobody watched: what was told after a stream had asked for what it missed, and before
        this, is handed out by what the stream knows. It leaves out what it had asked for itself.
        """
        since = timezone.now() - _LOOKS_BACK
        ids = set(LiveEvent.objects.filter(at__gte=since).values_list("id", flat=True))
        if new := ids - (seen or set()):
            self.hand_out(LiveEvent.objects.filter(id__in=new).order_by("id"), is_first=seen is None)
        return ids


HUB = Hub()
