"""DuckDB inside this process, over columns that are handed to it: it reads no file, loads no extension, keeps nothing.

Every statement has a connection of its own to one database in memory, on which the columns it needs stand as tables
under their names. Memory and threads are limited for the process, time for each question.
"""

from __future__ import annotations

import array
import os
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from http import HTTPStatus

import duckdb
import numpy as np
import pyarrow as pa
from django.conf import settings
from django.utils.translation import gettext as _
from pyroaring import BitMap

from regulars.core.errors import Refusal
from regulars.segments.engine.drafting import Statement


class TooLong(Refusal):
    """A question took longer than it may."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    slug = "query-too-long"

    def __init__(self) -> None:
        super().__init__(
            _(
                "Counting took longer than %(seconds)s seconds and was stopped. Ask for less at once, or let an "
                "administrator raise REGULARS_QUERY_SECONDS."
            )
            % {"seconds": settings.QUERY_SECONDS}
        )


class TooLarge(Refusal):
    """A question needed more memory than it may have."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    slug = "query-too-large"

    def __init__(self) -> None:
        super().__init__(
            _(
                "Counting needed more than %(size)s MB of memory and was stopped. Ask for less at once, or let an "
                "administrator raise REGULARS_QUERY_MEMORY_MB."
            )
            % {"size": settings.QUERY_MEMORY_MB}
        )


_until: ContextVar[float | None] = ContextVar("until", default=None)
_lock = threading.Lock()
_opened: tuple[int, duckdb.DuckDBPyConnection] | None = None


@contextmanager
def limited() -> Iterator[None]:
    """Everything asked inside shares the time that one question may take."""
    if _until.get() is not None:
        yield
        return
    token = _until.set(time.monotonic() + settings.QUERY_SECONDS)
    try:
        yield
    finally:
        _until.reset(token)


def check_time() -> None:
    """Raises TooLong where the question has taken its time."""
    until = _until.get()
    if until is not None and time.monotonic() > until:
        raise TooLong


def run(statement: Statement, tables: Mapping[str, pa.Table]) -> BitMap:
    """The customers that a statement gives over these tables. Raises TooLong and TooLarge."""
    if not statement.sql:
        return BitMap()
    with limited():
        check_time()
        cursor = _cursor()
        until = _until.get() or 0.0
        timer = threading.Timer(max(until - time.monotonic(), 0.001), cursor.interrupt)
        timer.daemon = True
        timer.start()
        try:
            for name, table in tables.items():
                cursor.register(name, table)
            found = cursor.execute(statement.sql, list(statement.values)).fetchnumpy()["customer"]
        except duckdb.InterruptException:
            raise TooLong from None
        except duckdb.OutOfMemoryException:
            raise TooLarge from None
        finally:
            timer.cancel()
            cursor.close()
    return as_bits(found)


def as_bits(customers: np.ndarray) -> BitMap:
    """Ids as a bitmap, in the way that is quickest."""
    return BitMap(array.array("I", np.ascontiguousarray(customers, dtype=np.uint32).tobytes()))


def _cursor() -> duckdb.DuckDBPyConnection:
    """A connection of its own to this process's database; a process that was forked opens another."""
    global _opened  # noqa: PLW0603 — one a process
    with _lock:
        if _opened is None or _opened[0] != os.getpid():
            _opened = os.getpid(), _open()
        return _opened[1].cursor()


def _open() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(
        ":memory:",
        config={
            "threads": settings.QUERY_THREADS,
            "memory_limit": f"{settings.QUERY_MEMORY_MB}MB",
            "enable_external_access": False,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "python_enable_replacements": False,
            "temp_directory": "",
        },
    )
    connection.execute("SET lock_configuration = true")
    return connection
