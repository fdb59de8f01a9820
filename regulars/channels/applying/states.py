"""Records as states of objects. Of two states of one object the later one stands; of one moment, the larger digest.

So what is known in the end depends on which states arrived, and not on when.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from hashlib import blake2b

from django.utils.translation import gettext as _

from regulars.channels.connectors.protocol import Unreadable
from regulars.channels.records import AnyRecord, Gone, OrderRecord

Name = tuple[str, str]
"""An object of a channel: its kind, and the channel's own id of it."""

Rank = tuple[dt.datetime, bytes]

LONGEST_ID = 120
LAST = b"\xff" * 16  # what was deleted at a moment is not there at that moment


@dataclass(frozen=True, slots=True)
class State:
    """One object as it was at one moment."""

    name: Name
    rank: Rank
    record: AnyRecord = field(compare=False)

    @property
    def is_gone(self) -> bool:
        return isinstance(self.record, Gone)


def states_of(records: Iterable[AnyRecord]) -> Sequence[State]:
    """The states that records tell; returns inside an order are objects of their own. Raises Unreadable."""
    found = []
    for record in records:
        if isinstance(record, OrderRecord) and record.returns:
            found.append(_state(replace(record, returns=())))
            found.extend(_state(one) for one in record.returns)
        else:
            found.append(_state(record))
    return found


def _state(record: AnyRecord) -> State:
    if not record.external_id or len(record.external_id) > LONGEST_ID or "\0" in record.external_id:
        raise Unreadable(
            _("An object has no number, or one of more than %(count)s characters.") % {"count": LONGEST_ID}
        )
    if record.version.tzinfo is None:
        raise Unreadable(_("The moment of a change has no time zone."))
    moment = record.version.astimezone(dt.UTC)
    if isinstance(record, Gone):
        return State((record.of, record.external_id), (moment, LAST), record)
    digest = blake2b(repr(record).encode("utf-8", "surrogatepass"), digest_size=16).digest()
    return State((record.kind, record.external_id), (moment, digest), record)
