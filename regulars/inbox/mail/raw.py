"""The mails as they came, byte by byte: sealed with the shop's key, in the data folder, under random names.

They are of nobody yet when they are kept, because nobody has read them. Those of a person who is erased are removed.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from regulars.core import datakeys
from regulars.core.background import every
from regulars.core.resealing import parts
from regulars.core.sealed_files import SealedWriter, generation_of, open_encrypted, reseal
from regulars.inbox.models import Arrival

_A_DAY = 24 * 3600


@dataclass(frozen=True, slots=True)
class Kept:
    """A mail that lies on the disk, and has no row yet."""

    key: str
    size: int
    sha256: str


def keep(pieces: Iterable[bytes]) -> Kept:
    """Keep a mail; when this returns, the disk has it. Whoever writes no row for it leaves it to `sweep_mails`.

    It is written beside its place and moved there whole.
    """
    key, digest, size = secrets.token_hex(20), hashlib.sha256(), 0
    place = path_of(key)
    place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    half = place.with_suffix(".part")
    try:
        with half.open("xb") as file:
            half.chmod(0o600)
            sealed = SealedWriter(file, place=_place(key), person_id=None)
            for piece in pieces:
                digest.update(piece)
                size += len(piece)
                sealed.write(piece)
            sealed.close()
        half.rename(place)
    finally:
        half.unlink(missing_ok=True)
    _settle(place.parent)
    return Kept(key, size, digest.hexdigest())


def opened(arrival: Arrival) -> BinaryIO:
    """A mail as it came. Raises FileNotFoundError, and Damaged (core/sealing.py)."""
    return open_encrypted(path_of(arrival.key), place=_place(arrival.key))


def read(arrival: Arrival) -> bytes:
    """The whole of it. Raises FileNotFoundError, and Damaged."""
    with opened(arrival) as file:
        return file.read()


def remove(keys: Iterable[str]) -> None:
    """Take mails from the disk; one that is gone already is no matter."""
    for key in keys:
        path_of(key).unlink(missing_ok=True)


def folder() -> Path:
    """Where all of them lie."""
    return Path(settings.REGULARS_HOME) / "inbox-mail"


def path_of(key: str) -> Path:
    """Where the bytes of a key lie."""
    if not (key.isascii() and key.isalnum()):
        raise ValueError(key)
    return folder() / key[:2] / key


def renew() -> int:
    """Seal anew the mails that were sealed with older keys; how many those were."""
    newest, count = datakeys.named("files").newest, 0
    for keys in parts(Arrival._base_manager.all()):
        for key in Arrival._base_manager.filter(pk__in=keys).values_list("key", flat=True):
            path = path_of(key)
            with suppress(FileNotFoundError):  # of somebody who was erased
                if generation_of(path) < newest:
                    reseal(path, path, place=_place(key), person_id=None)
                    count += 1
    return count


@every("03:45", label=_("Remove mails that no row keeps"))
def sweep_mails() -> int:
    """Remove from the disk what is a day old and has no row, which a broken attempt left; how many that were."""
    count = 0
    for part in sorted(folder().iterdir()) if folder().is_dir() else ():
        old = [file for file in part.iterdir() if file.stat().st_mtime < time.time() - _A_DAY]
        names = [file.name for file in old]
        known: set[str] = set()
        for start in range(0, len(names), 500):
            rows = Arrival._base_manager.filter(key__in=names[start : start + 500])
            known.update(rows.values_list("key", flat=True))
        for file in old:
            if file.name not in known:
                file.unlink(missing_ok=True)
                count += 1
    return count


def _settle(where: Path) -> None:
    """Let the name reach the disk, too."""
    descriptor = os.open(where, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _place(key: str) -> str:
    return f"inbox-mail/{key}"
