"""How long it takes to count who a query finds, first and again, beside the same questions as plain SQL.

The shop is made in memory: five orders a customer, three lines an order, 2,000 products in 20 categories. Of it, a
version of the lake is written as the product writes one; SQLite and PostgreSQL get the same rows, an index for every
column that the questions compare, and statistics. “First” is without any set that was found before, with the columns
at hand; the baselines count the same people, three times each. Figures are medians.
"""

from __future__ import annotations

import csv
import io
import json
import os
import resource
import sqlite3
import statistics
import sys
import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from bench.import_customers import _environment, _fresh, _run
from bench.result import Options, Result
from tools import postgres

_TIMES = 20
_PLAIN_TIMES = 3
_TOUCHED = 10_000
_VARIANTS, _CATEGORIES = 2_000, 20
_DAY = 86_400_000_000
_VIP = 1


@dataclass(frozen=True, slots=True)
class Question:
    """A query, what is measured of it, and the same in SQL; {now} is this moment in microseconds."""

    name: str
    query: str
    sql: str
    limit: int


_OF_CATEGORY = "variant IN (SELECT variant FROM products WHERE category = 'Category 3')"
QUESTIONS = (
    Question(
        "spent, and bought lately",
        "amount_spent > 500 AND last_order_date >= -90d",
        "SELECT count(*) FROM customers WHERE spent > 50000 AND last_order >= {now} - 90 * {day}",
        150,
    ),
    Question("a tag", "customer_tags CONTAINS 'VIP'", "SELECT count(*) FROM tags WHERE tag = 1", 150),
    Question(
        "bought of a category",
        "products_purchased MATCHES (category = 'Category 3')",
        f"SELECT count(DISTINCT customer) FROM lines WHERE is_counted = 1 AND {_OF_CATEGORY}",
        500,
    ),
    Question(
        "never bought of a category",
        "products_purchased NOT MATCHES (category = 'Category 3')",
        "SELECT count(*) FROM customers WHERE customer NOT IN "
        f"(SELECT customer FROM lines WHERE is_counted = 1 AND {_OF_CATEGORY})",
        500,
    ),
    Question(
        "bought of it in three orders",
        "products_purchased MATCHES (category = 'Category 3', count >= 3)",
        f"SELECT count(*) FROM (SELECT customer FROM lines WHERE is_counted = 1 AND {_OF_CATEGORY} "
        "GROUP BY customer HAVING count(DISTINCT ordr) >= 3) s",
        500,
    ),
    Question(
        "no order in a quarter",
        "orders_placed MATCHES (count = 0, date >= -90d)",
        "SELECT count(*) FROM customers WHERE customer NOT IN "
        "(SELECT customer FROM orders WHERE is_counted = 1 AND placed >= {now} - 90 * {day})",
        150,
    ),
    Question(
        "bought for much in a year",
        "orders_placed MATCHES (sum_amount > 500, date >= -365d)",
        "SELECT count(*) FROM (SELECT customer FROM orders WHERE is_counted = 1 "
        "AND placed >= {now} - 365 * {day} GROUP BY customer HAVING sum(total) > 50000) s",
        150,
    ),
    Question(
        "several of these",
        "(amount_spent > 300 OR customer_tags CONTAINS 'VIP') AND "
        "products_purchased NOT MATCHES (category = 'Category 3', date >= -180d) AND is_guest = false",
        "SELECT count(*) FROM customers WHERE (spent > 30000 OR customer IN (SELECT customer FROM tags WHERE tag = 1)) "
        "AND customer NOT IN (SELECT customer FROM lines WHERE is_counted = 1 "
        f"AND placed >= {{now}} - 180 * {{day}} AND {_OF_CATEGORY}) AND is_guest = 0",
        1_000,
    ),
)

_SHAPES = {
    "products": ("variant", "category"),
    "customers": ("customer", "spent", "last_order", "is_guest"),
    "tags": ("customer", "tag"),
    "orders": ("customer", "ordr", "placed", "is_counted", "total"),
    "lines": ("customer", "ordr", "placed", "is_counted", "variant"),
}
_INDEXES = (
    "customers (customer)",
    "customers (spent, last_order)",
    "tags (tag, customer)",
    "orders (customer, placed)",
    "orders (placed, is_counted, customer, total)",
    "lines (variant, is_counted, customer, ordr)",
    "lines (customer, variant)",
    "products (category, variant)",
)


