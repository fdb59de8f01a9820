"""Who takes deliveries in sleeps until one was stored: the two are different processes.

On PostgreSQL the database itself tells (NOTIFY, inside the transaction). With SQLite both live on one machine: a named
pipe in the data folder, into which a byte is put after the commit. A sleeper also wakes by itself once a second, as
workers do for jobs: a byte that was lost costs a second, and nothing else.
"""

from __future__ import annotations

import os
import select
import stat
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, transaction

_CHANNEL = "regulars_deliveries"


def wake_after_commit() -> None:
    """Wake whoever takes deliveries in, when the transaction of the caller is durable."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"NOTIFY {_CHANNEL}")
    else:
        transaction.on_commit(_put_byte)


class Sleeper:
    """Sleeps until something was stored. One a thread; it belongs to that thread's database connection."""

    def __init__(self) -> None:
        self._pipe = -1
        self._heard: Any = None

    def sleep(self, seconds: float) -> None:
        """Until somebody wakes us, or so many seconds have passed."""
        if connection.vendor == "postgresql":
            self._listen(seconds)
            return
        if self._pipe < 0:
            path = _pipe_path()
            if not path.exists():
                with suppress(FileExistsError):
                    os.mkfifo(path, 0o600)
            # open for writing, too: else reading would end whenever no web process has it open
            self._pipe = os.open(path, os.O_RDWR | os.O_NONBLOCK)
        ready, _, _ = select.select([self._pipe], [], [], seconds)
        if ready:
            with suppress(BlockingIOError):
                os.read(self._pipe, 4096)

    def close(self) -> None:
        """Give the pipe back."""
        if self._pipe >= 0:
            os.close(self._pipe)
            self._pipe = -1

    def _listen(self, seconds: float) -> None:
        connection.ensure_connection()
        driver: Any = connection.connection
        if self._heard is not driver:
            with connection.cursor() as cursor:
                cursor.execute(f"LISTEN {_CHANNEL}")
            self._heard = driver
            return  # what was stored before we listened is looked for once more
        with connection.wrap_database_errors:
            for _notice in driver.notifies(timeout=seconds, stop_after=1):
                return


def _pipe_path() -> Path:
    return Path(settings.REGULARS_HOME) / "deliveries.pipe"


def _put_byte() -> None:
    try:
        pipe = os.open(_pipe_path(), os.O_WRONLY | os.O_NONBLOCK)
    except OSError:
        return  # nobody sleeps there
    try:
        if stat.S_ISFIFO(os.fstat(pipe).st_mode):
            os.write(pipe, b"\1")
    except OSError:
        return  # the pipe is full: whoever reads it is awake
    finally:
        os.close(pipe)
