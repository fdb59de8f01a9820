"""`make test`: the checks, then every test on both databases, the browser ones included.

Nothing is left out silently: without PostgreSQL or a browser this ends with a sentence and a failure. The last line
counts what passed and failed in all.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path

from tools import browser, check, dovecot, mail_program

ROOT = Path(__file__).resolve().parents[1]


@dataclass
class Tally:
    """What a run of pytest counted."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(self.passed + other.passed, self.failed + other.failed, self.skipped + other.skipped)


def main() -> int:
    """Run everything; 0 when all of it passed."""
    began = time.monotonic()
    has_slow = "--slow" in sys.argv[1:]
    chromium = browser.ensure()
    if chromium is None:
        print("Browser tests need Chromium: install it, or set REGULARS_CHROMIUM to its path.", file=sys.stderr)
        return 1
    os.environ["REGULARS_CHROMIUM"] = chromium
    # here, one after the other: two processes of tests that install at once stand in each other's way
    dovecot.ensure()
    mail_program.ensure()
    if has_slow:
        os.environ["REGULARS_NIGHT"] = "1"  # properties are tried with many more examples, and with others each time
    print("\nChecks", flush=True)
    code = check.main()
    total = Tally()
    # Pages behave the same on both databases: the browser looks at them once.
    for engine, marks in (("postgresql", "not browser"), ("sqlite", "")):
        print(f"\nTests on {engine}", flush=True)
        selection = " and ".join(mark for mark in (marks, "" if has_slow else "not slow") if mark)
        ended, tally = _pytest(engine, selection)
        code, total = code or ended, total + tally
    print(f"\nengines: postgresql, sqlite; browser: {browser.version(chromium)}; {time.monotonic() - began:.0f} s")
    print(f"{total.passed} passed, {total.failed} failed, {total.skipped} skipped", flush=True)
    return code


def _pytest(engine: str, selection: str) -> tuple[int, Tally]:
    with tempfile.TemporaryDirectory(prefix="regulars-results-") as folder:
        result = Path(folder) / "result.xml"
        environment = {**os.environ, "REGULARS_TEST_ENGINE": engine}
        # the checks, in this process, have read the settings; the tests read them with a data folder of their own
        environment.pop("DJANGO_SETTINGS_MODULE", None)
        command = [sys.executable, "-m", "pytest", "-q", "-n", "2", "--dist", "worksteal", f"--junitxml={result}"]
        done = subprocess.run([*command, "-m", selection], cwd=ROOT, env=environment, check=False)
        if not result.exists():
            return done.returncode or 1, Tally()
        suites = list(ET.parse(result).getroot().iter("testsuite"))  # noqa: S314 — pytest wrote it just now
        count = {
            name: sum(int(suite.get(name, 0)) for suite in suites)
            for name in ("tests", "failures", "errors", "skipped")
        }
    failed = count["failures"] + count["errors"]
    return done.returncode, Tally(count["tests"] - failed - count["skipped"], failed, count["skipped"])


if __name__ == "__main__":
    sys.exit(main())
