"""The interpreter gate: guards of Python's own library that mail and file reading rely on, tested by what they do."""

from __future__ import annotations

import email.policy
import inspect
import sys
import zipfile
from email.utils import parseaddr


def missing_guards() -> list[str]:
    """What this Python lacks, in words; versions are not asked, because distributions carry fixes into old ones."""
    missing = []
    if parseaddr("alice@example.org)bob@example.com")[1]:
        missing.append("it reads a spoofed mail address as a good one (CVE-2023-27043)")
    if "overlap" not in inspect.getsource(zipfile).lower():
        missing.append("it unpacks ZIP files whose parts overlap (CVE-2024-0450)")
    if not hasattr(email.policy.default, "verify_generated_headers"):
        missing.append("it writes mail headers with line breaks in them (CVE-2024-6923)")
    return missing


def warn_about_missing_guards() -> None:
    """Say at start-up what an old interpreter lacks. It is a warning: a laptop may still look at the demo shop."""
    missing = missing_guards()
    if missing:
        version = ".".join(str(part) for part in sys.version_info[:3])
        sentence = f"Python {version} is too old for a shop that is open to the world: {'; '.join(missing)}."
        print(f"regulars: {sentence} Use a current 3.12 or newer there.", file=sys.stderr)
