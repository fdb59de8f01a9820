"""Sets of customers that were found before: in this process as long as there is room, and beside the version's columns
for all others.

A set is remembered by the statement that found it, its parameters, and what it was found in. So whoever asks for the
same in other words, or on another day with the same dates, finds it; and whatever changes has another name.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import threading
from collections import OrderedDict
from collections.abc import Hashable
from pathlib import Path

from django.conf import settings
from pyroaring import BitMap

from regulars.core.sealed_files import open_encrypted, write_encrypted
from regulars.core.sealing import Damaged

_ENTRY_BYTES = 200  # what remembering costs besides the set
_MOST_FILES = 1_000


class Remembered:
    """Sets by key; the ones asked for last stay, as many as fit."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: OrderedDict[Hashable, tuple[BitMap, int]] = OrderedDict()
        self._bytes = 0

    def get(self, key: Hashable) -> BitMap | None:
        """A set, which nobody may change; None where it is not known."""
        with self._lock:
            found = self._known.get(key)
            if found is None:
                return None
            self._known.move_to_end(key)
            return found[0]

    def put(self, key: Hashable, bits: BitMap) -> None:
        """Remember a set."""
        size = _size(bits) + _ENTRY_BYTES
        with self._lock:
            if key in self._known:
                self._bytes -= self._known.pop(key)[1]
            self._known[key] = bits, size
            self._bytes += size
            while self._bytes > settings.QUERY_CACHE_MB * 1024 * 1024 and len(self._known) > 1:
                _key, (_bits, gone) = self._known.popitem(last=False)
                self._bytes -= gone

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._known.clear()
            self._bytes = 0

    @property
    def bytes(self) -> int:
        """How much is held."""
        return self._bytes


remembered = Remembered()


class Shelf:
    """The sets that all processes share, in sealed files of a version's folder; they go with it."""

    def __init__(self, folder: Path, place: str, secret: str) -> None:
        self._folder, self._place, self._secret = folder, place, secret.encode()

    def get(self, key: Hashable) -> BitMap | None:
        """A set that some process found in this version."""
        name = self._name(key)
        try:
            with open_encrypted(self._folder / name, place=f"{self._place}/{name}") as file:
                return BitMap.deserialize(file.read())
        except FileNotFoundError:
            return None
        except (Damaged, OSError, ValueError):
            # it is found again, and written anew
            return None

    def put(self, key: Hashable, bits: BitMap) -> None:
        """Let others have a set. Where the version is going, or the disk is full, they find it themselves."""
        name = self._name(key)
        part = self._folder / f"{name}.{os.getpid()}.{threading.get_ident()}.part"
        with contextlib.suppress(OSError):
            if len(list(self._folder.glob("set.*"))) >= _MOST_FILES:
                return
            write_encrypted(part, [bits.serialize()], place=f"{self._place}/{name}")
            part.replace(self._folder / name)

    def _name(self, key: Hashable) -> str:
        return f"set.{hashlib.blake2b(repr(key).encode(), key=self._secret[:64], digest_size=20).hexdigest()}"


def _size(bits: BitMap) -> int:
    known = bits.get_statistics()
    return int(known["n_bytes_array_containers"] + known["n_bytes_run_containers"] + known["n_bytes_bitset_containers"])
