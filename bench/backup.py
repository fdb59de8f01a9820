"""How long a backup takes, how large it is, and how long until it is proven and restored.

The shop is made up (`--rows` customers; REGULARS_BENCH_HOME names a data folder that has one already). “Take” is from
the copy of the moment to the last byte in the folder; “prove” reads it back, builds a shop from it, counts, compares
and looks at everything; “restore” brings it into another data folder. Rows are those of all tables, MB those of the
database's file. The baseline is a plain copy of that file on the same disk.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from bench.result import Options, Result

_SCRIPT = """
import django; django.setup()
import json, resource, time
from regulars.core.backup import proving, taking
spans = {}
real = proving.prove_run
def timed(*arguments, **options):
    spans["taken"] = time.perf_counter()
    real(*arguments, **options)
    spans["proven"] = time.perf_counter()
proving.prove_run = timed
began = time.perf_counter()
[run] = taking.create(say=lambda done, total: None)
print(json.dumps({
    "name": run.name, "size": run.size, "rows": run.rows, "state": run.state,
    "take": spans["taken"] - began, "prove": spans["proven"] - spans["taken"],
    "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
}))
"""


def measure(options: Options) -> Iterator[Result]:
    """Fill a shop, take and prove a backup of it, and restore it elsewhere."""
    rows = options.rows_or(100_000)
    home = Path(os.environ.get("REGULARS_BENCH_HOME") or options.folder / "home")
    environment = {
        **os.environ,
        "REGULARS_HOME": str(home),
        "REGULARS_BACKUP": str(options.folder / "backups"),
        "DJANGO_SETTINGS_MODULE": "regulars.config.settings",
    }
    environment.pop("DATABASE_URL", None)
    regulars = str(Path(sys.executable).with_name("regulars"))
    if "REGULARS_BENCH_HOME" not in os.environ:
        subprocess.run([regulars, "setup", "--no-demo"], env=environment, check=True, stdout=sys.stderr)
        fill = [regulars, "demo", "--customers", str(rows), "--seed", "7"]
        subprocess.run(fill, env=environment, check=True, stdout=sys.stderr)
    size = (home / "regulars.sqlite3").stat().st_size
    done = subprocess.run([sys.executable, "-c", _SCRIPT], env=environment, check=True, stdout=subprocess.PIPE)
    run = json.loads(done.stdout.splitlines()[-1])
    copied = _plain_copy(home / "regulars.sqlite3")
    began = time.perf_counter()
    into = [regulars, "restore", run["name"], "--into", str(options.folder / "other"), "--json"]
    subprocess.run(into, env=environment, check=True, stdout=sys.stderr)
    restored = time.perf_counter() - began
    per_second = size / 1e6
    common = {"rows": run["rows"], "baseline_name": "a plain copy of the file"}
    yield Result(
        name="SQLite, take",
        unit="s",
        ours=run["take"],
        baseline=copied,
        note=f"{per_second / run['take']:.0f} MB/s",
        **common,
    )
    yield Result(
        name="SQLite, prove",
        unit="s",
        ours=run["prove"],
        note=f"{per_second / run['prove']:.0f} MB/s",
        rows=run["rows"],
    )
    yield Result(
        name="SQLite, restore", unit="s", ours=restored, note=f"{per_second / restored:.0f} MB/s", rows=run["rows"]
    )
    yield Result(
        name="SQLite, size of the backup",
        unit="MB",
        ours=run["size"] / 1e6,
        baseline=size / 1e6,
        baseline_name="the database's file",
        rows=run["rows"],
    )
    yield Result(
        name="SQLite, highest memory while taking and proving", unit="MB", ours=run["memory"] / 1e6, rows=run["rows"]
    )


def _plain_copy(path: Path) -> float:
    """Seconds until a copy of a file has reached the disk."""
    target = path.with_name("copy")
    began = time.perf_counter()
    shutil.copyfile(path, target)
    with target.open("rb") as file:
        os.fsync(file.fileno())
    seconds = time.perf_counter() - began
    target.unlink()
    return seconds
