"""A version of the lake built from the records alone: every table is read whole, and written column by column.

Rows come in any order. They wait in memory, or, where there are many, in sealed files of their own, until all are
there; then one column after the other is put in order and written. The entry up to which the version is true is fixed
before anything is read: whoever changes meanwhile counts as touched, and is read again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from regulars.core import sight
from regulars.core.background import progress
from regulars.segments.arrow import pa
from regulars.segments.lake import following, rows
from regulars.segments.lake.columns import ColumnWriter
from regulars.segments.lake.tables import CUSTOMER, Table, tables
from regulars.segments.lake.versions import PEOPLE, Draft, Made, Version

PATIENCE: Final = 5.0  # seconds to wait for transactions that run, so that fewer count as touched
_IN_MEMORY: Final = 128 * 1024 * 1024

Say = Callable[[int, int], None]


def build(*, say: Say = progress, in_memory: int = _IN_MEMORY) -> Version:
    """Build a version from the records and publish it; the caller is alone. What is cut short leaves the old one."""
    with sight.looking(sight.EVERYTHING):
        entry_id = following.settled(patience=PATIENCE)
        draft = Draft()
        try:
            people = pa.array(following.listed(), pa.int64())
            draft.write(PEOPLE, [Made((CUSTOMER,), lambda: (people,))])
            known = tables()
            total = sum(2 * len(rows.full_schema(table)) for table in known.values())
            done = 0
            for table in known.values():
                _build_table(draft, table, in_memory, lambda more, done=done: say(done + more, total))  # type: ignore[misc]
                done += 2 * len(rows.full_schema(table))
            say(total, total)
            # it has nobody in it who went since the one before, or that one would be true still
            return draft.publish(entry_id=entry_id, is_full=True, keeps_before=False)
        finally:
            draft.drop()
            # a worker lives long, and the next version is not soon
            pa.default_memory_pool().release_unused()


class _Waiting:
    """Rows of a table on their way: in memory, and in a sealed file for each column where they are many."""

    def __init__(self, draft: Draft, schema: pa.Schema, in_memory: int) -> None:
        self._draft, self._schema, self._in_memory = draft, schema, in_memory
        self._held: list[pa.RecordBatch] = []
        self._bytes = 0
        self._writers: dict[str, ColumnWriter] = {}

    def take(self, batch: pa.RecordBatch) -> None:
        self._held.append(batch)
        self._bytes += batch.nbytes
        if self._bytes > self._in_memory:
            held = pa.Table.from_batches(self._held, schema=self._schema)
            for field in self._schema:
                if field.name not in self._writers:
                    self._writers[field.name] = self._draft.waiting(field.name)
                self._writers[field.name].add(held.column(field.name))
            self._held, self._bytes = [], 0

    def end(self) -> None:
        """No more come."""
        for writer in self._writers.values():
            writer.close()

    def leave(self) -> None:
        """Something went wrong on the way."""
        for writer in self._writers.values():
            writer.leave()

    def column(self, name: str) -> Callable[[], pa.ChunkedArray]:
        """A column whole, in the order the rows came: to be read once, in any thread."""
        before = self._draft.waited(name) if name in self._writers else None
        kind = self._schema.field(name).type

        def read_all() -> pa.ChunkedArray:
            held = [batch.column(name) for batch in self._held]
            return pa.chunked_array([*(before().chunks if before else ()), *held], type=kind)

        return read_all


def _build_table(draft: Draft, table: Table, in_memory: int, say: Callable[[int], None]) -> None:
    schema = table.schema()
    waiting = _Waiting(draft, schema, in_memory)
    try:
        for batch in table.read(None):
            waiting.take(batch)
            say(0)
        waiting.end()
    finally:
        waiting.leave()
    customers = rows.one_array(waiting.column(CUSTOMER)())
    order = rows.order_by_customer(rows.numbers(customers))
    texts = set(rows.folded_columns(table))
    made = [Made((CUSTOMER,), lambda: (customers if order is None else customers.take(order),))]
    made += [
        _made(name, waiting.column(name), order, is_text=name in texts) for name in schema.names if name != CUSTOMER
    ]
    read = len(schema) + len(texts)
    draft.write(table.name, made, lambda done: say(read + done))


def _made(name: str, read_all: Callable[[], pa.ChunkedArray], order: pa.Array | None, *, is_text: bool) -> Made:
    """A column in order, and its folded texts with it."""

    def make() -> tuple[pa.Array, ...]:
        column = rows.packed(read_all())
        column = column if order is None else column.take(order)
        return (column, rows.packed(rows.folded(column))) if is_text else (column,)

    return Made((name, name + rows.FOLDED) if is_text else (name,), make)
