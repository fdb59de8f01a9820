"""How fast a file of customers comes in: validated, normalised, with its timeline, and searchable, from a CSV file.

Each database is fresh. The memory is the highest sum over all processes of the command; the processor time is what
holds on a machine with other work. Baselines of the same run, on
the same database: `create_customer` row by row (what an API client would get), and plain `executemany` of the same
columns without reading, checking or indexing anything for search (what the database alone takes).
"""

from __future__ import annotations

import csv
import itertools
import json
import os
import random
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

from bench.result import Options, Result
from tools import postgres

_ONE_BY_ONE = 2_000
_PLAIN = 100_000
HEADER = [
    "Customer ID", "First Name", "Last Name", "Email", "Company", "Address1", "City", "Zip", "Country", "Phone",
    "Created At",
]  # fmt: skip


def measure(options: Options) -> Iterator[Result]:
    """SQLite first, then PostgreSQL."""
    rows = options.rows_or(1_000_000)
    file = options.folder / "customers.csv"
    write_file(file, rows)
    home = options.folder / "sqlite"
    yield from _measure("SQLite", file, rows, _environment(home, ""))
    server = postgres.start()
    try:
        home = options.folder / "postgresql"
        yield from _measure("PostgreSQL", file, rows, _environment(home, server.url), server.process.pid)
    finally:
        server.stop()


def write_file(path: Path, rows: int, *, seed: int = 7) -> None:
    """A file like shops have it: two thirds of Europe, a sixth of China, one row in a hundred that cannot come in."""
    chance = random.Random(seed)
    given = ["Anna", "Ben", "Clara", "Zoë", "José", "Łukasz", "Emma", "Noah", "Mia", "Léa", "Søren", "Ida", "Max"]
    family = ["Schmidt", "Müller", "O’Brien", "Smith", "Jones", "Østergård", "Kowalski", "García", "Dupont", "Weber"]
    surnames, syllables = "张王李赵刘陈杨黄周吴徐孙朱马胡郭林何高梁", "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英"
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(HEADER)
        for number in range(1, rows + 1):
            kind = chance.random()
            if kind < 0.15:
                names = "".join(chance.choices(syllables, k=chance.choice((1, 2)))), chance.choice(surnames)
                place = f"南京西路{chance.randrange(999)}号", "上海", f"2{chance.randrange(99999):05d}", "中国"
                phone = f"1{chance.choice(('38', '59', '86'))}{chance.randrange(10**8):08d}"
            elif kind < 0.55:
                names = chance.choice(given), f"{chance.choice(family)}-{chance.choice(family)}"
                place = (
                    f"Hafenstraße {chance.randrange(200)}",
                    "Hamburg",
                    f"{chance.randrange(10000, 99999)}",
                    "Germany",
                )
                phone = f"+49 151 {chance.randrange(10**8):08d}"
            else:
                names = chance.choice(given), chance.choice(family)
                place = f"{chance.randrange(500)} High Street", "London", f"E{chance.randrange(1, 20)} 4AA", "UK"
                phone = f"07400 {chance.randrange(10**6):06d}"
            email = f"customer{number}.{chance.randrange(10**6)}@mail{chance.randrange(50)}.example"
            company = f"Firma {number} GmbH" if chance.random() < 0.1 else ""
            day = f"2024-{chance.randrange(1, 13):02d}-{chance.randrange(1, 29):02d}"
            if not number % 100:
                email = "nobody"
            writer.writerow([f"C{number:07d}", *names, email, company, *place, phone, day])


def _measure(
    engine: str, file: Path, rows: int, environment: dict[str, str], server: int | None = None
) -> Iterator[Result]:
    baselines = []
    for way, count in (("one-by-one", _ONE_BY_ONE), ("plain", min(_PLAIN, rows))):
        _fresh(environment)
        command = [sys.executable, "-m", "bench.import_customers", way, str(file), str(count)]
        baselines.append(float(_run(command, environment)))
    _fresh(environment)
    command = [str(Path(sys.executable).with_name("regulars")), "import", "customers", str(file), "--json"]
    peak, before = [0], _processor_seconds(server)
    figures = json.loads(_run(command, environment, peak))
    spent = [(now - then) / rows * 1e6 for now, then in zip(_processor_seconds(server), before, strict=True)]
    speed = rows / figures["seconds"]
    note = f"{figures['created']:,} created, {figures['rejected']:,} sent back"
    yield Result(f"{engine}, import", rows, "rows/s", speed, baselines[0], "create_customer, one by one", note)
    yield Result(
        f"{engine}, import beside the database alone", rows, "rows/s", speed, baselines[1], "plain executemany"
    )
    note = f"{spent[1]:.0f} µs of them the server" if server else "both processes together"
    yield Result(f"{engine}, processor time for a row", rows, "µs", sum(spent), note=note)
    yield Result(f"{engine}, highest memory of all processes", rows, "MB", peak[0] / 1e6, note="target: 500 MB")


