"""Up to which entry the timeline is whole, for whoever follows it from second to second.

SQLite shows entries in the order of their ids. PostgreSQL gives an id out when a row is written and shows the row when
its transaction ends: an entry is settled when every transaction has ended that was running when its id was the newest.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from django.db import connection
from django.db.models import Max

from regulars.timeline.arriving import last_given_out, running
from regulars.timeline.models import Entry


@dataclass(slots=True)
class Settled:
    """What one follower knows of it; call `look` before reading entries."""

    up_to: int = 0
    _waiting_id: int | None = None
    _waiting: set[str] = field(default_factory=set)

    def look(self) -> int:
        """The id up to which nothing can appear any more."""
        if connection.vendor != "postgresql":
            self.up_to = Entry._base_manager.aggregate(last=Max("pk"))["last"] or 0
            return self.up_to
        if self._waiting_id is None:
            # the id first: whoever took one before is among those that run, or has ended
            self._waiting_id, self._waiting = last_given_out(), running()
        if self._waiting.isdisjoint(running()):
            self.up_to, self._waiting_id = max(self.up_to, self._waiting_id), None
        return self.up_to
