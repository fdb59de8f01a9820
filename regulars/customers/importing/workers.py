"""Preparing rows in a second process, while this one writes those before.

This module imports nothing of Django's at the top: the second process reads it before it has set Django up.

1. The second process opens the file, makes batches ready and sends each as bytes (plain values, marshalled).
2. The pipe holds next to nothing, so it waits, with one batch in its hands, until this process takes it: memory is
   bounded by two batches, however long the file.
3. When either process ends, the pipe breaks, and the other one ends too.
"""

from __future__ import annotations

import marshal
import multiprocessing
import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from regulars.customers.importing.preparing import Batch, Plan

_WORTH_A_PROCESS = 1 << 20  # bytes; a second process takes a second to begin


class PreparingStopped(RuntimeError):  # noqa: N818 — as the others are called
    """The second process ended before its work did (the machine ran out of memory, or somebody ended it)."""


def is_worth_a_process(path: Path) -> bool:
    """Whether a file is large enough, and there is a second processor to work on it."""
    return len(os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else [0] * (os.cpu_count() or 1)) > 1 and (
        path.stat().st_size >= _WORTH_A_PROCESS
    )


def batches_from_process(path: Path, plan: Plan, *, language: str) -> Iterator[Batch]:
    """What `preparing.batches` gives, made in a second process."""
    from regulars.customers.importing.preparing import Batch, Ready  # noqa: PLC0415 — see the top

    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    task = (str(path), dict(plan.columns), plan.country, plan.time_zone, language)
    process = context.Process(target=_prepare, args=(theirs, task), daemon=True, name="preparing")
    process.start()
    theirs.close()
    try:
        while True:
            try:
                rows, ready, sources, rejects, broken, is_last = marshal.loads(ours.recv_bytes())  # noqa: S302 — ours
            except EOFError as problem:
                raise PreparingStopped("the process that reads the file ended before its end") from problem
            yield Batch(rows, [Ready(*row) for row in ready], marshal.loads(sources), rejects, broken)  # noqa: S302
            if is_last:
                return
    finally:
        ours.close()
        process.join(timeout=5)
        if process.is_alive():
            process.terminate()


def _prepare(pipe: Connection, task: tuple[Any, ...]) -> None:
    """The second process: the whole file, batch by batch."""
    # Ctrl-C is for the first process, which then closes the pipe.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    import django  # noqa: PLC0415

    django.setup()
    from django.utils import translation  # noqa: PLC0415

    from regulars.core.tabular import open_table  # noqa: PLC0415
    from regulars.customers.importing.preparing import Plan, batches  # noqa: PLC0415

    path, columns, country, time_zone, language = task
    translation.activate(language)
    table = open_table(Path(path))
    found = batches(table, Plan(columns=columns, country=country, time_zone=time_zone))
    waiting = next(found, None)
    with suppress(BrokenPipeError):
        while waiting is not None:
            batch, waiting = waiting, next(found, None)
            ready = [tuple(row) for row in batch.ready]
            whole = (batch.rows, ready, marshal.dumps(batch.sources), batch.rejects, batch.broken, waiting is None)
            pipe.send_bytes(marshal.dumps(whole))
