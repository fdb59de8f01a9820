"""The thread beside the worker's jobs that takes deliveries in as soon as they were stored."""

from __future__ import annotations

import logging
import threading

from django.db import Error, close_old_connections, connection

from regulars.channels.applying.engine import Engine
from regulars.channels.waking import Sleeper

logger = logging.getLogger(__name__)

_LOOK = 1.0  # seconds until it looks by itself, should nobody have woken it
_BREATH = 0.003


def take_in(stop: threading.Event) -> None:
    """Take in what waits, and sleep until there is more, until asked to end. Many may: a channel is changed by one."""
    engine, sleeper = Engine(), Sleeper()
    try:
        while not stop.is_set():
            try:
                close_old_connections()
                if engine.once():
                    # a writer of SQLite that waits must find the lock free now and then
                    stop.wait(_BREATH)
                else:
                    sleeper.sleep(_LOOK)
            except Error:
                logger.exception("deliveries cannot be taken in just now")
                connection.close()
                stop.wait(engine.wait_of() or _LOOK)
    finally:
        sleeper.close()
        connection.close()
