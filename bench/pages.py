"""How long people wait for pages in a large shop: list, filtered list, search and customer page, over HTTP.

A shop of a million customers and five million orders is made up (`--rows` for another size; REGULARS_BENCH_HOME names
a data folder that has one already, DATABASE_URL a database). Then the product's own web server is asked, page after
page by one person, and by eight at once. p95 is what 95 of 100 requests do not exceed, from request to last byte; the
CPU of a page is what all processes of the product used, and holds on a machine that others use as well.

The baseline answers the same lists as most software does, in the same database: `LIKE '%…%'` over name, e-mail, phone
and company, `ORDER BY … LIMIT 50 OFFSET …`, and `count(*)`; the database's time alone, no page.
"""

from __future__ import annotations

import http.client
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil

from bench.idle import free_port, seconds_to_ready
from bench.result import Options, Result, quantile

_PEOPLE = 8
_SORTS = {
    "name": "sort_name",
    "amount_spent": "spent_minor",
    "number_of_orders": "orders_count",
    "last_order_date": "last_order_at",
    "customer_added_date": "customer_since",
}
_FILTERS = (
    "customer_countries=DE",
    "customer_countries=IS",
    "customer_countries.not=GB",
    "status=inactive",
    "number_of_orders=0",
    "number_of_orders.min=20",
    "amount_spent.min=100&amount_spent.max=101",
    "amount_spent.min=2000&number_of_orders.max=2",
    "last_order_date.older_than=700",
    "last_order_date.within=30",
    "first_order_date.within=90&customer_countries=CN",
    "sales_channels=store&number_of_orders.min=3",
    "city=berlin",
    "email=gmail",
    "number_of_orders.min=1&last_order_date.older_than=90",
)


def measure(options: Options) -> Iterator[Result]:
    """Fill a shop, ask for its pages one after the other, then many at once."""
    rows = options.rows_or(1_000_000)
    home = os.environ.get("REGULARS_BENCH_HOME") or str(options.folder / "home")
    environment = {**os.environ, "REGULARS_HOME": home}
    regulars = str(Path(sys.executable).with_name("regulars"))
    if "REGULARS_BENCH_HOME" not in os.environ:
        subprocess.run([regulars, "setup", "--no-demo"], env=environment, check=True, stdout=sys.stderr)
        fill = [regulars, "demo", "--customers", str(rows), "--seed", "7"]
        subprocess.run(fill, env=environment, check=True, stdout=sys.stderr)
    known = json.loads(
        subprocess.run(
            [sys.executable, "-m", "bench.pages"], env=environment, check=True, stdout=subprocess.PIPE
        ).stdout
    )
    port = free_port()
    server = subprocess.Popen(
        [regulars, "run", "--port", str(port)], env=environment, stdout=subprocess.DEVNULL, start_new_session=True
    )
    try:
        seconds_to_ready(port, time.perf_counter())
        yield from _pages(port, known, server.pid)
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(60)


def _pages(port: int, known: dict[str, Any], product: int) -> Iterator[Result]:
    chance = random.Random(7)
    everything: list[str] = []
    # the server has served before: every process of it has opened the database and compiled the templates
    with ThreadPoolExecutor(_PEOPLE) as people:
        few = [address for addresses in known["addresses"].values() for address in addresses[::40]]
        list(people.map(lambda _one: _ask(port, known["cookie"], few), range(_PEOPLE)))
    for kind, addresses in known["addresses"].items():
        before = _cpu_seconds(product)
        spans = _ask(port, known["cookie"], addresses)
        used = _cpu_seconds(product) - before
        everything += addresses
        baseline = known["baseline"].get(kind)
        yield Result(
            name=f"{kind}, one person, p95",
            rows=known["customers"],
            unit="ms",
            ours=quantile(spans, 0.95),
            baseline=quantile(baseline, 0.95) if baseline else None,
            baseline_name="OFFSET, count(*), LIKE" if baseline else "",
            note=_note(spans, used),
        )
    chance.shuffle(everything)
    before = _cpu_seconds(product)
    with ThreadPoolExecutor(_PEOPLE) as people:
        parts = [everything[place::_PEOPLE] for place in range(_PEOPLE)]
        spans = [span for part in people.map(lambda one: _ask(port, known["cookie"], one), parts) for span in part]
    yield Result(
        name=f"All of these, {_PEOPLE} people at once, p95",
        rows=known["customers"],
        unit="ms",
        ours=quantile(spans, 0.95),
        baseline=400.0,
        baseline_name="limit",
        note=_note(spans, _cpu_seconds(product) - before),
    )


def _note(spans: list[float], used: float) -> str:
    median, slowest, cpu = quantile(spans, 0.5), max(spans), 1000 * used / len(spans)
    return f"median {median:.0f} ms, slowest {slowest:.0f} ms, {len(spans)} pages, {cpu:.0f} ms of CPU each"


def _cpu_seconds(pid: int) -> float:
    """What a process and all it started have used so far."""
    family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    return float(sum(times.user + times.system for times in (member.cpu_times() for member in family)))


