"""Who read what: written into the spool while a page is made, and moved into the log within seconds."""

from __future__ import annotations

import datetime as dt
import json
import logging
import uuid
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, models, transaction
from django.utils import timezone

from regulars.core import bulk
from regulars.core.spool import Spool
from regulars.timeline import keys
from regulars.timeline.actions.recording import who_acts
from regulars.timeline.facts import Fact
from regulars.timeline.models import Entry

logger = logging.getLogger(__name__)

WORDS, SHOWN = "words", "shown"


def note_read(fact: Fact, *, customer_id: int | None = None, subject: models.Model | None = None) -> None:
    """Note that whoever acts now reads something. Asks the database nothing and waits for no writer of it.

    The line is on its way to the log before anything is shown: where it cannot be written, this raises SpoolUnwritable
    and nothing is shown.
    """
    note_reads([(customer_id, fact)], subject=subject)


def note_reads(facts: Iterable[tuple[int | None, Fact]], *, subject: models.Model | None = None) -> None:
    """The same of several customers at once, by their ids."""
    acts, at = who_acts(), timezone.now()
    for customer_id, fact in facts:
        line = {
            "line": uuid.uuid4().hex,
            "name": fact.name,
            "at": at.isoformat(),
            "customer": customer_id,
            "actor": acts.user_id,
            "token": acts.token_id,
            "source": str(acts.source),
            "subject": [subject._meta.label_lower, subject.pk] if subject is not None else ["", None],
            "data": fact.data(),
        }
        spool().append(keys.cover_line(json.dumps(line).encode()))


def take_in_reads() -> int:
    """Move what waits in the spool into the log; how many lines that were. Each becomes one entry, whatever happens.

    A background thread of every process calls it about once a second.
    """
    waiting = spool()
    waiting.sync()
    return waiting.hand_over(_keep)


def open_words(entry: Entry) -> str:
    """The words of a search as they were typed; empty where there are none, or they were forgotten."""
    kept = entry.data.get(WORDS)
    return keys.uncover_words(kept) if isinstance(kept, str) and kept else ""


def spool() -> Spool:
    """The spool of this installation."""
    return _spool(settings.REGULARS_HOME)


@lru_cache(maxsize=4)
def _spool(home: Path) -> Spool:
    return Spool(home / "spool")


def _keep(lines: Sequence[bytes]) -> None:
    read = [line for line in map(_read, lines) if line is not None]
    numbers = {uuid.UUID(line["line"]) for line in read}
    # durable: the lines are removed when this is over, so that it must be the whole transaction
    with transaction.atomic(durable=True):
        # a crash between the commit and the removal of the file hands lines over a second time
        known = set(Entry._base_manager.filter(line__in=numbers).values_list("line", flat=True))
        rows = [line for line in read if uuid.UUID(line["line"]) not in known]
        _require_there(rows, "customer")
        _require_there(rows, "actor")
        now = bulk.moment(timezone.now())
        bulk.insert(Entry, _COLUMNS, [_row(line) for line in rows], same={"recorded_at": now})


_COLUMNS = (
    *("name", "at", "customer_id", "actor_id", "token_id", "source", "subject_type", "subject_id", "data", "line"),
)


def _read(line: bytes) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = json.loads(keys.uncover_line(line))
    except (keys.Unreadable, ValueError):
        # half a line, because the power went while it was written; or somebody else's
        logger.warning("a line of the spool cannot be read, and is kept in %s", spool().set_aside(line))
        return None
    return found


def _require_there(rows: list[dict[str, Any]], column: str) -> None:
    """A customer who went for good between the read and now leaves the entry without one; so does a colleague."""
    model: Any = Entry._meta.get_field(column).related_model
    shown = {number for row in rows for number in row["data"].get(SHOWN, ())} if column == "customer" else set()
    named = {row[column] for row in rows if row[column]} | shown
    there = set(model._base_manager.filter(pk__in=named).values_list("pk", flat=True)) if named else set()
    for row in rows:
        if row[column] not in there:
            row[column] = None
        if not there.issuperset(row["data"].get(SHOWN, ()) if shown else ()):
            # what was typed to find them goes with them
            row["data"] |= {WORDS: "", SHOWN: []}


def _row(line: dict[str, Any]) -> tuple[Any, ...]:
    data = line["data"]
    if data.get(WORDS):
        data[WORDS] = keys.cover_words(data[WORDS])
    kind, number = line["subject"]
    at = dt.datetime.fromisoformat(line["at"])
    return (
        *(line["name"], bulk.moment(at), line["customer"], line["actor"], line["token"], line["source"]),
        *(kind, number, json.dumps(data), _uuid(line["line"])),
    )


def _uuid(text: str) -> Any:
    return Entry._meta.get_field("line").get_db_prep_value(uuid.UUID(text), connection, prepared=False)
