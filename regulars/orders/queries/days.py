"""The shop's days in SQL: the number of the day a moment falls on, where the shop is."""

from __future__ import annotations

import datetime as dt
import functools
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection

_HOUR = len("2026-03-12 09")


def day_in_sql(column: str, zone: ZoneInfo) -> str:
    """An SQL expression: the ordinal of `column`'s day in `zone`, so that a difference of two is a number of days.

    SQLite knows no time zones; there the expression calls back into Python, which answers from a table of hours.
    """
    if connection.vendor == "postgresql":
        return f"(({column} AT TIME ZONE '{zone.key}')::date - DATE '0001-01-01' + 1)"
    connection.ensure_connection()
    driver: Any = connection.connection
    driver.create_function("shop_day", 1, functools.partial(_ordinal, zone=zone), deterministic=True)
    return f"shop_day({column})"


def _ordinal(text: str | None, *, zone: ZoneInfo) -> int | None:
    if text is None:
        return None
    midnight, offset = _hour(text[:_HOUR], zone)
    if offset is None:  # the clocks change within this hour
        return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC).astimezone(zone).toordinal()
    seconds = int(text[11:13]) * 3600 + int(text[14:16]) * 60 + int(text[17:19]) + offset
    return midnight + seconds // 86400


@functools.lru_cache(maxsize=200_000)
def _hour(text: str, zone: ZoneInfo) -> tuple[int, int | None]:
    """The ordinal of the UTC day of an hour, and the zone's offset in it in seconds; None where that changes."""
    begins = dt.datetime.fromisoformat(text + ":00").replace(tzinfo=dt.UTC)
    offsets = {(begins + dt.timedelta(minutes=m)).astimezone(zone).utcoffset() for m in (0, 15, 30, 45, 59)}
    offset = offsets.pop()
    return begins.toordinal(), None if offsets or offset is None else int(offset.total_seconds())