def measure(options: Options) -> Iterator[Result]:
    """The engine and both baselines, one after the other, in one run."""
    customers = options.rows_or(1_000_000)
    environment = _environment(options.folder / "shop", "")
    _fresh(environment)
    server = postgres.start()
    try:
        command = [
            sys.executable,
            "-m",
            "bench.groups",
            str(customers),
            str(options.folder / "plain.sqlite3"),
            server.url,
        ]
        for found in json.loads(_run(command, environment).splitlines()[-1]):
            yield Result(**found)
    finally:
        server.stop()


class Shop:
    """The rows, sorted by customer."""

    def __init__(self, customers: int) -> None:
        rng = np.random.default_rng(5)
        self.now = time.time_ns() // 1000
        self.customers = np.arange(1, customers + 1)
        self.order_of = np.sort(rng.integers(1, customers + 1, 5 * customers))
        orders = len(self.order_of)
        self.placed = self.now - (rng.random(orders) ** 2 * 1_500 * _DAY).astype(np.int64)
        self.is_counted = rng.random(orders) < 0.95
        self.total = rng.integers(500, 30_000, orders)
        self.line_order = np.repeat(np.arange(orders), rng.integers(1, 6, orders))
        self.variant = rng.zipf(1.2, len(self.line_order)) % _VARIANTS
        counted, places = self.is_counted, self.order_of
        self.count = np.bincount(places[counted], minlength=customers + 1)[1:]
        self.spent = np.bincount(places[counted], weights=self.total[counted], minlength=customers + 1)[1:].astype(
            np.int64
        )
        last = np.zeros(customers + 1, np.int64)
        np.maximum.at(last, places[counted], self.placed[counted])
        self.last = last[1:]
        self.is_vip = rng.random(customers) < 0.03
        self.is_guest = rng.random(customers) < 0.2
        # the people of whom rows are read for a page are the first hundred
        self.spent[:100] += 10_000_000

    def table(self, name: str, schema: pa.Schema, ids: Collection[int] | None) -> pa.Table:
        """The rows of a table of the lake, of everybody or of some."""
        known, count = self._columns(name)
        picked = None
        if ids is not None:
            # rows stand by customer, as those of a real table are found by an index
            whom, owners = np.sort(np.fromiter(ids, np.int64)), known.get("customer", np.empty(0))
            low, high = np.searchsorted(owners, whom), np.searchsorted(owners, whom, side="right")
            picked = np.concatenate([np.arange(*span) for span in zip(low, high, strict=True)] or [np.empty(0, int)])
        arrays = []
        for field in schema:
            values = known.get(field.name)
            if values is None or count == 0:
                rows = count if picked is None else len(picked)
                arrays.append(pa.nulls(rows, field.type))
            elif field.name == "tags" and name == "customers":
                chosen = values if picked is None else values[picked]
                ends = np.concatenate([[0], np.cumsum(chosen)]).astype(np.int32)
                arrays.append(pa.ListArray.from_arrays(pa.array(ends), pa.array(np.full(ends[-1], _VIP))))
            else:
                chosen = values if picked is None else values[picked]
                arrays.append(pa.array(chosen).cast(field.type))
        return pa.table(arrays, schema=schema)

    def _columns(self, name: str) -> tuple[dict[str, Any], int]:
        added = np.full(len(self.customers), self.now - 2_000 * _DAY)
        match name:
            case "customers":
                return {
                    "customer": self.customers,
                    "added": added,
                    "spent": self.spent,
                    "orders_count": self.count,
                    "last_order": np.where(self.last > 0, self.last, added),
                    "tags": self.is_vip,
                    "is_guest": self.is_guest,
                }, len(self.customers)
            case "orders":
                return {
                    "customer": self.order_of,
                    "ordr": np.arange(1, len(self.order_of) + 1),
                    "placed": self.placed,
                    "is_counted": self.is_counted,
                    "total": self.total,
                }, len(self.order_of)
            case "lines":
                of = self.line_order
                return {
                    "customer": self.order_of[of],
                    "ordr": of + 1,
                    "placed": self.placed[of],
                    "is_counted": self.is_counted[of],
                    "variant": self.variant,
                }, len(of)
        return {}, 0

    def plain(self, name: str) -> list[np.ndarray[Any, Any]]:
        """The columns of a table of the baselines."""
        if name == "products":
            return [np.arange(_VARIANTS), np.array([f"Category {one % _CATEGORIES}" for one in range(_VARIANTS)])]
        if name == "tags":
            vip = self.customers[self.is_vip]
            return [vip, np.full(len(vip), _VIP)]
        known, _count = self._columns(name)
        return [np.asarray(known[column]).astype(np.int64) for column in _SHAPES[name]]


