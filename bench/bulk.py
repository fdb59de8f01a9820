"""How long work on many customers takes: one tag for all of them, from the plan to the last row, and all of it undone.

The customers come in from a file, as with import_customers. “Plan” is who would be changed and how, one line each;
“apply” writes the taggings, what stood there before, and an entry on each customer's timeline; “undo” takes them back,
with an entry each. Everything runs as in the background, ten thousand customers in a transaction. The baseline is the
database alone: `executemany` of the same taggings, and nothing that could be looked at or taken back.
"""

from __future__ import annotations

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

_TARGET = 10.0


def measure(options: Options) -> Iterator[Result]:
    """SQLite first, then PostgreSQL."""
    rows = options.rows_or(200_000)
    file = options.folder / "customers.csv"
    write_file(file, rows + rows // 99)  # one row in a hundred cannot come in
    yield from _measure("SQLite", file, rows, _environment(options.folder / "sqlite", ""))
    server = postgres.start()
    try:
        yield from _measure("PostgreSQL", file, rows, _environment(options.folder / "postgresql", server.url))
    finally:
        server.stop()


def _measure(engine: str, file: Path, rows: int, environment: dict[str, str]) -> Iterator[Result]:
    _fresh(environment)
    _run([str(Path(sys.executable).with_name("regulars")), "import", "customers", str(file), "--json"], environment)
    found: dict[str, Any] = json.loads(_run([sys.executable, "-m", "bench.bulk", str(rows)], environment))
    rows, plain, name = found["customers"], found["plain"], "plain executemany"
    for step in ("plan", "apply", "undo"):
        target = "" if step == "plan" else f"target: {_TARGET:g} s; "
        note = f"{target}CPU of our process: {found[f'{step} CPU']:.1f} s"
        yield Result(f"{engine}, {step}", rows, "s", found[step], plain, name, note)


def _work(rows: int) -> dict[str, Any]:
    """Tag, undo, and write the same taggings with nothing around them, in seconds."""
    from regulars.customers.actions import bulk
    from regulars.customers.bulk import action as actions
    from regulars.customers.bulk.selection import Selection
    from regulars.customers.models import ChangeSet, Customer, Tag, Tagging

    found: dict[str, Any] = {"customers": min(rows, Customer.objects.count())}
    numbers = tuple(Customer.objects.order_by("pk").values_list("pk", flat=True)[:rows])
    known = actions.get("tag")
    assert known is not None  # noqa: S101 — plugged in by the room
    made = bulk.plan(action=known, params={"tags": ["spring-card"]}, selection=Selection(ids=numbers))
    _measured(found, "plan", lambda: bulk.make_plan(change_set_id=made.pk))
    made.refresh_from_db()
    made = bulk.apply(made)
    _measured(found, "apply", lambda: bulk.apply_changes(change_set_id=made.pk))
    assert Tagging.objects.count() == found["customers"]  # noqa: S101
    made.refresh_from_db()
    made = bulk.undo(made)
    _measured(found, "undo", lambda: bulk.undo_changes(change_set_id=made.pk))
    assert not Tagging.objects.exists()  # noqa: S101
    assert ChangeSet.objects.get(pk=made.pk).state == ChangeSet.State.UNDONE  # noqa: S101
    tag = Tag.objects.get().pk
    _measured(found, "plain", lambda: _plainly([(number, tag) for number in numbers]))
    return found


def _plainly(rows: list[tuple[int, int]]) -> None:
    from django.db import connection, transaction

    with transaction.atomic(), connection.cursor() as cursor:
        cursor.executemany("INSERT INTO customers_tagging (customer_id, tag_id) VALUES (%s, %s)", rows)


def _measured(found: dict[str, Any], name: str, work: Any) -> None:
    """How long it takes, and how much of that this process was at work: other work on the machine is not in that."""
    began, began_work = time.perf_counter(), time.process_time()
    work()
    found[name], found[f"{name} CPU"] = time.perf_counter() - began, time.process_time() - began_work


if __name__ == "__main__":
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "regulars.config.settings")
    django.setup()
    print(json.dumps(_work(int(sys.argv[1]))))
