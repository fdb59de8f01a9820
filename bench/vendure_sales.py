"""How long after a payment in a real Vendure its order stands on the customer's page: `regulars run` beside Vendure.

A guest buys through Vendure's Shop API; the seconds count from the answer to the payment until the customer's page,
asked for over HTTP every 20 ms, names the order. Both shops, their databases, the buyers and whoever looks share one
machine. Baseline: how long Vendure itself takes to answer the payment, which is before the seconds begin.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Iterator

from bench.result import Options, Result, quantile
from tools import beside, vendure

_SALES = 20


def measure(options: Options) -> Iterator[Result]:
    """Sell some, after one that warms everything up."""
    sales = options.rows_or(_SALES)
    arrived, paid = [], []
    with beside.open_both(options.folder) as both:
        for number in range(sales + 1):
            email = f"buyer{number}@example.com"
            who = vendure.Shopper(both.shop)
            who.put("TEA-1")
            who.say_who(email, "Some", f"Body{number}")
            who.send_to("Hafenstraße 1", "20457", "Hamburg")
            began = time.monotonic()
            order = who.pay()
            took = time.monotonic() - began
            seconds = both.wait_for(lambda: order["code"] in both.page_of(email))  # noqa: B023 — called at once
            print(f"{seconds:.2f} s", file=sys.stderr, flush=True)
            if number:
                arrived.append(seconds)
                paid.append(took)
    yield Result(
        name="From the payment to the customer's page, median",
        rows=sales,
        unit="s",
        ours=statistics.median(arrived),
        baseline=statistics.median(paid),
        baseline_name="Vendure's answer to the payment",
        note="limit 2 s",
    )
    yield Result(name="The same, p95", rows=sales, unit="s", ours=quantile(arrived, 0.95), note="limit 2 s")
