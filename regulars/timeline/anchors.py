"""Anchors: the number and mac of every seal once more, in a file apart from the database.

Whoever cuts off the newest entries with their seals, or puts an old database in the place of the new one, leaves a
chain that is whole. The anchors know that there was more. The file stands beside the key file, `<data folder>.seals`,
or where REGULARS_SEALS_FILE says: on another disk it is safer still.

A line is `seal <number> <last entry> <mac> <when>`. A restored backup begins a new history with a line `anew …` that
is marked with the key, so that nobody can write one who has the file alone.
"""

from __future__ import annotations

import datetime as dt
import fcntl
import hmac
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

_LONGEST = 4 * 1024 * 1024  # bytes, about a month of minutes


@dataclass(frozen=True, slots=True)
class Anchor:
    """One line: a seal that was there. `is_anew` is one that a restored backup ended with."""

    number: int
    last_id: int
    mac: str
    at: str
    is_anew: bool = False


class BadAnchors(ValueError):  # noqa: N818 — an answer
    """A line of the file that is none of ours, or was changed."""

    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line


def path() -> Path:
    """Where the anchors of this shop are."""
    named = getattr(settings, "SEALS_FILE", None)
    home: Path = settings.REGULARS_HOME
    return Path(named) if named else home.with_name(home.name + ".seals")


def read(key: bytes | None = None) -> list[Anchor]:
    """All anchors of the present history, in the order they were written. Raises BadAnchors.

    With a `key`, a line that begins a new history is checked, and what was before it is left out.
    """
    try:
        text = path().read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return []
    found: list[Anchor] = []
    # a line without its end was being written when the power went; the database has its seal
    for place, line in enumerate(text.split("\n")[:-1], start=1):
        anchor = _anchor(line, place, key)
        if anchor.is_anew:
            found.clear()
        found.append(anchor)
    return found


def add(anchors: Iterable[Anchor], *, key: bytes) -> None:
    """Write lines at the end of the file, and have the disk keep them."""
    lines = "".join(_line(anchor, key) + "\n" for anchor in anchors)
    if not lines:
        return
    file = os.open(path(), os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        size = os.fstat(file).st_size
        if size and os.pread(file, 1, size - 1) != b"\n":
            lines = "\n" + lines if _is_whole(file, size) else _cut(file, size) + lines
        os.write(file, lines.encode())
        os.fsync(file)
        if size + len(lines) > _LONGEST:
            _shorten()
    finally:
        os.close(file)


def anchor_of(number: int, last_id: int, mac: bytes, *, at: dt.datetime, is_anew: bool = False) -> Anchor:
    """The anchor of a seal."""
    return Anchor(number, last_id, mac.hex(), f"{at:%Y-%m-%dT%H:%M:%SZ}", is_anew)


def _line(anchor: Anchor, key: bytes) -> str:
    words = f"{anchor.number} {anchor.last_id} {anchor.mac} {anchor.at}"
    if anchor.is_anew:
        return f"anew {words} {_mark(words, key)}"
    return f"seal {words}"


def _anchor(line: str, place: int, key: bytes | None) -> Anchor:
    words = line.split(" ")
    is_anew = words[0] == "anew"
    if words[0] not in {"seal", "anew"} or len(words) != 5 + is_anew:
        raise BadAnchors(place)
    if is_anew and key is not None and not hmac.compare_digest(_mark(" ".join(words[1:5]), key), words[5]):
        raise BadAnchors(place)
    try:
        return Anchor(int(words[1]), int(words[2]), words[3], words[4], is_anew)
    except ValueError:
        raise BadAnchors(place) from None


def _mark(words: str, key: bytes) -> str:
    return hmac.digest(key, words.encode(), "sha256").hex()


def _is_whole(file: int, size: int) -> bool:
    """Whether the last line is complete but for its end."""
    last = os.pread(file, min(size, 400), max(0, size - 400)).rpartition(b"\n")[2].decode(errors="replace")
    try:
        _anchor(last, 0, None)
    except BadAnchors:
        return False
    return last.endswith("Z") or last.startswith("anew")


def _cut(file: int, size: int) -> str:
    """Take off a line that was not written to its end."""
    last = os.pread(file, min(size, 400), max(0, size - 400)).rpartition(b"\n")[2]
    os.ftruncate(file, size - len(last))
    return ""


def _shorten() -> None:
    """Keep the newer half: the chain itself proves what is older."""
    lines = path().read_text(encoding="utf-8").splitlines(keepends=True)
    begins = max((place for place, line in enumerate(lines) if line.startswith("anew")), default=-1)
    half = len(lines) // 2
    kept = ([lines[begins]] if 0 <= begins < half else []) + lines[half:]
    part = path().with_name(path().name + ".part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.writelines(kept)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path())
