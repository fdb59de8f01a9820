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
from typing import Final

import numpy as np
from django.conf import settings
from django.utils.translation import gettext as _
from pyroaring import BitMap

from regulars.core.errors import Refusal
from regulars.segments.arrow import duckdb, pa
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


_HEAVY_ROWS: Final = 500_000  # of the longest table, that are asked at once
_SMALLER, _TRIES = 4, 3  # into how many pieces what does not fit is cut, and how often

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
    """The customers that a statement gives over these tables, sorted by customer. Raises TooLong and TooLarge.

    What is heavy, and what turns out not to fit into memory, is asked of some customers after the others.
    """
    if not statement.sql:
        return BitMap()
    rows = max((len(tables[name]) for name in statement.tables), default=0)
    with limited():
        return _in_pieces(statement, tables, -(-rows // _HEAVY_ROWS) if statement.is_heavy else 1, _TRIES)


def _in_pieces(statement: Statement, tables: Mapping[str, pa.Table], pieces: int, tries: int) -> BitMap:
    found = BitMap()
    for part in _cut(statement, tables, pieces):
        try:
            found |= _once(statement, part)
        except duckdb.OutOfMemoryException:
            if not tries:
                raise TooLarge from None
            found |= _in_pieces(statement, part, _SMALLER, tries - 1)
    return found


def _cut(statement: Statement, tables: Mapping[str, pa.Table], pieces: int) -> Iterator[Mapping[str, pa.Table]]:
    """The same tables, each with the rows of some customers: those of the longest are shared out evenly."""
    if pieces <= 1:
        yield tables
        return
    owners = {name: np.asarray(tables[name].column("customer").to_numpy()) for name in statement.tables}
    longest = max(owners.values(), key=len)
    ends = [len(longest) * piece // pieces for piece in range(1, pieces)]
    bounds = np.unique(longest[ends]) if len(longest) else longest
    places = {name: [0, *np.searchsorted(of, bounds).tolist(), len(of)] for name, of in owners.items()}
    for piece in range(len(bounds) + 1):
        yield {
            name: table.slice(places[name][piece], places[name][piece + 1] - places[name][piece])
            if name in places
            else table
            for name, table in tables.items()
        }


def _once(statement: Statement, tables: Mapping[str, pa.Table]) -> BitMap:
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
