"""Columns of rows sorted by customer: put in order, folded, and with the rows of some customers replaced by others."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

import numpy as np
from pyroaring import BitMap

from regulars.core.text import fold
from regulars.segments.arrow import pa, pc
from regulars.segments.lake.tables import CUSTOMER, Table

FOLDED: Final = "_folded"
_SMALL_ENOUGH: Final = np.iinfo(np.int32).max


def folded_columns(table: Table) -> list[str]:
    """The text columns of a table that have a folded one beside them, in the order of its schema."""
    texts = set(table.texts())
    return [field.name for field in table.schema() if field.name in texts]


def full_schema(table: Table) -> pa.Schema:
    """The columns of a table as the lake has them: its own, then the folded texts."""
    schema = table.schema()
    for name in folded_columns(table):
        schema = schema.append(pa.field(name + FOLDED, schema.field(name).type))
    return schema


def read_rows(table: Table, customers: Collection[int] | None) -> pa.Table:
    """The rows of some listed customers as they are now, or (None) of all, sorted by customer, with folded texts."""
    rows = pa.Table.from_batches(table.read(customers), schema=table.schema())
    order = order_by_customer(numbers(rows.column(CUSTOMER)))
    if order is not None:
        rows = rows.take(order)
    return with_folded(table, rows.combine_chunks())


def with_folded(table: Table, rows: pa.Table) -> pa.Table:
    """The same rows with their texts folded beside them."""
    for name in folded_columns(table):
        rows = rows.append_column(name + FOLDED, folded(rows.column(name)))
    return rows


def numbers(column: pa.ChunkedArray | pa.Array) -> np.ndarray[Any, np.dtype[np.int64]]:
    """A column of ids for numpy."""
    return np.asarray(column.to_numpy(), dtype=np.int64)


def order_by_customer(customers: np.ndarray[Any, np.dtype[np.int64]]) -> pa.Array | None:
    """Where each row comes from so that they stand by customer, else in the same order; None where they do already."""
    if len(customers) < 2 or bool(np.all(customers[1:] >= customers[:-1])):
        return None
    return places(np.argsort(customers, kind="stable"))


def places(order: np.ndarray[Any, Any]) -> pa.Array:
    """Places of rows as Arrow takes them, in half the memory where they fit."""
    return pa.array(order.astype(np.int32) if len(order) < _SMALL_ENOUGH else order)


def is_among(customers: np.ndarray[Any, np.dtype[np.int64]], among: BitMap) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """For each row whether its customer is one of these."""
    if not len(customers) or not among:
        return np.zeros(len(customers), dtype=np.bool_)
    flags = np.zeros(max(int(customers.max()), among.max()) + 1, dtype=np.bool_)
    flags[np.asarray(among.to_array(), dtype=np.int64)] = True
    found: np.ndarray[Any, np.dtype[np.bool_]] = flags[customers]
    return found


def replacing(
    old: np.ndarray[Any, np.dtype[np.int64]], new: np.ndarray[Any, np.dtype[np.int64]], gone: BitMap
) -> pa.Array:
    """How old rows without some customers and new rows of these make one table, in order.

    Answers places: those below `len(old)` are old rows, the others new ones. Both sides are sorted by customer.
    """
    kept = np.flatnonzero(~is_among(old, gone))
    where = np.searchsorted(old[kept], new, side="left") + np.arange(len(new))
    is_new = np.zeros(len(kept) + len(new), dtype=np.bool_)
    is_new[where] = True
    order = np.empty(len(is_new), dtype=np.int64)
    order[is_new] = len(old) + np.arange(len(new))
    order[~is_new] = kept
    return places(order)


def replaced(old: pa.ChunkedArray | pa.Array, new: pa.ChunkedArray | pa.Array, order: pa.Array) -> pa.Array:
    """A column of both, in the order that `replacing` gave. What no row says any more stays in no dictionary."""
    if pa.types.is_dictionary(old.type) and not pa.types.is_dictionary(new.type):
        new = new.dictionary_encode()
    chunks = [*chunks_of(old), *chunks_of(new)]
    if pa.types.is_dictionary(old.type):
        chunks = [chunk.cast(old.type) for chunk in chunks]
        return compact(one_array(pa.chunked_array(chunks, type=old.type).unify_dictionaries()).take(order))
    return one_array(pa.chunked_array(chunks, type=old.type)).take(order)


def packed(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    """A column as it is kept: texts as a dictionary where they repeat, all in one piece."""
    column = column if isinstance(column, pa.ChunkedArray) else pa.chunked_array([column])
    if not pa.types.is_string(column.type):
        return one_array(column)
    encoded = one_array(
        pa.chunked_array(
            [chunk.dictionary_encode() for chunk in column.chunks], type=pa.dictionary(pa.int32(), pa.string())
        ).unify_dictionaries()
    )
    return encoded if 2 * len(encoded.dictionary) <= len(encoded) else one_array(column)


def compact(column: pa.DictionaryArray) -> pa.DictionaryArray:
    """The same values, without those in the dictionary that no row has."""
    indices = column.indices.fill_null(0).to_numpy()
    is_used = np.zeros(len(column.dictionary), dtype=np.bool_)
    is_used[column.indices.drop_null().to_numpy()] = True
    if bool(is_used.all()):
        return column
    moved = (np.cumsum(is_used) - 1).astype(np.int32)
    found = moved[indices] if len(moved) else indices.astype(np.int32)
    mask = np.asarray(column.indices.is_null()) if column.null_count else None
    return pa.DictionaryArray.from_arrays(pa.array(found, mask=mask), column.dictionary.filter(pa.array(is_used)))


def folded(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    """Texts, or lists of them, without capitals and accents; what folds to nothing is no value."""
    column = one_array(column)
    kind = column.type
    if pa.types.is_dictionary(kind):
        return packed(one_array(folded(column.dictionary)).take(column.indices))
    if pa.types.is_list(kind):
        # a list in a slice of an array begins where the one before it ends; nulls keep their place
        lengths = pc.fill_null(pc.list_value_length(column), 0)
        ends = np.concatenate([[0], np.cumsum(lengths.to_numpy())]).astype(np.int32)
        mask = column.is_null() if column.null_count else None
        return pa.ListArray.from_arrays(pa.array(ends), folded(pc.list_flatten(column)), mask=mask)
    encoded = column.dictionary_encode()
    texts = pa.array([fold(text) or None for text in encoded.dictionary.to_pylist()], pa.string())
    return texts.take(encoded.indices)


def one_array(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    """A column in one piece."""
    if not isinstance(column, pa.ChunkedArray):
        return column
    if column.num_chunks == 1:
        return column.chunk(0)
    if pa.types.is_dictionary(column.type):
        column = column.unify_dictionaries()
    return pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], type=column.type)


def chunks_of(column: pa.ChunkedArray | pa.Array) -> list[pa.Array]:
    """The pieces of a column."""
    return list(column.chunks) if isinstance(column, pa.ChunkedArray) else [column]


def replaced_rows(old: pa.Table, new: pa.Table, gone: BitMap) -> pa.Table:
    """A whole table with the rows of some customers replaced; both sorted by customer."""
    order = replacing(numbers(old.column(CUSTOMER)), numbers(new.column(CUSTOMER)), gone)
    columns = {name: replaced(old.column(name), new.column(name), order) for name in old.column_names}
    return pa.table(columns, schema=old.schema)


def only(rows: pa.Table, among: BitMap) -> pa.Table:
    """The rows of some customers."""
    return rows.filter(pa.array(is_among(numbers(rows.column(CUSTOMER)), among)))
