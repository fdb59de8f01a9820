"""How fast rows of the records become columns of the lake, table by table: of everybody, and of 10,000 people.

The shop is the invented one of `regulars demo --customers`, five orders each and three lines an order. Both go in one
process each, in turns, three times; figures are medians. The baseline reads the same columns of the same rows with the
ORM's `values_list`, and makes nothing of them.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from bench.import_customers import _environment, _fresh, _run
from bench.result import Options, Result
from tools import postgres

_TIMES = 3
_PEOPLE = 10_000
_TABLES = ("customers", "addresses", "events", "orders", "lines", "returns", "movements")


def measure(options: Options) -> Iterator[Result]:
    """SQLite first, then PostgreSQL."""
    customers = options.rows_or(20_000)
    server = postgres.start()
    try:
        for engine, url in (("SQLite", ""), ("PostgreSQL", server.url)):
            environment = _environment(options.folder / engine, url)
            _fresh(environment)
            _run([str(Path(sys.executable).with_name("regulars")), "demo", "--customers", str(customers)], environment)
            told = json.loads(_run([sys.executable, "-m", "bench.records", "read"], environment).splitlines()[-1])
            for name, (rows, ours, theirs) in told.items():
                yield Result(
                    name=f"{engine}, {name}",
                    rows=rows,
                    unit="rows/s",
                    ours=rows / ours,
                    baseline=rows / theirs,
                    baseline_name="values_list",
                )
    finally:
        server.stop()


def _read() -> dict[str, tuple[int, float, float]]:
    """Rows, our seconds and the ORM's, by table."""
    from regulars.customers.models import Customer
    from regulars.segments.lake import tables

    people = list(Customer.objects.order_by("pk").values_list("pk", flat=True)[:_PEOPLE])
    found = {}
    for name in _TABLES:
        for what, ids in ((name, None), (f"{name} of {len(people):,} people", people)):
            spans: tuple[list[float], list[float]] = [], []
            rows = 0
            for _ in range(_TIMES):
                rows = _timed(lambda: sum(len(one) for one in tables.tables()[name].read(ids)), spans[0])  # noqa: B023
                _timed(lambda: sum(1 for _row in _plainly(name, ids)), spans[1])  # noqa: B023
            if rows:
                found[what] = (rows, statistics.median(spans[0]), statistics.median(spans[1]))
    return found


def _timed(work: Callable[[], int], spans: list[float]) -> int:
    began = time.perf_counter()
    count = work()
    spans.append(time.perf_counter() - began)
    return count


def _plainly(name: str, ids: list[int] | None) -> Iterable[Any]:
    """The rows of a table as somebody would read them first."""
    from regulars.customers.models import Address, Customer
    from regulars.customers.standings import id_list
    from regulars.orders.models import Order, OrderLine, Return
    from regulars.timeline.models import Entry

    rows, whose, columns = {
        "customers": (Customer.objects, "pk", [field.attname for field in Customer._meta.concrete_fields]),
        "addresses": (Address.objects, "customer", ("customer", "latitude", "longitude", "city", "region", "country")),
        "events": (Entry.objects, "customer", ("customer", "name", "at")),
        "orders": (
            Order.objects,
            "customer",
            ("customer", "pk", "placed_at", "status", "is_test", "channel", "payment_method", "country", "source",
             "campaign", "total_base_minor", "refunded_base_minor"),
        ),
        "lines": (
            OrderLine.objects,
            "order__customer",
            ("order__customer", "order", "order__placed_at", "order__status", "order__is_test", "order__channel",
             "order__currency", "order__rate", "variant", "sku", "title", "quantity", "total_minor", "cost"),
        ),
        "returns": (
            Return.objects,
            "customer",
            ("customer", "returned_at", "state", "refund_base_minor", "reason", "channel", "order"),
        ),
        "movements": (Order.objects, "customer", ("customer", "placed_at", "total_base_minor")),
    }[name]  # fmt: skip
    wanted = (
        rows.filter(**{f"{whose}__isnull": False}) if ids is None else rows.filter(**{f"{whose}__in": id_list(ids)})
    )
    return wanted.order_by().values_list(*columns).iterator(chunk_size=20_000)


if __name__ == "__main__":
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "regulars.config.settings")
    django.setup()
    print(json.dumps(_read()))
