"""Backups of SQLite: a copy of the whole file, made by SQLite itself in one read, encrypted on every disk."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from sqlcipher3 import dbapi2

from regulars.core.backup import identities, pages, tables
from regulars.core.backup.archive import DATABASE, Source, Table
from regulars.core.backup.engine import MIGRATIONS, NEWEST_ENTRY, WRAPPED_KEYS, Snapshot, known_of
from regulars.core.backup.refusals import BackupRefusal
from regulars.core.sqlcipher.files import copy, opened

_BESIDE = ("", "-wal", "-shm", "-journal")


class Sqlite:
    """The shop's database file, or any other."""

    name = "sqlite"

    def __init__(self, path: Path, folder: Path) -> None:
        self.path, self._folder = path, folder

    @contextmanager
    def snapshot(self, left_out: Iterable[str]) -> Iterator[Snapshot]:
        """Copied in one read transaction under a key that only this process has; the rows left out go from the copy."""
        scratch, key = self._folder / "copy.sqlite3", secrets.token_hex(32)
        try:
            with _telling(), closing(self._opened(self.path)) as source:
                copy(source, scratch, key)
            with closing(opened(str(scratch), [key], isolation_level=None)) as connection:
                wrapped = connection.execute(WRAPPED_KEYS).fetchone()[0]
                _empty(connection, left_out)
                known = Snapshot(
                    engine_version=dbapi2.sqlite_version,
                    tables=tables.of_sqlite(connection),
                    migrations=known_of(connection.execute(MIGRATIONS)),
                    newest_entry=connection.execute(NEWEST_ENTRY).fetchone()[0],
                    wrapped_keys=wrapped,
                    source=Source(DATABASE, scratch.stat().st_size, lambda: _plain(scratch, key)),
                )
            yield known
        finally:
            remove(scratch)

    def scratch(self, label: str) -> SqliteCopy:
        return SqliteCopy(self._folder / f"{label}.sqlite3")

    def look(self, url: str) -> tuple[dict[str, Table], list[str]]:
        path = Path("/" + url.removeprefix("sqlite:///").lstrip("/"))
        try:
            with closing(self._opened(path)) as connection:
                said = [str(row[0]) for row in connection.execute("PRAGMA integrity_check(5)") if row[0] != "ok"]
                orphans = {str(row[0]) for row in connection.execute("PRAGMA foreign_key_check")}
                found = tables.of_sqlite(connection)
        except dbapi2.DatabaseError as error:
            return {}, [_("SQLite cannot read the copy: %(why)s.") % {"why": error}]
        sentence = _("Rows of the table %(table)s refer to others that are not there.")
        return found, said + [sentence % {"table": table} for table in sorted(orphans)]

    def _opened(self, path: Path) -> Any:
        keys = [key.derive("database").hex() for key in identities.ring().keys]
        return opened(str(path), keys, isolation_level=None, timeout=60)


class SqliteCopy:
    """A file that is being built from a backup."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.url = f"sqlite:///{path}"

    def build(self, pieces: Iterable[bytes]) -> None:
        key = identities.ring().current.derive("database").hex()
        is_encrypted = settings.DATABASES["default"].get("OPTIONS", {}).get("is_encrypted", True)
        with self.path.open("xb") as file:
            self.path.chmod(0o600)
            for piece in pages.closed(pieces, key) if is_encrypted else pieces:
                file.write(piece)

    def remove(self) -> None:
        remove(self.path)


def remove(path: Path) -> None:
    """A database file and what lies beside it."""
    for end in _BESIDE:
        path.with_name(path.name + end).unlink(missing_ok=True)


def beside(path: Path) -> list[Path]:
    """The files of a database that are there."""
    return [one for one in (path.with_name(path.name + end) for end in _BESIDE) if one.exists()]


def _empty(connection: Any, left_out: Iterable[str]) -> None:
    """Take rows from the copy so that nothing of them is left in it, not in free pages either."""
    connection.execute("PRAGMA secure_delete = ON")
    connection.execute("PRAGMA journal_mode = MEMORY")
    connection.execute("PRAGMA synchronous = OFF")
    for table in left_out:
        with contextlib.suppress(dbapi2.OperationalError):  # a table of another version, that is not here
            connection.execute(f'DELETE FROM "{table}"')  # noqa: S608 — a table's name


def _plain(path: Path, key: str) -> Iterator[bytes]:
    with path.open("rb") as file:
        yield from pages.opened(file, key)


@contextmanager
def _telling() -> Iterator[None]:
    """What SQLite says of a full disk is no mistake of ours."""
    try:
        yield
    except dbapi2.OperationalError as error:
        if "full" in str(error):
            raise BackupRefusal(_("There is no room for a copy of the database in the data folder.")) from error
        raise
