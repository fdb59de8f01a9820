"""Deliveries at the door: which connection is meant, and one row for each event before anybody is told that we have it.

Requests that arrive within some milliseconds share one transaction: whoever comes first writes for all who wait, and
each is answered only after that transaction is durable. The same transaction sees whether the connections are as they
were when the signatures were checked, so that checking them costs no query.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import threading
from collections.abc import Mapping
from dataclasses import dataclass

from django.db import transaction

from regulars.channels import bodies, secrets, turns, waking
from regulars.channels.connectors.protocol import Connector, Event
from regulars.channels.connectors.registry import connector_of
from regulars.channels.models import Connection, Delivery
from regulars.core import sight

_MOST_KNOWN = 1_000
_LONGEST_EVENT = 200


class Changed(Exception):  # noqa: N818 — never leaves the door
    """The connection is another one than that whose secrets were used, paused, or gone: look again."""


@dataclass(frozen=True, slots=True)
class Known:
    """A connection that is on, with its secrets open."""

    id: int
    version: int
    connector: Connector
    secrets: Mapping[str, str]


@dataclass(eq=False, slots=True)
class _Waiting:
    known: Known
    row: Delivery
    is_done: bool = False
    error: BaseException | None = None


_known: dict[int, Known] = {}
_waiting: list[_Waiting] = []
_adding = threading.Lock()
_writing = threading.Lock()


def known(connection_id: int, *, anew: bool = False) -> Known | None:
    """The connection of that number as this process knows it, asked for `anew` or the first time; None unless on."""
    kept = _known.get(connection_id)
    if kept is not None and not anew:
        return kept
    _known.pop(connection_id, None)
    row = Connection.objects.filter(pk=connection_id, is_on=True).first()
    if row is None:
        return None
    if len(_known) >= _MOST_KNOWN:
        _known.clear()
    found = Known(row.pk, row.version, connector_of(row.provider), secrets.opened(row))
    _known[connection_id] = found
    return found


def store(known: Known, event: Event, body: bytes, at: dt.datetime) -> None:
    """Keep what arrived; returns when it is durable. A second copy of an event changes nothing. Raises Changed."""
    name = event.id if len(event.id) <= _LONGEST_EVENT else hashlib.sha256(event.id.encode()).hexdigest()
    row = Delivery(
        connection_id=known.id,
        event=name,
        topic=event.topic[:80],
        received_at=at,
        body=bodies.pack(body, connection_id=known.id, event=name),
    )
    mine = _Waiting(known, row)
    with _adding:
        _waiting.append(mine)
    with _writing:
        # while this one waited for its turn, another may have written it along
        if not mine.is_done:
            with _adding:
                batch = _waiting[:]
                _waiting.clear()
            _write_all(batch)
    if mine.error is not None:
        raise mine.error


def _write_all(batch: list[_Waiting]) -> None:
    """Write them together; where that fails, each by itself, so that nobody is refused for another's row."""
    try:
        _write(batch)
    except Exception as error:  # noqa: BLE001 — each one's own error is raised where it waits
        if len(batch) == 1:
            batch[0].error = error
        else:
            for one in batch:
                _write_all([one])
    for one in batch:
        one.is_done = True


def _write(batch: list[_Waiting]) -> None:
    with sight.looking(sight.EVERYTHING), turns.turn(), transaction.atomic():
        ids = {one.known.id for one in batch}
        stand = dict(Connection.objects.filter(pk__in=ids, is_on=True).order_by().values_list("pk", "version"))
        good = []
        for one in batch:
            if stand.get(one.known.id) == one.known.version:
                good.append(one.row)
            else:
                one.error = Changed()
        # in one order, so that two processes that write the same events do not wait for each other
        good.sort(key=lambda row: (row.connection_id, row.event))
        Delivery.objects.bulk_create(good, ignore_conflicts=True)
        waking.wake_after_commit()
