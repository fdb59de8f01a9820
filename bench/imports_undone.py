"""An import that changes customers who are there, and its undo: from the plan to the last row, and table by table back.

The customers come in from a file, as with import_customers. A second file says something else of each of them: another
street, town and phone, a birthday, a tag. “Plan” is what each row would change, one line each; “apply” writes it, keeps
what stood in every row before, and puts it on each customer's timeline; “undo” takes it back. Then every table is
compared, row by row and column by column, with what it was (but for history: timeline, jobs, change sets, index).
"""

from __future__ import annotations

import csv
import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.import_customers import _environment, _fresh, _run, write_file
from bench.result import Options, Result
from tools import postgres

_HISTORY = {
    "timeline_entry", "customers_changeset", "customers_change", "customers_changespan", "customers_importfile",
    "customers_rememberedmapping", "customers_gram", "customers_standing", "customers_unindexed", "core_lease",
    "django_tasks_db_dbtaskresult",
}  # fmt: skip


def measure(options: Options) -> Iterator[Result]:
    """SQLite first, then PostgreSQL."""
    rows = options.rows_or(100_000)
    file = options.folder / "customers.csv"
    write_file(file, rows + rows // 90)  # one row in a hundred cannot come in
    yield from _measure("SQLite", file, rows, _environment(options.folder / "sqlite", ""))
    server = postgres.start()
    try:
        yield from _measure("PostgreSQL", file, rows, _environment(options.folder / "postgresql", server.url))
    finally:
        server.stop()


def _measure(engine: str, file: Path, rows: int, environment: dict[str, str]) -> Iterator[Result]:
    _fresh(environment)
    _run([str(Path(sys.executable).with_name("regulars")), "import", "customers", str(file), "--json"], environment)
    found: dict[str, Any] = json.loads(_run([sys.executable, "-m", "bench.imports_undone", str(rows)], environment))
    note = f"{found['different']} tables differ afterwards; {found['memory']} MB"
    for what in ("plan", "apply", "undo"):
        yield Result(f"{engine}, {what}", found["rows"], "s", found[what], note=note if what == "undo" else "")


def _work(rows: int) -> dict[str, Any]:
    """Plan, apply and undo, in seconds; and how many tables differ then."""
    import resource
    import tempfile

    from regulars.customers.actions import imports
    from regulars.customers.actions.undoing import undo_import

    path = Path(tempfile.gettempdir()) / f"changed-{os.getpid()}.csv"
    _write_changes(path, rows)
    before = _everything()
    with path.open("rb") as stream:
        file = imports.receive_file(name="changed.csv", chunks=iter(lambda: stream.read(1 << 20), b""))
    path.unlink()
    fields = ("external_id", "phone", "line1", "city", "postcode", "country", "birthday", "tags")
    found: dict[str, Any] = {"rows": rows}
    began = time.monotonic()
    planned = imports.plan_import(file, mapping={f: str(n) for n, f in enumerate(fields, 1)}, is_now=True)
    found["plan"] = round(time.monotonic() - began, 2)
    _expect(planned.counts.get("changed") == rows, planned.counts)
    began = time.monotonic()
    done = imports.apply_import(planned, is_now=True)
    found["apply"] = round(time.monotonic() - began, 2)
    _expect(done.counts["updated"] == rows, (done.counts, done.problem))
    began = time.monotonic()
    undone = undo_import(done, is_now=True)
    found["memory"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    found["undo"] = round(time.monotonic() - began, 2)
    _expect(undone.counts["kept"] == 0, undone.counts)
    after = _everything()
    found["different"] = sum(1 for table in before if before[table] != after[table])
    return found


def _expect(is_so: bool, seen: object) -> None:
    if not is_so:
        raise SystemExit(f"the import did something else: {seen}")


def _write_changes(path: Path, rows: int) -> None:
    from regulars.customers.models import Identity

    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["Id", "Phone", "Street", "City", "Zip", "Country", "Birthday", "Tags"])
        ids = Identity.objects.order_by("customer_id").values_list("external_id", flat=True)[:rows]
        for number, external_id in enumerate(ids):
            day = f"19{50 + number % 50}-{1 + number % 12:02d}-{1 + number % 28:02d}"
            phone = f"+49 152 {number:08d}"
            writer.writerow(
                [external_id, phone, f"Kai {number}", "Kiel", f"{24000 + number % 900}", "DE", day, "moved"]
            )


def _everything() -> dict[str, str]:
    """A digest of every row of every table but those of history."""
    import hashlib

    from django.apps import apps
    from django.db import connection

    found = {}
    with connection.cursor() as cursor:
        for model in apps.get_models(include_auto_created=True):
            table = model._meta.db_table
            if table in _HISTORY:
                continue
            digest = hashlib.sha256()
            cursor.execute(f'SELECT * FROM "{table}" ORDER BY "{model._meta.pk.column}"')  # noqa: S608 — our own tables
            while rows := cursor.fetchmany(5_000):
                for row in rows:
                    digest.update(repr(row).encode("utf-8", "surrogatepass"))
            found[table] = digest.hexdigest()
    return found


if __name__ == "__main__":
    import django

    django.setup()
    print(json.dumps(_work(int(sys.argv[1]))))
