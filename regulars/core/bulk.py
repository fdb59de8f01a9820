"""Many rows at once, past the ORM: COPY on PostgreSQL, one prepared statement on SQLite.

Only bulk verbs use it, with values they have checked; each of them has a test that its rows equal those of the verb
for one. Call it inside a transaction.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from itertools import islice
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from django.db import connection, models, transaction

from regulars.core.fields import seal_rows
from regulars.core.lazily import Lazily

if TYPE_CHECKING:
    from psycopg import Copy
    from psycopg.types import json as of_psycopg
else:  # no shop on SQLite needs it
    of_psycopg = Lazily("psycopg.types.json")

_AT_ONCE = 5_000  # rows
_FEW = 50
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

    `same` are columns in which all these rows hold one value: they cost next to nothing. Sealed columns are
    sealed here, each for the person of its row.
    """
    quote = connection.ops.quote_name
    table, fixed = quote(model._meta.db_table), dict(same or {})
    names = ", ".join(quote(column) for column in (*columns, *fixed))
    rows = seal_rows(model, columns, rows)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # COPY is the driver's own, so that its errors have to be told as Django's
            with connection.wrap_database_errors, cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
                _copy(copy, rows, fixed)
        else:
            said = [_literal(cursor, value) for value in fixed.values()]
            waiting = iter(rows)
            while some := list(islice(waiting, _AT_ONCE)):
                places, varying = _places(cursor, some)
                statement = f"INSERT INTO {table} ({names}) VALUES ({', '.join([*places, *said])})"  # noqa: S608 — ours
                cursor.executemany(statement, varying)


def _places(cursor: Any, rows: list[Sequence[Any]]) -> tuple[list[str], list[Sequence[Any]]]:
    """What stands in the statement for each column, and the rows without what stands there already.

    A value that stands in the statement is not bound row by row; nothing and truth are slow to bind.
    """
    if len(rows) < _FEW:
        return ["%s"] * len(rows[0]), rows
    columns = list(zip(*rows, strict=True))
    is_same = [_is_short(column[0]) and column.count(column[0]) == len(column) for column in columns]
    if all(is_same):
        return ["%s"] * len(columns), rows
    places = [_literal(cursor, column[0]) if same else "%s" for column, same in zip(columns, is_same, strict=True)]
    return places, list(zip(*(column for column, same in zip(columns, is_same, strict=True) if not same), strict=True))


def _is_short(value: Any) -> bool:
    return value is None or isinstance(value, int) or (isinstance(value, str) and len(value) < 60 and "\0" not in value)


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
    if values.count(values[0]) == len(values):
        return [_copied(values[0])] * len(values)
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
    if isinstance(value, of_psycopg.Jsonb):
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


@contextmanager
def unchecked_references(*rows: tuple[type[models.Model], int]) -> Iterator[None]:
    """Insert without the database looking up every foreign key, where PostgreSQL allows it to this user.

    Only for rows that refer to what the same transaction made or has locked, and to `rows`, which are locked here as
    the check would. Unique and check constraints stay in force. SQLite's look-ups cost little, and are made.
    """
    if connection.vendor != "postgresql" or not _may_skip_references():
        yield
        return
    for model, key in rows:
        model._base_manager.select_for_update(no_key=True).get(pk=key)
    # a transaction of its own, which takes the setting back where the rows are refused
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        yield
        cursor.execute("SET LOCAL session_replication_role = origin")


def _may_skip_references() -> bool:
    """Superusers may, and from PostgreSQL 15 on whom one has granted SET on this parameter."""
    with connection.cursor() as cursor:
        if connection.pg_version >= 150_000:  # type: ignore[attr-defined]
            cursor.execute("SELECT has_parameter_privilege('session_replication_role', 'SET')")
        else:
            cursor.execute("SELECT current_setting('is_superuser')::bool")
        return bool(cursor.fetchone()[0])


def moment(at: dt.datetime | None) -> Any:
    """A moment as this database keeps it."""
    return connection.ops.adapt_datetimefield_value(at)


def update(model: type[models.Model], columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Set `columns` of rows by primary key: each row is the ready values, in that order, and the key last."""
    quote = connection.ops.quote_name
    key = quote(str(model._meta.pk.column))
    places = ", ".join(f"{quote(column)} = %s" for column in columns)
    statement = f"UPDATE {quote(model._meta.db_table)} SET {places} WHERE {key} = %s"  # noqa: S608 — our own names
    rows = seal_rows(model, columns, rows)
    with connection.cursor() as cursor:
        cursor.executemany(statement, cast("Sequence[Any]", rows))
