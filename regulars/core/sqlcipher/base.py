"""Django's SQLite backend, with the driver swapped for SQLCipher's, and the key given before anything is read.

The file is AES-256 in CBC mode with an HMAC-SHA512 for every page, under a random key of 256 bits that is handed over
as it is: nothing is derived from a password, so opening a connection costs no more than without encryption.
"""

from __future__ import annotations

import datetime as dt
import decimal
from collections.abc import Iterable
from itertools import tee
from typing import Any

from django.db.backends.sqlite3 import base as plain
from django.db.backends.sqlite3._functions import register as register_functions
from sqlcipher3 import dbapi2

for _name, _convert in {
    "bool": b"1".__eq__,
    "date": plain.decoder(plain.parse_date),
    "time": plain.decoder(plain.parse_time),
    "datetime": plain.decoder(plain.parse_datetime),
    "timestamp": plain.decoder(plain.parse_datetime),
}.items():
    dbapi2.register_converter(_name, _convert)
dbapi2.register_adapter(decimal.Decimal, str)
dbapi2.register_adapter(dt.date, plain.adapt_date)
dbapi2.register_adapter(dt.datetime, plain.adapt_datetime)


class DatabaseWrapper(plain.DatabaseWrapper):
    """A connection to an encrypted file. OPTIONS has `key`, 64 hexadecimal digits, or nothing for a plain file."""

    Database = dbapi2

    def get_connection_params(self) -> dict[str, Any]:
        params: dict[str, Any] = super().get_connection_params()
        self._key = params.pop("key", "")
        return params

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        connection = dbapi2.connect(**conn_params)
        if self._key:
            unlock(connection, self._key)
        register_functions(connection)
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA legacy_alter_table = OFF")
        for command in self.init_commands:
            if command := command.strip():
                connection.execute(command)
        return connection

    def create_cursor(self, name: str | None = None) -> Any:  # noqa: ARG002 — Django's signature
        return self.connection.cursor(factory=Cursor)


class Cursor(dbapi2.Cursor):  # type: ignore[misc]
    """Takes Django's %s for the driver's question marks, as Django's own cursor for the standard driver does."""

    def execute(self, query: str, params: Any = None) -> Any:
        if params is None:
            return super().execute(query)
        names = list(params) if isinstance(params, dict) else None
        return super().execute(_converted(query, names), params)

    def executemany(self, query: str, param_list: Iterable[Any]) -> Any:
        ahead, param_list = tee(iter(param_list))
        first = next(ahead, None)
        names = list(first) if isinstance(first, dict) else None
        return super().executemany(_converted(query, names), param_list)


def unlock(connection: Any, key: str, *, schema: str = "main") -> None:
    """Give a connection the key (64 hexadecimal digits) of its file, or of one attached to it."""
    if len(key) != 64 or not all(digit in "0123456789abcdef" for digit in key):
        raise ValueError("the key of the database is 64 hexadecimal digits")
    connection.execute(f"PRAGMA {schema}.key = \"x'{key}'\"")


def _converted(query: str, names: list[str] | None) -> str:
    if names is None:
        return str(plain.FORMAT_QMARK_REGEX.sub("?", query).replace("%%", "%"))
    return query % {name: f":{name}" for name in names}
