"""One column of one table in a file of its own: Arrow's stream format, compressed with zstd, sealed as it is written.

The file is bound to its place (which version, table and column), so that none can be put where another one was. Texts
that repeat are kept as a dictionary of what they say, with a number for each row.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from regulars.core.sealed_files import SealedFile, SealedWriter
from regulars.core.sealing import Damaged
from regulars.segments.arrow import pa

AT_ONCE: Final = 1 << 20  # rows of one batch in a file
_LEVEL: Final = 1  # of zstd: it packs better than lz4 here, and is as quick
_NAME: Final = "v"


class Unreadable(Exception):  # noqa: N818 — whoever reads answers from the records instead
    """A column that is not there any more, or not as it was written."""


class ColumnWriter:
    """Writes a column piece by piece; nothing reads it before it was closed.

    The keys are asked for where it is made; it may write in another thread.
    """

    def __init__(self, path: Path, *, place: str) -> None:
        self._file = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")
        self._sealed = SealedWriter(self._file, place=place, person_id=None)
        self._stream: pa.ipc.RecordBatchStreamWriter | None = None

    def add(self, values: pa.Array | pa.ChunkedArray) -> None:
        """Write the next rows. Values of a dictionary must all have the same one."""
        schema = pa.schema([(_NAME, values.type)])
        if self._stream is None:
            self._stream = pa.ipc.new_stream(pa.PythonFile(_Sink(self._sealed), mode="w"), schema, options=_options())
        self._stream.write_table(pa.Table.from_arrays([values], schema=schema), max_chunksize=AT_ONCE)

    def close(self) -> int:
        """Write the end, and let the file reach the disk; how many bytes it has."""
        if self._stream is not None:
            self._stream.close()
        self._sealed.close()
        size = self._file.tell()
        self._file.close()
        return size

    def leave(self) -> None:
        """Write no more; what is there is no column."""
        self._file.close()


def write(writer: ColumnWriter, values: pa.Array | pa.ChunkedArray) -> int:
    """Write a column whole; how many bytes that are."""
    try:
        writer.add(values)
        return writer.close()
    finally:
        writer.leave()


def read(path: Path, *, place: str) -> pa.ChunkedArray:
    """Read a column whole. Raises Unreadable."""
    return opening(path, place=place)()


def opening(path: Path, *, place: str) -> Callable[[], pa.ChunkedArray]:
    """The same in two steps: here the keys are asked for, and what comes back may read in any thread."""
    with _told(path):
        file = SealedFile(path, place=place, person_id=None)

    def read_all() -> pa.ChunkedArray:
        with _told(path), file:
            packed = bytearray(file.size)
            view, at = memoryview(packed), 0
            while at < len(packed):
                at += file.readinto(view[at:])
            return pa.ipc.open_stream(pa.py_buffer(packed)).read_all().column(0)

    return read_all


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise Unreadable(f"{path.name} is gone") from None
    except (Damaged, OSError, ValueError, pa.ArrowException) as problem:
        raise Unreadable(f"{path.name} cannot be read: {problem}") from problem


def write_text(path: Path, text: str, *, place: str) -> None:
    """Write a short text sealed, as a column is."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        writer = SealedWriter(file, place=place, person_id=None)
        writer.write(text.encode())
        writer.close()


def read_text(path: Path, *, place: str) -> str:
    """Read a short text. Raises Unreadable."""
    with _told(path), SealedFile(path, place=place, person_id=None) as file:
        return file.readall().decode()


class _Sink(io.RawIOBase):
    """What Arrow writes into: it goes into the sealed file."""

    def __init__(self, sealed: SealedWriter) -> None:
        super().__init__()
        self._sealed = sealed

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._sealed.write(data)
        return len(data)


def _options() -> pa.ipc.IpcWriteOptions:
    return pa.ipc.IpcWriteOptions(compression=pa.Codec("zstd", compression_level=_LEVEL))
