"""Columns that were opened, in the memory of this process, as long as there is room: those asked for last stay."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from regulars.segments.arrow import pa

Open = Callable[[], "pa.ChunkedArray"]
Load = Callable[[], Open]
"""Prepares a column where it is asked for, with the connection of that thread; what comes back opens it in any."""

Key = tuple[str, str, str]
"""A column: the token of its version, its table, its name."""

_AT_ONCE: Final = 2  # columns opened at the same time


@dataclass(frozen=True, slots=True)
class Usage:
    """What is held: bytes, and how many columns."""

    bytes: int
    columns: int


class Columns:
    """A cache with a budget of bytes. A column that several threads want is opened once."""

    def __init__(self, budget: Callable[[], int]) -> None:
        self._budget = budget
        self._lock = threading.Lock()
        self._known: OrderedDict[Key, pa.ChunkedArray] = OrderedDict()
        self._coming: dict[Key, Future[pa.ChunkedArray]] = {}
        self._bytes = 0

    def get(self, wanted: Iterable[tuple[Key, Load]]) -> list[pa.ChunkedArray]:
        """Columns, opened where they are not at hand; what `load` raises is raised."""
        asked = list(wanted)
        mine: list[tuple[Key, Open, Future[pa.ChunkedArray]]] = []
        absent: list[tuple[Key, Load, Future[pa.ChunkedArray]]] = []
        found: dict[Key, Future[pa.ChunkedArray] | pa.ChunkedArray] = {}
        with self._lock:
            for key, load in asked:
                if key in self._known:
                    self._known.move_to_end(key)
                    found[key] = self._known[key]
                elif key in self._coming:
                    found[key] = self._coming[key]
                else:
                    future: Future[pa.ChunkedArray] = Future()
                    found[key] = self._coming[key] = future
                    absent.append((key, load, future))
        for key, load, future in absent:
            try:
                mine.append((key, load(), future))
            except BaseException as problem:  # noqa: BLE001 — whoever waits for it hears of it, and it is raised below
                self._fail(key, future, problem)
        if len(mine) > 1:
            with ThreadPoolExecutor(_AT_ONCE) as pool:
                list(pool.map(lambda one: self._open(*one), mine))
        else:
            for one in mine:
                self._open(*one)
        return [one.result() if isinstance(one, Future) else one for one in (found[key] for key, _load in asked)]

    def forget(self, *, besides: str = "") -> None:
        """Let the columns of all versions go, of one apart."""
        with self._lock:
            for key in [key for key in self._known if key[0] != besides]:
                self._bytes -= self._known.pop(key).nbytes

    def usage(self) -> Usage:
        """What is held now."""
        with self._lock:
            return Usage(self._bytes, len(self._known))

    def _fail(self, key: Key, future: Future[pa.ChunkedArray], problem: BaseException) -> None:
        with self._lock:
            del self._coming[key]
        future.set_exception(problem)

    def _open(self, key: Key, read: Open, future: Future[pa.ChunkedArray]) -> None:
        try:
            column = read()
        except BaseException as problem:  # noqa: BLE001 — as above
            self._fail(key, future, problem)
            return
        with self._lock:
            del self._coming[key]
            self._known[key] = column
            self._bytes += column.nbytes
            while self._bytes > self._budget() and len(self._known) > 1:
                _key, gone = self._known.popitem(last=False)
                self._bytes -= gone.nbytes
        future.set_result(column)
