"""How fast orders of a sales channel become rows: new ones, in batches of 500, through the takers of the product.

Each record is what a shop platform sends: two lines, both addresses, a payment, a code, a tag, and a buyer. Half of the
buyers are known. Customers, figures and the timeline are written with them. One process takes in one batch after the
other, each in a transaction of its own; the figure is the median batch, by processor time, which holds on a machine
with other work (on PostgreSQL the server's own work comes on top). The second figure hands in the same states again,
which changes nothing.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import statistics
import sys
import time
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from bench.import_customers import _environment, _fresh, _run
from bench.result import Options, Result
from tools import postgres

_BATCH = 500


def measure(options: Options) -> Iterator[Result]:
    """SQLite first, then PostgreSQL."""
    rows = options.rows_or(10_000)
    yield from _measure("SQLite", rows, _environment(options.folder / "sqlite", ""))
    server = postgres.start()
    try:
        yield from _measure("PostgreSQL", rows, _environment(options.folder / "postgresql", server.url))
    finally:
        server.stop()


def _measure(engine: str, rows: int, environment: dict[str, str]) -> Iterator[Result]:
    _fresh(environment)
    told = json.loads(_run([sys.executable, "-m", "bench.taking", str(rows)], environment).splitlines()[-1])
    note = f"limit: 2,000/s on SQLite; {os.cpu_count()} cores, one process"
    yield Result(f"{engine}, new orders", rows, "orders/s", told["new"], note=note)
    yield Result(f"{engine}, the same states again", rows, "orders/s", told["again"])


def _main(rows: int) -> None:
    """Take in that many orders, and print how many a second that were."""
    import django

    django.setup()
    from django.db import transaction

    from regulars.channels.actions import channel_for
    from regulars.orders.taking.orders import take_orders
    from regulars.timeline.actions import acting
    from regulars.timeline.models import Source

    channel = channel_for("bench", name="Bench")
    speeds: dict[str, list[float]] = {"new": [], "again": []}
    for what, found in speeds.items():
        for first in range(0, rows, _BATCH):
            records = [_record(number) for number in range(first, first + _BATCH)]
            began = time.process_time()
            with acting(None, Source.CHANNEL), transaction.atomic():
                taken = take_orders(channel, records)
            found.append(_BATCH / (time.process_time() - began))
            if any(one.problem or one.local_id is None for one in taken):
                raise SystemExit(f"{what}: not everything came in")
    print(json.dumps({what: statistics.median(found) for what, found in speeds.items()}))


def _record(number: int) -> Any:
    from regulars.channels import records as of

    at = dt.datetime(2026, 1, 1, tzinfo=dt.UTC) + dt.timedelta(minutes=number)
    buyer = number // 2  # every second order is of somebody who bought before
    home = of.AddressRecord(
        name=f"Buyer {buyer}", line1=f"Hafenstraße {buyer % 200}", city="Hamburg", postcode="20457", country="DE"
    )
    lines = tuple(
        of.LineRecord(
            sku=f"SKU-{sku}", title=f"Thing {sku}", quantity=1 + number % 3, unit_price=Decimal("12.50"),
            discount=Decimal("0.50"), tax=Decimal("1.99"), variant_id=f"v{sku}",
        )
        for sku in (number % 300, 300 + number % 200)
    )  # fmt: skip
    who = of.CustomerRecord(
        external_id=f"c{buyer}", version=at, email=f"buyer{buyer}@example.com", is_email_verified=True,
        given_name="Buyer", family_name=f"Number {buyer}", address=home,
    )  # fmt: skip
    return of.OrderRecord(
        external_id=f"o{number}", version=at, number=f"#{number}", placed_at=at, currency="EUR", lines=lines,
        discount=Decimal("1.00"), shipping=Decimal("4.90"), tax=Decimal("3.98"), who=who, billing=home, delivery=home,
        payments=(of.PaymentRecord(external_id=f"t{number}", method="Card", amount=Decimal("28.90"), at=at),),
        discounts=(of.DiscountRecord(code="SPRING", amount=Decimal("1.00")),), tags=("web",), payment_method="Card",
        fulfilment="fulfilled", source="web",
    )  # fmt: skip


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "regulars.config.settings")
    _main(int(sys.argv[1]))
