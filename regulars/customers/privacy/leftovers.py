"""What a database file still holds where nothing stands any more: freed pages, the journal of the last writes."""

from __future__ import annotations

from pathlib import Path

from django.db import OperationalError, connection
from django.utils.translation import gettext as _

from regulars.customers.models import Customer

REWRITTEN_AT_ONCE = 512 << 20
"""Files up to this size are written anew at once, which holds all other writers for some seconds; larger ones at
night."""


def clear(*, is_forced: bool = False) -> list[str]:
    """Leave no freed space in which an erased row could still be read; what was done, in sentences.

    SQLite overwrites what it frees (`secure_delete`), and is written anew here, because pages that were split may hold
    copies; its journal is emptied. PostgreSQL's dead rows are vacuumed.
    """
    if connection.in_atomic_block:
        return []
    if connection.vendor == "postgresql":
        return _vacuum()
    path = Path(str(connection.settings_dict["NAME"]))
    size = path.stat().st_size if path.is_file() else 0
    said = [_("What was freed in the database file is overwritten.")]
    try:
        with connection.cursor() as cursor:
            if is_forced or size <= REWRITTEN_AT_ONCE:
                cursor.execute("VACUUM")
                said.append(_("The database file was written anew."))
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            busy = cursor.fetchone()
            if busy and not busy[0]:
                said.append(_("The journal of the last writes was emptied."))
    except OperationalError:
        # somebody writes or reads for long: what was freed is overwritten all the same, and the night comes
        said.append(_("Somebody was writing: the file is written anew at night."))
    return said


def _vacuum() -> list[str]:
    quote = connection.ops.quote_name
    with connection.cursor() as cursor:
        names = [one.name for one in connection.introspection.get_table_list(cursor) if one.type == "t"]
        prefix = Customer._meta.app_label
        for name in names:
            if name.startswith((f"{prefix}_", "timeline_", "messaging_", "orders_", "core_", "django_")):
                cursor.execute(f"VACUUM {quote(name)}")
    return [_("Dead rows of the database were vacuumed.")]
