"""Entries of the timeline become postings: which address is to be told of which entry, in the order of the log.

An address has a cursor: below it nothing can appear any more. SQLite shows entries in the order of their ids, so that
the cursor is simply the last one looked at. PostgreSQL gives out an id when a row is written and shows it when its
transaction ends: there the cursor follows the seals of the audit log, which wait for exactly that, while what is
beyond them is looked at now and, once sealed, again. That a posting is made once is kept by the table.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from django.db import connection, transaction
from django.db.models import Max

from regulars.channels.models import Endpoint, Posting, PostingState
from regulars.channels.outgoing import messages
from regulars.timeline.models import Entry, Seal

MOST_WAITING = 5_000
"""When so many messages wait for an address, its cursor waits as well: an import fills no table that nobody empties."""
_AT_ONCE = 1_000


@dataclass(slots=True)
class Fan:
    """What one process remembers between two looks: up to where it saw the log, for each state of each address."""

    seen: dict[tuple[int, int], int] = field(default_factory=dict)

    def look(self) -> int:
        """Make the postings of all addresses that are on; how many those were."""
        newest = Entry._base_manager.aggregate(newest=Max("pk"))["newest"] or 0
        endpoints = list(Endpoint.objects.filter(is_on=True))
        known = {(one.pk, one.version) for one in endpoints}
        self.seen = {key: number for key, number in self.seen.items() if key in known}
        behind = [one for one in endpoints if max(one.cursor, self._seen(one)) < newest or one.cursor < newest]
        if not behind:
            return 0
        settled = newest if connection.vendor != "postgresql" else _sealed()
        return sum(self._look(one, settled=settled, newest=newest) for one in behind)

    def _look(self, endpoint: Endpoint, *, settled: int, newest: int) -> int:
        count, at = 0, endpoint.cursor
        waiting = Posting.objects.filter(endpoint=endpoint, state=PostingState.WAITING).count()
        while at < settled and waiting + count < MOST_WAITING:
            end, made = _part(endpoint, after=at, up_to=settled)
            count += made
            # somebody who moved the cursor meanwhile changed the version, too
            if not Endpoint.objects.filter(pk=endpoint.pk, version=endpoint.version).update(cursor=end):
                return count
            at = end
        at = max(at, self._seen(endpoint))
        while settled <= at < newest and waiting + count < MOST_WAITING:
            at, made = _part(endpoint, after=at, up_to=newest)
            count += made
            self.seen[endpoint.pk, endpoint.version] = at
        return count

    def _seen(self, endpoint: Endpoint) -> int:
        return self.seen.get((endpoint.pk, endpoint.version), 0)


def _part(endpoint: Endpoint, *, after: int, up_to: int) -> tuple[int, int]:
    """Look at the entries that follow, some of them; up to which that was, and how many postings it made."""
    rows = list(
        Entry._base_manager.filter(pk__gt=after, pk__lte=up_to).order_by("pk").values_list("pk", "name")[:_AT_ONCE]
    )
    names = messages.wanted(endpoint)
    asked = {number: name for number, name in rows if name in names}
    with transaction.atomic():
        mine = Posting.objects.filter(endpoint=endpoint, entry_id__in=asked)
        new = asked.keys() - set(mine.values_list("entry_id", flat=True)) if asked else set()
        Posting.objects.bulk_create(
            [Posting(endpoint=endpoint, entry_id=number, fact=asked[number]) for number in sorted(new)],
            ignore_conflicts=True,
        )
    return (rows[-1][0] if len(rows) == _AT_ONCE else up_to), len(new)


def _sealed() -> int:
    """The last entry that is under a seal of the audit log: everything below it is there."""
    return Seal.objects.order_by("-number").values_list("to_id", flat=True).first() or 0
