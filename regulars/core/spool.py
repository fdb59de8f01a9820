"""A file of lines that must not be lost, beside a database that may be busy.

Whoever writes a line waits for no other writer of the database: the line goes to the end of a file, handed to the
operating system before `append` returns, so that killing the process loses nothing. A thread of each process has the
disk keep it about once a second, and whoever comes first moves the lines into the database:

1. The file is renamed, so that new lines go to a new one.
2. Whoever was just writing into the old one is waited for (a lock of microseconds).
3. Its lines are handed over in batches, each in a transaction of its own, and the file is removed.

A crash between the two last steps hands some lines over again; whoever takes them knows them by their own ids. What is
in a line, and whether it is encrypted, is the business of whoever writes it.
"""

from __future__ import annotations

import fcntl
import logging
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from http import HTTPStatus
from itertools import islice
from pathlib import Path
from typing import ClassVar

from django.utils.translation import gettext as _

from regulars.core.errors import Refusal

logger = logging.getLogger(__name__)

LIMIT = 32 * 1024 * 1024  # bytes of one file; there are two of them at most
_LONGEST = 64 * 1024
_AT_ONCE = 500  # lines of one transaction


class SpoolUnwritable(Refusal):
    """What has to be written down could not be, so that nothing is shown either."""

    status: ClassVar[int] = HTTPStatus.SERVICE_UNAVAILABLE
    slug: ClassVar[str] = "not-written-down"


class Spool:
    """One folder with the lines of every process of this machine."""

    def __init__(self, folder: Path, *, limit: int = LIMIT) -> None:
        self.folder, self.limit = folder, limit
        self.path, self.taken = folder / "lines", folder / "taken"
        self._file: int | None = None
        self._owner = 0
        self._is_dirty = False
        self._lock = threading.Lock()

    def append(self, line: bytes) -> None:
        """Write one line down for good. Raises SpoolUnwritable; then nothing was written."""
        if b"\n" in line or len(line) > _LONGEST:
            raise ValueError("a line of the spool has one line and at most 64 KiB")
        try:
            with self._lock:
                self._write(line)
        except OSError as error:
            logger.exception("the spool in %s cannot be written", self.folder)
            raise SpoolUnwritable(
                _(
                    "This was not shown, because it could not be written down that you read it. "
                    "The disk of the shop may be full; whoever looks after it finds more in the log."
                )
            ) from error

    def sync(self) -> None:
        """Have the disk keep what this process wrote since the last call."""
        with self._lock:
            if self._is_dirty and self._file is not None and self._owner == os.getpid():
                os.fsync(self._file)
                self._is_dirty = False

    def hand_over(self, keep: Callable[[Sequence[bytes]], None]) -> int:
        """Give all lines to `keep`, batch by batch, and forget them; how many that were.

        Does nothing while another process is doing it. What `keep` raises leaves the lines where they are.
        """
        if not self.taken.exists() and not self._has_lines():
            return 0
        with self._moving() as is_ours:
            if not is_ours:
                return 0
            if not self.taken.exists():
                if not self._has_lines():
                    return 0
                self.path.rename(self.taken)
            _wait_for_writers(self.taken)
            count = 0
            with self.taken.open("rb") as lines:
                waiting = (line.rstrip(b"\n") for line in lines if line.strip())
                while some := list(islice(waiting, _AT_ONCE)):
                    keep(some)
                    count += len(some)
            self.taken.unlink()
            return count

    def set_aside(self, line: bytes) -> Path:
        """Keep a line that nobody can read for whoever looks into it, up to the bound; returns the file."""
        path = self.folder / "unreadable"
        file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            if os.fstat(file).st_size + len(line) < self.limit:
                os.write(file, line + b"\n")
        finally:
            os.close(file)
        return path

    def size(self) -> int:
        """How many bytes wait."""
        sizes = 0
        for path in (self.path, self.taken):
            with suppress(FileNotFoundError):
                sizes += path.stat().st_size
        return sizes

    def close(self) -> None:
        """Let go of the file (tests, and a process that ends)."""
        with self._lock:
            self._let_go()

    def _has_lines(self) -> bool:
        try:
            return self.path.stat().st_size > 0
        except FileNotFoundError:
            return False

    def _write(self, line: bytes) -> None:
        # a line that a crash cut off must not swallow this one: it begins and ends with a line end
        data = b"\n" + line + b"\n"
        while True:
            file = self._open()
            fcntl.flock(file, fcntl.LOCK_EX)
            try:
                if not self._is_current(file):
                    # it was taken between opening and locking
                    self._let_go()
                    continue
                size = os.fstat(file).st_size
                if size + len(data) > self.limit:
                    raise OSError(f"more than {self.limit} bytes wait for the database")
                if os.write(file, data) != len(data):
                    os.ftruncate(file, size)
                    raise OSError("the disk took a part of a line")
                self._is_dirty = True
                return
            finally:
                if self._file is not None:
                    fcntl.flock(file, fcntl.LOCK_UN)

    def _open(self) -> int:
        if self._file is not None and self._owner != os.getpid():
            self._let_go()  # a fork shares the lock of its parent
        if self._file is None:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._file = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
            self._owner = os.getpid()
        return self._file

    def _is_current(self, file: int) -> bool:
        try:
            there = self.path.stat()
        except FileNotFoundError:
            return False
        own = os.fstat(file)
        return (own.st_ino, own.st_dev) == (there.st_ino, there.st_dev)

    def _let_go(self) -> None:
        if self._file is not None:
            os.close(self._file)  # which gives up its lock, too
            self._file = None

    @contextmanager
    def _moving(self) -> Iterator[bool]:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = os.open(self.folder / "lock", os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
                return
            yield True
        finally:
            os.close(lock)


def _wait_for_writers(path: Path) -> None:
    """Until nobody is in the middle of a line; from then on they see that the file was renamed."""
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        os.fsync(file)
    finally:
        os.close(file)
