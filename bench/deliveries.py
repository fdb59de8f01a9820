"""How many deliveries of shop systems are accepted and stored, and how soon they are taken in.

A real server (`regulars serve`: web processes and worker) gets signed orders from a process of its own, at a steady
rate over 32 connections: each request begins at its own moment, whether those before it were answered or not, so that a
slow server cannot slow down the clock. An answer counts as 202, which is sent after the commit (SQLite encrypted, with
synchronous=FULL). Taken in is measured by the rows themselves, from received_at to applied_at. The baseline of the same
run stores the same rows one transaction each, in one process without a web server: what the database alone takes.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil

from bench.idle import free_port, seconds_to_ready
from bench.result import Options, Result, quantile

_RATE = 500
_CONNECTIONS = 32
_DATABASES = ("sqlite", "postgresql")


def measure(options: Options) -> Iterator[Result]:
    """Each database: deliveries at the rate that is asked for, then as many as go."""
    from tools import postgres

    count = options.rows_or(15_000)
    for name in _DATABASES:
        server = postgres.start() if name == "postgresql" else None
        try:
            yield from _measured(name, count, options.folder / name, server.url if server else "")
        finally:
            if server is not None:
                server.stop()


def _measured(name: str, count: int, home: Path, url: str) -> Iterator[Result]:
    environment = {**os.environ, "REGULARS_HOME": str(home), "DATABASE_URL": url}
    regulars = str(Path(sys.executable).with_name("regulars"))
    subprocess.run([regulars, "setup", "--no-demo"], env=environment, check=True, stdout=sys.stderr)
    mine = [sys.executable, "-m", "bench.deliveries"]

    def ask(*words: str) -> dict[str, Any]:
        done = subprocess.run([*mine, *words], env=environment, check=True, stdout=subprocess.PIPE)
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    known = ask("prepare")
    port = free_port()
    log = (home.parent / f"{name}.log").open("w")
    server = subprocess.Popen(
        [regulars, "serve", "--port", str(port)], env=environment, stdout=log, stderr=log, start_new_session=True
    )
    try:
        seconds_to_ready(port, time.perf_counter())
        posted = [str(port), known["path"], known["key"]]
        ask("post", *posted, "200", "0", "warm")
        product = psutil.Process(server.pid)
        before = _cpu(product)
        found = ask("post", *posted, str(count), str(_RATE), "steady")
        applied = ask("applied", str(count))
        used = _cpu(product) - before
        fast = ask("post", *posted, str(count // 3), "0", "fast")
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(60)
    alone = ask("alone", str(min(count, 2_000)))
    load = f"load {os.getloadavg()[0]:.1f}"
    spans = found["spans"]
    shown = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}[name]
    yield Result(
        f"{shown}, {_RATE}/s offered: stored",
        count,
        "deliveries/s",
        len(spans) / found["seconds"],
        alone["rate"],
        "one transaction each",
        f"{found['refused']} refused, {1000 * used / count:.2f} ms of CPU each with taking in, {load}",
    )
    yield Result(
        f"{shown}, {_RATE}/s offered: answer, p99",
        count,
        "ms",
        quantile(spans, 0.99),
        100.0,
        "limit",
        f"median {quantile(spans, 0.5):.1f} ms, slowest {max(spans):.0f} ms",
    )
    yield Result(
        f"{shown}, {_RATE}/s offered: taken in after, p99",
        count,
        "s",
        applied["p99"],
        1.0,
        "limit",
        f"median {applied['median']:.2f} s, slowest {applied['slowest']:.2f} s, {applied['applied']:,} applied",
    )
    yield Result(
        f"{shown}, as many as go: stored",
        count // 3,
        "deliveries/s",
        len(fast["spans"]) / fast["seconds"],
        float(_RATE),
        "target",
        f"p99 {quantile(fast['spans'], 0.99):.0f} ms over {_CONNECTIONS} connections",
    )


def _cpu(product: psutil.Process) -> float:
    family = [product, *product.children(recursive=True)]
    return float(sum(times.user + times.system for times in (member.cpu_times() for member in family)))


def _order(number: int, chance: random.Random) -> bytes:
    lines = [
        {"sku": f"TEA-{chance.randrange(400)}", "title": "Assam, 250 g", "quantity": 1, "unit_price": "12.50"}
        for _ in range(chance.randrange(1, 4))
    ]
    customer = number % 5_000
    return json.dumps(
        {
            "type": "order",
            "id": str(number),
            "updated_at": "2026-03-12T09:42:00Z",
            "number": f"T{number}",
            "placed_at": "2026-03-12T09:42:00Z",
            "currency": "EUR",
            "lines": lines,
            "shipping": "4.90",
            "customer": {"id": f"c{customer}", "email": f"c{customer}@example.com", "name": f"{_word(customer)} Buyer"},
        }
    ).encode()


def _word(number: int) -> str:
    """A name of its own, so that nobody looks like a duplicate of somebody."""
    return hashlib.sha256(str(number).encode()).hexdigest()[:10].translate(str.maketrans("0123456789", "ghijklmnop"))


async def _post(port: int, path: str, key: str, count: int, rate: int, label: str) -> dict[str, Any]:
    """Post them over some connections, each on its own moment; milliseconds from that moment to the answer."""
    from regulars.channels.connectors import signatures

    chance = random.Random(label)
    first = {"warm": 10_000_000, "steady": 0, "fast": 20_000_000}[label]
    bodies = [_order(first + number, chance) for number in range(count)]
    stamp = int(time.time())
    heads = [signatures.headers(key, f"{label}_{number}", stamp, body) for number, body in enumerate(bodies)]
    requests = [
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n".encode()
        + "".join(f"{name}: {value}\r\n" for name, value in head.items()).encode()
        + f"Content-Length: {len(body)}\r\n\r\n".encode()
        + body
        for head, body in zip(heads, bodies, strict=True)
    ]
    spans: list[float] = []
    refused = 0
    waiting: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

    async def connection() -> None:
        nonlocal refused
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while True:
            due, request = await waiting.get()
            if not request:
                break
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(
                int(line.partition(b":")[2])
                for line in head.lower().split(b"\r\n")
                if line.startswith(b"content-length:")
            )
            await reader.readexactly(length)
            spans.append((time.perf_counter() - due) * 1000)
            refused += not head.startswith(b"HTTP/1.1 202")
        writer.close()

    def ended(task: asyncio.Task[None]) -> None:
        if not task.cancelled() and task.exception() is not None:
            raise SystemExit(f"the server hung up: {task.exception()!r}")

    workers = [asyncio.create_task(connection()) for _ in range(_CONNECTIONS)]
    for worker in workers:
        worker.add_done_callback(ended)
    began = time.perf_counter()
    for number, request in enumerate(requests):
        due = began + number / rate if rate else time.perf_counter()
        if rate and (ahead := due - time.perf_counter()) > 0:
            await asyncio.sleep(ahead)
        elif not rate and waiting.qsize() >= _CONNECTIONS:
            while waiting.qsize() >= _CONNECTIONS:
                await asyncio.sleep(0.0005)
            due = time.perf_counter()
        waiting.put_nowait((due, request))
    for _ in workers:
        waiting.put_nowait((0.0, b""))
    await asyncio.gather(*workers)
    return {"spans": spans, "refused": refused, "seconds": time.perf_counter() - began}


def _prepare() -> dict[str, Any]:
    from regulars.channels import secrets
    from regulars.channels.actions import channel_for, connect

    made = connect(channel=channel_for("till", name="Till", kind="store"), provider="push", name="Till")
    return {"path": f"/hooks/{made.public_id}", "key": secrets.opened(made)[secrets.KEY]}


def _applied(count: int) -> dict[str, Any]:
    """Wait until all of them have been taken in; how long that took, from their arrival."""
    from regulars.channels.models import Delivery, Fate

    rows = Delivery.objects.filter(event__startswith="steady_")
    ends_at = time.monotonic() + 300
    while rows.filter(fate=Fate.WAITING).exists() and time.monotonic() < ends_at:
        time.sleep(0.2)
    done = rows.filter(fate=Fate.APPLIED).values_list("received_at", "applied_at")
    took = [(applied - received).total_seconds() for received, applied in done if applied]
    if len(took) < count:
        print(f"{count - len(took)} of {count} were not taken in", file=sys.stderr)
    took = took or [0.0]
    return {"p99": quantile(took, 0.99), "median": quantile(took, 0.5), "slowest": max(took), "applied": len(took)}


def _alone(count: int) -> dict[str, Any]:
    """The same rows, one transaction each, by the database alone."""
    from django.db import transaction

    from regulars.channels import bodies
    from regulars.channels.models import Connection, Delivery

    connection_id = Connection.objects.values_list("pk", flat=True).get()
    chance = random.Random(7)
    rows = []
    for number in range(count):
        event = f"alone_{number}"
        body = bodies.pack(_order(number, chance), connection_id=connection_id, event=event)
        rows.append(Delivery(connection_id=connection_id, event=event, topic="records", body=body, fate="ignored"))
    began = time.perf_counter()
    for row in rows:
        with transaction.atomic():
            Delivery.objects.bulk_create([row], ignore_conflicts=True)
    return {"rate": count / (time.perf_counter() - began)}


def main() -> None:
    """One step of the measurement, in a process of its own."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "regulars.config.settings")
    import django

    django.setup()
    step, *words = sys.argv[1:]
    match step:
        case "prepare":
            found = _prepare()
        case "post":
            port, path, key, count, rate, label = words
            found = asyncio.run(_post(int(port), path, key, int(count), int(rate), label))
        case "applied":
            found = _applied(int(words[0]))
        case _:
            found = _alone(int(words[0]))
    print(json.dumps(found))


if __name__ == "__main__":
    main()
