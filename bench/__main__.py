"""python -m bench [names …] [--rows N] [--json]: measure, print, and bring docs/benchmarks.md up to date."""

from __future__ import annotations

import argparse
import datetime as dt
import importlib
import json
import os
import pkgutil
import platform
import re
import shlex
import shutil
import sys
import tempfile
from pathlib import Path

import bench
from bench.result import Options, Result

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "benchmarks.md"
_TOP = """# Benchmarks

Every table is written by the command above it; run it again and it is written anew. Figures are medians. A ratio is
ours for one of the baseline, both measured in the same run, so that it holds on other machines as well.
"""


def main() -> None:
    """Run the measurements that are asked for, all without a name."""
    known = names()
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=f"what to measure: {', '.join(known)}")
    parser.add_argument("--rows", type=int, help="how large, instead of each one's usual size")
    parser.add_argument("--json", action="store_true", help="print one JSON object on standard output")
    parser.add_argument("--keep-page", action="store_true", help="leave docs/benchmarks.md as it is")
    options = parser.parse_args()
    unknown = [name for name in options.names if name not in known]
    if unknown:
        parser.error(f"there is no measurement {', '.join(unknown)}; there are: {', '.join(known)}")
    found: dict[str, list[Result]] = {}
    for name in options.names or known:
        print(f"measuring {name} …", file=sys.stderr, flush=True)
        module = importlib.import_module(f"bench.{name}")
        folder = Path(tempfile.mkdtemp(prefix=f"regulars-bench-{name}-"))
        try:
            found[name] = list(module.measure(Options(options.rows, folder)))
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        if not options.json:
            print(table(found[name]))
        if not options.keep_page:
            write_page(name, module.__doc__ or "", found[name], rows=options.rows)
    if options.json:
        print(json.dumps({name: [result.figures() for result in results] for name, results in found.items()}))


def names() -> list[str]:
    """Every module of this folder that measures something."""
    return sorted(module.name for module in pkgutil.iter_modules(bench.__path__) if _measures(module.name))


def table(results: list[Result]) -> str:
    """The results as Markdown."""
    lines = ["| | rows | ours | baseline | ratio | |", "|---|---:|---:|---:|---:|---|"]
    for result in results:
        baseline = f"{_figure(result.baseline)} ({result.baseline_name})" if result.baseline else ""
        ratio = "" if result.ratio is None else f"{result.ratio:.2f}"
        lines.append(
            f"| {result.name} | {result.rows:,} | {_figure(result.ours)} {result.unit} | {baseline} | {ratio} "
            f"| {result.note} |"
        )
    return "\n".join(lines)


def write_page(name: str, says: str, results: list[Result], *, rows: int | None) -> None:
    """Replace this measurement's part of the page; the others stay."""
    page = PAGE.read_text(encoding="utf-8") if PAGE.exists() else _TOP
    command = shlex.join(["python", "-m", "bench", name, *(["--rows", str(rows)] if rows else [])])
    # The day in UTC, as everything that is written down.
    day = dt.datetime.now(tz=dt.UTC).date().isoformat()
    body = (
        f"<!-- {name} -->\n## {name.replace('_', ' ').capitalize()}\n\n{says.strip()}\n\n`{command}` on {day}, "
        f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}\n\n{table(results)}\n"
        f"<!-- /{name} -->\n"
    )
    part = re.compile(rf"<!-- {name} -->.*?<!-- /{name} -->\n", re.DOTALL)
    page = part.sub(lambda _found: body, page) if part.search(page) else f"{page.rstrip()}\n\n{body}"
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page, encoding="utf-8")


def _measures(name: str) -> bool:
    source = (Path(__file__).parent / f"{name}.py").read_text(encoding="utf-8")
    return "\ndef measure(" in source


def _figure(value: float | None) -> str:
    if value is None:
        return ""
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


if __name__ == "__main__":
    main()