def _invent(shop: Shop) -> None:
    """Let the product read its rows from here."""
    from regulars.segments.lake import following, tables

    following.listed = shop.customers.tolist

    def reader(name: str, schema: pa.Schema) -> Callable[[Collection[int] | None], Any]:
        return lambda ids: iter(shop.table(name, schema, ids).to_batches())

    tables._TABLES = {
        name: tables.Table(name=name, schema=table.schema, read=reader(name, table.schema()), texts=table.texts)
        for name, table in tables.tables().items()
    }
    products = tables.dimensions()["products"]
    categories = [f"Category {one % _CATEGORIES}" for one in range(_VARIANTS)]
    known = {"variant": pa.array(range(_VARIANTS)), "category": pa.array(categories)}
    rows = pa.table(
        [
            known[one.name].cast(one.type) if one.name in known else pa.nulls(_VARIANTS, one.type)
            for one in products.schema
        ],
        schema=products.schema,
    )
    tables._DIMENSIONS = {
        "products": tables.Dimension(
            name="products", key="variant", schema=products.schema, read=lambda: rows, stamp=lambda: 0
        )
    }


def _ours(shop: Shop) -> tuple[dict[str, float], list[dict[str, Any]], dict[str, int]]:
    from django.utils import timezone

    from regulars.customers.actions import create_customer
    from regulars.customers.models import Tag
    from regulars.segments.engine import asking
    from regulars.segments.engine.remembering import remembered
    from regulars.segments.lake import following, jobs, versions

    Tag.objects.create(pk=_VIP, name="VIP")
    for number in range(100):
        create_customer(values={"given_name": f"Person {number}", "customer_since": timezone.now()})
    _invent(shop)
    jobs.build()

    def forget() -> None:
        remembered.clear()
        for kept in versions.folder().glob("*/set.*"):
            kept.unlink()

    quiet = following.Touched()
    following.look = lambda known: (known, quiet)
    customers, first, found, counts = len(shop.customers), {}, [], {}

    def add(name: str, seconds: float, limit: str = "") -> None:
        found.append({"name": name, "rows": customers, "unit": "ms", "ours": 1000 * seconds, "note": limit})

    nodes = {one.name: asking.read(one.query) for one in QUESTIONS}
    for one in QUESTIONS:
        counts[one.name] = asking.count(nodes[one.name])
        first[one.name] = _median(lambda one=one: asking.count(nodes[one.name]), before=forget)  # type: ignore[misc]
    whole = nodes["several of these"]
    asking.count(whole)
    add("again, all remembered", _median(lambda: asking.count(whole)), "limit: 10")
    changed = iter(range(301, 10_000))
    texts = QUESTIONS[-1].query
    add(
        "one simple line changed",
        _median(lambda: asking.count(asking.read(texts.replace("> 300", f"> {next(changed)}")))),
        "limit: 150 + 10, with reading the text",
    )
    asking.people(whole, size=50)
    counted = _median(lambda: asking.count(whole))
    add("first 50 people, beyond the count", _median(lambda: asking.people(whole, size=50)) - counted, "limit: 50")

    def touch(numbers: list[int]) -> None:
        told = [following.Touched(customers=frozenset(numbers), listed=frozenset(numbers))]
        following.look = lambda known: (known, told.pop() if told else quiet)

    rng = np.random.default_rng(7)
    touch((rng.choice(customers, min(_TOUCHED, customers // 10), replace=False) + 1).tolist())
    began = time.perf_counter()
    asking.count(whole)
    add(
        f"{_TOUCHED:,} people touched at once, first answer",
        time.perf_counter() - began,
        "their rows read and all lines asked",
    )
    spans = []
    for number in range(101, 101 + _TIMES):
        touch([number])
        began = time.perf_counter()
        asking.count(whole)
        spans.append(time.perf_counter() - began)
    add(f"one order placed, {_TOUCHED:,} people touched before", statistics.median(spans), "limit: 150")
    found.append(
        {
            "name": "highest memory, with the rows made here",
            "rows": customers,
            "unit": "MB",
            "ours": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            "note": "limit without these: 1500",
        }
    )
    return first, found, counts


def _median(action: Callable[[], Any], *, before: Callable[[], None] | None = None) -> float:
    spans = []
    for _ in range(_TIMES):
        if before is not None:
            before()
        began = time.perf_counter()
        action()
        spans.append(time.perf_counter() - began)
    return statistics.median(spans)


def _sqlite(shop: Shop, path: Path) -> dict[str, tuple[float, int]]:
    connection = sqlite3.connect(path)
    connection.executescript("PRAGMA journal_mode = WAL; PRAGMA cache_size = -512000; PRAGMA synchronous = OFF")
    for name, columns in _SHAPES.items():
        connection.execute(f"CREATE TABLE {name} ({', '.join(columns)})")
        rows = zip(*(one.tolist() for one in shop.plain(name)), strict=True)
        connection.executemany(f"INSERT INTO {name} VALUES ({', '.join('?' * len(columns))})", rows)
    connection.commit()
    for number, index in enumerate(_INDEXES):
        connection.execute(f"CREATE INDEX i{number} ON {index}")
    connection.execute("ANALYZE")
    return _asked(lambda sql: connection.execute(sql).fetchone()[0])


def _postgresql(shop: Shop, url: str) -> dict[str, tuple[float, int]]:
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        for name, columns in _SHAPES.items():
            kinds = ", ".join(f"{one} {'text' if one == 'category' else 'bigint'}" for one in columns)
            connection.execute(f"CREATE TABLE plain_{name} ({kinds})")
            data = shop.plain(name)
            with connection.cursor().copy(f"COPY plain_{name} FROM STDIN (FORMAT csv)") as copy:
                for start in range(0, len(data[0]), 100_000):
                    text = io.StringIO()
                    csv.writer(text).writerows(
                        zip(*(one[start : start + 100_000].tolist() for one in data), strict=True)
                    )
                    copy.write(text.getvalue())
        for index in _INDEXES:
            connection.execute(f"CREATE INDEX ON plain_{index}")
        for name in _SHAPES:
            connection.execute(f"VACUUM ANALYZE plain_{name}")
        connection.execute("SET work_mem = '256MB'")

        def ask(sql: str) -> int:
            for name in _SHAPES:
                sql = sql.replace(f"FROM {name}", f"FROM plain_{name}")
            return int(connection.execute(sql).fetchone()[0])  # type: ignore[index]

        return _asked(ask)


def _asked(ask: Callable[[str], int]) -> dict[str, tuple[float, int]]:
    found = {}
    # a query asks for days: from the midnight before on
    now = _midnight()
    for one in QUESTIONS:
        sql = one.sql.replace("{now}", str(now)).replace("{day}", str(_DAY))
        spans, count = [], ask(sql)
        for _ in range(_PLAIN_TIMES):
            began = time.perf_counter()
            ask(sql)
            spans.append(time.perf_counter() - began)
        found[one.name] = statistics.median(spans), count
    return found


def _midnight() -> int:
    from regulars.core import shop
    from regulars.segments.engine import asking
    from regulars.segments.language import dates

    return int(dates.midnight(asking.today(), shop.zone()).timestamp() * 1_000_000)


def _all(customers: int, path: Path, url: str) -> list[dict[str, Any]]:
    shop = Shop(customers)
    first, found, counts = _ours(shop)
    results = []
    for name, plain in (("SQLite", _sqlite(shop, path)), ("PostgreSQL", _postgresql(shop, url))):
        for one in QUESTIONS:
            seconds, count = plain[one.name]
            # midnights of winter and summer time lie an hour apart, so that a few may differ
            same = "" if abs(count - counts[one.name]) <= customers // 500 else f"; {name} counts {count:,}"
            results.append(
                {
                    "name": one.name,
                    "rows": customers,
                    "unit": "ms",
                    "ours": 1000 * first[one.name],
                    "baseline": 1000 * seconds,
                    "baseline_name": name,
                    "note": f"limit: {one.limit}; {counts[one.name]:,}{same}",
                }
            )
    return results + found


if __name__ == "__main__":
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "regulars.config.settings")
    django.setup()
    print(json.dumps(_all(int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])))
