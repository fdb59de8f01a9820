"""Preparing rows in a second process, while this one writes those before.

This module imports nothing of Django's at the top: the second process reads it before it has set Django up. It is an
interpreter of its own, not a fork: it has no share in our connections, threads and locks.

1. The second process opens the file, makes batches ready and sends each as bytes (plain values, marshalled).
2. The pipe holds next to nothing, so it waits, with one batch in its hands, until this process takes it: memory is
   bounded by two batches, however long the file.
3. When either process ends, the pipe breaks, and the other one ends too.
"""

from __future__ import annotations

import gc
import json
import marshal
import os
import signal
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from regulars.customers.importing.preparing import Batch, Plan

_WORTH_A_PROCESS = 1 << 20  # bytes; a second process takes a second to begin
_LENGTH = struct.Struct("<Q")
_PLAIN_MARSHAL = 2  # later versions look for what is in a message twice, which takes longer than to write it twice


class PreparingStopped(RuntimeError):  # noqa: N818 — as the others are called
    """The second process ended before its work did (the machine ran out of memory, or somebody ended it)."""


def is_worth_a_process(path: Path) -> bool:
    """Whether a file is large enough, and there is a second processor to work on it."""
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return processors > 1 and path.stat().st_size >= _WORTH_A_PROCESS


def batches_from_process(path: Path, plan: Plan, *, language: str) -> Iterator[Batch]:
    """What `preparing.batches` gives, made in a second process."""
    from regulars.customers.grams import Extracted  # noqa: PLC0415 — see the top
    from regulars.customers.importing.preparing import Batch  # noqa: PLC0415 — see the top
    from regulars.customers.importing.rows import Ready  # noqa: PLC0415 — see the top

    task = {"path": str(path.resolve()), "language": language, "plan": plan.as_data()}
    with subprocess.Popen(  # noqa: S603 — ourselves
        [sys.executable, "-m", __spec__.name],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
    ) as process:
        to_it, from_it = cast("IO[bytes]", process.stdin), cast("IO[bytes]", process.stdout)
        try:
            to_it.write(json.dumps(task).encode())
            to_it.close()
            while message := _receive(from_it):
                rows, ready, sources, rejects, broken, grams, repairs = message
                made, found = list(map(Ready._make, ready)), Extracted.unpacked(*grams)
                yield Batch(rows, made, marshal.loads(sources), rejects, broken, found, repairs)  # noqa: S302
        finally:
            from_it.close()
            process.terminate()


def _receive(pipe: IO[bytes]) -> tuple[Any, ...]:
    head = pipe.read(_LENGTH.size)
    body = pipe.read(*_LENGTH.unpack(head)) if len(head) == _LENGTH.size else b""
    if not body:
        raise PreparingStopped("the process that reads the file ended before its end")
    found: tuple[Any, ...] = marshal.loads(body)  # noqa: S302 — written by ourselves, below
    return found


def _send(pipe: IO[bytes], message: tuple[Any, ...]) -> None:
    body = marshal.dumps(message, _PLAIN_MARSHAL)
    pipe.write(_LENGTH.pack(len(body)))
    pipe.write(body)
    pipe.flush()


def _prepare() -> None:
    """The second process: the whole file, batch by batch."""
    # Ctrl-C is for the first process, which then closes the pipe.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    task = json.load(sys.stdin)
    import django  # noqa: PLC0415

    django.setup()
    from django.utils import translation  # noqa: PLC0415

    from regulars.core.tabular import open_table  # noqa: PLC0415
    from regulars.customers.importing.preparing import Plan, batches  # noqa: PLC0415

    translation.activate(task["language"])
    # Millions of small values without a single cycle: looking for cycles doubled the time.
    gc.freeze()
    gc.disable()
    plan = Plan(**task["plan"])
    for batch in batches(open_table(Path(task["path"]), **(plan.reading or {})), plan):
        grams = batch.grams.packed() if batch.grams else (0, b"", b"", b"")
        ready = list(map(tuple, batch.ready))
        # as it is: rarely is one of them needed
        sources = marshal.dumps(batch.sources, _PLAIN_MARSHAL)
        _send(
            sys.stdout.buffer,
            (batch.rows, ready, sources, batch.rejects, batch.broken, grams, batch.repairs),
        )
    _send(sys.stdout.buffer, ())  # the end, which a process that ended before it does not tell


if __name__ == "__main__":
    try:
        _prepare()
    except BrokenPipeError:
        # Nobody listens any more; what is still buffered must not fail at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
