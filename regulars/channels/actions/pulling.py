"""Fetching from a platform what it has: everything the first time, then what changed, some minutes apart.

1. One job reads a connection at a time (`pulling_until`, which passes by itself where a job died).
2. Each page goes to the same engine as deliveries do. Only then is the cursor kept: what is cut short begins again at
   the last page, and the same state twice changes nothing.
3. Where the platform asks for patience, the job waits, or comes back when it is a long time.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator, Sequence
from typing import Any

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from regulars.channels.applying import apply_records
from regulars.channels.applying.engine import link_of
from regulars.channels.connectors.protocol import Page, Pulls, Unreached
from regulars.channels.connectors.reaching import HOW_OFTEN, Refused
from regulars.channels.connectors.registry import connector_of
from regulars.channels.models import Connection, Fate
from regulars.channels.records import AnyRecord
from regulars.core import quarantine
from regulars.core.background import background, every, progress
from regulars.core.errors import Invalid
from regulars.staff.policy import unmasked

OFTEN_ENOUGH = 15
_LEASE = dt.timedelta(minutes=3)
_LONGEST_WAIT = 60.0
_MOST_WAITS = 20
_MOST_HELD = 10_000
_LONGEST_ERROR = 500


@background(retries=4, label=gettext_lazy("Fetch from a shop platform"), leaves=True)
@unmasked
def pull(*, connection_id: int) -> int:
    """Fetch what is new, or everything where nothing was fetched yet; how many objects that were.

    The cursor of the connection says how far it is, and `error` what kept it. Raises Unreached, and Cancelled where
    somebody stopped the job; in each case the next one goes on where this one was.
    """
    connection = Connection.objects.select_related("channel").filter(pk=connection_id, is_on=True).first()
    if connection is None or not _begin(connection):
        return 0
    try:
        count = _read(connection)
    except Unreached as unreached:
        _end(connection, error=unreached.sentence)
        raise
    except BaseException:
        _end(connection)
        raise
    return count


@every(minutes=5, label=gettext_lazy("Fetch what changed on shop platforms"))
def pull_changes() -> int:
    """Begin a pull of each connection whose turn it is; how many. The first one is begun by a person."""
    now = timezone.now()
    count = 0
    for connection in Connection.objects.filter(is_on=True).exclude(cursor={}):
        minutes = minutes_of(connection)
        is_due = connection.pulled_at is None or connection.pulled_at + dt.timedelta(minutes=minutes) <= now
        if minutes and is_due and not is_pulling(connection) and can_pull(connection):
            pull.later(connection_id=connection.pk)
            count += 1
    return count


def pull_soon(connection: Connection) -> str:
    """Fetch in the background, now; the job's id. Raises Invalid where this system cannot be fetched from."""
    if not can_pull(connection):
        sentence = _("Nothing can be fetched from this system; it sends what there is.")
        raise Invalid(sentence, fields={"connection": [sentence]})
    return pull.later(connection_id=connection.pk)


def can_pull(connection: Connection) -> bool:
    """Whether the connector of this connection can fetch."""
    try:
        return isinstance(connector_of(connection.provider), Pulls)
    except KeyError:
        return False


def is_pulling(connection: Connection) -> bool:
    """Whether a job reads it at this moment."""
    return connection.pulling_until is not None and connection.pulling_until > timezone.now()


def minutes_of(connection: Connection) -> int:
    """How many minutes apart changes are fetched; 0 is never."""
    said = str(connection.options.get(HOW_OFTEN.name, "")).strip()
    return int(said) if said.isdigit() and len(said) < 6 else OFTEN_ENOUGH


def _begin(connection: Connection) -> bool:
    """Take the connection for this job; False where another has it."""
    now = timezone.now()
    free = Connection.objects.filter(Q(pulling_until=None) | Q(pulling_until__lte=now), pk=connection.pk)
    return bool(free.update(pulling_until=now + _LEASE))


def _end(connection: Connection, **columns: Any) -> None:
    if "error" in columns:
        columns["error"] = columns["error"][:_LONGEST_ERROR]
    Connection.objects.filter(pk=connection.pk).update(pulling_until=None, **columns)


def _read(connection: Connection) -> int:
    """All pages there are; how many objects they held."""
    done, total = 0, 0
    problems: list[str] = []
    held: list[AnyRecord] = []
    for page in _pages(connection):
        total = page.total or total
        waiting = _take(connection, page.records, problems)
        held += waiting[: _MOST_HELD - len(held)]
        problems += page.problems
        done += len(page.records)
        Connection.objects.filter(pk=connection.pk).update(
            cursor=dict(page.cursor), pulling_until=timezone.now() + _LEASE
        )
        progress(min(done, total - 1) if total else done, max(total, done + 1))
    # what a record waited for may have been on a later page
    for _record in _take(connection, held, problems):
        problems.append(_("Something waits for an order or a customer that the platform does not have."))
    _end(connection, pulled_at=timezone.now(), error=_told(problems))
    return done


def _take(connection: Connection, records: Sequence[AnyRecord], problems: list[str]) -> list[AnyRecord]:
    """Take records in; those that wait for others. What cannot be taken in is told among the problems."""
    if not records:
        return []
    held = []
    for record, outcome in zip(records, apply_records(connection.channel, records), strict=True):
        if outcome.fate == Fate.HELD:
            held.append(record)
        elif outcome.fate == Fate.FAILED:
            problems.append(f"{getattr(record, 'kind', '')} {record.external_id}: {outcome.error}")
    return held


def _pages(connection: Connection) -> Iterator[Page]:
    """The pages that the connector fetches. Where it is told to wait, it waits, and goes on behind the last page."""
    connector = connector_of(connection.provider)
    if not isinstance(connector, Pulls):
        return
    link, cursor, waits = link_of(connection), dict(connection.cursor), 0
    while True:
        try:
            for page in connector.pull(link, cursor):
                quarantine.check()
                yield page
                cursor, waits = dict(page.cursor), 0
        except Refused:
            raise
        except Unreached as unreached:
            waits += 1
            if not 0 < unreached.again_in <= _LONGEST_WAIT or waits > _MOST_WAITS:
                raise
            Connection.objects.filter(pk=connection.pk).update(pulling_until=timezone.now() + _LEASE)
            time.sleep(unreached.again_in)
        else:
            return


def _told(problems: Sequence[str]) -> str:
    """The sentence about what could not be taken in, with the first of them."""
    if not problems:
        return ""
    return ngettext(
        "%(count)s object could not be taken in. %(first)s",
        "%(count)s objects could not be taken in. The first: %(first)s",
        len(problems),
    ) % {"count": len(problems), "first": problems[0]}
