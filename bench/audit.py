"""The audit log: how long sealing and proving it take, in a shop of entries as an import leaves them.

Proving reads every entry, computes its digest and compares it with its seal. Noting a read is one line of the spool,
encrypted and handed to the operating system.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator

from bench.result import Options, Result

_USUAL = 200_000
_READS = 2_000


def measure(options: Options) -> Iterator[Result]:
    """In a process of its own, because the settings are read once."""
    rows = options.rows_or(_USUAL)
    environment = {**os.environ, "REGULARS_HOME": str(options.folder / "home")}
    environment.pop("DATABASE_URL", None)
    command = [sys.executable, "-m", "bench.audit", str(rows)]
    subprocess.run(
        [sys.executable, "-m", "regulars.config.cli", "setup", "--no-demo"],
        env=environment,
        check=True,
        stdout=sys.stderr,
    )
    done = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    sealed, proven, noted, taken = map(float, done.stdout.split())
    yield Result("sealing", rows, "entries/s", rows / sealed)
    yield Result("proving", rows, "entries/s", rows / proven)
    yield Result("noting a read", _READS, "µs", noted / _READS * 1e6)
    yield Result("taking reads into the log", _READS, "entries/s", _READS / taken)


def _main(rows: int) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "regulars.config.settings")
    import django

    django.setup()
    from django.db import transaction

    from regulars.customers.read_facts import CustomerOpened
    from regulars.timeline import audit
    from regulars.timeline.actions import note_read, record, seal_entries, take_in_reads
    from regulars.timeline.actions.recording import bulk
    from regulars.timeline.models import Entry

    entry = record(CustomerOpened(part="page"))
    at = bulk.moment(entry.at)
    with transaction.atomic():
        data = '{"changes": {"company": ["Hain GmbH", "Hain & Hafen"], "city": ["Kiel", "Hamburg"]}}'
        made = ((number, data) for number in range(rows))
        same = {"name": "customer.changed", "at": at, "recorded_at": at, "source": "import", "subject_type": "x.y"}
        bulk.insert(Entry, ("subject_id", "data"), made, same=same)
    spans = []
    for deed in (seal_entries, audit.verify, _reads(note_read, CustomerOpened(part="page")), take_in_reads):
        began = time.perf_counter()
        deed()
        spans.append(time.perf_counter() - began)
    print(*spans)


def _reads(note_read, fact):
    def note() -> None:
        for _number in range(_READS):
            note_read(fact)

    return note


if __name__ == "__main__":
    _main(int(sys.argv[1]))
