"""Files that are sealed as they are written: AES-256-GCM in pieces of 64 KiB, read from any place, in little memory.

    header     "RGF1", generation of the keys, person (none: the shop), 16 random bytes of this file
    pieces     each 64 KiB and its tag, the last one shorter

Each file has a key of its own, derived from its person's (or the shop's) and its random bytes. The number of a piece
and whether it is the last one are its nonce (Hoang, Reyhanitabar, Rogaway, Vizár 2015); the header and the file's place
are authenticated with each. So a piece that was changed, moved, left out or put behind does not open, nor does a file
that was cut off, or lies where another one lay.
"""

from __future__ import annotations

import io
import os
import secrets
import struct
from collections.abc import Iterable
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import BinaryIO, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from regulars.core import sealing
from regulars.core.sealing import Damaged

PIECE: Final = 64 * 1024
_MAGIC: Final = b"RGF1"
_HEADER: Final = struct.Struct(">4sHQ16s")
_NOBODY: Final = (1 << 64) - 1
_TAG: Final = 16
_LAST: Final = 1


def is_sealed(path: Path) -> bool:
    """Whether a file begins as a sealed one does."""
    with path.open("rb") as file:
        return file.read(len(_MAGIC)) == _MAGIC


def generation_of(path: Path) -> int:
    """With which generation of the keys a file was sealed. Raises Damaged."""
    with path.open("rb") as file:
        return int(_read_header(file.read(_HEADER.size))[1])


class SealedWriter:
    """Writes a sealed file for a person, or (None) for the shop, into an open one; `place` is what it is bound to.

    Nothing reads it before it was closed: the last piece is missing.
    """

    def __init__(self, file: BinaryIO, *, place: str, person_id: int | None) -> None:
        generation, key = sealing.file_key(person_id)
        salt = secrets.token_bytes(16)
        header = _HEADER.pack(_MAGIC, generation, _NOBODY if person_id is None else person_id, salt)
        self._file, self._bound = file, header + place.encode()
        self._cipher, self._number, self._rest = AESGCM(_own_key(key, salt)), 0, bytearray()
        file.write(header)

    def write(self, data: bytes) -> None:
        """Take some bytes; a piece is written as soon as more comes behind it."""
        self._rest += data
        while len(self._rest) > PIECE:
            self._write(bytes(self._rest[:PIECE]), is_last=False)
            del self._rest[:PIECE]

    def close(self) -> None:
        """Write the last piece, which says that it is the last, and let the file reach the disk."""
        self._write(bytes(self._rest), is_last=True)
        self._file.flush()
        os.fsync(self._file.fileno())

    def _write(self, piece: bytes, *, is_last: bool) -> None:
        self._file.write(self._cipher.encrypt(_nonce(self._number, is_last=is_last), piece, self._bound))
        self._number += 1


class SealedFile(io.RawIOBase):
    """A sealed file as a plain one: read from anywhere, one piece in memory. What was tampered with raises Damaged."""

    def __init__(self, path: Path, *, place: str, person_id: int | None) -> None:
        super().__init__()
        self._file = path.open("rb")
        try:
            header = self._file.read(_HEADER.size)
            _magic, generation, number, salt = _read_header(header)
            if number != (_NOBODY if person_id is None else person_id):
                raise Damaged("a file of somebody else")  # noqa: TRY301 — the file is closed below
            _generation, key = sealing.file_key(person_id, generation=generation)
            size = self._file.seek(0, io.SEEK_END) - _HEADER.size
        except BaseException:
            self._file.close()
            raise
        self._cipher, self._bound = AESGCM(_own_key(key, salt)), header + place.encode()
        self._last = max(0, (size - 1) // (PIECE + _TAG))
        self._size = size - (self._last + 1) * _TAG
        self._at, self._known = 0, (-1, b"")
        if self._size < 0:
            self._file.close()
            raise Damaged("a sealed file that was cut off")
        # an end that is no end is told before anything is read
        self._piece(self._last)

    @property
    def size(self) -> int:
        """How many bytes there are to read."""
        return self._size

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, start + offset)
        return self._at

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer).cast("B")  # type: ignore[arg-type]
        number, inside = divmod(self._at, PIECE)
        if self._at >= self._size or not len(view):
            return 0
        found = self._piece(number)[inside : inside + len(view)]
        view[: len(found)] = found
        self._at += len(found)
        return len(found)

    def close(self) -> None:
        if not self.closed:
            self._file.close()
        super().close()

    def _piece(self, number: int) -> bytes:
        if self._known[0] != number:
            self._file.seek(_HEADER.size + number * (PIECE + _TAG))
            sealed = self._file.read(PIECE + _TAG)
            try:
                piece = self._cipher.decrypt(_nonce(number, is_last=number == self._last), sealed, self._bound)
            except (InvalidTag, ValueError):
                raise Damaged("a sealed file that was changed") from None
            self._known = number, piece
        return self._known[1]


def open_encrypted(path: Path, *, place: str, person_id: int | None = None) -> BinaryIO:
    """A sealed file to read from. Raises Damaged, or Forgotten where the person's key was destroyed."""
    return io.BufferedReader(SealedFile(path, place=place, person_id=person_id), buffer_size=PIECE)


def write_encrypted(path: Path, chunks: Iterable[bytes], *, place: str, person_id: int | None = None) -> None:
    """Write a sealed file, readable by its owner alone; whoever wants it whole or not at all renames it afterwards."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        writer = SealedWriter(file, place=place, person_id=person_id)
        for chunk in chunks:
            writer.write(chunk)
        writer.close()


def reseal(
    path: Path, target: Path, *, place: str, person_id: int | None, new_place: str = "", new_person: int | None = None
) -> None:
    """Write a file, sealed or plain yet, sealed with the newest keys beside its place, and put it there whole.

    With `new_place`, for another person and place: the old file stays then.
    """
    part = target.with_name(target.name + ".part")
    source = open_encrypted(path, place=place, person_id=person_id) if is_sealed(path) else path.open("rb")
    with source as file:
        write_encrypted(
            part,
            iter(lambda: file.read(PIECE), b""),
            place=new_place or place,
            person_id=new_person if new_place else person_id,
        )
    part.replace(target)


def _read_header(header: bytes) -> tuple[bytes, int, int, bytes]:
    if len(header) < _HEADER.size or not header.startswith(_MAGIC):
        raise Damaged("a file that is not sealed, or was cut off")
    magic, generation, number, salt = _HEADER.unpack(header)
    return magic, generation, number, salt


def _nonce(number: int, *, is_last: bool) -> bytes:
    return bytes(7) + number.to_bytes(4, "big") + bytes([_LAST if is_last else 0])


@lru_cache(maxsize=64)
def _own_key(key: bytes, salt: bytes) -> bytes:
    return blake2b(salt, key=key, person=b"regulars.stream", digest_size=32).digest()
