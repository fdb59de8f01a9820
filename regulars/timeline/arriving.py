"""On PostgreSQL an entry has its id before it is seen: what is known of those that are still to come."""

from __future__ import annotations

from django.db import connection

from regulars.timeline.models import Entry


def last_given_out() -> int:
    """The newest id of an entry that anybody was given, seen or not."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_serial_sequence(%s, 'id')", [Entry._meta.db_table])
        (sequence,) = cursor.fetchone()
        cursor.execute(f"SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM {sequence}")  # noqa: S608 — its name
        return int(cursor.fetchone()[0])


def running() -> set[str]:
    """The transactions of other connections to this database that are running now."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT held.virtualxid FROM pg_locks held JOIN pg_stat_activity who ON who.pid = held.pid "
            "WHERE held.locktype = 'virtualxid' AND held.granted AND held.mode = 'ExclusiveLock' "
            "AND held.pid <> pg_backend_pid() AND who.datname = current_database()"
        )
        return {name for (name,) in cursor.fetchall()}
