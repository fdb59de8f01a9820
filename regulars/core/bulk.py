"""Many rows at once, past the ORM: COPY on PostgreSQL, one prepared statement on SQLite.

Only bulk verbs use it, with values they have checked; each of them has a test that its rows equal those of the verb
for one. Call it inside a transaction.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any, cast

from django.db import connection, models


def take_ids(model: type[models.Model], count: int) -> Sequence[int]:
    """`count` primary keys nobody else will get, rising."""
    if count <= 0:
        return ()
    table = model._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)", [table, count]
            )
            return sorted(row[0] for row in cursor.fetchall())
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


def insert(model: type[models.Model], columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Insert rows of ready values (see `moment`); `columns` are the names in the database, `customer_id`."""
    quote = connection.ops.quote_name
    table, names = quote(model._meta.db_table), ", ".join(quote(column) for column in columns)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # COPY is the driver's own, so that its errors have to be told as Django's
            with connection.wrap_database_errors, cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
        else:
            places = ", ".join(["%s"] * len(columns))
            statement = f"INSERT INTO {table} ({names}) VALUES ({places})"  # noqa: S608 — our own names
            # the stubs want a list; the driver takes what comes, one row at a time
            cursor.executemany(statement, cast("Sequence[Any]", rows))


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
