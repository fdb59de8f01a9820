"""A small write that nobody waits for: now, or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import OperationalError, connection, transaction


def unless_busy(write: Callable[[], object]) -> bool:
    """Write, unless another writer is at work: then leave it out and say so. No page waits for what may be lost."""
    if connection.in_atomic_block:  # the lock is ours already, or the whole waits anyway
        write()
        return True
    try:
        with _impatient():
            write()
    except OperationalError as error:
        if not is_busy(error):
            raise
        return False
    return True


def is_busy(error: OperationalError) -> bool:
    """Did somebody else hold what was asked for? Then asking again helps; with a database that is away it does not."""
    return any(sign in str(error) for sign in ("locked", "lock timeout", "deadlock"))


@contextmanager
def _impatient() -> Iterator[None]:
    """Inside, the database refuses at once what it would wait for."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA busy_timeout")
            usual = int(cursor.fetchone()[0])
            cursor.execute("PRAGMA busy_timeout = 0")
            try:
                with transaction.atomic():
                    yield
            finally:
                cursor.execute(f"PRAGMA busy_timeout = {usual}")
    else:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '20ms'")
            yield
