"""Keeping the search index: what changed is noted at once, and brought into the index in batches.

    one customer changed      mark_unindexed([id]) in the transaction of the change; readers look at those rows too
    a file of them came in    merge(extract(ids, texts)) as the last step of the batch's transaction
    every minute              merge_unindexed(), where enough has gathered
    regulars reindex          reindex(): everything anew

Postings are only ever added. A posting that no longer holds costs a reader one row that it tests and drops; who may
have one is noted as `restated`, so that everybody else need not be tested.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import numpy as np
from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from regulars.core.background import every
from regulars.core.statistics import learn_statistics
from regulars.customers import standings
from regulars.customers.grams import BLOCK, BLOCK_BITS, Extracted, extract, restated, strung
from regulars.customers.models import Customer, Gram, Unindexed
from regulars.customers.postings import joined, shortest
from regulars.customers.standings import id_list

ENOUGH = 500  # as many unindexed rows as a reader may look at without anybody noticing
_BATCH = 20_000
_MANY = 1_000
_LOCK = 7_310_582_201  # any number, the same in every process


def mark_unindexed(customer_ids: Collection[int], *, has_new_text: bool = True) -> None:
    """Note customers whose row was written, created or deleted, in the same transaction.

    `has_new_text=False` says that figures changed, and nothing that is searched. Where many come at once they are
    indexed here and now: call it as the last step of the batch.
    """
    if len(customer_ids) <= _MANY:
        Unindexed.objects.bulk_create(
            [Unindexed(customer_id=number, has_new_text=has_new_text) for number in customer_ids], batch_size=500
        )
    elif has_new_text:
        index_now(customer_ids)
    else:
        with alone():
            standings.refresh(sorted(customer_ids))


def index_now(customer_ids: Collection[int], texts: Sequence[str] | None = None) -> None:
    """Bring customers into the index; `texts` are their search texts, where they are at hand."""
    numbers = list(customer_ids)
    if texts is None:
        with alone():
            for start in range(0, len(numbers), _BATCH):
                _index(sorted(numbers[start : start + _BATCH]))
    else:
        merge(extract(numbers, texts))


def merge(extracted: Extracted) -> None:
    """Add a batch of grams to the index, and write where its customers stand."""
    with alone():
        merge_grams(extracted)
        merge_grams(restated(extracted.ids))
        standings.refresh(extracted.ids.tolist())


def index_written(*, grams: Sequence[Extracted], known: Iterable[standings.Known], texts: Mapping[int, str]) -> None:
    """Bring into the index what an import has written, as the last step of its transaction.

    `grams` are those of new customers, each batch with higher ids than the one before it, and `known` what is in their
    columns; `texts` those of everybody else.
    """
    with alone():
        if grams:
            merge_grams(strung(grams))
        numbers = sorted(texts)
        for start in range(0, len(numbers), _BATCH):
            some = numbers[start : start + _BATCH]
            merge_grams(extract(some, [texts[number] for number in some]))
            merge_grams(restated(some))
        standings.refresh(numbers, known=known)


@every(minutes=1, label=_("Bring changed customers into the search index"))
def merge_unindexed(*, at_least: int = ENOUGH) -> int:
    """Index what has gathered, and cut the columns anew where the shop has outgrown them; how many rows that were."""
    done = 0
    while Unindexed.objects.count() >= max(at_least if not done else 1, 1):
        with alone():
            # The notes first, the rows after: a note that is committed later than this read stays for the next round.
            notes = list(Unindexed.objects.order_by("id")[:_BATCH].values_list("id", "customer_id", "has_new_text"))
            new_texts = sorted({number for _id, number, has_new_text in notes if has_new_text})
            figures = sorted({number for _id, number, _has in notes}.difference(new_texts))
            if new_texts:
                _index(new_texts)
            if figures:
                standings.refresh(figures)
            Unindexed.objects.filter(id__in=[note[0] for note in notes]).delete()
            done += len(notes)
    if standings.is_outgrown() and Customer.objects.exists():
        with alone():
            standings.build()
        learn_statistics()
    return done


def reindex() -> int:
    """Build the whole index anew, a block at a time, each in a transaction of its own; the number of customers."""
    blocks = {number >> BLOCK_BITS for number in _edges(Customer, "id", BLOCK)}
    blocks |= set(_edges(Gram, "block", 1))
    count = 0
    for block in sorted(blocks):
        with alone():
            count += _rebuild(block)
    with alone():
        notes = list(Unindexed.objects.values_list("id", flat=True))
        standings.build()
        for start in range(0, len(notes), _BATCH):
            Unindexed.objects.filter(id__in=notes[start : start + _BATCH]).delete()
    return count


def forget_postings(customer_ids: Collection[int], texts: Collection[str]) -> None:
    """Leave nothing of people who are gone for good: postings are only added, so their blocks are built anew.

    Where a step of a column begins with one of `texts`, their folded names, the columns are cut anew.
    """
    for block in sorted({number >> BLOCK_BITS for number in customer_ids}):
        with alone():
            _rebuild(block)
    with alone():
        standings.refresh(sorted(customer_ids))
        if standings.names_a_step("sort_name", texts):
            standings.build()


@contextmanager
def alone() -> Iterator[None]:
    """A transaction in which nobody else writes the index: SQLite has one writer, PostgreSQL takes a lock."""
    with transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        yield


def _index(numbers: Sequence[int]) -> None:
    """Bring customers into the index, as their rows say now."""
    texts = dict(Customer.objects.filter(id__in=id_list(numbers)).values_list("id", "search_text"))
    merge_grams(extract(list(texts), list(texts.values())))
    merge_grams(restated(numbers))
    standings.refresh(numbers)


def _rebuild(block: int) -> int:
    """Write the postings of a block anew; the number of its customers."""
    Gram.objects.filter(block=block).delete()
    rows = Customer.objects.filter(id__gte=block << BLOCK_BITS, id__lt=(block + 1) << BLOCK_BITS)
    texts = dict(rows.values_list("id", "search_text"))
    merge_grams(extract(list(texts), list(texts.values())))
    return len(texts)


def merge_grams(extracted: Extracted, *, table: str = Gram._meta.db_table) -> None:
    """Read the postings there are, add the new ones, and write those that changed.

    Another room keeps grams of its own in a `table` of the same columns.
    """
    lows = extracted.lows.astype("<u2", copy=False).data.cast("B")
    ends = extracted.ends.tolist()
    starts = [0, *ends[:-1]]
    codes = extracted.codes.tolist()
    cuts = [0, *(np.flatnonzero(np.diff(extracted.blocks)) + 1).tolist(), len(codes)]
    for first, last in pairwise(cuts):
        if first == last:
            continue
        block = int(extracted.blocks[first])
        known = _postings(table, block, codes[first:last])
        changed = []
        for place in range(first, last):
            new = lows[2 * starts[place] : 2 * ends[place]]
            old = known.get(codes[place])
            posting = shortest(new) if old is None else joined(old, new)
            if posting is not None:
                changed.append((codes[place], posting))
        _write(table, block, changed)


def _postings(table: str, block: int, codes: list[int]) -> dict[int, bytes]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT 1 FROM {table} WHERE block = %s LIMIT 1", [block])  # noqa: S608 — a table of ours
        if cursor.fetchone() is None:
            return {}
        if connection.vendor == "postgresql":
            query = f"SELECT code, ids FROM {table} WHERE block = %s AND code = ANY(%s)"  # noqa: S608 — a table of ours
            cursor.execute(query, [block, codes])
        else:
            query = f"SELECT code, ids FROM {table} WHERE block = %s AND code IN (SELECT value FROM json_each(%s))"  # noqa: S608
            cursor.execute(query, [block, json.dumps(codes)])
        return dict(cursor.fetchall())


def _write(table: str, block: int, postings: list[tuple[int, bytes | memoryview]]) -> None:
    rows: list[Any] = [(block, code, ids) for code, ids in postings]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # numbers as numbers: a hundred thousand postings as text take longer to be read than to be written
            codes = [code for code, _ids in postings]
            cursor.execute(f"DELETE FROM {table} WHERE block = %s AND code = ANY(%s)", [block, codes])  # noqa: S608
            statement = f"COPY {table} (block, code, ids) FROM STDIN (FORMAT binary)"
            with connection.wrap_database_errors, cursor.copy(statement) as copy:
                copy.set_types(["int4", "int8", "bytea"])
                for row in rows:
                    copy.write_row(row)
        else:
            insert = f"INSERT INTO {table} (block, code, ids) VALUES (%s, %s, %s)"  # noqa: S608
            cursor.executemany(f"{insert} ON CONFLICT (block, code) DO UPDATE SET ids = excluded.ids", rows)


def _edges(model: type[Customer] | type[Gram], column: str, step: int) -> range:
    """From the lowest to the highest value of a column, `step` apart, both blocks included."""
    low = model.objects.order_by(column).values_list(column, flat=True).first()
    high = model.objects.order_by(f"-{column}").values_list(column, flat=True).first()
    return range(low // step * step, high + 1, step) if low is not None and high is not None else range(0)
