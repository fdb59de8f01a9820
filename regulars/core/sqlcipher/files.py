"""Encrypted database files as wholes: is it encrypted, open it, and copy it under another key. Needs no Django."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlcipher3 import dbapi2

_MAGIC = b"SQLite format 3\0"
_DIGITS = frozenset("0123456789abcdef")


class InUse(OSError):  # noqa: N818 — an answer, like the refusals
    """Somebody else has the database open."""


def is_new(path: str) -> bool:
    """Whether there is no database at that path yet; one in memory is always new."""
    try:
        return Path(path).stat().st_size == 0
    except OSError:
        return True


def is_plain(path: str) -> bool:
    """Whether the file is a database that anybody can read."""
    with Path(path).open("rb") as file:
        return file.read(len(_MAGIC)) == _MAGIC


def unlock(connection: Any, key: str) -> None:
    """Give a new connection the key of its file: 64 hexadecimal digits."""
    connection.execute(f"PRAGMA key = {_literal(key)}")


def can_read(connection: Any) -> bool:
    """Whether the key that the connection was given is the file's."""
    try:
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except dbapi2.DatabaseError as error:
        if "not a database" in str(error):
            return False
        raise
    return True


def opened(path: str, keys: Sequence[str], **params: Any) -> Any:
    """A connection to a file that is there, with whichever of the keys fits; a plain file needs none.

    Only SQLite itself looks into the file: when any other reader in this process closes it, the system drops the locks
    of every connection here, and somebody else takes the write-ahead log away under them (sqlite.org/howtocorrupt).
    """
    for key in (*keys, ""):
        connection = dbapi2.connect(path, **params)
        if key:
            unlock(connection, key)
        if can_read(connection):
            return connection
        connection.close()
    raise dbapi2.OperationalError(
        f"the database {path} cannot be opened: none of the keys fits, or the file is damaged"
    )


def copy(connection: Any, target: Path, key: str) -> None:
    """Write the whole database of a connection into a new file under `key`, as it is at this moment.

    Writers may go on meanwhile; what they write is not in the copy. Raises FileExistsError.
    """
    if target.exists():
        raise FileExistsError(f"{target} is there already")
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    os.close(descriptor)
    connection.execute(f"ATTACH DATABASE ? AS copied KEY {_literal(key)}", [str(target)])
    try:
        connection.execute("BEGIN")
        connection.execute("SELECT sqlcipher_export('copied')")
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        connection.execute("DETACH DATABASE copied")


def encrypt(path: Path, key: str, *, keys: Sequence[str] = ()) -> None:
    """Bring a database file, plain or under one of `keys`, under `key`, in its place. Raises InUse.

    1. Have the file alone: its write-ahead log goes back into it, which nobody else may have open for that.
    2. Copy it beside itself, and let the copy reach the disk.
    3. Rename the copy over it: a crash leaves either the old file whole, or the new one.
    """
    part = path.with_name(path.name + ".part")
    part.unlink(missing_ok=True)
    with closing(opened(str(path), keys, isolation_level=None)) as connection:
        _have_alone(connection, path)
        try:
            copy(connection, part, key)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
    with part.open("rb") as written:
        os.fsync(written.fileno())
    part.replace(path)


def _have_alone(connection: Any, path: Path) -> None:
    connection.execute("PRAGMA busy_timeout = 2000")
    try:
        mode = connection.execute("PRAGMA journal_mode = DELETE").fetchone()[0]
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        connection.execute("BEGIN EXCLUSIVE")
        connection.execute("COMMIT")
    except dbapi2.OperationalError as error:
        raise InUse(f"{path} is in use. Stop Regulars first.") from error
    if mode != "delete":
        raise InUse(f"{path} is in use. Stop Regulars first.")


def _literal(key: str) -> str:
    if len(key) != 64 or not _DIGITS.issuperset(key):
        raise ValueError("the key of a database is 64 hexadecimal digits")
    return f"\"x'{key}'\""