def _processor_seconds(server: int | None) -> tuple[float, float]:
    """The processor time of the commands that have ended, and of the database server."""
    ours = resource.getrusage(resource.RUSAGE_CHILDREN)
    theirs = 0.0
    if server:
        root = psutil.Process(server)
        # a backend that has ended counts as a child of the server
        theirs = sum(sum(process.cpu_times()[:2]) for process in [root, *root.children()])
        theirs += sum(root.cpu_times()[2:4])
    return ours.ru_utime + ours.ru_stime, theirs


def _environment(home: Path, url: str) -> dict[str, str]:
    return {
        **os.environ,
        "REGULARS_HOME": str(home),
        "DATABASE_URL": url,
        "REGULARS_SECRET_KEY": "only-for-measuring",
        "REGULARS_KEYS": "rgk_" + "only-for-tests" * 3 + "A",
        "DJANGO_SETTINGS_MODULE": "regulars.config.settings",
    }


def _fresh(environment: dict[str, str]) -> None:
    """An empty shop."""
    home = Path(environment["REGULARS_HOME"])
    home.mkdir(parents=True, exist_ok=True)
    for database in home.glob("regulars.sqlite3*"):
        database.unlink()
    if environment["DATABASE_URL"]:
        _run([sys.executable, "-m", "bench.import_customers", "empty"], environment)
    _run([sys.executable, "manage.py", "migrate", "-v0"], environment)


def _run(command: list[str], environment: dict[str, str], peak: list[int] | None = None) -> str:
    """Run to its end; its standard output. `peak` learns the most memory that it and its children had at once."""
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    watcher = threading.Thread(target=_watch, args=(process.pid, peak if peak is not None else [0]), daemon=True)
    watcher.start()
    said, _nothing = process.communicate()
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    return said


def _watch(pid: int, peak: list[int]) -> None:
    while True:
        try:
            root = psutil.Process(pid)
            whole = [root, *root.children(recursive=True)]
            peak[0] = max(peak[0], sum(process.memory_info().rss for process in whole))
        except psutil.Error:
            return
        time.sleep(0.1)


# ── the baselines, each in a process of its own


def _one_by_one(file: Path, count: int) -> float:
    from regulars.channels.actions import channel_for
    from regulars.core.errors import Refusal
    from regulars.customers.actions import create_customer

    channel = channel_for("web")
    began = time.perf_counter()
    for row in _dicts(file, count):
        place = {"line1": row["Address1"], "city": row["City"], "postcode": row["Zip"], "country": row["Country"]}
        values = {
            "given_name": row["First Name"],
            "family_name": row["Last Name"],
            "email": row["Email"],
            "company": row["Company"],
            "phone": row["Phone"],
            "customer_since": row["Created At"],
        }
        try:
            create_customer(values=values, channel=channel, external_id=row["Customer ID"], address=place)
        except Refusal:
            continue
    return count / (time.perf_counter() - began)


def _plain(file: Path, count: int) -> float:
    from django.db import transaction
    from django.utils import timezone

    from regulars.channels.actions import channel_for
    from regulars.customers.importing.rows import ADDRESS_COLUMNS, CUSTOMER_COLUMNS, Ready
    from regulars.customers.importing.writing import Writer

    rows = []
    for row in _dicts(file, count):
        name = f"{row['First Name']} {row['Last Name']}"
        customer = dict.fromkeys(CUSTOMER_COLUMNS, "") | {
            "kind": "person", "status": "active", "is_guest": False, "customer_since": str(timezone.now())[:19],
            "name": name, "sort_name": name, "email": row["Email"], "phone": row["Phone"].replace(" ", ""),
            "company": row["Company"], "city": row["City"], "postcode": row["Zip"], "country": row["Country"][:2],
            "search_text": f"{name}\n{row['Email']}\n{row['Phone']}\n{row['Zip']}",
        }  # fmt: skip
        address = dict.fromkeys(ADDRESS_COLUMNS, "") | {"line1": row["Address1"], "city": row["City"]}
        rows.append(Ready(row["Customer ID"], (), tuple(customer.values()), tuple(address.values())))
    writer = Writer(channel_for("web"))
    began = time.perf_counter()
    for start in range(0, len(rows), 25_000):
        with transaction.atomic():
            writer._create(rows[start : start + 25_000])
    return count / (time.perf_counter() - began)


def _dicts(file: Path, count: int) -> Iterator[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as stream:
        yield from itertools.islice(csv.DictReader(stream), count)


def _empty() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA public CASCADE")
        cursor.execute("CREATE SCHEMA public")


if __name__ == "__main__":
    import django

    django.setup()
    if sys.argv[1] == "empty":
        _empty()
    else:
        baseline = _one_by_one if sys.argv[1] == "one-by-one" else _plain
        print(baseline(Path(sys.argv[2]), int(sys.argv[3])))
