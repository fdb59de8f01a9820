"""From rows of the records to columns of Arrow, fast, on both databases (docs/decisions/0035).

1. A `Source` says which columns of which tables, whose rows they are, and by which rising key they are read in parts.
2. `read` gives them in parts: of everybody in the order of the key, of some people through the index of whose rows
   they are. PostgreSQL writes each part as CSV (COPY), SQLite one text a column: Arrow reads both, and no value becomes
   an object of Python.
3. `People` says which listed customer each record is: rows of nobody who is listed are left out.

Everything is read as the system reads it: nothing is masked. What is sealed is opened by an `Opener`.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
from django.db import connection

from regulars.core import sealing
from regulars.segments.lake.tables import CUSTOMER

Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

MOMENT: Final = pa.timestamp("us")
TEXTS: Final = pa.list_(pa.string())
IDS: Final = pa.list_(pa.int64())
RECORD: Final = "_record"
KEY: Final = "_key"
_AT_ONCE: Final = 10_000  # rows of everybody
_FEW: Final = 50_000  # ids of one statement

# made once: where Arrow is given an object of Python it looks for pandas first, for a fifth of a millisecond
EMPTY: Final = pa.scalar("")
ZERO: Final = pa.scalar(0)
_NOTHING: Final = pa.scalar(None, pa.string())
_BETWEEN: Final = "\x1f"

log = logging.getLogger(__name__)


class Kind(Enum):
    """What a column of the database holds. An empty text is no value."""

    WHOLE = "whole"
    FRACTION = "fraction"
    TEXT = "text"
    FLAG = "flag"
    MOMENT = "moment"
    PRICE = "price"  # a decimal, read as ten-thousandths
    RATE = "rate"  # a decimal, read as hundred-millionths

    @property
    def type(self) -> pa.DataType:
        """What it is in Arrow."""
        return _TYPES.get(self, pa.int64())


_TYPES: dict[Kind, pa.DataType] = {
    Kind.FRACTION: pa.float64(),
    Kind.TEXT: pa.string(),
    Kind.FLAG: pa.bool_(),
    Kind.MOMENT: MOMENT,
}
_WRITTEN: dict[str, dict[Kind, str]] = {
    "sqlite": {
        Kind.FRACTION: "iif({0} IS NULL, NULL, printf('%%!.17g', {0}))",
        Kind.PRICE: "CAST(round({0} * 10000) AS INTEGER)",
        Kind.RATE: "CAST(round({0} * 100000000) AS INTEGER)",
    },
    "postgresql": {
        Kind.MOMENT: "{0} AT TIME ZONE 'UTC'",
        Kind.PRICE: "({0} * 10000)::bigint",
        Kind.RATE: "({0} * 100000000)::bigint",
    },
}
_AMONG = {
    "sqlite": "(SELECT value AS id FROM json_each(%s)) among",
    "postgresql": "unnest(%s::bigint[]) AS among (id)",
}

_IS_MERGED = "r.merged_into_id = c.id AND r.merged_into_id IS NOT NULL AND c.is_listed"

Columns = Mapping[str, tuple[str, Kind]]
"""By name: an expression of ours, and what it holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Rows of `tables` where `where` holds. `whose` is the record that a row belongs to, `key` a column that rises.

    Tables stand in the order in which they are walked, with CROSS JOIN between them and the condition in `where`;
    `few` says it in the order for some records, where that is another one.
    """

    columns: Columns
    tables: str
    whose: str
    key: str
    where: str = "1 = 1"
    few: str = ""


class People:
    """Some listed customers, or all of them (None): which records they are, and which customer each record is."""

    def __init__(self, customers: Collection[int] | None) -> None:
        self.customers = None if customers is None else sorted({int(number) for number in customers})

    @cached_property
    def _owners(self) -> tuple[Ints, Ints]:
        columns: Columns = {"record": ("r.id", Kind.WHOLE), "root": ("c.id", Kind.WHOLE)}
        if self.customers is None:
            found = [
                fetch({**columns, "record": ("c.id", Kind.WHOLE)}, "FROM customers_customer c WHERE c.is_listed"),
                fetch(columns, f"FROM customers_customer r CROSS JOIN customers_customer c WHERE {_IS_MERGED}"),
            ]
        else:
            ids = np.asarray(self.customers, dtype=np.int64)
            one, both = "customers_customer c", "customers_customer c CROSS JOIN customers_customer r"
            found = [
                among({**columns, "record": ("c.id", Kind.WHOLE)}, one, "c.id = among.id AND c.is_listed", ids),
                among(columns, both, f"c.id = among.id AND {_IS_MERGED}", ids),
            ]
        records, roots = (np.concatenate([numbers(one.column(name)) for one in found]) for name in ("record", "root"))
        order = np.argsort(records, kind="stable")
        return records[order], roots[order]

    @property
    def records(self) -> Ints:
        """All of their records, rising: the listed ones, and those merged into them."""
        return self._owners[0]

    @property
    def roots(self) -> Ints:
        """The customer of each of the `records`."""
        return self._owners[1]

    @property
    def with_several(self) -> Ints:
        """Those who have several records."""
        customers, counts = np.unique(self.roots, return_counts=True)
        return customers[counts > 1]

    def of(self, records: Ints) -> tuple[Ints, Mask]:
        """The customer of each of some records, and whether there is one."""
        if not len(self.records):
            return np.zeros(len(records), dtype=np.int64), np.zeros(len(records), dtype=np.bool_)
        places = np.minimum(np.searchsorted(self.records, records), len(self.records) - 1)
        return self.roots[places], self.records[places] == records


def read(source: Source, people: People) -> Iterator[pa.RecordBatch]:
    """The rows of some people, or of everybody: `customer`, RECORD, KEY and the columns of the source.

    They come in the order of the key: of everybody in parts, of some people in one piece.
    """
    columns = {KEY: (source.key, Kind.WHOLE), RECORD: (source.whose, Kind.WHOLE), **source.columns}
    if people.customers is None:
        for rows in parts(columns, source.tables, source.where):
            yield _owned(rows, people)
    else:
        where = f"{source.whose} = among.id AND {source.where}"
        found = among(columns, source.few or source.tables, where, people.records)
        yield _owned(found.sort_by(KEY), people)


def whole(source: Source, people: People) -> pa.Table:
    """The same rows in one piece."""
    kinds = {name: kind.type for name, (_expression, kind) in source.columns.items()}
    schema = pa.schema({CUSTOMER: pa.int64(), KEY: pa.int64(), RECORD: pa.int64(), **kinds})
    return pa.Table.from_batches(read(source, people), schema=schema).combine_chunks()


def parts(columns: Columns, tables: str, where: str = "1 = 1") -> Iterator[pa.RecordBatch]:
    """All rows of some tables in parts, in the order of the column KEY."""
    key, last = columns[KEY][0], -1
    while True:
        rows = fetch(columns, f"FROM {tables} WHERE {key} > %s AND {where} ORDER BY {key} LIMIT {_AT_ONCE}", [last])
        if len(rows):
            keys = numbers(rows.column(KEY))
            # SQLite joins values in the order in which it finds them, and promises nothing
            yield rows if bool(np.all(keys[1:] > keys[:-1])) else rows.sort_by(KEY)
            last = int(keys.max())
        if len(rows) < _AT_ONCE:
            return


def among(columns: Columns, tables: str, where: str, ids: Ints) -> pa.RecordBatch:
    """Rows of some tables that go with some ids, `among.id` in the condition; in any order."""
    found = [
        fetch(
            columns,
            f"FROM {_AMONG[connection.vendor]} CROSS JOIN {tables} WHERE {where}",
            [_listed(ids[start : start + _FEW])],
        )
        for start in range(0, max(len(ids), 1), _FEW)
    ]
    return found[0] if len(found) == 1 else pa.concat_batches(found)


def _owned(rows: pa.RecordBatch, people: People) -> pa.RecordBatch:
    """Rows with the customer they belong to, and without those of nobody who is listed."""
    customers, is_there = people.of(numbers(rows.column(RECORD)))
    found = pa.RecordBatch.from_arrays([pa.array(customers), *rows.columns], names=[CUSTOMER, *rows.schema.names])
    return found if bool(is_there.all()) else found.filter(flags(is_there))


def fetch(columns: Columns, rest: str, params: Sequence[Any] = ()) -> pa.RecordBatch:
    """What a statement gives: `SELECT <columns> <rest>`. The statement is ours; values are its parameters."""
    written = _WRITTEN[connection.vendor]
    selected = [written.get(kind, "{0}").format(expression) for expression, kind in columns.values()]
    kinds = {name: kind for name, (_expression, kind) in columns.items()}
    return (_copied if connection.vendor == "postgresql" else _joined)(selected, rest, params, kinds)


def _listed(ids: Ints) -> Any:
    """Many ids as one parameter."""
    numbers_ = ids.tolist()
    return numbers_ if connection.vendor == "postgresql" else json.dumps(numbers_)


def numbers(column: pa.Array | pa.ChunkedArray) -> Ints:
    """A column of whole numbers without gaps, for numpy."""
    return np.asarray(column.to_numpy(zero_copy_only=False), dtype=np.int64)


def _joined(selected: Sequence[str], rest: str, params: Sequence[Any], kinds: Mapping[str, Kind]) -> pa.RecordBatch:
    """What SQLite gives: one text for each column, its values behind each other, which Arrow takes apart.

    No object is made of a value, and nobody waits for Python meanwhile. Where a text has the character that separates
    them, which no text that was cleaned has (core.text.clean), the rows are fetched one by one.
    """
    inner = ", ".join(f"{expression} AS c{number}" for number, expression in enumerate(selected))
    outer = ", ".join(f"CAST(group_concat(ifnull(c{number}, ''), char(31)) AS BLOB)" for number in range(len(selected)))
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*), {outer} FROM (SELECT {inner} {rest})", list(params))  # noqa: S608 — ours
        (count, *texts) = cursor.fetchone()
    columns = [_parted(text) if count else pa.array([], pa.string()) for text in texts]
    if any(len(column) != count for column in columns):
        return _one_by_one(inner, rest, params, kinds)
    arrays = [_typed(without_empty(column), kind) for column, kind in zip(columns, kinds.values(), strict=True)]
    return pa.RecordBatch.from_arrays(arrays, names=list(kinds))


def _parted(text: bytes) -> pa.Array:
    offsets = np.array([0, len(text)], dtype=np.int32)
    whole_text = pa.StringArray.from_buffers(1, pa.py_buffer(offsets), pa.py_buffer(text))
    return pc.split_pattern(whole_text, _BETWEEN).values


def _one_by_one(inner: str, rest: str, params: Sequence[Any], kinds: Mapping[str, Kind]) -> pa.RecordBatch:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {inner} {rest}", list(params))
        rows = cursor.fetchall()
    columns = [[None if value is None else str(value) for value in column] for column in zip(*rows, strict=True)]
    arrays = [
        _typed(without_empty(pa.array(column, pa.string())), kind)
        for column, kind in zip(columns, kinds.values(), strict=True)
    ]
    return pa.RecordBatch.from_arrays(arrays, names=list(kinds))


def _typed(texts: pa.Array, kind: Kind) -> pa.Array:
    return texts if kind is Kind.TEXT else texts.cast(kind.type)


def without_empty(texts: pa.Array) -> pa.Array:
    """Texts in which an empty one is no value."""
    is_empty = pc.equal(texts, EMPTY)
    return pc.if_else(is_empty, _NOTHING, texts) if pc.any(is_empty).as_py() else texts


def flags(mask: Mask) -> pa.Array:
    """Truths as Arrow has them."""
    return pa.array(mask.view(np.uint8)).cast(pa.bool_())


def _copied(selected: Sequence[str], rest: str, params: Sequence[Any], kinds: Mapping[str, Kind]) -> pa.RecordBatch:
    """What PostgreSQL gives: CSV."""
    statement = f"SELECT {', '.join(selected)} {rest}"
    with connection.cursor() as cursor:
        given = cursor.mogrify(statement, list(params)) if params else statement
        with connection.wrap_database_errors, cursor.copy(f"COPY ({given}) TO STDOUT (FORMAT csv)") as copy:
            text = b"".join(copy)
    types = {name: kind.type for name, kind in kinds.items()}
    if not text:
        return pa.RecordBatch.from_arrays([pa.array([], kind) for kind in types.values()], names=list(types))
    table = pa.csv.read_csv(
        pa.py_buffer(text),
        read_options=pa.csv.ReadOptions(column_names=list(types), block_size=len(text) + 1, use_threads=False),
        parse_options=pa.csv.ParseOptions(newlines_in_values=True),
        convert_options=pa.csv.ConvertOptions(
            column_types=types,
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=True,
            true_values=["t"],
            false_values=["f"],
        ),
    )
    (batch,) = table.combine_chunks().to_batches()
    return batch


class Lists:
    """Values of several rows as one list for each owner, sorted, each value once."""

    def __init__(self, owners: Ints, values: pa.Array | pa.ChunkedArray) -> None:
        if isinstance(values, pa.ChunkedArray):
            values = values.combine_chunks()
        is_value = values.is_valid()
        values, owners = values.filter(is_value), owners[np.asarray(is_value)]
        encoded = values.dictionary_encode()
        order = pc.array_sort_indices(encoded.dictionary)
        ranks = np.empty(len(order), dtype=np.int64)
        ranks[order.to_numpy()] = np.arange(len(order))
        codes = ranks[encoded.indices.to_numpy()]
        rising = np.lexsort((codes, owners))
        owners, codes = owners[rising], codes[rising]
        is_new = np.ones(len(owners), dtype=np.bool_)
        is_new[1:] = (owners[1:] != owners[:-1]) | (codes[1:] != codes[:-1])
        self._owners, self._codes = owners[is_new], codes[is_new]
        self._values = encoded.dictionary.take(order)

    def of(self, owners: Ints) -> pa.ListArray:
        """The lists of some owners, in their order; an empty one for who has no value."""
        first = np.searchsorted(self._owners, owners, side="left")
        counts = np.searchsorted(self._owners, owners, side="right") - first
        ends = np.concatenate([[0], np.cumsum(counts)])
        places = np.repeat(first - ends[:-1], counts) + np.arange(ends[-1])
        return pa.ListArray.from_arrays(
            pa.array(ends.astype(np.int32)), self._values.take(pa.array(self._codes[places]))
        )


class Singles:
    """One value for each owner."""

    def __init__(self, owners: Ints, values: pa.Array | pa.ChunkedArray) -> None:
        order = np.argsort(owners, kind="stable")
        self._owners = owners[order]
        self._values = (values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values).take(
            pa.array(order)
        )

    def of(self, owners: Ints) -> pa.Array:
        """The values of some owners, in their order; null for who has none."""
        if not len(self._owners):
            return pa.nulls(len(owners), self._values.type)
        places = np.minimum(np.searchsorted(self._owners, owners), len(self._owners) - 1)
        return self._values.take(pa.array(places, mask=self._owners[places] != owners))


class Opener:
    """Opens one sealed column. Values that have the same blind number are the same, and are opened once."""

    def __init__(self, place: str) -> None:
        self._place = place
        self._known: dict[int, str] = {}

    def open(self, sealed: pa.Array, records: Ints, *, blinds: pa.Array | None = None) -> list[str | None]:
        """The texts that are sealed for some records; null where there is none, or none that can be read any more."""
        found: list[str | None] = []
        blind_of = [None] * len(sealed) if blinds is None else blinds.to_pylist()
        for text, record, blind in zip(sealed.to_pylist(), records.tolist(), blind_of, strict=True):
            value = None if blind is None or text is None else self._known.get(blind)
            if value is None and text is not None:
                value = self._opened(text, record)
                if value and blind is not None:
                    self._known[blind] = value
            found.append(value or None)
        return found

    def _opened(self, text: str, record: int) -> str | None:
        try:
            return sealing.open_sealed(text, self._place, person_id=record)
        except sealing.Forgotten:
            return None
        except sealing.Damaged as damage:
            log.error("%s: %s", self._place, damage)  # noqa: TRY400 — a trace would say nothing more
            return None
