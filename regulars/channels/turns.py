"""Who writes next, where SQLite lets only one write: what arrives, or what is taken in.

A writer that finds SQLite locked sleeps, longer each time, and looks again; one that writes all the time would keep the
others out. So the door and the engine queue up for a lock of the operating system, which wakes whoever waits for it.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.db import connection


@contextmanager
def turn() -> Iterator[None]:
    """Inside, it is the caller's turn to write; on PostgreSQL everybody's always is.

    Begin the transaction inside. Who is in one already goes on without asking: waiting would keep all others waiting.
    """
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        yield
        return
    path = Path(settings.REGULARS_HOME) / "deliveries.turn"
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
    finally:
        os.close(file)
