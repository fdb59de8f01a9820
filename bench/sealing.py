"""What sealing costs: an import in which every row has a date of birth, and a page of the list that shows it.

Each row of the file has a date of birth and two in three a VAT number, so that most get two sealed values and four
blind numbers; the list shows date of birth, age and VAT number of fifty people. The baseline does the same with the
same code and keeps the values plainly, with numbers beside them that cost nothing. Both go three times in turns, each
in a fresh database; figures are medians, of processor time, which holds on a machine with other work. That of the
database counts with it, wherever it runs: within the process (SQLite), or in the server's process beside it.
"""

from __future__ import annotations

import csv
import json
import os
import statistics
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.import_customers import _environment, _fresh, _run
from bench.result import Options, Result
from tools import postgres

_LIMIT = "limit: 1.15"
_TIMES = 3


def measure(options: Options) -> Iterator[Result]:
    """SQLite first, then PostgreSQL."""
    rows = options.rows_or(20_000)
    file = options.folder / "born.csv"
    _write_file(file, rows)
    yield from _measure("SQLite", file, rows, options.folder, "")
    server = postgres.start()
    try:
        yield from _measure("PostgreSQL", file, rows, options.folder, server.url)
    finally:
        server.stop()


def _measure(engine: str, file: Path, rows: int, folder: Path, url: str) -> Iterator[Result]:
    found: dict[str, list[dict[str, float]]] = {"sealed": [], "plain": []}
    for number in range(_TIMES):
        for mode, told in found.items():
            environment = _environment(folder / f"{engine}-{mode}-{number}", url)
            _fresh(environment)
            output = _run([sys.executable, "-m", "bench.sealing", mode, str(file)], environment)
            told.append(json.loads(output.splitlines()[-1]))
    for what, unit, label in (
        ("import", "s", "import, processor time"),
        ("list", "ms", "page of the list, processor time"),
    ):
        ours, plain = (statistics.median(one[what] for one in found[mode]) for mode in ("sealed", "plain"))
        yield Result(f"{engine}, {label}", rows, unit, ours, plain, "plain values", _LIMIT)


def _write_file(path: Path, rows: int) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(
            ["Customer ID", "First Name", "Last Name", "Email", "City", "Country", "Birthday", "VAT number"]
        )
        for number in range(rows):
            day = f"{1940 + number % 65}-{1 + number % 12:02d}-{1 + number % 28:02d}"
            vat = _vat(number) if number % 3 else ""
            mail = f"anna{number}@post.example"
            writer.writerow([f"c{number}", "Anna", f"Nummer {number}", mail, "Kiel", "DE", day, vat])


def _vat(number: int) -> str:
    """A German VAT number with its check digit (ISO 7064, mod 11, 10)."""
    digits, check = f"{10_000_000 + number % 89_999_999}", 10
    for digit in digits:
        check = 2 * ((int(digit) + check) % 10 or 10) % 11
    return f"DE{digits}{(11 - check) % 10}"


def _work(mode: str, file: Path) -> dict[str, float]:
    """Import the file, and read a page of the list: seconds of processor time, and milliseconds."""
    from django.test import Client

    from regulars.core.importing import importing
    from regulars.customers.actions.importing import import_customers
    from regulars.customers.models import Customer
    from regulars.staff.models import User

    if mode == "plain":
        _keep_plainly()
    began = _processor_time()
    with importing("customers", file) as run:
        import_customers(file, run=run, mapping={}, is_parallel=False)
    found = {"import": _processor_time() - began}
    assert Customer.objects.exclude(birth="").count() == Customer.objects.count() > 0  # noqa: S101
    client = Client()
    client.force_login(User.objects.create(name="Ada", email="ada@shop.example", role="owner", password="!"))  # noqa: S106
    page = "/customers?columns=name,birth_date,age,vat_number,city&sort=name"
    first = client.get(page).content.decode()
    assert "1940" in first and "DE1000" in first, first[:2000]  # noqa: PT018, S101
    spans = []
    for _ in range(60):
        began = time.process_time()
        client.get(page)
        spans.append(time.process_time() - began)
    found["list"] = 1000 * statistics.median(spans)
    return found


def _processor_time() -> float:
    """Seconds that this process worked, and the process of the database that works for it."""
    from django.db import connection

    if connection.vendor != "postgresql":
        return time.process_time()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    # after the name in brackets come the state, ten numbers, and the ticks in user and system mode (proc(5))
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return time.process_time() + (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _keep_plainly() -> None:
    """Let sealed columns hold what they are given, beside numbers that cost next to nothing."""
    import zlib

    from regulars.core import fields, sealing

    def plainly(_field: Any, value: Any, _person_id: int | None) -> Any:
        return fields.Sealed(value) if value else value

    fields.SealedText.sealed = plainly  # type: ignore[method-assign]
    fields.SealedText.from_db_value = lambda _field, value, *_more: value  # type: ignore[method-assign]
    sealing.blind = lambda value, _place: zlib.crc32(value.encode())


if __name__ == "__main__":
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "regulars.config.settings")
    os.environ["REGULARS_HOSTS"] = "testserver"
    django.setup()
    print(json.dumps(_work(sys.argv[1], Path(sys.argv[2]))))
