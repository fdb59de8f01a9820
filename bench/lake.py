"""The lake of a large shop: how long a version takes to write, a column to open, 10,000 changed people to be taken in.

Rows are made in memory, for every table that the product copies, with as many as a shop of that many customers has:
five orders each, three lines an order. So what reading the records takes is not in it (see Records). Each measurement
goes in a process of its own; memory is the highest of that process, with the rows that were made in it. A version is
opened from files that the system may still have in memory. Processor time is that of both cores, with making the rows.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import sys
import time
from collections.abc import Callable, Collection, Iterator
from typing import Any

import numpy as np
import pyarrow as pa

from bench.import_customers import _environment, _fresh, _run
from bench.result import Options, Result, median_seconds

_TOUCHED = 10_000
_AT_ONCE = 50_000
_EACH = {"customers": 1, "addresses": 1.2, "events": 7, "orders": 5, "lines": 15, "returns": 0.3, "movements": 5.3}
_FEW = 0.3
# texts that almost nobody shares
_OWN = ("name", "first_name", "last_name", "email", "phone", "company", "text", "vat_number")


def measure(options: Options) -> Iterator[Result]:
    """One shop, on SQLite: the database has nothing to do here."""
    customers = options.rows_or(1_000_000)
    environment = _environment(options.folder / "shop", "")
    _fresh(environment)
    for what in ("build", "open", "refresh", "live"):
        command = [sys.executable, "-m", "bench.lake", what, str(customers)]
        for found in json.loads(_run(command, environment).splitlines()[-1]):
            yield Result(**found)


def _build(customers: int) -> list[dict[str, Any]]:
    from regulars.segments.lake import jobs

    began = time.process_time()
    version = jobs.build()
    spent = time.process_time() - began
    return [
        _result("write a version", version.rows, "s", version.seconds, f"limit: 240; {spent:.0f} s of processor time"),
        _result("a version on the disk", version.rows, "MB", version.bytes / 1e6),
        _result("write a version, highest memory", customers, "MB", _memory(), "limit: 1500"),
    ]


def _open(_customers: int) -> list[dict[str, Any]]:
    from regulars.segments.lake import versions

    version = versions.usable()
    assert version is not None  # noqa: S101
    found = []
    for column in ("customer", "amount", "quantity", "placed", "title"):
        span = median_seconds(lambda column=column: versions.read(version, "lines", column))  # type: ignore[misc]
        found.append(_result(f"open lines.{column}", version.tables["lines"].rows, "ms", 1000 * span))
    return found


def _refresh(customers: int) -> list[dict[str, Any]]:
    from regulars.segments.lake import following, refreshing, versions

    version = versions.usable()
    assert version is not None  # noqa: S101
    _touch(_some(customers))
    began = time.process_time()
    with versions.alone():
        made = refreshing.refresh(version)
    spent = time.process_time() - began
    following.look = lambda known: (known, following.Touched())
    return [
        _result(
            f"refresh, {_TOUCHED:,} people touched",
            made.rows,
            "s",
            made.seconds,
            f"limit: 20; {spent:.0f} s of processor time",
        ),
        _result("refresh, highest memory", customers, "MB", _memory(), "limit: 1500"),
    ]


def _live(customers: int) -> list[dict[str, Any]]:
    """A question after one more person was touched, with many touched already; and a first one."""
    from regulars.segments.lake import view

    _touch(_some(customers))
    columns = ["customer", "amount", "variant", "placed"]

    def ask() -> None:
        opened = view.open()
        opened.base("lines", columns)
        opened.fresh("lines", columns)
        len(opened.everyone)

    began = time.perf_counter()
    ask()
    first = time.perf_counter() - began
    spans = []
    for number in range(1, 11):
        _touch([number])
        began = time.perf_counter()
        ask()
        spans.append(time.perf_counter() - began)
    return [
        _result(f"four columns and {_TOUCHED:,} touched people, first", 15 * customers, "ms", 1000 * first),
        _result(
            f"the same after one more of {_TOUCHED:,}",
            15 * customers,
            "ms",
            1000 * statistics.median(spans),
            "limit with the answer: 150",
        ),
    ]


def _result(name: str, rows: int, unit: str, ours: float, note: str = "") -> dict[str, Any]:
    return {"name": name, "rows": rows, "unit": unit, "ours": ours, "note": note}


def _memory() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _some(customers: int) -> list[int]:
    rng = np.random.default_rng(7)
    return sorted((rng.choice(customers, min(_TOUCHED, customers // 10), replace=False) + 1).tolist())


def _touch(numbers: list[int]) -> None:
    """Let the timeline say that something happened to these, once."""
    from regulars.segments.lake import following

    told = [following.Touched(customers=frozenset(numbers), listed=frozenset(numbers))]
    following.look = lambda known: (known, told.pop() if told else following.Touched())


def _invent(customers: int) -> None:
    """Every table of the product, with rows made here; everybody is listed."""
    from regulars.segments.lake import following, tables

    following.listed = lambda: list(range(1, customers + 1))
    tables._TABLES = {
        name: tables.Table(
            name=name,
            schema=table.schema,
            read=_reader(table.schema(), customers, _EACH.get(name, _FEW)),
            texts=table.texts,
        )
        for name, table in tables.tables().items()
    }


def _reader(schema: pa.Schema, customers: int, each: float) -> Callable[[Collection[int] | None], Any]:
    def read(ids: Collection[int] | None) -> Iterator[pa.RecordBatch]:
        whom = np.arange(1, customers + 1) if ids is None else np.sort(np.fromiter(ids, np.int64))
        rng = np.random.default_rng(11)
        per_batch = max(1, int(_AT_ONCE / max(each, 1)))
        for start in range(0, len(whom), per_batch):
            some = whom[start : start + per_batch]
            if each == 1:
                owners = some
            else:
                owners = np.repeat(some, rng.poisson(each, len(some)))
                # rows come in the order of their own keys, not of people
                rng.shuffle(owners)
            columns = [_values(field, owners, rng) for field in schema]
            yield pa.RecordBatch.from_arrays(columns, schema=schema)

    return read


def _values(field: pa.Field, owners: np.ndarray, rng: np.random.Generator) -> pa.Array:  # type: ignore[type-arg]
    count, kind = len(owners), field.type
    if field.name == "customer":
        return pa.array(owners, pa.int64())
    if pa.types.is_string(kind):
        if field.name in _OWN:
            return pa.array([f"{field.name} Number {number}" for number in owners.tolist()])
        words = pa.array([f"{field.name} {number}" for number in range(2_000)])
        return words.take(pa.array(rng.zipf(1.3, count) % 2_000))
    if pa.types.is_list(kind):
        ends = np.concatenate([[0], np.cumsum(rng.integers(0, 3, count))]).astype(np.int32)
        inner = pa.field(field.name + "_word", kind.value_type)
        return pa.ListArray.from_arrays(pa.array(ends), _values(inner, np.zeros(int(ends[-1])), rng))
    if pa.types.is_boolean(kind):
        return pa.array(rng.random(count) < 0.8)
    if pa.types.is_floating(kind):
        return pa.array(rng.random(count) * 100)
    if pa.types.is_timestamp(kind):
        return pa.array(rng.integers(1_600_000_000, 1_760_000_000, count) * 1_000_000).cast(kind)
    if pa.types.is_date(kind):
        return pa.array(rng.integers(0, 20_000, count).astype(np.int32)).cast(kind)
    small = rng.integers(1, 1_300, count) if pa.types.is_int16(kind) else rng.integers(1, 20_000, count)
    return pa.array(small).cast(kind)


if __name__ == "__main__":
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "regulars.config.settings")
    django.setup()
    _invent(int(sys.argv[2]))
    print(json.dumps(globals()[f"_{sys.argv[1]}"](int(sys.argv[2]))))