def _ask(port: int, cookie: str, addresses: list[str]) -> list[float]:
    """Milliseconds of each page, over one connection."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    spans = []
    for address in addresses:
        began = time.perf_counter()
        connection.request("GET", address, headers={"Cookie": cookie})
        answer = connection.getresponse()
        body = answer.read()
        spans.append((time.perf_counter() - began) * 1000)
        if answer.status != 200:
            raise SystemExit(f"{address} answered {answer.status}: {body[:300]!r}")
    connection.close()
    return spans


def _prepare() -> dict[str, Any]:
    """Inside the shop: somebody signed in, what to ask for, and how long the baseline takes for a part of it."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "regulars.config.settings")
    import django

    django.setup()
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.urls import reverse

    from regulars.customers.models import Customer
    from regulars.orders.models import Order
    from regulars.staff.models import User
    from regulars.staff.sessions import SessionStore

    owner = User.objects.filter(role="owner", is_active=True).order_by("pk").first()
    if owner is None:
        owner = User.objects.create(name="Mara Petersen", email="mara@hainundhafen.example", role="owner")
    session = SessionStore()
    session[SESSION_KEY] = str(owner.pk)
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = owner.get_session_auth_hash()
    session.save()

    chance = random.Random(7)
    last = Customer.objects.order_by("-pk").values_list("pk", flat=True).first() or 1
    some = list(Customer.objects.filter(pk__in=chance.sample(range(1, last + 1), min(400, last))))
    numbers = list(
        Order.objects.filter(customer_id__in=[one.pk for one in some[:40]]).values_list("number", flat=True)[:20]
    )
    searches = [*"abcdefghijklmnopqrstuvwxyz0123456789", *_parts(some, chance), *numbers, "nobodyofthatname"]
    orders = [f"{sign}{sort}" for sort in _SORTS for sign in ("", "-")]
    people = reverse("customers:list")
    return {
        "cookie": f"{settings.SESSION_COOKIE_NAME}={session.session_key}",
        "customers": Customer.objects.count(),
        "addresses": {
            "List": [f"{people}?sort={sort}{after}" for sort in orders for after in _pages_of(sort)],
            "Filtered list": [f"{people}?{one}&sort={sort}" for one in _FILTERS for sort in orders],
            "Search": [
                f"{people}?{_query(q=text, sort=sort)}" for text in searches for sort in chance.sample(orders, 3)
            ],
            "Customer page": [reverse("customers:page", args=[one.public_id]) for one in some[:150]],
        },
        "baseline": {
            "List": _baseline("", orders),
            "Search": _baseline_of_searches(searches[:36:4] + searches[36:60:4]),
        },
    }


def _parts(some: list[Any], chance: random.Random) -> Iterator[str]:
    """What people type: pieces of names, e-mails, phones, companies and postcodes that there are."""
    for customer in some[:100]:
        value = chance.choice(
            [customer.name, customer.name, customer.email, customer.phone[-8:], customer.postcode, customer.company]
        )
        size = chance.choice((2, 3, 4, 6, 12))
        if value.strip():
            yield value[:size].strip()


def _pages_of(sort: str) -> Iterator[str]:
    """The first page, the second, and one from the middle of the list."""
    from regulars.customers.models import Customer
    from regulars.customers.queries import ListRequest, customer_page

    request = ListRequest.from_query({"sort": sort})
    yield ""
    yield f"&after={customer_page(request).next_cursor}"
    somebody = Customer.objects.filter(last_order_at__isnull=False).order_by("pk")[1000]
    yield f"&after={request.cursor((getattr(somebody, request.sort_column), somebody.pk))}"


def _query(**parameters: str) -> str:
    from urllib.parse import urlencode

    return urlencode(parameters)


def _baseline(where: str, orders: list[str], *parameters: str) -> list[float]:
    """Milliseconds of the usual way, for the first page and for one from the middle."""
    from django.db import connection

    spans = []
    with connection.cursor() as cursor:
        for order in orders:
            column = _SORTS[order.lstrip("-")] + (" DESC" if order.startswith("-") else "")
            for offset in (0, 500_000):
                began = time.perf_counter()
                cursor.execute(
                    f"SELECT * FROM customers_customer {where} ORDER BY {column} LIMIT 50 OFFSET {offset}",  # noqa: S608
                    parameters,
                )
                cursor.fetchall()
                cursor.execute(f"SELECT count(*) FROM customers_customer {where}", parameters)  # noqa: S608
                cursor.fetchall()
                spans.append((time.perf_counter() - began) * 1000)
    return spans


def _baseline_of_searches(searches: list[str]) -> list[float]:
    columns = ("name", "email", "phone", "company")
    where = "WHERE " + " OR ".join(f"{column} LIKE %s" for column in columns)
    return [span for text in searches for span in _baseline(where, ["name"], *([f"%{text}%"] * len(columns)))[:1]]


if __name__ == "__main__":
    json.dump(_prepare(), sys.stdout)
