"""What both databases can do for a backup: be copied at one moment, and be built again beside the one in use."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Final, Protocol

from regulars.core.backup.archive import Source, Table


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A database at one moment, while its context is open."""

    engine_version: str
    tables: dict[str, Table]
    migrations: list[list[str]]
    newest_entry: int
    wrapped_keys: int
    source: Source


class Scratch(Protocol):
    """A database that is being built from a backup, beside any other."""

    url: str

    def build(self, pieces: Iterable[bytes]) -> None:
        """Make it from the bytes of the backup's database. Raises BackupRefusal."""

    def remove(self) -> None:
        """Take it away, as if it had never been there."""


class Engine(Protocol):
    """One of the two databases, the one that some settings name."""

    name: str

    def snapshot(self, left_out: Iterable[str]) -> AbstractContextManager[Snapshot]:
        """The database as it is now; writers go on meanwhile."""

    def scratch(self, label: str) -> Scratch:
        """Room for a copy that only this process knows."""

    def look(self, url: str) -> tuple[dict[str, Table], list[str]]:
        """The tables of a copy, and a sentence for each thing that its own engine finds wrong with it."""


def known_of(rows: Iterable[Any]) -> list[list[str]]:
    """The migrations a database has had, as plain lists."""
    return [[str(app), str(name)] for app, name in rows]


MIGRATIONS: Final = "SELECT app, name FROM django_migrations ORDER BY app, name"
NEWEST_ENTRY: Final = "SELECT coalesce(max(id), 0) FROM timeline_entry"
WRAPPED_KEYS: Final = "SELECT count(*) FROM core_wrappedkey"
