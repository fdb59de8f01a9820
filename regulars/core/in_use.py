"""Who has the shop of a data folder open: web servers and workers hold a lock for as long as they live.

Whoever must be the only one at something holds a lock of that thing (`only_one`).
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from django.conf import settings

_LOCK = "open.lock"
_held: list[IO[Any]] = []


def keep_open() -> None:
    """Say that this process has the shop open, as long as it lives."""
    settings.REGULARS_HOME.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = _lock_of(settings.REGULARS_HOME)
    fcntl.flock(lock, fcntl.LOCK_SH)
    _held.append(lock)


def is_open(home: Path) -> bool:
    """Whether a web server or a worker of this machine has the shop of that data folder open."""
    if not home.is_dir():
        return False
    with _lock_of(home) as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _lock_of(home: Path) -> IO[Any]:
    return os.fdopen(os.open(home / _LOCK, os.O_RDWR | os.O_CREAT, 0o600), "w")


@contextmanager
def only_one(path: Path) -> Iterator[bool]:
    """Whether nobody else on this machine holds the lock of that file; if so, we do for as long as this lasts."""
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True
