"""What a backup is restored into: the shop's own database, that of another data folder, or another address."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _
from sqlcipher3 import dbapi2

from regulars.core import in_use, keyring
from regulars.core.backup import identities
from regulars.core.backup.archive import Manifest
from regulars.core.backup.postgresql import Postgresql, PostgresqlCopy, drop
from regulars.core.backup.refusals import AlreadyRunning, BackupRefusal, OtherEngine, WouldOverwrite
from regulars.core.backup.sqlite import SqliteCopy, beside
from regulars.core.lazily import Lazily
from regulars.core.sqlcipher.files import opened

if TYPE_CHECKING:
    import psycopg
    from psycopg import sql
else:  # no shop on SQLite needs it
    psycopg, sql = Lazily("psycopg"), Lazily("psycopg.sql")

_FILE = "regulars.sqlite3"


def target_of(into: str) -> SqliteTarget | PostgresqlTarget:
    """The target that a text names: nothing for the shop itself, an address of a database, or a data folder."""
    own: dict[str, Any] = settings.DATABASES["default"]
    home: Path = settings.REGULARS_HOME
    if not into:
        is_file = not own["ENGINE"].endswith("postgresql")
        return SqliteTarget(Path(own["NAME"]), home) if is_file else PostgresqlTarget(own, home)
    if into.startswith(("postgresql://", "postgres://")):
        return PostgresqlTarget(_known(into), home)
    if into.startswith(("sqlite:", "sqlite3:")):
        return SqliteTarget(Path(unquote(urlsplit(into).path)[1:]).absolute(), home)
    folder = Path(into).expanduser().resolve()
    return SqliteTarget(folder / _FILE, folder)


class SqliteTarget:
    """A database file, in a data folder."""

    def __init__(self, path: Path, home: Path) -> None:
        self.path, self.home, self.label = path, home, str(path)
        self._copy = SqliteCopy(path.with_name(path.name + ".restoring"))

    def check(self, manifest: Manifest, *, may_overwrite: bool) -> None:
        """Refuse what cannot be, before anything is read. Raises OtherEngine, WouldOverwrite, AlreadyRunning."""
        if manifest.engine != "sqlite":
            raise OtherEngine(
                _(
                    "This is a backup of PostgreSQL, and it would go into SQLite. Name a database of PostgreSQL: "
                    "--into postgresql://user:password@host/name, or in DATABASE_URL."
                )
            )
        _check_closed(self.home)
        self._check_keys()
        if self._is_there() and not may_overwrite:
            raise WouldOverwrite(
                _(
                    "This would replace the shop in %(path)s (%(size)s MB, last changed %(at)s). It would be kept "
                    "beside the new one. Add --yes to do it."
                )
                % {"path": self.path, "size": f"{self._size() / 1e6:,.1f}", "at": self._changed()}
            )

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Nobody has the database open. Raises AlreadyRunning."""
        if self._is_there():
            keys = [key.derive("database").hex() for key in identities.ring().keys]
            try:
                with closing(opened(str(self.path), keys, isolation_level=None, timeout=2)) as connection:
                    # the write-ahead log goes back into the file, so that the file alone is the former shop
                    connection.execute("PRAGMA journal_mode = DELETE")
                    connection.execute("PRAGMA locking_mode = EXCLUSIVE")
                    connection.execute("BEGIN EXCLUSIVE")
                    connection.execute("ROLLBACK")
            except dbapi2.OperationalError as error:
                if "locked" in str(error) or "busy" in str(error):
                    raise AlreadyRunning(_open_sentence()) from error
            except dbapi2.DatabaseError:
                pass  # damaged, or under other keys: nobody can have it open
        yield

    def copy(self) -> SqliteCopy:
        """A new file beside it."""
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._copy.remove()
        return self._copy

    def exchange(self) -> str:
        """Put the new one in its place; where the former one lies now, or nothing."""
        former = self.path.with_name(f"{self.path.name}.before-{_stamp()}")
        moved = beside(self.path)
        for path in moved:
            path.rename(former.with_name(former.name + path.name.removeprefix(self.path.name)))
        for path in beside(self._copy.path):
            path.rename(self.path.with_name(self.path.name + path.name.removeprefix(self._copy.path.name)))
        folder = os.open(self.path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        return str(former) if moved else ""

    def hand_over_keys(self) -> None:
        """Another data folder gets the keys that its shop is opened with."""
        ring, path = identities.ring(), self._keys_path()
        if self.home != settings.REGULARS_HOME and ring.path is not None and not path.exists():
            keyring.save(keyring.KeyRing(ring.keys, path))

    def _check_keys(self) -> None:
        path = self._keys_path()
        if self.home == settings.REGULARS_HOME or not path.exists():
            return
        theirs = keyring.parse(path.read_text(encoding="utf-8"), path=path)
        if identities.ring().current.id not in theirs.by_id:
            sentence = _("%(path)s holds other keys than this shop has. Restore with the keys of the backup.")
            raise BackupRefusal(sentence % {"path": path})

    def _keys_path(self) -> Path:
        return self.home.with_name(self.home.name + ".keys")

    def _is_there(self) -> bool:
        return self.path.exists() and self._size() > 0

    def _size(self) -> int:
        return self.path.stat().st_size

    def _changed(self) -> str:
        last = max(path.stat().st_mtime for path in beside(self.path))
        return f"{dt.datetime.fromtimestamp(last, tz=dt.UTC):%Y-%m-%d %H:%M} UTC"


class PostgresqlTarget:
    """A database of a server."""

    def __init__(self, known: dict[str, Any], home: Path) -> None:
        self.home, self.name = home, str(known["NAME"])
        # a database cannot be renamed by who is in it
        self.engine = Postgresql(known, maintenance="postgres" if self.name != "postgres" else "template1")
        self._copy = PostgresqlCopy(self.engine, f"{self.name[:40]}_restoring")
        self.label = f"{self.name} ({known['HOST'] or 'PostgreSQL'})"

    def check(self, manifest: Manifest, *, may_overwrite: bool) -> None:
        """Refuse what cannot be, before anything is read. Raises OtherEngine, WouldOverwrite, AlreadyRunning."""
        if manifest.engine != "postgresql":
            raise OtherEngine(
                _(
                    "This is a backup of SQLite, and it would go into PostgreSQL. Name a data folder: --into FOLDER, "
                    "or leave DATABASE_URL empty."
                )
            )
        _check_closed(self.home)
        size = self._size()
        if size and not may_overwrite:
            raise WouldOverwrite(
                _(
                    "This would replace the database %(name)s (%(size)s MB). It would be kept on the server under "
                    "another name. Add --yes to do it."
                )
                % {"name": self.name, "size": f"{size / 1e6:,.1f}"}
            )

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Nobody is in the database. Raises AlreadyRunning."""
        if self._exists() and self.engine.others():
            raise AlreadyRunning(_open_sentence())
        yield

    def copy(self) -> PostgresqlCopy:
        """A new database beside it."""
        self._copy.remove()
        return self._copy

    def exchange(self) -> str:
        """Put the new one in its place; what the former one is called now, or nothing."""
        former = f"{self.name[:40]}_before_{_stamp().lower()}" if self._exists() else ""
        with self.engine.connect(self.engine.maintenance) as connection:
            try:
                if former:
                    _rename(connection, self.name, former)
                try:
                    _rename(connection, self._copy.name, self.name)
                except psycopg.Error:
                    if former:
                        _rename(connection, former, self.name)
                    raise
            except psycopg.errors.ObjectInUse as error:
                raise AlreadyRunning(_open_sentence()) from error
            except psycopg.errors.InsufficientPrivilege as error:
                sentence = _(
                    "The user of PostgreSQL may not rename the database %(name)s: it belongs to somebody else."
                )
                raise BackupRefusal(sentence % {"name": self.name}) from error
            if former and self._was_empty(former):
                drop(connection, former)
                return ""
        return former

    def hand_over_keys(self) -> None:
        """The keys lie where they lay."""

    def _exists(self) -> bool:
        with self.engine.connect(self.engine.maintenance) as connection:
            row = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [self.name]).fetchone()
        return row is not None

    def _size(self) -> int:
        """How many bytes stand in it; 0 where it is not there, or has no table."""
        if not self._exists() or self._was_empty(self.name):
            return 0
        with self.engine.connect() as connection:
            row = connection.execute("SELECT pg_database_size(current_database())").fetchone()
        return int(row[0]) if row else 0

    def _was_empty(self, name: str) -> bool:
        with self.engine.connect(name) as connection:
            row = connection.execute(
                "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
                "WHERE c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema')"
            ).fetchone()
        return not row or row[0] == 0


def _known(url: str) -> dict[str, Any]:
    """An address of PostgreSQL as settings have it. Raises BackupRefusal."""
    try:
        given = {name: str(value) for name, value in psycopg.conninfo.conninfo_to_dict(url).items()}
    except psycopg.ProgrammingError as error:
        raise BackupRefusal(_("--into is no address of a database: %(why)s") % {"why": error}) from error
    names = {"NAME": "dbname", "USER": "user", "PASSWORD": "password", "HOST": "host", "PORT": "port"}
    known: dict[str, Any] = {ours: given.pop(theirs, "") for ours, theirs in names.items()}
    if not known["NAME"]:
        raise BackupRefusal(_("--into names no database: write postgresql://user:password@host/name."))
    return known | {"ENGINE": "django.db.backends.postgresql", "OPTIONS": given}


def _check_closed(home: Path) -> None:
    if in_use.is_open(home):
        raise AlreadyRunning(_open_sentence())


def _open_sentence() -> str:
    return _(
        "The shop is open: its web server or worker runs, or a command works in it. End `regulars run` (Ctrl-C, or "
        "stop its service) on every machine, then restore."
    )


def _rename(connection: psycopg.Connection[Any], name: str, to: str) -> None:
    names = sql.Identifier(name), sql.Identifier(to)
    connection.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(*names))


def _stamp() -> str:
    return f"{timezone.now():%Y%m%dT%H%M%SZ}"
