"""The keys of the audit, by name: what seals entries, what hides the words of a search, what covers the spool.

`seal` and `words` are data keys (core/datakeys.py): their wrapping changes with the key ring, they themselves do not,
so that what was sealed before a rotation still verifies after it. The spool is outside the database and has to be
written without asking it: its key comes from the ring itself.
"""

from __future__ import annotations

import datetime as dt
import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from regulars.core import datakeys

_NONCE = 12


class Unreadable(ValueError):  # noqa: N818 — an answer
    """A text that was not encrypted with our keys, or was changed since."""


def current_seal_key() -> str:
    """The name of the key that new seals are made with."""
    return f"seal:{datakeys.named('seal').newest}"


def digest_key(name: str) -> bytes:
    """What digests of entries are keyed with: without it nobody can guess what an entry said from its digest."""
    return _derive(_seal_key(name), "digest")


def day_key(name: str, day: dt.date) -> bytes:
    """What the seals of one day are made with."""
    return _derive(_seal_key(name), f"day {day.isoformat()}")


def anchor_key(name: str) -> bytes:
    """What a line of the anchors is marked with where it begins a new history."""
    return _derive(_seal_key(name), "anchor")


def cover_words(text: str) -> str:
    """The words of a search as they are kept: nobody finds a person in them who has the database alone."""
    known = datakeys.named("words")
    return f"{known.newest}:{_encrypt(known.generations[known.newest], text.encode(), b'words')}"


def uncover_words(kept: str) -> str:
    """The words as they were typed; empty where their key was destroyed, or they were changed."""
    number, _colon, sealed = kept.partition(":")
    key = datakeys.named("words").generations.get(int(number)) if number.isdigit() else None
    if key is None:
        return ""
    try:
        return _decrypt(key, sealed, b"words").decode()
    except Unreadable:
        return ""


def cover_line(line: bytes) -> bytes:
    """A line for the spool."""
    key = datakeys.ring().current
    return f"{key.id}:{_encrypt(key.derive('spool'), line, b'spool')}".encode()


def uncover_line(line: bytes) -> bytes:
    """What a line of the spool says. Raises Unreadable."""
    key_id, _colon, sealed = line.decode("ascii", "replace").partition(":")
    key = datakeys.ring().by_id.get(key_id)
    if key is None:
        raise Unreadable(f"the key {key_id} is not among the shop's keys")
    return _decrypt(key.derive("spool"), sealed, b"spool")


def _seal_key(name: str) -> bytes:
    _word, _colon, number = name.partition(":")
    key = datakeys.named("seal").generations.get(int(number)) if number.isdigit() else None
    if key is None:
        raise Unreadable(f"there is no key “{name}”")
    return key


@lru_cache(maxsize=64)
def _derive(key: bytes, purpose: str) -> bytes:
    """HKDF-SHA256 of one block; the keys are random already, so that extracting needs no salt."""
    extracted = hmac.digest(bytes(32), key, "sha256")
    return hmac.digest(extracted, f"regulars/audit/{purpose}".encode() + b"\x01", "sha256")


def _encrypt(key: bytes, text: bytes, place: bytes) -> str:
    nonce = secrets.token_bytes(_NONCE)
    return urlsafe_b64encode(nonce + AESGCM(key).encrypt(nonce, text, place)).decode()


def _decrypt(key: bytes, text: str, place: bytes) -> bytes:
    try:
        packed = urlsafe_b64decode(text)
        return AESGCM(key).decrypt(packed[:_NONCE], packed[_NONCE:], place)
    except (InvalidTag, ValueError) as wrong:
        raise Unreadable("it cannot be decrypted") from wrong
