"""Sealed text: what only this shop's keys can read, for one person, in one place.

    1.<person>.<nonce, ciphertext and tag>      AES-256-GCM under the person's own key, of generation 1
    0.<text>                                    plain text that waits to be sealed; nothing reads it but the sealing

The place (“customers_note.text”), the person and the generation are authenticated with it: a text that was changed, or
copied to another column or person, does not open. When a person is forgotten (`forget_person`), theirs open nowhere any
more, neither here nor in an old copy of the database.

Values of no person (passwords of services, say) are sealed with `seal_secret`.
"""

from __future__ import annotations

import hmac
import os
from base64 import urlsafe_b64decode
from binascii import b2a_base64
from collections.abc import Iterable
from functools import lru_cache
from hashlib import blake2b
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from regulars.core import datakeys
from regulars.core.datakeys import NONCE
from regulars.core.keytree import KeyTree, LeafForgotten

WAITING: Final = "0."
_NOBODY: Final = "-"
_DIGITS: Final = "0123456789abcdefghijklmnopqrstuvwxyz"
_TEXT, _FILE = b"regulars.text", b"regulars.file"  # what keys are derived for
_FOR_ADDRESSES: Final = bytes.maketrans(b"+/", b"-_")


class Forgotten(LookupError):  # noqa: N818 — an answer, like the refusals
    """The key of this person was destroyed: what it sealed is gone, for ever."""


class Damaged(ValueError):  # noqa: N818 — an answer, like the refusals
    """A text that is not sealed, was changed, or stands where it was not written."""


def seal(person_id: int, text: str, place: str) -> str:
    """The text as only this person's key opens it, in this place. Empty text stays empty. Raises Forgotten."""
    if not text:
        return ""
    trees = datakeys.people()
    generation, person = trees.newest, base36(person_id)
    cipher = _text_cipher(_leaf_of(trees.generations[generation], person_id))
    return _locked(cipher, generation, person, text, place)


def open_sealed(sealed: str, place: str, *, person_id: int | None = None) -> str:
    """The text that was sealed in this place; with `person_id`, for this person. Raises Forgotten or Damaged."""
    if not sealed:
        return ""
    generation, person, body = _taken_apart(sealed)
    number = _from_base36(person)
    if person_id is not None and number != person_id:
        raise Damaged("a sealed text of another person")
    return _unlocked(_person_cipher(generation, number), generation, person, body, place)


def seal_secret(text: str, place: str, *, key: str = "files") -> str:
    """A text of no person as only the shop's named key opens it, in this place. Empty text stays empty."""
    if not text:
        return ""
    generation = datakeys.named(key).newest
    return _locked(_secret_cipher(key, generation), generation, _NOBODY, text, f"{key}/{place}")


def open_secret(sealed: str, place: str, *, key: str = "files") -> str:
    """The text that was sealed in this place with `seal_secret`. Raises Damaged."""
    if not sealed:
        return ""
    generation, person, body = _taken_apart(sealed)
    if person != _NOBODY:
        raise Damaged("a sealed text of a person where one of the shop stands")
    return _unlocked(_secret_cipher(key, generation), generation, _NOBODY, body, f"{key}/{place}")


def secret(name: str) -> bytes:
    """The newest generation of a named key, 32 bytes; made where there is none yet."""
    keys = datakeys.named(name)
    return keys.generations[keys.newest]


def blind(value: str, place: str) -> int:
    """A number of 63 bits that stands for a value in this place: equal values are found by it, and it tells none."""
    return _blinded(secret("index"), value, place)


def blinds(value: str, place: str) -> list[int]:
    """All the numbers that may stand for a value, the newest first: several while the index gets a new key."""
    keys = datakeys.named("index").generations
    return [_blinded(keys[generation], value, place) for generation in sorted(keys, reverse=True)]


def file_key(person_id: int | None, *, generation: int | None = None) -> tuple[int, bytes]:
    """The key of a person's files, or of those that belong to no one person, and its generation. Raises Forgotten."""
    if person_id is None:
        keys = datakeys.named("files")
        chosen = keys.newest if generation is None else generation
        key = _secret("files", chosen)
        if key is None:
            raise Damaged("a file of a generation of keys that there is not")
        return chosen, _derived(key, _FILE)
    chosen = datakeys.people().newest if generation is None else generation
    return chosen, _derived(_leaf(chosen, person_id), _FILE)


def is_forgotten(person_id: int) -> bool:
    """Whether the key of this person was destroyed."""
    trees = datakeys.people()
    return not trees.generations[trees.newest].knows(person_id)


def forget_person(person_id: int) -> None:
    """Destroy the key of a person, in the transaction of the erasure: whatever it sealed is unreadable from then on."""
    forget_people([person_id])


