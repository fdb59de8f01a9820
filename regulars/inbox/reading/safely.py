"""Reading in a process of its own, so that no mail can take the time and the memory of those who work.

The process is kept and asked again; where it dies or takes too long, it is ended, and the mail is tried once more as
bare text. What cannot be read even so is an answer as well, which says why.
"""

from __future__ import annotations

import os
import struct
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import replace

from regulars.inbox.reading.mail import Mail
from regulars.inbox.reading.reader import LARGEST

SECONDS = 20.0
_MOST_READ = 2_000  # by one process, after which a fresh one goes on
_HEAD, _SIZE = struct.Struct(">QB"), struct.Struct(">Q")
_LARGEST_ANSWER = 512 << 20

_lock = threading.Lock()


class _Died(Exception):  # noqa: N818 — says what happened
    """The process did not answer."""


class _Child:
    """The process that reads for this one."""

    def __init__(self) -> None:
        self.owner = os.getpid()
        self.count = 0
        environment = {name: value for name, value in os.environ.items() if not name.startswith("REGULARS_")}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "regulars.inbox.reading.child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
        )

    def ask(self, raw: bytes, *, is_plain: bool, seconds: float) -> bytes:
        """The answer to a mail; raises _Died with the reason."""
        is_late = threading.Event()

        def end() -> None:
            is_late.set()
            self.process.kill()

        timer = threading.Timer(seconds, end)
        timer.daemon = True
        timer.start()
        try:
            assert self.process.stdin is not None  # noqa: S101 — both are pipes
            assert self.process.stdout is not None  # noqa: S101
            self.process.stdin.write(_HEAD.pack(len(raw), is_plain) + raw)
            self.process.stdin.flush()
            head = self.process.stdout.read(_SIZE.size)
            size = _SIZE.unpack(head)[0] if len(head) == _SIZE.size else _LARGEST_ANSWER + 1
            answer = self.process.stdout.read(size) if size <= _LARGEST_ANSWER else b""
        except OSError:
            answer, size = b"", 1
        finally:
            timer.cancel()
        self.count += 1
        if len(answer) < size or not answer:
            raise _Died("it took too long" if is_late.is_set() else "the process that read it died")
        return answer

    def end(self) -> None:
        """Stop it, and take leave of it."""
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                with suppress(OSError):  # what was not written to a process that is gone is no loss
                    pipe.close()
        if self.owner == os.getpid():
            self.process.kill()
            self.process.wait()


_child: _Child | None = None


def read_safely(raw: bytes, *, seconds: float = SECONDS) -> Mail:
    """The mail that some bytes are, read by another process within limits; there is always an answer.

    `failure` of it says why where it could not be read at all.
    """
    from regulars.inbox.reading.child import from_bytes  # noqa: PLC0415 — with the reader, when the first mail comes

    raw = raw[: LARGEST + 1]
    reason = ""
    with _lock:
        for is_plain in (False, True):
            try:
                # without its HTML any mail is read quickly, and a machine that has much to do is not its fault
                answer = _running().ask(raw, is_plain=is_plain, seconds=SECONDS if is_plain else seconds)
            except _Died as died:
                reason = str(died)
                _stop()
                continue
            mail = from_bytes(answer)
            if not reason:
                return mail
            return _with_problem(mail, f"the HTML was not read: {reason}")
    return Mail(failure=reason, problems=(f"not read: {reason}",))


def _with_problem(mail: Mail, problem: str) -> Mail:
    return replace(mail, problems=(*mail.problems, problem))


def _running() -> _Child:
    """The process, or a fresh one: where it went by itself, read enough, or belongs to the process we came from."""
    global _child  # noqa: PLW0603 — one for this process
    if _child is not None:
        is_ours = _child.owner == os.getpid()
        if not is_ours or _child.count >= _MOST_READ or _child.process.poll() is not None:
            _stop()
    if _child is None:
        _child = _Child()
    return _child


def _stop() -> None:
    global _child  # noqa: PLW0603 — one for this process
    if _child is not None:
        _child.end()
        _child = None
