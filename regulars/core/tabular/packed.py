"""Packed tables: .csv.gz, .csv.bz2, .csv.xz, .csv.zst and a zip archive with one table in it."""

from __future__ import annotations

import bz2
import gzip
import lzma
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

from django.utils.translation import gettext as _

from regulars.core.tabular import archive as archives
from regulars.core.tabular.table import Unreadable

_TOTAL_LIMIT = 2 << 30
_PIECE = 1 << 20


class Unpacked:
    """The content of a packed file, in a file that goes when nobody uses this object any more."""

    def __init__(self, path: Path) -> None:
        with path.open("rb") as stream:
            head = stream.read(6)
        self.name = path.stem
        self._file = tempfile.NamedTemporaryFile(prefix="regulars-", suffix=Path(self.name).suffix)  # noqa: SIM115 — it lives as long as this
        self.path = Path(self._file.name)
        try:
            with _opened(path, head) as (stream, name):
                self.name = name or self.name
                self._copy(stream)
        except (OSError, EOFError, lzma.LZMAError) as problem:
            raise Unreadable(_("The packed file is damaged or cut off.")) from problem
        self._file.flush()

    def __del__(self) -> None:
        self._file.close()

    def _copy(self, stream: IO[bytes]) -> None:
        size = 0
        while piece := stream.read(_PIECE):
            size += len(piece)
            if size > _TOTAL_LIMIT:
                raise Unreadable(
                    _("Unpacked, the file is larger than %(limit)d MB. Cut it into parts, and try again.")
                    % {"limit": _TOTAL_LIMIT >> 20}
                )
            self._file.write(piece)


@contextmanager
def _opened(path: Path, head: bytes) -> Iterator[tuple[IO[bytes], str]]:
    if head.startswith(b"PK"):
        with archives.opened(path) as archive, archive.open(_only_table(archive)) as member:
            yield member, Path(_only_table(archive)).name
    elif head.startswith(b"\x28\xb5\x2f\xfd"):
        import pyarrow  # noqa: PLC0415 — a heavy guest, and few files need it

        with pyarrow.input_stream(str(path), compression="zstd") as stream:
            yield stream, ""
    elif head.startswith(b"\x1f\x8b"):
        with gzip.open(path) as unzipped:
            yield cast("IO[bytes]", unzipped), ""
    else:
        with bz2.open(path) if head.startswith(b"BZh") else lzma.open(path) as unpacked:
            yield cast("IO[bytes]", unpacked), ""


def _only_table(archive: zipfile.ZipFile) -> str:
    names = [
        name
        for name in archive.namelist()
        if not name.endswith("/") and not name.startswith("__MACOSX/") and not Path(name).name.startswith(".")
    ]
    if len(names) != 1:
        raise Unreadable(
            _("The archive holds several files: %(names)s. Unpack it, and take the one with the table.")
            % {"names": ", ".join(names[:5]) + (", …" if len(names) > 5 else "")}
            if names
            else _("The archive is empty.")
        )
    return names[0]
