"""The thread that moves what was read from the spool into the log, about once a second, in every serving process."""

from __future__ import annotations

import logging
import threading

from django.db import Error, close_old_connections, connection

from regulars.timeline.actions import take_in_reads

logger = logging.getLogger(__name__)

_PAUSE = 1.0  # seconds
_AFTER_TROUBLE = 10.0


def start() -> None:
    """Begin; what a process that was killed left in the spool is taken in first."""
    threading.Thread(target=_run, name="spool", daemon=True).start()


def _run() -> None:
    stop = threading.Event()
    pause = 0.0
    while not stop.wait(pause):
        pause = _PAUSE
        try:
            close_old_connections()
            take_in_reads()
        except Error:
            # the database is busy or away; the lines wait where they are
            logger.exception("what was read cannot be taken into the log now")
            connection.close()
            pause = _AFTER_TROUBLE
