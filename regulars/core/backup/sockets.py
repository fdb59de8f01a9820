"""What the rooms above tell the backup: what else to look at in a restored copy, what to keep, what to leave out.

A room says it once, in its wiring. Functions that look at a restored copy run in a process of their own whose database
is that copy: they read it as they read the shop.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from django.utils.functional import Promise

Check = Callable[[], Iterable[str]]


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restored database is told before anybody opens it: which backup it is, and whom to forget again."""

    backup: str
    taken_at: dt.datetime
    erased: frozenset[int]


@dataclass(frozen=True, slots=True)
class Happened:
    """Something worth remembering: `what` is proven, damaged, failed or released; `about` says it in words."""

    what: str
    backup: str
    about: str = ""


_checks: dict[str, tuple[str | Promise, Check]] = {}
_on_restore: dict[str, Callable[[Restored], None]] = {}
_erased: dict[str, Callable[[], Iterable[int]]] = {}
_folders: dict[str, Callable[[], Path]] = {}
_left_out: dict[str, None] = {"core_wrappedkey": None, "django_session": None}
_listeners: dict[str, Callable[[Happened], None]] = {}


def add_check(name: str, function: Check, *, label: str | Promise = "") -> None:
    """Look at every restored copy with `function`, too: it gives a sentence for each thing that is wrong, else none."""
    _checks[name] = (label or name, function)


def on_restore(function: Callable[[Restored], None]) -> None:
    """Call `function` in every database that was restored for use, before anybody opens it."""
    _on_restore[_name(function)] = function


def erased_by(function: Callable[[], Iterable[int]]) -> None:
    """Say which customers were erased, by id: these tombstones lie beside the backups and are obeyed on restoring."""
    _erased[_name(function)] = function


def add_folder(name: str, folder: Callable[[], Path]) -> None:
    """Keep the files of a folder with every backup; each must be written once and never changed."""
    _folders[name] = folder


def leave_out(table: str) -> None:
    """Keep a table in backups without its rows."""
    _left_out[table] = None


def listen(function: Callable[[Happened], None]) -> None:
    """Hear what became of backups."""
    _listeners[_name(function)] = function


def checks() -> dict[str, tuple[str | Promise, Check]]:
    """What is looked at in a restored copy, by name."""
    return dict(_checks)


def restorers() -> list[Callable[[Restored], None]]:
    """What a restored database has to hear."""
    return list(_on_restore.values())


def erased() -> frozenset[int]:
    """Every customer that was erased, as far as this database knows."""
    return frozenset(number for function in _erased.values() for number in function())


def folders() -> dict[str, Path]:
    """The folders that belong to the shop, by name."""
    return {name: folder() for name, folder in sorted(_folders.items())}


def left_out() -> tuple[str, ...]:
    """The tables whose rows no backup holds."""
    return tuple(_left_out)


def tell(what: str, backup: str, about: str = "") -> None:
    """Let the listeners hear of it."""
    for listener in _listeners.values():
        listener(Happened(what, backup, about))


def _name(function: Callable[..., object]) -> str:
    return f"{function.__module__}.{function.__qualname__}"
