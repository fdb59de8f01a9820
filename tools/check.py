"""`make check`: everything that can be said about the code without running it."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tools import css, messages, reference, words

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent


def main() -> int:
    """Run every check, also after one failed, and say which did."""
    failed = [name for name, check in CHECKS.items() if not _passes(name, check)]
    if failed:
        print(f"\n  Not yet: {', '.join(failed)}.", file=sys.stderr)
    return 1 if failed else 0


def _command(*arguments: str) -> Callable[[], list[str]]:
    def run() -> list[str]:
        environment = {**os.environ, "REGULARS_SECRET_KEY": "only-for-checks" * 4, "REGULARS_HOME": _HOME}
        environment.pop("DATABASE_URL", None)
        done = subprocess.run(
            [BIN / arguments[0], *arguments[1:]], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
        )
        return [done.stdout + done.stderr] if done.returncode else []

    return run


def _passes(name: str, check: Callable[[], list[str]]) -> bool:
    began = time.monotonic()
    complaints = check()
    print(f"  {'✗' if complaints else '✓'} {name:<57} {time.monotonic() - began:6.1f} s", flush=True)
    for complaint in complaints[:_AT_MOST]:
        print(f"    {complaint.rstrip()}", flush=True)
    if len(complaints) > _AT_MOST:
        print(f"    … and {len(complaints) - _AT_MOST} more", flush=True)
    return not complaints


_AT_MOST = 30
_HOME = tempfile.mkdtemp(prefix="regulars-check-")
CHECKS: dict[str, Callable[[], list[str]]] = {
    "format": _command("ruff", "format", "--check", "--quiet", "."),
    "lint": _command("ruff", "check", "--quiet", "."),
    "types": _command("mypy", "--no-error-summary"),
    "floor plan": _command("lint-imports", "--no-logo"),
    "migrations": _command("python", "manage.py", "makemigrations", "--check", "--dry-run"),
    "translations": messages.check,
    "styles": css.check,
    "words that must not be here": words.check,
    "reference tables": reference.check,
}

if __name__ == "__main__":
    sys.exit(main())
