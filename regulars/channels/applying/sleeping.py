"""The thread beside the worker's jobs that takes deliveries in as soon as they were stored."""

from __future__ import annotations

import logging
import threading
import time

from django.db import Error, close_old_connections, connection

from regulars.channels.applying.engine import Engine
from regulars.channels.waking import Sleeper

logger = logging.getLogger(__name__)

_LOOK = 1.0  # seconds until it looks by itself, should nobody have woken it
_BREATH = 0.003
# What is written at once costs little more than what is written first: with SQLite the door may write for longer than
# this thread, and what arrives meanwhile is taken in together.
_REST = 1.5 if connection.vendor == "sqlite" else 0.0  # for each second of work


def take_in(stop: threading.Event) -> None:
    """Take in what waits, and sleep until there is more, until asked to end. Many may: a channel is changed by one."""
    engine, sleeper = Engine(), Sleeper()
    try:
        while not stop.is_set():
            try:
                close_old_connections()
                began = time.perf_counter()
                if engine.once():
                    stop.wait(_BREATH + _REST * (time.perf_counter() - began))
                else:
                    sleeper.sleep(_LOOK)
            except Error:
                logger.exception("deliveries cannot be taken in just now")
                connection.close()
                stop.wait(engine.wait_of() or _LOOK)
    finally:
        sleeper.close()
        connection.close()
