"""How fast files are read, against Python's own csv module (which finds out nothing and bounds nothing)."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from pathlib import Path

from bench.result import Options, Result, median_seconds


def measure(options: Options) -> Iterator[Result]:
    """Plain and quoted CSV, and a workbook."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "regulars.config.settings")
    os.environ.setdefault("REGULARS_SECRET_KEY", "only-for-measuring")
    os.environ["REGULARS_HOME"] = str(options.folder)
    import django

    django.setup()
    from regulars.core.tabular import open_table

    rows = options.rows_or(300_000)
    header = ["id", "name", "email", "phone", "company", "line1", "city", "postcode", "country"]
    data = [
        [
            str(n),
            f"Ada Lovelace {n}",
            f"ada{n}@shop.example",
            f"+4930{n:07d}",
            "",
            f"Lindenweg {n}",
            "Berlin",
            "10115",
            "DE",
        ]
        for n in range(rows)
    ]

    def ours(path: Path) -> int:
        return sum(1 for _line in open_table(path).rows())

    def theirs(path: Path) -> int:
        with path.open(newline="", encoding="utf-8") as file:
            return sum(1 for _line in csv.reader(file))

    for name, quoting in (("CSV", csv.QUOTE_MINIMAL), ("CSV, every cell quoted", csv.QUOTE_ALL)):
        path = options.folder / "table.csv"
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, quoting=quoting)
            writer.writerow(header)
            writer.writerows(data)
        yield Result(
            name=name,
            rows=rows,
            unit="rows/s",
            ours=rows / median_seconds(lambda path=path: ours(path)),
            baseline=rows / median_seconds(lambda path=path: theirs(path)),
            baseline_name="csv",
        )

    import openpyxl

    count = min(rows, 50_000)
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet()
    for row in [header, *data[:count]]:
        sheet.append(row)
    path = options.folder / "table.xlsx"
    book.save(path)

    def openpyxl_rows() -> int:
        return sum(1 for _row in openpyxl.load_workbook(path, read_only=True).active.iter_rows(values_only=True))

    yield Result(
        name="XLSX",
        rows=count,
        unit="rows/s",
        ours=count / median_seconds(lambda: ours(path), times=3),
        baseline=count / median_seconds(openpyxl_rows, times=3),
        baseline_name="openpyxl, read-only",
    )
