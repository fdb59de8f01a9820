"""Reading the timeline: the newest entries of one customer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from django.db.models import Q

from regulars.timeline.facts import all_facts
from regulars.timeline.models import Entry

READ = "read"


def customer_entries(
    customer_ids: int | Collection[int],
    *,
    names: Collection[str] | None = None,
    once: Collection[str] = (),
    before: tuple[dt.datetime, int] | None = None,
    limit: int = 50,
) -> list[Entry]:
    """Newest first, with who did it; only those of `names`, and older than the entry at `before` (time, id).

    Of a customer who has several records these are the entries of all of them; the facts of `once`, which are told of
    each record, are those of the first id alone.
    """
    ids = [customer_ids] if isinstance(customer_ids, int) else list(customer_ids)
    entries = Entry.objects.filter(customer_id__in=ids).select_related("actor")
    if names is not None:
        entries = entries.filter(name__in=names)
    if once and len(ids) > 1:
        entries = entries.exclude(Q(name__in=once) & ~Q(customer_id=ids[0]))
    if before is not None:
        at, entry_id = before
        entries = entries.filter(at__lte=at).exclude(Q(at=at) & Q(id__gte=entry_id))
    return list(entries.order_by("-at", "-id")[:limit])


def names_for_timeline(*, kind: str = "") -> frozenset[str]:
    """The facts that stand on a customer's timeline; those of one kind, or all."""
    return frozenset(name for name, fact in all_facts().items() if fact.on_timeline and (not kind or fact.kind == kind))


def names_for_audit() -> frozenset[str]:
    """The facts that the audit log keeps."""
    return frozenset(name for name, fact in all_facts().items() if fact.is_audit)


def names_of_reads() -> frozenset[str]:
    """The facts that say that somebody read something, and changed nothing."""
    return frozenset(name for name, fact in all_facts().items() if fact.kind == READ)
