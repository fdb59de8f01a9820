"""One stylesheet for the browser out of the small files people read: joined, in the order of their layers.

No build step: the files are read when the first page asks. The address carries their hash, so that a browser may
keep the answer for ever and still sees every change.
"""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.conf import settings

_CSS = Path(__file__).parents[1] / "static" / "core" / "css"
# The layers fix who wins, so within them order hardly matters; this one reads well in the browser's inspector.
_FIRST = ("layers", "reset", "tokens", "base", "layout")
_LAST = ("small", "motion", "numerals")


@dataclass(frozen=True, slots=True)
class Sheet:
    """The joined text, packed, and the short hash that names this version of it."""

    text: bytes
    packed: bytes
    digest: str


def sheet() -> Sheet:
    """The stylesheet; read once, or at every page while developing."""
    if settings.DEBUG:
        _joined.cache_clear()
    return _joined()


@cache
def _joined() -> Sheet:
    text = "\n".join(path.read_text(encoding="utf-8") for path in files()).encode()
    return Sheet(text, gzip.compress(text, mtime=0), hashlib.sha256(text).hexdigest()[:12])


def files() -> list[Path]:
    """The files, in the order they are joined."""
    return [
        *(_CSS / f"{name}.css" for name in _FIRST),
        *sorted((_CSS / "parts").glob("*.css")),
        *sorted((_CSS / "screens").glob("*.css")),
        *(_CSS / f"{name}.css" for name in _LAST),
    ]
