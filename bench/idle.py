"""What the product costs when nobody uses it, and how long it takes to be there: `regulars run` with the demo shop.

Memory is PSS summed over all processes: what would be free if the product ended. A start ends with the first 200 from
/readyz.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from bench.result import Options, Result

_STARTS = 3
_SETTLE_SECONDS = 20


def measure(options: Options) -> Iterator[Result]:
    """Start it some times, look at the last one."""
    environment = {**os.environ, "REGULARS_HOME": str(options.folder / "home")}
    environment.pop("DATABASE_URL", None)
    command = [str(Path(sys.executable).with_name("regulars"))]
    subprocess.run([*command, "setup"], env=environment, check=True, stdout=sys.stderr)
    starts = []
    memory = processes = 0
    for at in range(_STARTS):
        port = free_port()
        began = time.perf_counter()
        run = subprocess.Popen(
            [*command, "run", "--port", str(port)], env=environment, stdout=subprocess.DEVNULL, start_new_session=True
        )
        try:
            starts.append(seconds_to_ready(port, began))
            if at == _STARTS - 1:
                _open_a_page(port)
                time.sleep(_SETTLE_SECONDS)
                memory, processes = _memory_of(run.pid)
        finally:
            run.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                run.wait(20)
            if run.poll() is None:
                run.kill()
    yield Result(
        name="Idle memory of all processes",
        rows=processes,
        unit="MB",
        ours=memory / 1e6,
        baseline=350.0,
        baseline_name="limit",
        note="rows: number of processes",
    )
    yield Result(
        name="Cold start until /readyz answers 200",
        rows=_STARTS,
        unit="s",
        ours=statistics.median(starts),
        baseline=4.0,
        baseline_name="limit",
        note="rows: number of starts",
    )


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def seconds_to_ready(port: int, began: float) -> float:
    """Wait until the product answers, and say how long that took since `began`."""
    while time.perf_counter() - began < 120:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2) as answer:
                if answer.status == 200:
                    return time.perf_counter() - began
        except OSError:
            time.sleep(0.02)
    raise SystemExit("the product did not become ready within two minutes")


def _open_a_page(port: int) -> None:
    """A product that has served nothing yet would be measured too small."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/sign-in", timeout=20) as answer:
        answer.read()


def _memory_of(pid: int) -> tuple[int, int]:
    """PSS in bytes of a process and its descendants, and how many they are (Linux alone can tell)."""
    family = [pid]
    parents = {int(path.parent.name): _parent_of(path) for path in Path("/proc").glob("[0-9]*/stat")}
    for known in family:
        family.extend(child for child, parent in parents.items() if parent == known)
    return sum(_pss_of(member) for member in family), len(family)


def _parent_of(path: Path) -> int:
    try:
        # the name of a process stands in brackets and may hold spaces
        return int(path.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[1])
    except OSError:  # it ended meanwhile
        return 0


def _pss_of(pid: int) -> int:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii", errors="replace").splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    return 0
