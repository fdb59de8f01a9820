"""Bytes from one thread to another: a backup is made and read as a stream, in a few megabytes, however large it is."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_MOST = 32
_PIECE = 256 * 1024


class Abandoned(OSError):  # noqa: N818 — nobody's fault: who read has gone
    """Nobody reads any more what is being written."""


class Flow:
    """A pipe between two threads, which carries what went wrong as well."""

    closed = False

    def __init__(self) -> None:
        self._pieces: deque[bytes] = deque()
        self._held = b""
        self._is_ended = self._is_abandoned = False
        self._change = threading.Condition()
        self.error: BaseException | None = None
        self.passed = 0

    def write(self, data: bytes) -> int:
        """Hand bytes on; waits while the reader is behind. Raises Abandoned."""
        piece = bytes(data)
        with self._change:
            self._change.wait_for(lambda: len(self._pieces) < _MOST or self._is_abandoned)
            if self._is_abandoned:
                raise Abandoned
            if piece:
                self._pieces.append(piece)
                self._change.notify_all()
        return len(piece)

    def flush(self) -> None:
        """Nothing waits here that could be flushed."""

    def close(self) -> None:
        """Who writes through it ends it with end(), which can say what went wrong."""

    def end(self, error: BaseException | None = None) -> None:
        """Nothing more comes; `error` is raised at the reader behind the last byte."""
        with self._change:
            self._is_ended, self.error = True, error
            self._change.notify_all()

    def abandon(self) -> None:
        """Nothing more is read."""
        with self._change:
            self._is_abandoned = True
            self._pieces.clear()
            self._change.notify_all()

    def read(self, size: int = -1) -> bytes:
        """Up to `size` bytes, as many as there are; empty at the end. Raises what the writer raised."""
        if not self._held:
            self._held = self._next()
        if size < 0:
            pieces = [self._held]
            while piece := self._next():
                pieces.append(piece)
            self._held = b""
            return b"".join(pieces)
        piece, self._held = self._held[:size], self._held[size:]
        return piece

    def pieces(self) -> Iterator[bytes]:
        """Everything that comes, piece by piece."""
        while piece := self.read(_PIECE):
            yield piece

    def _next(self) -> bytes:
        with self._change:
            self._change.wait_for(lambda: self._pieces or self._is_ended)
            if self._pieces:
                piece = self._pieces.popleft()
                self.passed += len(piece)
                self._change.notify_all()
                return piece
            if self.error is not None:
                raise self.error
            return b""


@contextmanager
def flowing(work: Callable[[Flow], object]) -> Iterator[Flow]:
    """Let `work` write in a thread of its own, while the body reads; it is over when the body is."""
    flow = Flow()

    def run() -> None:
        try:
            work(flow)
        except Abandoned:
            flow.end()
        except BaseException as error:  # noqa: BLE001 — the reader raises it
            flow.end(error)
        else:
            flow.end()

    thread = threading.Thread(target=run, name="backup", daemon=True)
    thread.start()
    try:
        yield flow
    finally:
        flow.abandon()
        thread.join()
