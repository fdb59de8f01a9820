"""How well bounces are read: the recipient, and whether nobody is there (hard) or it may be otherwise tomorrow (soft).

`BOUNCES` names a folder with the collection of Sisimai (BSD-2-Clause): its mails, and `expected.csv`; without it there
is nothing to measure. The rules were begun with every second mail in view, in the order of their names. The others were
seen while the rules were being written, too, and one rule was set right by them: neither figure is one of mails that
nobody had seen before.
"""

from __future__ import annotations

import csv
import os
import time
from collections.abc import Iterator
from pathlib import Path

from bench.result import Options, Result

_LARGE = (
    b"From: MAILER-DAEMON@mx.example\nReturn-Path: <>\nSubject: Undeliverable\n\n"
    + b"user unknown <a@b.example>\n" * 37_000
)


def measure(options: Options) -> Iterator[Result]:  # noqa: ARG001 — the collection has the size it has
    """The share of recipients that are found and told hard from soft, in both halves; then a mail of a megabyte."""
    from regulars.messaging.bounces import read

    folder = os.environ.get("BOUNCES")
    if folder:
        paths = {path.name: path for path in Path(folder).rglob("*.eml")}
        rows: dict[str, list[dict[str, str]]] = {}
        with (Path(folder) / "expected.csv").open(encoding="utf-8") as source:
            for row in csv.DictReader(source):
                rows.setdefault(row["file"], []).append(row)
        for half, label in ((0, "every second mail"), (1, "the others")):
            total = right = wrong = 0
            for name in sorted(rows)[half::2]:
                report = read(paths[name].read_bytes())
                told = {one.address: one.is_hard for one in (report.recipients if report else ())}
                for row in rows[name]:
                    if not row["recipient"]:
                        continue
                    is_hard, found = row["hard_bounce"] == "1", told.get(row["recipient"].lower())
                    total += 1
                    right += found is is_hard
                    wrong += found is True and not is_hard
            yield Result(f"right, {label}", total, "%", 100 * right / total, 95.0, baseline_name="asked for")
            yield Result(
                f"soft taken for hard, {label}", total, "% wrong", 100 * wrong / total, 2.0, baseline_name="at most"
            )
    began = time.process_time()
    read(_LARGE)
    yield Result("a megabyte", len(_LARGE), "ms", 1000 * (time.process_time() - began), 250.0, baseline_name="at most")
