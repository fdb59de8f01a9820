"""The formats of exports: what they are called, and how rows become bytes."""

from __future__ import annotations

import datetime as dt
import io
import json
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from itertools import islice
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from regulars.core.tabular_out import SafeWriter
from regulars.core.workbook_out import workbook

_BYTE_ORDER_MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"
_PIECE = 1 << 16
_AT_ONCE = 10_000
_WHOLE = frozenset({"number", "age"})
_EXACT = frozenset({"money", "decimal"})


@dataclass(frozen=True, slots=True)
class Head:
    """A column of a file: its name for programs, its label for people, and the kind of what stands in it."""

    name: str
    label: str
    kind: str = "text"


Rows = Iterable[Sequence[str]]


@dataclass(frozen=True, slots=True)
class Format:
    """A kind of file."""

    name: str
    label: str | Promise
    content_type: str
    suffix: str
    write: Callable[[Sequence[Head], Rows], Iterator[bytes]]


def _csv(heads: Sequence[Head], rows: Rows) -> Iterator[bytes]:
    """UTF-8 with the mark by which spreadsheets know it; no cell is a formula."""
    buffer = io.StringIO()
    writer = SafeWriter(buffer)
    buffer.write(_BYTE_ORDER_MARK)
    writer.writerow([head.label for head in heads])
    for row in rows:
        writer.writerow(row)
        if buffer.tell() >= _PIECE:
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode()


def _xlsx(heads: Sequence[Head], rows: Rows) -> Iterator[bytes]:
    """A workbook in which numbers are numbers, and everything else is text."""
    typed = (
        [_typed(head, cell) if head.kind in _WHOLE | _EXACT else cell for head, cell in zip(heads, row, strict=True)]
        for row in rows
    )
    return workbook([head.label for head in heads], typed, sheet=_("Customers"))


def _json_lines(heads: Sequence[Head], rows: Rows) -> Iterator[bytes]:
    """One object a line, by the names that filters and the API use; what is empty is null."""
    waiting = iter(rows)
    while some := list(islice(waiting, 500)):
        lines = [
            json.dumps(
                {head.name: _plain(_typed(head, cell)) for head, cell in zip(heads, row, strict=True)},
                ensure_ascii=False,
            )
            for row in some
        ]
        yield ("\n".join(lines) + "\n").encode()


def _parquet(heads: Sequence[Head], rows: Rows) -> Iterator[bytes]:
    """Columns with their types; written to a nameless file first, because the format ends with its directory."""
    import pyarrow  # noqa: PLC0415 — a heavy guest, and few exports need it
    from pyarrow import parquet  # noqa: PLC0415

    types = {"date": pyarrow.date32(), **dict.fromkeys(_WHOLE, pyarrow.int64())}
    types |= dict.fromkeys(_EXACT, pyarrow.decimal128(24, 6))
    schema = pyarrow.schema([(head.name, types.get(head.kind, pyarrow.string())) for head in heads])
    waiting = iter(rows)
    with tempfile.TemporaryFile() as spool:
        with parquet.ParquetWriter(spool, schema, compression="zstd") as writer:
            while some := list(islice(waiting, _AT_ONCE)):
                columns = [
                    pyarrow.array([_typed(head, row[place]) for row in some], type=field.type)
                    for place, (head, field) in enumerate(zip(heads, schema, strict=True))
                ]
                writer.write_table(pyarrow.table(columns, schema=schema))
        spool.seek(0)
        while piece := spool.read(1 << 18):
            yield piece


def _typed(head: Head, cell: str) -> Any:
    """A cell as what its column holds; text where it is nothing of that sort, nothing where it is empty."""
    if cell == "":
        return None
    try:
        if head.kind in _WHOLE:
            return int(cell)
        if head.kind in _EXACT:
            return Decimal(cell)
        return dt.date.fromisoformat(cell) if head.kind == "date" else cell
    except (ValueError, InvalidOperation):
        return None


def _plain(value: Any) -> Any:
    """As JSON has it: money as text, because a float would not be exact."""
    return str(value) if isinstance(value, Decimal | dt.date) else value


FORMATS: dict[str, Format] = {
    one.name: one
    for one in (
        Format("csv", gettext_lazy("CSV, for any spreadsheet"), "text/csv; charset=utf-8", "csv", _csv),
        Format(
            "xlsx",
            gettext_lazy("Excel workbook"),
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            "xlsx",
            _xlsx,
        ),
        Format("jsonl", gettext_lazy("JSON Lines, for programs"), "application/x-ndjson", "jsonl", _json_lines),
        Format("parquet", gettext_lazy("Parquet, for analysis"), "application/vnd.apache.parquet", "parquet", _parquet),
    )
}
