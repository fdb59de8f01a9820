"""The thread that tells other systems, beside the jobs of every worker: it looks at the log about once a second."""

from __future__ import annotations

import logging
import os
import secrets
import socket
import threading

from django.db import Error, close_old_connections, connection

from regulars.channels.outgoing import sending
from regulars.channels.outgoing.fanning import Fan
from regulars.core import quarantine

logger = logging.getLogger(__name__)

_PAUSE = 1.0  # seconds
_AFTER_TROUBLE = 10.0
_AT_ONCE = 8  # addresses to which one process sends at the same time


class Pump:
    """Looks at the log, and lets a thread send to each address that is to be told something."""

    def __init__(self) -> None:
        self.name = f"{socket.gethostname()[:32]}:{os.getpid()}:{secrets.token_hex(4)}"
        self._fan = Fan()
        self._busy: set[int] = set()
        self._lock = threading.Lock()

    def run(self, stop: threading.Event) -> None:
        """Work until asked to end; the database may be away or busy for a while."""
        pause = 0.0
        while not stop.wait(pause):
            pause = _PAUSE
            try:
                close_old_connections()
                self.step()
            except Error:
                logger.exception("other systems cannot be told now")
                connection.close()
                pause = _AFTER_TROUBLE
        connection.close()

    def look(self) -> bool:
        """Make postings of what is new in the log; whether something is to be sent now."""
        return bool(self._fan.look()) or bool(sending.ready())

    def step(self) -> None:
        """Look once; what is due is sent by threads of its own, so that a slow address keeps nobody waiting."""
        self._fan.look()
        if quarantine.current() is not None:
            return
        for endpoint_id in sending.ready():
            with self._lock:
                if endpoint_id in self._busy or len(self._busy) >= _AT_ONCE:
                    continue
                self._busy.add(endpoint_id)
            threading.Thread(target=self._send, args=(endpoint_id,), name=f"webhook-{endpoint_id}", daemon=True).start()

    def _send(self, endpoint_id: int) -> None:
        try:
            sending.send_due(endpoint_id=endpoint_id, sender=f"{self.name}:{endpoint_id}"[:64])
        except quarantine.HeldBack:
            return  # begun a moment ago; it waits
        except Exception:
            # whatever it is, it is this address's trouble, and the next look tries again
            logger.exception("a webhook cannot be sent")
        finally:
            with self._lock:
                self._busy.discard(endpoint_id)
            connection.close()


def run(stop: threading.Event) -> None:
    """Tell other systems until asked to end."""
    Pump().run(stop)


def once() -> int:
    """Tell them what is due, here and now; how many messages were taken."""
    pump, taken = Pump(), 0
    while pump.look() and not quarantine.is_on():
        for endpoint_id in sending.ready():
            taken += int(sending.send_due(endpoint_id=endpoint_id, sender=f"{pump.name}:{endpoint_id}"[:64]))
    return taken
