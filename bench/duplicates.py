"""How well and how fast records that mean one person are found: `regulars duplicates find FILE --json`, as it comes.

Nothing is labelled or set for a file; the matching learns from the file itself.

F1 is counted over all pairs of records of one person. FEBRL and fake_1000 are public sets (tests/people); “our own”
are invented people of bench/people.py, with slips and households as shops have them. The baseline is the figure asked
for. The last rows are a whole base, read from its file, compared and printed, on a machine that did other work at the
same time.
"""

from __future__ import annotations

import csv
import json
import os
import resource
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from itertools import combinations
from pathlib import Path

from bench.people import write_people
from bench.result import Options, Result

_PEOPLE = Path(__file__).resolve().parents[1] / "tests" / "people"
_OWN = 20_000
_LIMIT_SECONDS, _LIMIT_MB = 600, 6_000

Row = dict[str, str]


def measure(options: Options) -> Iterator[Result]:
    """The sets first, then a whole base of a million, or of `--rows`."""
    own = options.folder / "own.csv"
    write_people(own, _OWN, seed=5)
    sets: list[tuple[str, Path, str, Callable[[Row], str], float]] = [
        ("FEBRL 1", _PEOPLE / "febrl1.csv", "rec_id", lambda row: row["rec_id"].split("-")[1], 99.0),
        ("FEBRL 2", _PEOPLE / "febrl2.csv", "rec_id", lambda row: row["rec_id"].split("-")[1], 99.0),
        ("fake_1000", _PEOPLE / "fake_1000.csv", "unique_id", lambda row: row["cluster"], 95.0),
        ("our own", own, "Customer ID", lambda row: row["truth"], 0.0),
    ]
    for name, path, key, entity_of, asked in sets:
        rows, true = _truth(path, key, entity_of)
        found, _seconds, _peak = _find(path, options)
        precision, recall, score = _scores(found, true)
        yield Result(
            name=f"{name}, F1",
            rows=rows,
            unit="%",
            ours=100 * score,
            baseline=asked or None,
            baseline_name="asked for" if asked else "",
            note=f"precision {precision:.4f}, recall {recall:.4f}, {len(true):,} true pairs",
        )
    size = options.rows_or(1_000_000)
    path = options.folder / "base.csv"
    write_people(path, size, seed=99)
    rows, true = _truth(path, "Customer ID", lambda row: row["truth"])
    found, seconds, peak = _find(path, options)
    precision, recall, score = _scores(found, true)
    yield Result(
        name="Whole base", rows=rows, unit="s", ours=seconds, baseline=_LIMIT_SECONDS, baseline_name="limit",
        note=f"F1 {score:.4f}, precision {precision:.4f}, recall {recall:.4f}",
    )  # fmt: skip
    yield Result(
        name="Whole base, highest memory", rows=rows, unit="MB", ours=peak, baseline=_LIMIT_MB, baseline_name="limit"
    )


def _find(path: Path, options: Options) -> tuple[set[frozenset[str]], float, float]:
    """Pairs, seconds, and the most memory in MB, of the command in a process of its own."""
    environment = {**os.environ, "REGULARS_HOME": str(options.folder), "REGULARS_SECRET_KEY": "only-for-measuring"}
    command = [str(Path(sys.executable).with_name("regulars")), "duplicates", "find", str(path), "--json"]
    output = options.folder / "pairs.jsonl"
    began = time.perf_counter()
    with output.open("wb") as stream:
        subprocess.run(command, env=environment, stdout=stream, stderr=subprocess.DEVNULL, check=True)
    seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1_000
    with output.open(encoding="utf-8") as lines:
        found = {frozenset((line["left"], line["right"])) for line in map(json.loads, lines)}
    return found, seconds, peak


def _truth(path: Path, key: str, entity_of: Callable[[Row], str]) -> tuple[int, set[frozenset[str]]]:
    entities: dict[str, list[str]] = defaultdict(list)
    rows = 0
    with path.open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream, skipinitialspace=True):
            entities[entity_of(row)].append(row[key])
            rows += 1
    return rows, {frozenset(pair) for members in entities.values() for pair in combinations(members, 2)}


def _scores(found: set[frozenset[str]], true: set[frozenset[str]]) -> tuple[float, float, float]:
    right = len(found & true)
    precision, recall = right / max(1, len(found)), right / max(1, len(true))
    return precision, recall, 2 * precision * recall / max(1e-9, precision + recall)
