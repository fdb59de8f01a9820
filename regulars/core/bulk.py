"""Many rows at once, past the ORM: COPY on PostgreSQL, one prepared statement on SQLite.

Only bulk verbs use it, with values they have checked; each of them has a test that its rows equal those of the verb
for one. Call it inside a transaction.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from itertools import islice
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from django.db import connection, models
from psycopg.types.json import Jsonb

if TYPE_CHECKING:
    from psycopg import Copy

_AT_ONCE = 5_000  # rows
_PLAIN = (str, int, float, Decimal, dt.date, dt.time, UUID)  # what reads back as it prints
_ESCAPES = (("\\", r"\\"), ("\n", r"\n"), ("\r", r"\r"), ("\t", r"\t"))  # the backslash first


def take_ids(model: type[models.Model], count: int) -> Sequence[int]:
    """`count` primary keys nobody else will get, rising."""
    if count <= 0:
        return ()
    table = model._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # the name first: beside nextval it would be looked up for every number
            cursor.execute("SELECT pg_get_serial_sequence(%s, 'id')", [table])
            cursor.execute("SELECT nextval(%s::regclass) FROM generate_series(1, %s)", [cursor.fetchone()[0], count])
            return sorted([number for (number,) in cursor.fetchall()])
        # The transaction is IMMEDIATE: nobody else writes before it ends, and the inserts below move the sequence on.
        cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
        row = cursor.fetchone()
        first = (row[0] if row else 0) + 1
        last = first + count - 1
        if row:
            cursor.execute("UPDATE sqlite_sequence SET seq = %s WHERE name = %s", [last, table])
        else:
            cursor.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (%s, %s)", [table, last])
        return range(first, last + 1)


def insert(
    model: type[models.Model],
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    same: Mapping[str, Any] | None = None,
) -> None:
    """Insert rows of ready values (see `moment`); `columns` are the names in the database, `customer_id`.

    `same` are columns in which all these rows hold one value: they cost next to nothing.
    """
    quote = connection.ops.quote_name
    table, fixed = quote(model._meta.db_table), dict(same or {})
    names = ", ".join(quote(column) for column in (*columns, *fixed))
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # COPY is the driver's own, so that its errors have to be told as Django's
            with connection.wrap_database_errors, cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
                _copy(copy, rows, fixed)
        else:
            # A value that stands in the statement is not bound row by row; nothing and truth are slow to bind.
            said = [_literal(cursor, value) for value in fixed.values()]
            places = ", ".join([*(["%s"] * len(columns)), *said])
            statement = f"INSERT INTO {table} ({names}) VALUES ({places})"  # noqa: S608 — our own names
            # the stubs want a list; the driver takes what comes, one row at a time
            cursor.executemany(statement, cast("Sequence[Any]", rows))


def _literal(cursor: Any, value: Any) -> str:
    """A value as SQLite itself writes it, inside a statement that has places."""
    cursor.execute("SELECT quote(%s)", [value])
    return str(cursor.fetchone()[0]).replace("%", "%%")


def _copy(copy: Copy, rows: Iterable[Sequence[Any]], fixed: Mapping[str, Any]) -> None:
    """Write rows as COPY reads them, column by column: most are text, and few texts have anything to escape."""
    tail = "".join(f"\t{_copied(value)}" for value in fixed.values()) + "\n"
    waiting = iter(rows)
    while some := list(islice(waiting, _AT_ONCE)):
        columns = [_copied_column(column) for column in zip(*some, strict=True)]
        copy.write(tail.join(map("\t".join, zip(*columns, strict=True))) + tail)


def _copied_column(values: tuple[Any, ...]) -> Iterable[str]:
    kinds = set(map(type, values))
    if kinds == {int}:
        return map(str, values)
    if kinds == {str}:
        # all of them at once; what stands between them is the one character that PostgreSQL does not keep
        return _escaped("\0".join(values)).split("\0")
    return map(_copied, values)


def _copied(value: Any) -> str:
    if value is None:
        return "\\N"
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, bytes | memoryview):
        return f"\\\\x{bytes(value).hex()}"
    if isinstance(value, Jsonb):
        value = (value.dumps or json.dumps)(value.obj)
        value = value.decode() if isinstance(value, bytes) else value
    elif not isinstance(value, _PLAIN):
        raise TypeError(f"{type(value)} is no value that COPY is given here")
    return _escaped(str(value))


def _escaped(text: str) -> str:
    for character, written in _ESCAPES:
        if character in text:
            text = text.replace(character, written)
    return text


def moment(at: dt.datetime | None) -> Any:
    """A moment as this database keeps it."""
    return connection.ops.adapt_datetimefield_value(at)


def update(model: type[models.Model], columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Set `columns` of rows by primary key: each row is the ready values, in that order, and the key last."""
    quote = connection.ops.quote_name
    key = quote(str(model._meta.pk.column))
    places = ", ".join(f"{quote(column)} = %s" for column in columns)
    statement = f"UPDATE {quote(model._meta.db_table)} SET {places} WHERE {key} = %s"  # noqa: S608 — our own names
    with connection.cursor() as cursor:
        cursor.executemany(statement, cast("Sequence[Any]", rows))
