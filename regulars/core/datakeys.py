"""The keys that data are encrypted with: kept in the database, each itself encrypted under the key ring.

`people` is the tree of the persons' keys (core/keytree.py). `index` makes values findable without telling them,
`files` encrypts what belongs to no one person, `seal` seals the audit. Each may have several generations; new values
are written with the newest, older ones stay as long as something is read with them.

A process reads the rows once, and asks every few seconds whether they changed. What a transaction changes is seen in it
at once, by everybody else when it is committed, and by nobody when it is rolled back.
"""

from __future__ import annotations

import json
import secrets
import threading
import time
from base64 import b64decode, b64encode, urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connection, connections, transaction
from django.utils import timezone

from regulars.core import keyring
from regulars.core.keyring import Key, KeyRing
from regulars.core.keytree import KeyTree
from regulars.core.models import WrappedKey

PEOPLE: Final = "people"
NONCE: Final = 12
_SECONDS: Final = 5  # how long another process may go on with the keys it knows


class KeyMissing(RuntimeError):  # noqa: N818 — says what to put right
    """A key of the ring that something was wrapped with is not there, or the wrapped key was damaged."""


@dataclass(frozen=True)
class Secrets:
    """The generations of one named key."""

    generations: dict[int, bytes]

    @property
    def newest(self) -> int:
        return max(self.generations)


@dataclass(frozen=True)
class Trees:
    """The generations of the persons' keys."""

    generations: dict[int, KeyTree]

    @property
    def newest(self) -> int:
        return max(self.generations)


@dataclass(frozen=True)
class _Known:
    """What is known of the rows, and of when: `marks` are the moments they were changed at."""

    people: Trees | None = None
    named: dict[str, Secrets] = field(default_factory=dict)
    marks: dict[str, str] = field(default_factory=dict)


class _Thread(threading.local):
    """What the open transaction of this thread changed: what each commit will tell the others, what is known now."""

    def __init__(self) -> None:
        self.changes: list[tuple[Callable[[], None], _Known]] = []
        # the connection of that transaction, and what waited for its commit when these were last found waiting: Django
        # makes another list whenever some of it goes, so that this one being there still says that they wait
        self.connection: Any = None
        self.waiting: list[object] | None = None


_thread = _Thread()
_lock = threading.Lock()
_shared = _Known()
_asked_at = 0.0


def people() -> Trees:
    """The generations of the persons' keys; the first one is made where there is none."""
    known = _current()
    if known.people is None:
        known = _load(PEOPLE)
    if known.people is None:
        raise KeyMissing("the keys of people are gone")
    return known.people


def named(name: str) -> Secrets:
    """The generations of a named key; the first one is made where there is none."""
    known = _current()
    if name not in known.named:
        known = _load(name)
    return known.named[name]


def forget(numbers: Iterable[int]) -> None:
    """Make the keys of these people impossible to derive, in every generation; belongs in the erasure's transaction."""
    gone = set(numbers)
    _change_people(lambda trees: {generation: tree.without(*gone) for generation, tree in trees.items()})


def add_generation(name: str) -> int:
    """A new generation of a key, which everything is written with from the commit on; returns its number."""
    if name == PEOPLE:
        _change_people(lambda trees: trees | {max(trees) + 1: _grown_like(trees[max(trees)])})
        return people().newest
    return _change_named(name, lambda keys: keys | {max(keys) + 1: secrets.token_bytes(32)}).newest


def _grown_like(tree: KeyTree) -> KeyTree:
    """A tree from a root of its own, in which the same people are forgotten."""
    return KeyTree.grown_from(secrets.token_bytes(32)).without(*tree.forgotten())


def drop_generations(name: str, *, below: int) -> None:
    """Destroy the older generations of a key; nothing may be left that is written with them."""
    if name == PEOPLE:
        _change_people(lambda trees: {number: tree for number, tree in trees.items() if number >= below})
    else:
        _change_named(name, lambda keys: {number: key for number, key in keys.items() if number >= below})


def rewrap() -> int:
    """Wrap every key that is not under the ring's current key under it; returns how many those were."""
    current = ring().current
    with transaction.atomic():
        rows = list(WrappedKey.objects.select_for_update().exclude(key_id=current.id).order_by("name"))
        for row in rows:
            _write(row, unwrap(row.name, row.key_id, row.value))
    return len(rows)


def ring() -> KeyRing:
    """The keys of the shop."""
    found: KeyRing | None = settings.KEY_RING
    if found is None:
        raise KeyMissing("there are no keys yet; “regulars setup” makes them")
    return found


def _reread_ring() -> KeyRing:
    """The keys as their file says them now: somebody rotated them while this process was running."""
    found = keyring.find(settings.REGULARS_HOME)
    if found is not None:
        settings.KEY_RING = found
    return ring()


def unwrap(name: str, key_id: str, value: str) -> bytes:
    """The state of a wrapped key; raises KeyMissing."""
    key = ring().by_id.get(key_id) or _reread_ring().by_id.get(key_id)
    if key is None:
        raise KeyMissing(f"the key {key_id} is not among the shop's keys, and “{name}” is locked with it")
    packed = urlsafe_b64decode(value)
    try:
        return _cipher_of(key).decrypt(packed[:NONCE], packed[NONCE:], name.encode())
    except InvalidTag:
        raise KeyMissing(f"the key “{name}” in the database is damaged") from None


def wrap(name: str, state: bytes) -> tuple[str, str]:
    """The state of a key under the ring's current key: its id, and the text."""
    key, nonce = ring().current, secrets.token_bytes(NONCE)
    return key.id, urlsafe_b64encode(nonce + _cipher_of(key).encrypt(nonce, state, name.encode())).decode()


