"""Which customers something happened to since an entry of the timeline: what a version of the lake does not know yet.

Entries that only say that somebody looked touch nobody. Who was erased, or went when an import was taken back, has no
entry of their own any more; those who went are told by their number, or found by looking who is still there.

On PostgreSQL an entry can be seen later than one with a higher id. Everything up to `floor` was seen for certain; what
is beyond is read again each time, until no transaction that could still bring something is running.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

from django.db import connection
from django.db.models import Max, Q, QuerySet

from regulars.customers.facts import CustomerErased
from regulars.customers.models import Customer
from regulars.customers.standings import id_list
from regulars.segments.lake.tables import reaching
from regulars.timeline.arriving import last_given_out, running
from regulars.timeline.facts import EntriesBlanked
from regulars.timeline.models import Entry, Seal
from regulars.timeline.queries import names_of_reads

_UNDONE = "undone"


class Rewound(Exception):  # noqa: N818 — whoever follows begins anew
    """The timeline ends before the place that was known: this is another database."""


@dataclass(frozen=True, slots=True)
class Followed:
    """How far the timeline was followed: to `floor` whole, and beyond it the entries of `seen`."""

    floor: int
    seen: frozenset[int] = frozenset()
    waits_for: tuple[int, frozenset[str]] | None = None


@dataclass(frozen=True, slots=True)
class Touched:
    """Whom something happened to: their records, the listed customers these are, and which of all these are listed.

    `gone` are among them and exist no more.
    """

    customers: frozenset[int] = frozenset()
    listed: frozenset[int] = frozenset()
    gone: frozenset[int] = frozenset()
    has_vanished: bool = False


def settled(*, patience: float = 0.0) -> int:
    """An id up to which every entry there will ever be can be seen: the newest one, where that can be said by now."""
    if connection.vendor != "postgresql":
        return _last()
    last, others = last_given_out(), running()
    ends_at = time.monotonic() + patience
    while others and time.monotonic() < ends_at:
        time.sleep(0.05)
        others &= running()
    if not others:
        return last
    # whatever is sealed is settled
    return Seal.objects.order_by("-number").values_list("to_id", flat=True).first() or 0


def look(known: Followed) -> tuple[Followed, Touched]:
    """Follow the timeline to where it is now. Raises Rewound."""
    return _look_postgresql(known) if connection.vendor == "postgresql" else _look_sqlite(known)


def existing() -> list[int]:
    """Every record of a customer there is, listed or not."""
    return list(Customer.everyone.order_by().values_list("pk", flat=True))


def listed() -> list[int]:
    """Every listed customer."""
    return list(Customer.objects.order_by("pk").values_list("pk", flat=True))


def _look_sqlite(known: Followed) -> tuple[Followed, Touched]:
    last = _last()
    if last < known.floor:
        raise Rewound
    if last == known.floor:
        return known, Touched()
    _ids, touched = _read(known.floor, frozenset(), last)
    return Followed(last), touched


def _look_postgresql(known: Followed) -> tuple[Followed, Touched]:
    last = last_given_out()
    if last < known.floor:
        raise Rewound
    if last == known.floor:
        return known, Touched()
    settled_to, waits_for = None, known.waits_for
    if waits_for is None:
        others = frozenset(running())
        settled_to, waits_for = (None, (last, others)) if others else (last, None)
    elif waits_for[1].isdisjoint(running()):
        settled_to, waits_for = waits_for[0], None
    # only what was known to be settled before this was read has been seen whole
    ids, touched = _read(known.floor, known.seen, None)
    found = replace(known, seen=known.seen | ids, waits_for=waits_for)
    if settled_to is not None:
        beyond = frozenset(number for number in found.seen if number > settled_to)
        found = Followed(settled_to, beyond, waits_for)
    return found, touched


def _last() -> int:
    return Entry._base_manager.aggregate(last=Max("pk"))["last"] or 0


def _read(after: int, seen: frozenset[int], last: int | None) -> tuple[frozenset[int], Touched]:
    """The entries after an id that were not seen yet, and whom they are about."""
    beyond = Entry._base_manager.filter(pk__gt=after).exclude(name__in=names_of_reads()).order_by()
    if last is not None:
        beyond = beyond.filter(pk__lte=last)
    whom = Q(customer__isnull=False) | Q(name__in=[CustomerErased.name, EntriesBlanked.name, *reaching()])
    if not seen and last is not None:
        # nothing has to be remembered of each entry: a million of one customer are one row
        ids: frozenset[int] = frozenset()
        customers = set(beyond.filter(customer__isnull=False).values_list("customer_id", flat=True).distinct())
    else:
        fresh = [row for row in beyond.filter(whom).values_list("pk", "customer_id") if row[0] not in seen]
        ids = frozenset(number for number, _customer in fresh)
        customers = {customer for _number, customer in fresh if customer is not None}
    said = beyond.filter(name__in=[CustomerErased.name, EntriesBlanked.name]).only("pk", "name", "data")
    gone, has_vanished = set(), False
    for entry in said:
        if entry.pk in seen:
            continue
        if entry.name == CustomerErased.name:
            gone.add(Customer.pk_of(entry.data.get("public_id", "")))
        elif entry.data.get("reason") == _UNDONE:
            has_vanished = True
    gone.discard(None)
    customers |= _reached(beyond, seen)
    return ids, _touched({number for number in customers | gone if number is not None}, has_vanished=has_vanished)


def _reached(beyond: QuerySet[Entry], seen: frozenset[int]) -> set[int]:
    """Whom entries touch that name no customer, or another one (lake.tables.reaches)."""
    known = reaching()
    subjects: dict[str, set[int]] = {}
    for number, name, subject in beyond.filter(name__in=list(known)).values_list("pk", "name", "subject_id"):
        if number not in seen:
            subjects.setdefault(name, set()).update(() if subject is None else (subject,))
    return {customer for name, found in subjects.items() for customer in known[name](found)}


def _touched(numbers: set[int], *, has_vanished: bool) -> Touched:
    if not numbers:
        return Touched(has_vanished=has_vanished)
    columns = ("pk", "is_listed", "merged_into_id")
    found = list(Customer.everyone.filter(pk__in=id_list(numbers)).order_by().values_list(*columns))
    roots = {root for _pk, _is_listed, root in found if root is not None} - numbers
    if roots:
        found += Customer.everyone.filter(pk__in=id_list(roots)).order_by().values_list(*columns)
    return Touched(
        customers=frozenset(numbers | roots),
        listed=frozenset(pk for pk, is_listed, _root in found if is_listed),
        gone=frozenset(numbers - {pk for pk, _is_listed, _root in found}),
        has_vanished=has_vanished,
    )
