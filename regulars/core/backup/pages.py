"""The pages of an encrypted SQLite file, opened and closed as they pass: nothing plain ever lies on a disk.

In a backup the database is a plain SQLite file, because only that can be compressed, and because the backup as a whole
is encrypted; on both sides of it the file is SQLCipher's (version 4, its defaults): pages of 4,096 bytes, each with
AES-256 in CBC mode under an IV of its own, and an HMAC-SHA512 of what it holds and its number. The first sixteen bytes
of the file are the salt, where a plain file says what it is; 80 bytes at the end of each page are kept free for IV and
HMAC, in the plain file as well.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

PAGE = 4096
_MAGIC = b"SQLite format 3\0"
_IV = 16
_HMAC = 64
_END = PAGE - _IV - _HMAC
_RESERVED_AT = 20  # the byte of the header that says how much of a page is kept free
_MASK = 0x3A
_AT_ONCE = 64


class BadPage(ValueError):  # noqa: N818 — an answer, like the refusals
    """A page is not what was written under this key, or no page of such a file at all."""


def opened(file: BinaryIO, key: str) -> Iterator[bytes]:
    """The plain pages of an encrypted file, some at a time. Raises BadPage."""
    cipher: _Pages | None = None
    number = 0
    while some := file.read(PAGE * _AT_ONCE):
        if cipher is None:
            cipher = _Pages(bytes.fromhex(key), some[:_IV])
        plain = []
        for at in range(0, len(some), PAGE):
            number += 1
            plain.append(cipher.opened(number, some[at : at + PAGE]))
        yield b"".join(plain)


def closed(pieces: Iterable[bytes], key: str) -> Iterator[bytes]:
    """The encrypted pages of a plain file that comes in pieces of any size. Raises BadPage."""
    cipher = _Pages(bytes.fromhex(key), secrets.token_bytes(_IV))
    number, rest = 0, b""
    for piece in pieces:
        rest += piece
        whole = len(rest) - len(rest) % PAGE
        sealed = []
        for at in range(0, whole, PAGE):
            number += 1
            sealed.append(cipher.closed(number, rest[at : at + PAGE]))
        rest = rest[whole:]
        yield b"".join(sealed)
    if rest or not number:
        raise BadPage("the file does not end with a whole page")


class _Pages:
    """The cipher of one file: its key, its salt, and the key of its HMACs, which is made of both."""

    def __init__(self, key: bytes, salt: bytes) -> None:
        self._key, self._salt = key, salt
        masked = bytes(byte ^ _MASK for byte in salt)
        self._mac_key = hashlib.pbkdf2_hmac("sha512", key, masked, 2, 32)

    def opened(self, number: int, page: bytes) -> bytes:
        start = _IV if number == 1 else 0
        if len(page) != PAGE or not hmac.compare_digest(
            self._mac(number, page[start : _END + _IV]), page[_END + _IV :]
        ):
            raise BadPage(f"page {number} of the database was not written under this key")
        decryptor = Cipher(algorithms.AES(self._key), modes.CBC(page[_END : _END + _IV])).decryptor()
        plain = decryptor.update(page[start:_END]) + decryptor.finalize()
        return (_MAGIC if number == 1 else b"") + plain + bytes(_IV + _HMAC)

    def closed(self, number: int, page: bytes) -> bytes:
        start = _IV if number == 1 else 0
        if number == 1 and (page[:_IV] != _MAGIC or page[_RESERVED_AT] != _IV + _HMAC):
            raise BadPage("the database begins with something else")
        iv = secrets.token_bytes(_IV)
        encryptor = Cipher(algorithms.AES(self._key), modes.CBC(iv)).encryptor()
        sealed = encryptor.update(page[start:_END]) + encryptor.finalize() + iv
        return (self._salt if number == 1 else b"") + sealed + self._mac(number, sealed)

    def _mac(self, number: int, sealed: bytes) -> bytes:
        return hmac.digest(self._mac_key, sealed + number.to_bytes(4, "little"), "sha512")
