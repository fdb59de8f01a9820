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
from django.db.backends.sqlite3._functions import register as register_functions  # type: ignore[import-untyped]
from django.utils.dateparse import parse_date, parse_datetime, parse_time
from sqlcipher3 import dbapi2

from regulars.core.sqlcipher.files import is_new, opened, unlock

for _name, _convert in {
    "bool": b"1".__eq__,
    "date": plain.decoder(parse_date),
    "time": plain.decoder(parse_time),
    "datetime": plain.decoder(parse_datetime),
    "timestamp": plain.decoder(parse_datetime),
}.items():
    dbapi2.register_converter(_name, _convert)
dbapi2.register_adapter(decimal.Decimal, str)
dbapi2.register_adapter(dt.date, plain.adapt_date)
dbapi2.register_adapter(dt.datetime, plain.adapt_datetime)


class DatabaseWrapper(plain.DatabaseWrapper):
    """A connection to an encrypted file.

    OPTIONS has `keys`, each 64 hexadecimal digits: a new file gets the first (unless `is_encrypted` says no), and a
    file that is there is opened with whichever fits, so that a change of the key that was cut short leaves nothing
    closed. A file that is not encrypted opens without one.
    """

    Database = dbapi2

    def get_connection_params(self) -> dict[str, Any]:
        params: dict[str, Any] = super().get_connection_params()
        self._keys = params.pop("keys", [])
        self._is_encrypted = params.pop("is_encrypted", True)
        return params

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        connection = self._opened(conn_params)
        register_functions(connection)
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA legacy_alter_table = OFF")
        for command in self.init_commands:  # type: ignore[attr-defined]
            if command := command.strip():
                connection.execute(command)
        return connection

    def _opened(self, params: dict[str, Any]) -> Any:
        path = str(params["database"])
        if is_new(path):
            connection = dbapi2.connect(**params)
            if self._keys and self._is_encrypted:
                unlock(connection, self._keys[0])
            return connection
        return opened(path, self._keys, **{name: value for name, value in params.items() if name != "database"})

    def create_cursor(self, name: str | None = None) -> Any:  # noqa: ARG002 — Django's signature
        return self.connection.cursor(factory=Cursor)


class Cursor(dbapi2.Cursor):  # type: ignore[misc]
    """Takes Django's %s for the driver's question marks, as Django's own cursor for the standard driver does.

    A cursor whose statement failed is closed at once. The error keeps it alive (a traceback holds its frames), so that
    the garbage collector would find it, in whichever thread that runs; the driver would reset its statement there, and
    wait for the lock of a connection whose own thread may be waiting for that very one: both would stand still.
    """

    def execute(self, query: str, params: Any = None) -> Any:
        try:
            if params is None:
                return super().execute(query)
            names = list(params) if isinstance(params, dict) else None
            return super().execute(_converted(query, names), params)
        except dbapi2.Error:
            self.close()
            raise

    def executemany(self, query: str, param_list: Iterable[Any]) -> Any:
        ahead, param_list = tee(iter(param_list))
        first = next(ahead, None)
        names = list(first) if isinstance(first, dict) else None
        try:
            return super().executemany(_converted(query, names), param_list)
        except dbapi2.Error:
            self.close()
            raise


def _converted(query: str, names: list[str] | None) -> str:
    if names is None:
        return str(plain.FORMAT_QMARK_REGEX.sub("?", query).replace("%%", "%"))
    return query % {name: f":{name}" for name in names}
