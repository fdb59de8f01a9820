"""Rows and checksums of every table, the same for a shop and its restored copy, read past the ORM."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext as _

from regulars.core.backup.archive import Table

_AT_ONCE = 500
_PLAIN_TEXT = (
    "SET SESSION timezone = 'UTC'; SET SESSION datestyle = 'ISO'; SET SESSION intervalstyle = 'postgres'; "
    "SET SESSION bytea_output = 'hex'; SET SESSION extra_float_digits = 1"
)


def of_sqlite(connection: Any) -> dict[str, Table]:
    """The tables of a plain connection to SQLite, in the moment its transaction sees."""
    names = connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"
    ).fetchall()
    return {name: _of_sqlite(connection, name) for (name,) in names}


def of_postgresql(cursor: Any, *, left_out: Iterable[str] = ()) -> dict[str, Table]:
    """The tables of a plain cursor of PostgreSQL; the rows are added up there, whatever order they come in."""
    cursor.execute(_PLAIN_TEXT)
    cursor.execute(
        "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE c.relkind = 'r' AND n.nspname = current_schema() ORDER BY c.relname"
    )
    found = {}
    empty = set(left_out)
    for (name,) in cursor.fetchall():
        if name in empty:
            found[name] = Table(0, "0")
            continue
        cursor.execute(
            "SELECT count(*), coalesce(sum(('x' || left(md5(t::text), 16))::bit(64)::bigint::numeric), 0)::text "  # noqa: S608 — a table's name
            f'FROM "{name}" t'
        )
        found[name] = Table(*cursor.fetchone())
    return found


def differences(expected: Mapping[str, Table], found: Mapping[str, Table]) -> list[str]:
    """A sentence for each table that is not what it was."""
    said = []
    for name in sorted(expected.keys() | found.keys()):
        was, now = expected.get(name), found.get(name)
        if was == now:
            continue
        if was is None or now is None:
            said.append(_("The table %(table)s is only on one side.") % {"table": name})
        elif was.rows != now.rows:
            sentence = _("The table %(table)s has %(now)s rows and should have %(was)s.")
            said.append(sentence % {"table": name, "now": now.rows, "was": was.rows})
        else:
            said.append(_("The rows of the table %(table)s are not what they were.") % {"table": name})
    return said


def _of_sqlite(connection: Any, name: str) -> Table:
    digest, rows = hashlib.sha256(), 0
    # through no index: what comes first is then the order of the table itself
    cursor = connection.execute(f'SELECT * FROM "{name}" NOT INDEXED')  # noqa: S608 — a table's name
    while some := cursor.fetchmany(_AT_ONCE):
        rows += len(some)
        # as text that is the same in every version of Python: letters beyond ASCII and bytes are written as digits
        text = json.dumps(some, separators=(",", ":"), default=bytes.hex)
        digest.update(text[1:-1].encode())
        digest.update(b"\n")
    return Table(rows, digest.hexdigest())
