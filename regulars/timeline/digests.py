"""What an entry is to a seal: every column of its row as the database keeps it, and 16 keyed bytes of that.

Rows are read past the ORM: a digest stands for the bytes that are stored, not for what somebody reads into them, and a
million of them have to be read in seconds. The id is not part of it; its place in the block says which entry it is.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Collection, Iterator
from typing import Any

from django.db import connection

from regulars.timeline.models import Entry, Seal

SIZE = 16
_AT_ONCE = 900  # numbers in one statement

_COLUMNS = (
    *("name", "at", "recorded_at", "customer_id", "actor_id", "token_id", "source", "subject_type", "subject_id"),
    *("data", "line"),
)
_MOMENTS = frozenset({"at", "recorded_at", "made_at"})
_DAYS = frozenset({"day"})
_SEAL_COLUMNS = ("number", "day", "made_at", "from_id", "to_id", "count", "gaps", "digests", "key_name", "previous")


def digest(stored: bytes, key: bytes) -> bytes:
    """16 bytes that stand for a row as it is stored."""
    return hashlib.blake2b(stored, digest_size=SIZE, key=key).digest()


def stored_entries(first: int | None, last: int) -> Iterator[tuple[int, bytes]]:
    """(id, row as it is stored) of the entries from `first` (None: from the very beginning) to `last`."""
    where = "id <= %s" if first is None else "id <= %s AND id >= %s"
    return _stored(where, [last] if first is None else [last, first])


def stored_of(ids: Collection[int]) -> Iterator[tuple[int, bytes]]:
    """The same of some entries."""
    waiting = sorted(ids)
    while waiting:
        some, waiting = waiting[:_AT_ONCE], waiting[_AT_ONCE:]
        yield from _stored(f"id IN ({', '.join(['%s'] * len(some))})", some)


def stored_seals(after: int = 0) -> Iterator[dict[str, Any]]:
    """Seals in order, as they are stored: texts and blobs as bytes, numbers as numbers, and what is else as it is."""
    table = connection.ops.quote_name(Seal._meta.db_table)
    names = (*_SEAL_COLUMNS, "mac")
    said = ", ".join(_seal_column(name) for name in names)
    at = after
    while True:
        with connection.cursor() as cursor:
            # one after the other: a seal holds up to 64 kB
            cursor.execute(f"SELECT {said} FROM {table} WHERE number > %s ORDER BY number LIMIT 32", [at])  # noqa: S608
            rows = cursor.fetchall()
        for row in rows:
            yield dict(zip(names, map(_plain, row), strict=True))
        if len(rows) < 32:
            return
        at = rows[-1][0]


def said_by(seal: dict[str, Any]) -> bytes:
    """What the mac of a stored seal covers."""
    return repr([(name, seal[name]) for name in _SEAL_COLUMNS]).encode()


def moment_of(text: Any) -> dt.datetime | None:
    """A moment as it is stored; None where it is none any more."""
    try:
        known = dt.datetime.fromisoformat(text.decode())
    except (AttributeError, ValueError):
        return None
    return known if known.tzinfo else known.replace(tzinfo=dt.UTC)


def day_of(text: Any) -> dt.date | None:
    """A day as it is stored; None where it is none any more."""
    try:
        return dt.date.fromisoformat(text.decode())
    except (AttributeError, ValueError):
        return None


def _stored(where: str, values: list[Any]) -> Iterator[tuple[int, bytes]]:
    table = connection.ops.quote_name(Entry._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT id, {_row()} FROM {table} WHERE {where} ORDER BY id", values)  # noqa: S608 — our own names
        if connection.vendor == "postgresql":
            for number, text in cursor.fetchall():
                yield number, text.encode()
        else:
            for row in cursor.fetchall():
                yield row[0], repr(row[1:]).encode()


def _row() -> str:
    if connection.vendor == "postgresql":
        # a row as text tells its columns, nothing, and the empty text apart, and is written by the server
        return f"ROW({', '.join(_postgres(name) for name in _COLUMNS)})::text"
    # SQLite keeps the kind with the value: a text that was made a blob reads the same and is another
    kinds = "||".join(f"substr(typeof({name}),1,1)" for name in _COLUMNS)
    return ", ".join([*(f"CAST({name} AS BLOB)" for name in _COLUMNS), kinds])


def _postgres(name: str) -> str:
    if name in _MOMENTS:
        return f"to_char({name} AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')"
    return name


def _seal_column(name: str) -> str:
    if connection.vendor == "postgresql":
        if name in _MOMENTS:
            return f"convert_to({_postgres(name)}, 'UTF8')"
        if name in _DAYS:
            return f"convert_to(to_char({name}, 'YYYY-MM-DD'), 'UTF8')"
        return f"convert_to({name}, 'UTF8')" if name in {"gaps", "key_name"} else name
    return f"CAST({name} AS BLOB)" if name in {*_MOMENTS, *_DAYS, "gaps", "key_name"} else f"+{name}"


def _plain(value: Any) -> Any:
    return bytes(value) if isinstance(value, memoryview | bytearray) else value
