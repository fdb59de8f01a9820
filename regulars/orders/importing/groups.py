"""The rows of a file, order by order, in constant memory."""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any

from regulars.core.tabular import Line

Group = tuple[str, Sequence[Line]]


class Aside:
    """Rows put aside, and taken out again in another order. They lie in a nameless file that goes with the process."""

    def __init__(self) -> None:
        self._file = sqlite3.connect("")
        self._file.execute("CREATE TABLE aside (rank TEXT, number TEXT, line INTEGER, cells TEXT, problem TEXT)")
        self.count = 0

    def put(self, number: str, lines: Iterable[Line], *, rank: str = "") -> None:
        """Keep the rows of an order; `rank` says when it is its turn."""
        self._file.executemany(
            "INSERT INTO aside VALUES (?, ?, ?, ?, ?)",
            [(rank, number, line.number, json.dumps(line.cells), line.problem) for line in lines],
        )
        self.count += 1

    def groups(self) -> Iterator[Group]:
        """Everything that was put aside, order by order: by rank, then by number, rows as the file has them."""
        rows = self._file.execute("SELECT * FROM aside ORDER BY rank, number, line, rowid")
        for (_rank, number), found in groupby(rows, key=lambda row: row[:2]):
            yield number, [Line(line, json.loads(cells), problem) for _r, _n, line, cells, problem in found]

    def close(self) -> None:
        """Forget everything."""
        self._file.close()


def grouped(
    lines: Iterable[Line], *, number_of: Callable[[Line], str], scattered: set[str], aside: Aside
) -> Iterator[Group]:
    """Neighbouring rows of one number; orders that are scattered over the file come at the end, each in one piece."""
    for number, found in groupby(lines, key=number_of):
        if number in scattered:
            aside.put(number, found)
        else:
            yield number, list(found)
    yield from aside.groups()


def rank_of(moment: dt.datetime) -> str:
    """Text that sorts as moments do."""
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")


def in_batches(groups: Iterable[Any], *, size: int, weight: Callable[[Any], int]) -> Iterator[list[Any]]:
    """Lists of things that weigh about `size` together."""
    batch, heavy = [], 0
    for group in groups:
        batch.append(group)
        heavy += weight(group)
        if heavy >= size:
            yield batch
            batch, heavy = [], 0
    if batch:
        yield batch
