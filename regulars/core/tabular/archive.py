"""A zip archive from a stranger: how big it says it is, and never more than that."""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from django.utils.translation import gettext as _

from regulars.core.tabular.table import Unreadable

_TOTAL_LIMIT = 1 << 30  # a million rows of ten columns are about half of this
_RATIO_LIMIT = 150  # real sheets shrink to a tenth, a bomb to a thousandth
_RATIO_FROM = 64 << 20
_ENTRIES_LIMIT = 5_000
_HEADER = 30


@contextmanager
def opened(path: Path) -> Iterator[zipfile.ZipFile]:
    """The archive, once its directory has been found harmless; what goes wrong while reading it is Unreadable."""
    try:
        _check_count(path)
        with zipfile.ZipFile(path) as archive:
            _check(archive, path.stat().st_size)
            yield archive
    except (zipfile.BadZipFile, zipfile.LargeZipFile, EOFError, struct.error, NotImplementedError) as problem:
        raise Unreadable(_("The workbook is damaged or cut off. Save it again, and try again.")) from problem
    except Exception as problem:
        if type(problem).__module__ == "zlib":
            raise Unreadable(_("The workbook is damaged or cut off. Save it again, and try again.")) from problem
        raise


def part(archive: zipfile.ZipFile, name: str) -> IO[bytes] | None:
    """A part of the archive as a stream that ends where its directory says, or None where there is none."""
    try:
        return archive.open(name)
    except KeyError:
        return None


def _check_count(path: Path) -> None:
    """Refuse a directory of millions of entries before it is read into memory."""
    with path.open("rb") as stream:
        stream.seek(0, 2)
        size = stream.tell()
        stream.seek(max(0, size - 65_557))
        tail = stream.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) - at < 22:
        raise zipfile.BadZipFile("no end of directory")
    count, directory_size = struct.unpack_from("<HI", tail, at + 10)
    if count > _ENTRIES_LIMIT or (directory_size != 0xFFFFFFFF and directory_size > _ENTRIES_LIMIT * 200):
        raise _suspicious()
    big = tail.rfind(b"PK\x06\x06", 0, at)
    if big >= 0 and len(tail) - big >= 56:
        count, directory_size = struct.unpack_from("<QQ", tail, big + 32)
        if count > _ENTRIES_LIMIT or directory_size > _ENTRIES_LIMIT * 200:
            raise _suspicious()


def _check(archive: zipfile.ZipFile, size: int) -> None:
    entries = sorted(archive.infolist(), key=lambda entry: entry.header_offset)
    total = sum(entry.file_size for entry in entries)
    if total > _TOTAL_LIMIT:
        raise Unreadable(
            _("Unpacked, the workbook is larger than %(limit)d MB. Save it as CSV, and try again.")
            % {"limit": _TOTAL_LIMIT >> 20}
        )
    if len({entry.filename for entry in entries}) < len(entries):
        raise _suspicious()
    end = 0
    for entry in entries:
        if entry.header_offset < end:
            raise _suspicious()
        end = entry.header_offset + _HEADER + entry.compress_size
        if entry.flag_bits & 1:
            raise Unreadable(_("The workbook is protected by a password. Save it without one, and try again."))
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise _suspicious()
        if entry.file_size > _RATIO_FROM and entry.file_size > _RATIO_LIMIT * entry.compress_size:
            raise _suspicious()
    if end > size:
        raise zipfile.BadZipFile("cut off")


def _suspicious() -> Unreadable:
    return Unreadable(_("The workbook is packed in a way that no spreadsheet packs it. Save it as CSV, and try again."))
