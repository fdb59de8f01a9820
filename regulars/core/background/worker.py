"""The worker: a process that does jobs in a few threads, renews their leases and keeps the clock."""

from __future__ import annotations

import datetime as dt
import logging
import os
import secrets
import signal
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType

from django.db import Error, close_old_connections, connection

from regulars.core.background import queue, schedule

logger = logging.getLogger(__name__)

_GRACE = 3.0  # seconds a running job gets when the worker is asked to end; the supervisor waits five
_TICK = 10.0


@dataclass(frozen=True, slots=True)
class Beside:
    """Work of a room that waits for no clock and is no job: `run(stop)` in a thread of its own, or `once()`."""

    name: str
    run: Callable[[threading.Event], None]
    once: Callable[[], object]


_BESIDE: dict[str, Beside] = {}


def beside(work: Beside) -> None:
    """Let every worker do this beside its jobs, until it is asked to end."""
    _BESIDE[work.name] = work


class Worker:
    """Runs jobs until SIGTERM or SIGINT. What it cannot end in time it hands back to the next worker."""

    def __init__(self, *, threads: int = 2, lease: dt.timedelta = queue.LEASE, pause: float = 1.0) -> None:
        self.name = f"{socket.gethostname()[:32]}:{os.getpid()}:{secrets.token_hex(4)}"
        self.threads, self.lease, self.pause = threads, lease, pause
        self.stop = threading.Event()
        self._held: dict[str, queue.Held] = {}

    def run(self, *, once: bool = False) -> None:
        """Work until asked to end; with `once`, until nothing is due."""
        if once:
            schedule.tick()
            while self.step():
                pass
            for work in _BESIDE.values():
                work.once()
            return
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._end)
        workers = [threading.Thread(target=self._loop, name=f"jobs-{n + 1}", daemon=True) for n in range(self.threads)]
        workers += [
            threading.Thread(target=work.run, args=(self.stop,), name=work.name, daemon=True)
            for work in _BESIDE.values()
        ]
        for thread in workers:
            thread.start()
        logger.info("worker %s is ready", self.name)
        self._keep_time()
        self._leave(workers)

    def step(self) -> bool:
        """Do one job; False when none is due."""
        held = queue.claim(self.name, lease=self.lease)
        if held is None:
            return False
        self._held[threading.current_thread().name] = held
        try:
            error = queue.run(held)
        finally:
            del self._held[threading.current_thread().name]
        if error is not None:
            logger.warning("%s failed on attempt %s: %s", held.verb, held.attempt, queue.sentence(error))
        return True

    def _loop(self) -> None:
        while not self.stop.is_set():
            try:
                close_old_connections()
                did_one = self.step()
            except Error:
                # The database is away or busy; the lease keeps what we held until it is back.
                logger.exception("the queue cannot be read")
                connection.close()
                self.stop.wait(5)
                continue
            if not did_one:
                self.stop.wait(self.pause)
        connection.close()

    def _keep_time(self) -> None:
        """The main thread: renew leases three times as often as they run out, and look at the clock."""
        beat = self.lease.total_seconds() / 4
        next_tick = time.monotonic()
        while not self.stop.wait(min(beat, _TICK)):
            try:
                close_old_connections()
                queue.renew(list(self._held.values()), lease=self.lease)
                if time.monotonic() >= next_tick:
                    schedule.tick()
                    next_tick = time.monotonic() + _TICK
            except Error:
                logger.exception("the leases cannot be renewed")
                connection.close()

    def _leave(self, workers: list[threading.Thread]) -> None:
        ends_at = time.monotonic() + _GRACE
        for thread in workers:
            thread.join(max(0.0, ends_at - time.monotonic()))
        if not any(thread.is_alive() for thread in workers):
            return
        try:
            queue.hand_back(list(self._held.values()))
        finally:
            # A verb is in the middle of something: its transaction is rolled back by ending here.
            os._exit(0)

    def _end(self, _number: int, _frame: FrameType | None) -> None:
        self.stop.set()
