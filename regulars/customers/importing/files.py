"""The files that people bring: sealed in the data folder with the shop's own key, read from a plain copy that goes.

What is read is read several times, from any place and by other processes, so that it is unsealed into a file of the
system's folder for such things, which only we may read and which goes as soon as nobody uses it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from django.conf import settings

from regulars.core import datakeys
from regulars.core.resealing import parts
from regulars.core.sealed_files import PIECE, generation_of, is_sealed, open_encrypted, reseal
from regulars.core.tabular import Table, open_table
from regulars.customers.models import ImportFile

REJECTS = "rejected.csv"


class Unsealed:
    """The plain content of a sealed file, in a file that goes when nobody uses this object any more."""

    def __init__(self, path: Path) -> None:
        self._file = tempfile.NamedTemporaryFile(prefix="regulars-", suffix=path.suffix)  # noqa: SIM115 — it lives as long as this
        self.path = Path(self._file.name)
        with opened(path) as source:
            while piece := source.read(PIECE):
                self._file.write(piece)
        self._file.flush()

    def __del__(self) -> None:
        self._file.close()


def path_of(file: ImportFile) -> Path:
    """Where a file lies: in the data folder, outside of everything a web server hands out."""
    return Path(settings.REGULARS_HOME) / "imports" / file.key / file.name


def open_file(file: ImportFile, reading: Mapping[str, str] | None = None) -> Table:
    """The table of a file, read as its options say, or otherwise. Raises Unreadable."""
    unsealed = Unsealed(path_of(file))
    table = open_table(unsealed.path, **(file.options.get("reading", {}) if reading is None else reading))
    return replace(table, kept=(unsealed, table.kept))


def opened(path: Path) -> BinaryIO:
    """The bytes of a file that is kept with an import, sealed or plain yet."""
    return open_encrypted(path, place=_place(path)) if is_sealed(path) else path.open("rb")


def seal(path: Path) -> None:
    """Seal a file where it lies; what is sealed already gets the newest key."""
    reseal(path, path, place=_place(path), person_id=None)


def seal_plain() -> int:
    """Seal the files that were kept before files were sealed; how many those were."""
    return _reseal(lambda path: not is_sealed(path))


def renew() -> int:
    """Seal anew the files that were sealed with older keys; how many those were."""
    newest = datakeys.named("files").newest
    return _reseal(lambda path: is_sealed(path) and generation_of(path) < newest)


def _reseal(is_due: Callable[[Path], bool]) -> int:
    count = 0
    for keys in parts(ImportFile.objects.all()):
        for file in ImportFile.objects.filter(pk__in=keys):
            path = path_of(file)
            for one in (path, path.parent / REJECTS):
                if one.is_file() and is_due(one):
                    seal(one)
                    count += 1
    return count


def _place(path: Path) -> str:
    return f"imports/{path.parent.name}"