def forget_people(person_ids: Iterable[int]) -> None:
    """Destroy the keys of several people at once, which costs one change of the row of keys."""
    datakeys.forget(person_ids)


def is_sealed(text: str) -> bool:
    """Whether a text has the form of a sealed one; says nothing about whether it opens."""
    try:
        _taken_apart(text)
    except Damaged:
        return False
    return True


def person_of(sealed: str) -> int:
    """For whom a text was sealed. Raises Damaged."""
    return _from_base36(_taken_apart(sealed)[1])


def is_of_nobody(sealed: str) -> bool:
    """Whether it was sealed with a key of the shop, for no one person. Raises Damaged."""
    return _taken_apart(sealed)[1] == _NOBODY


def generation_of(sealed: str) -> int:
    """With which generation of the keys a text was sealed. Raises Damaged."""
    return _taken_apart(sealed)[0]


def base36(number: int) -> str:
    """A number in digits and letters."""
    if 0 <= number < 36:
        return _DIGITS[number]
    if number < 0:
        raise ValueError("no person has a number below zero")
    digits = ""
    while True:
        number, digit = divmod(number, 36)
        digits = _DIGITS[digit] + digits
        if not number:
            return digits


def _from_base36(text: str) -> int:
    try:
        return int(text, 36)
    except ValueError:
        raise Damaged("not a sealed text of a person") from None


def _taken_apart(sealed: str) -> tuple[int, str, bytes]:
    """Generation, person and body of a sealed text; raises Damaged, and never says the text."""
    generation, dot, rest = sealed.partition(".")
    person, second, body = rest.partition(".")
    if not dot or not second or not person or not 0 < len(generation) < 4 or len(body) < 38:
        raise Damaged("not a sealed text")
    try:
        number = int(generation, 36)
        packed = urlsafe_b64decode(body + "=" * (-len(body) % 4))
    except ValueError:
        raise Damaged("not a sealed text") from None
    if not number:
        raise Damaged("not a sealed text")
    return number, person, packed


def _locked(cipher: AESGCM, generation: int, person: str, text: str, place: str) -> str:
    nonce = os.urandom(NONCE)
    packed = nonce + cipher.encrypt(nonce, text.encode(), _bound(generation, person, place))
    # as urlsafe_b64encode writes it, in half the time: an import does this for every value
    body = b2a_base64(packed, newline=False).translate(_FOR_ADDRESSES, b"=").decode()
    return f"{base36(generation)}.{person}.{body}"


def _unlocked(cipher: AESGCM, generation: int, person: str, packed: bytes, place: str) -> str:
    try:
        return cipher.decrypt(packed[:NONCE], packed[NONCE:], _bound(generation, person, place)).decode()
    except InvalidTag:
        raise Damaged("a sealed text that was changed, or stands where it was not written") from None


def _bound(generation: int, person: str, place: str) -> bytes:
    return f"{generation}\0{person}\0{place}".encode()


def _person_cipher(generation: int, person_id: int) -> AESGCM:
    return _text_cipher(_leaf(generation, person_id))


@lru_cache(maxsize=64)  # the columns of one person come one after the other
def _text_cipher(leaf: bytes) -> AESGCM:
    return AESGCM(_derived(leaf, _TEXT))


def _leaf(generation: int, person_id: int) -> bytes:
    tree = datakeys.people().generations.get(generation)
    if tree is None:
        datakeys.look_again()
        tree = datakeys.people().generations.get(generation)
    if tree is None:
        raise Damaged("a sealed text of a generation of keys that there is not")
    return _leaf_of(tree, person_id)


def _leaf_of(tree: KeyTree, person_id: int) -> bytes:
    try:
        return tree.leaf(person_id)
    except LeafForgotten:
        raise Forgotten(f"the key of person {person_id} was destroyed") from None
    except ValueError:
        raise Damaged("a sealed text of nobody") from None


def _secret(name: str, generation: int) -> bytes | None:
    key = datakeys.named(name).generations.get(generation)
    if key is None:
        datakeys.look_again()
        key = datakeys.named(name).generations.get(generation)
    return key


def _secret_cipher(name: str, generation: int) -> AESGCM:
    key = _secret(name, generation)
    if key is None:
        raise Damaged("a sealed text of a generation of keys that there is not")
    return _cipher(_derived(key, _TEXT))


def _derived(key: bytes, purpose: bytes) -> bytes:
    return blake2b(key=key, person=purpose, digest_size=32).digest()


@lru_cache(maxsize=32_768)  # the same days come again and again
def _blinded(key: bytes, value: str, place: str) -> int:
    digest = hmac.digest(key, f"{place}\0{value}".encode(), "sha256")
    return int.from_bytes(digest[:8], "big") >> 1


@lru_cache(maxsize=256)
def _cipher(key: bytes) -> AESGCM:
    return AESGCM(key)
