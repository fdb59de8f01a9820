"""A running shop steps aside for work that needs its database alone, and comes back. Needs no Django.

Who supervises the shop holds `running.lock` of the data folder. Who wants the database alone writes its process number
into `pause`; the supervisor ends web and worker, says so in `paused`, and starts them again when `pause` is gone, or
when the process that asked for it is.
"""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_LONGEST_WAIT = 30.0


class StillRunning(Exception):  # noqa: N818 — an answer, like the refusals
    """The shop did not step aside."""


@contextmanager
def supervising(home: Path) -> Iterator[None]:
    """Say, for as long as this lasts, that the shop of that data folder is supervised."""
    with (home / "running.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
        yield


def is_supervised(home: Path) -> bool:
    """Whether a process looks after web and worker of that data folder."""
    with (home / "running.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


@contextmanager
def paused(home: Path) -> Iterator[None]:
    """Have the shop stand still meanwhile; nothing to do where none is supervised. Raises StillRunning."""
    if not is_supervised(home):
        yield
        return
    asked = home / "pause"
    asked.write_text(str(os.getpid()), encoding="ascii")
    try:
        ends_at = time.monotonic() + _LONGEST_WAIT
        while not (home / "paused").exists():
            if time.monotonic() > ends_at:
                raise StillRunning("The shop that runs did not pause. Stop it, then try again.")
            time.sleep(0.1)
        yield
    finally:
        asked.unlink(missing_ok=True)


def is_wanted(home: Path) -> bool:
    """Whether somebody who is still there asks for a pause."""
    asked = home / "pause"
    try:
        number = int(asked.read_text(encoding="ascii"))
        os.kill(number, 0)
    except FileNotFoundError:
        return False
    except ProcessLookupError:
        asked.unlink(missing_ok=True)
        return False
    except (ValueError, PermissionError):
        return True  # being written just now, or somebody else's process: it is there
    return True


def stand_still(home: Path, stop: threading.Event) -> None:
    """Say that nothing runs now, and wait until the pause is over, or until `stop` is set."""
    said = home / "paused"
    said.touch()
    try:
        while is_wanted(home) and not stop.wait(0.1):
            pass
    finally:
        said.unlink(missing_ok=True)
