"""Where the model lies: in the shop's folder, sealed with the shop's key, for words of customers stand in it.

It is not part of a backup: it can be learned again from what is.
"""

from __future__ import annotations

import threading
from pathlib import Path

from django.conf import settings

from regulars.core import datakeys
from regulars.core.sealed_files import generation_of, open_encrypted, reseal, write_encrypted
from regulars.core.sealing import Damaged
from regulars.inbox.guessing.model import Model
from regulars.inbox.models import Guessing

_lock = threading.Lock()
_loaded: tuple[Path, Model] | None = None


def current() -> Guessing:
    """What the shop said about suggestions, and what was learned; a new shop suggests as soon as it has learned."""
    return Guessing.objects.first() or Guessing()


def folder() -> Path:
    """Where models lie; there is one, and for a moment two."""
    return Path(settings.REGULARS_HOME) / "inbox-model"


def keep(number: int, data: bytes) -> None:
    """Put a model in its place, whole."""
    folder().mkdir(parents=True, exist_ok=True, mode=0o700)
    path = _path(number)
    part = path.with_suffix(".part")
    write_encrypted(part, [data], place=_place(number))
    part.rename(path)


def load(number: int) -> Model | None:
    """The model of this number, kept in memory from then on; None where it is not there or cannot be read."""
    global _loaded  # noqa: PLW0603 — one for this process
    path = _path(number)
    with _lock:
        if not path.is_file():
            _loaded = None
            return None
        if _loaded is None or _loaded[0] != path:
            try:
                with open_encrypted(path, place=_place(number)) as file:
                    _loaded = path, Model.from_bytes(file.read())
            except (Damaged, FileNotFoundError):
                return None
        return _loaded[1]


def is_there(number: int) -> bool:
    """Whether the model of this number lies in its place."""
    return bool(number) and _path(number).is_file()


def remove(*, but: int = 0) -> None:
    """Take every model from the disk and from memory, but for one."""
    global _loaded  # noqa: PLW0603 — one for this process
    with _lock:
        _loaded = None
    for path in folder().iterdir() if folder().is_dir() else ():
        if path != _path(but):
            path.unlink(missing_ok=True)


def renew() -> int:
    """Seal the model anew where it was sealed with older keys; how many those were."""
    newest, count = datakeys.people().newest, 0
    for path in folder().glob("*.model") if folder().is_dir() else ():
        if generation_of(path) < newest:
            reseal(path, path, place=_place(int(path.stem)), person_id=None)
            count += 1
    return count


def _path(number: int) -> Path:
    return folder() / f"{number}.model"


def _place(number: int) -> str:
    return f"inbox-model/{number}"
