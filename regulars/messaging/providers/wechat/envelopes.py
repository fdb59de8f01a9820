"""How messages of WeChat are wrapped: XML of one level, and in the secure mode AES around it.

base 64 of AES-256-CBC over: 16 random bytes, the length in 4 bytes, the XML, the AppID, filled up to 32 bytes
"""

from __future__ import annotations

import binascii
import hashlib
import hmac
from base64 import b64decode
from xml.parsers import expat

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from django.utils.translation import gettext as _

from regulars.messaging.providers.base import Unreadable

_DEEPEST = 8
_MOST_FIELDS = 200
_BLOCK = 32


class _Stop(Exception):  # noqa: N818 — ends the parser, and never leaves this module
    pass


def fields(body: bytes) -> dict[str, str]:
    """The elements of a message by their names; those inside of others as “Outer.Inner”. Raises Unreadable.

    No document type is read: entities, which may grow without an end or name files, have nowhere to be declared.
    """
    found: dict[str, str] = {}
    path: list[str] = []
    words: list[str] = []

    def start(name: str, _attributes: dict[str, str]) -> None:
        path.append(name)
        words.clear()
        if len(path) > _DEEPEST or len(found) > _MOST_FIELDS:
            raise _Stop

    def end(_name: str) -> None:
        if len(path) > 1:
            found.setdefault(".".join(path[1:]), "".join(words).strip())
        path.pop()
        words.clear()

    def refuse(*_declaration: object) -> None:
        raise _Stop

    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = words.append
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = refuse
    try:
        parser.Parse(body, True)
    except (expat.ExpatError, _Stop, ValueError, LookupError):
        raise Unreadable(_("The body is not the XML of a message.")) from None
    return found


def opened(sealed: str, aes_key: str, app_id: str) -> bytes:
    """The message inside of what was encrypted for this account. Raises Unreadable."""
    key = key_of(aes_key)
    try:
        packed = b64decode(sealed, validate=True)
    except (binascii.Error, ValueError):
        packed = b""
    if len(key) != 32 or not packed or len(packed) % 16:
        raise _closed()
    cipher = Cipher(algorithms.AES(key), modes.CBC(key[:16])).decryptor()
    plain = cipher.update(packed) + cipher.finalize()
    filled = plain[-1]
    if not 1 <= filled <= _BLOCK or len(plain) < 20 + filled:
        raise _closed()
    plain = plain[:-filled]
    length = int.from_bytes(plain[16:20], "big")
    message, whose = plain[20 : 20 + length], plain[20 + length :]
    if len(message) != length or not hmac.compare_digest(whose, app_id.encode()):
        raise _closed()
    return message


def signature(token: str, *parts: str) -> str:
    """The signature over a token and what comes along: SHA-1 of all of them in order, as WeChat wants it."""
    joined = "".join(sorted([token, *parts]))
    return hashlib.sha1(joined.encode(errors="replace"), usedforsecurity=False).hexdigest()


def key_of(aes_key: str) -> bytes:
    """The 32 bytes of a key as it is shown, 43 characters; empty where it is none."""
    try:
        return b64decode(aes_key + "=", validate=True)
    except (binascii.Error, ValueError):
        return b""


def _closed() -> Unreadable:
    return Unreadable(_("The message does not open with this account's EncodingAESKey and AppID."))