def look_again() -> None:
    """Ask for the rows now: a value names a generation that this process does not know yet."""
    if not _own():
        _ask()


def forget_cached() -> None:
    """Read the rows anew before the next use: they were exchanged behind our back (a restored backup, a test)."""
    global _shared, _asked_at
    with _lock:
        _shared, _asked_at = _Known(), 0.0
    _thread.changes.clear()


def _current() -> _Known:
    """What this thread may go by now."""
    own = _own()
    if own is not None:
        return own
    if time.monotonic() - _asked_at > _SECONDS:
        _ask()
    return _shared


def _own() -> _Known | None:
    """What this thread's open transaction changed; nothing once it is over, however it ended."""
    changes = _thread.changes
    if not changes:
        return None
    waiting = _thread.connection.run_on_commit
    if waiting is not _thread.waiting:
        # what is rolled back, in whole or to a savepoint, does not wait for the commit any more
        while changes and not any(one[1] is changes[-1][0] for one in waiting):
            changes.pop()
        _thread.waiting = waiting
    return changes[-1][1] if changes else None


def _ask() -> None:
    """Forget what was changed elsewhere since it was read."""
    global _shared, _asked_at  # noqa: PLW0603 — one state for the process
    marks = {name: mark.isoformat() for name, mark in WrappedKey.objects.values_list("name", "changed_at")}
    with _lock:
        kept = {name for name, mark in _shared.marks.items() if marks.get(name) == mark}
        if kept != set(_shared.marks):
            _shared = _Known(
                people=_shared.people if PEOPLE in kept else None,
                named={name: key for name, key in _shared.named.items() if name in kept},
                marks={name: mark for name, mark in _shared.marks.items() if name in kept},
            )
        _asked_at = time.monotonic()


def _load(name: str) -> _Known:
    """Read a key's row, or make it where there is none, and know it from now on."""
    row = WrappedKey.objects.filter(name=name).first()
    is_made = row is None
    if row is None:
        root = secrets.token_bytes(32)
        first = _packed({1: KeyTree.grown_from(root)} if name == PEOPLE else {1: root})
        key_id, value = wrap(name, first)
        # two processes may come here at once: one row wins, and both read it
        with transaction.atomic():
            WrappedKey.objects.bulk_create([WrappedKey(name=name, key_id=key_id, value=value)], ignore_conflicts=True)
            row = WrappedKey.objects.get(name=name)
    return _keep(row, unwrap(row.name, row.key_id, row.value), is_changed=is_made)


def _change_people(change: Callable[[dict[int, KeyTree]], dict[int, KeyTree]]) -> None:
    with transaction.atomic():
        people()  # there is a row
        row = WrappedKey.objects.select_for_update().get(name=PEOPLE)
        trees = _trees(unwrap(row.name, row.key_id, row.value))
        _write(row, _packed(change(trees)))


def _change_named(name: str, change: Callable[[dict[int, bytes]], dict[int, bytes]]) -> Secrets:
    with transaction.atomic():
        named(name)  # there is a row
        row = WrappedKey.objects.select_for_update().get(name=name)
        keys = change(_secrets(unwrap(row.name, row.key_id, row.value)))
        _write(row, _packed(keys))
    return Secrets(keys)


def _write(row: WrappedKey, state: bytes) -> None:
    row.key_id, row.value = wrap(row.name, state)
    row.changed_at = timezone.now()
    row.save(update_fields=["key_id", "value", "changed_at"])
    _keep(row, state, is_changed=True)


def _keep(row: WrappedKey, state: bytes, *, is_changed: bool) -> _Known:
    """Know a key: in this transaction alone where it changed the row, else in the whole process."""
    global _shared  # noqa: PLW0603 — one state for the process
    own = _own()
    if is_changed and connection.in_atomic_block:
        known = _with(own or _shared, row, state)
        publish = _publisher(row, state)
        transaction.on_commit(publish)
        _thread.changes.append((publish, known))
        _thread.connection = connections[DEFAULT_DB_ALIAS]
        return known
    if own is not None:
        known = _with(own, row, state)
        _thread.changes[-1] = (_thread.changes[-1][0], known)
        return known
    with _lock:
        _shared = _with(_shared, row, state)
        return _shared


def _publisher(row: WrappedKey, state: bytes) -> Callable[[], None]:
    name, mark = row.name, row.changed_at

    def publish() -> None:
        global _shared  # noqa: PLW0603 — one state for the process
        with _lock:
            _shared = _with(_shared, WrappedKey(name=name, changed_at=mark), state)

    return publish


def _with(known: _Known, row: WrappedKey, state: bytes) -> _Known:
    marks = known.marks | {row.name: row.changed_at.isoformat()}
    if row.name == PEOPLE:
        return replace(known, people=Trees(_trees(state)), marks=marks)
    return replace(known, named=known.named | {row.name: Secrets(_secrets(state))}, marks=marks)


def _packed(generations: dict[int, KeyTree] | dict[int, bytes]) -> bytes:
    kept = {
        str(number): b64encode(key.to_bytes() if isinstance(key, KeyTree) else key).decode()
        for number, key in generations.items()
    }
    return json.dumps(kept).encode()


def _trees(state: bytes) -> dict[int, KeyTree]:
    return {int(number): KeyTree.from_bytes(b64decode(text)) for number, text in json.loads(state).items()}


def _secrets(state: bytes) -> dict[int, bytes]:
    return {int(number): b64decode(text) for number, text in json.loads(state).items()}


@lru_cache(maxsize=8)
def _cipher_of(key: Key) -> AESGCM:
    return AESGCM(key.derive("wrap"))
