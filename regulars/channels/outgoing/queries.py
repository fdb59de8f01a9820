"""Reads for the pages and the API of webhooks. The number of queries does not grow with the rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Count

from regulars.channels.models import Endpoint, Posting, PostingState
from regulars.channels.outgoing import messages

PAGE = 50


@dataclass(frozen=True, slots=True)
class Line:
    """An address, and how many messages wait for it or were given up."""

    endpoint: Endpoint
    waiting: int
    given_up: int

    @property
    def light(self) -> str:
        """off, bad, late or on: how it goes, for the tag."""
        if not self.endpoint.is_on:
            return "bad" if self.endpoint.stopped_because else "off"
        if self.endpoint.failing_since is not None:
            return "late"
        return "on"


def lines(endpoints: Iterable[Endpoint]) -> list[Line]:
    """Addresses with their counts, in one query."""
    rows = list(endpoints)
    counted = dict.fromkeys(((one.pk, state) for one in rows for state in PostingState.values), 0)
    unsent = (
        Posting.objects.filter(endpoint__in=rows)
        .exclude(state=PostingState.SENT)
        .values_list("endpoint_id", "state")
        .annotate(n=Count("pk"))
        .order_by()
    )
    counted |= {(number, state): n for number, state, n in unsent}
    return [Line(one, counted[one.pk, PostingState.WAITING], counted[one.pk, PostingState.GIVEN_UP]) for one in rows]


def all_endpoints() -> list[Endpoint]:
    """Every address, by name, with its owner."""
    return list(Endpoint.objects.select_related("owner"))


def postings(
    endpoint: Endpoint, *, states: Sequence[str] = (), before: int | None = None, limit: int = PAGE
) -> tuple[list[Posting], int | None]:
    """The messages of an address, the newest first, and where the page after this one begins."""
    rows = endpoint.postings.order_by("-entry_id")
    if states:
        rows = rows.filter(state__in=states)
    if before is not None:
        rows = rows.filter(entry_id__lt=before)
    found = list(rows[: limit + 1])
    return found[:limit], found[limit - 1].entry_id if len(found) > limit else None


def posting_of(endpoint: Endpoint, message_id: str) -> Posting | None:
    """A message by its id; None where this address has no such message."""
    head, _line, number = message_id.rpartition("_")
    if not number.isascii() or not number.isdigit() or len(number) > 18:
        return None
    if messages.id_of(endpoint, int(number)) != f"{head}_{number}":
        return None
    return endpoint.postings.filter(entry_id=int(number)).first()


def stopped_of(owner_id: int) -> list[Endpoint]:
    """Somebody's addresses that were switched off because of a problem."""
    return list(Endpoint.objects.filter(owner_id=owner_id, is_on=False).exclude(stopped_because=""))
