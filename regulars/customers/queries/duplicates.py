"""The review of duplicates: pairs to decide, the surest first; what was kept apart; what was merged."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from regulars.core.errors import Invalid
from regulars.customers.duplicates.words import field_label
from regulars.customers.models import Customer, DuplicatePair, MergeLink
from regulars.customers.people import records
from regulars.customers.standings import id_list

SIZE = 40
COUNTED = 1_000
_TELLING = 1.0  # bits
_NAMED = 3


@dataclass(frozen=True, slots=True)
class Pair:
    """Two customers as a list shows them: who they are now, and what speaks for one person."""

    id: int
    left: Customer
    right: Customer
    probability: float
    state: str
    alike: list[str]


@dataclass(frozen=True, slots=True)
class PairPage:
    """Some pairs, and the cursor of those that follow; empty at the end."""

    rows: list[Pair]
    next_cursor: str = ""


def open_pairs(*, after: str = "", size: int = SIZE) -> PairPage:
    """Pairs that nobody has decided, the surest first: one query. Of several that are the same two people the first."""
    return _page(_apart().filter(state=DuplicatePair.State.OPEN), after, size)


def kept_apart(*, after: str = "", size: int = SIZE) -> PairPage:
    """Pairs that were decided to be two people, or two of one household: one query."""
    states = (DuplicatePair.State.NEVER, DuplicatePair.State.HOUSEHOLD)
    return _page(_apart().filter(state__in=states), after, size)


def open_count() -> tuple[int, bool]:
    """How many pairs there are to decide, and whether that is all of them: nobody counts further than to a thousand."""
    counted = _apart().filter(state=DuplicatePair.State.OPEN).order_by()[: COUNTED + 1].count()
    return min(counted, COUNTED), counted <= COUNTED


def pair(pair_id: int) -> Pair | None:
    """One pair, decided or not; nothing where one of the two is gone, or both are one customer already."""
    found = list(_apart().filter(pk=pair_id))
    return _pair(found[0]) if found else None


def pair_of(first: int, second: int) -> DuplicatePair | None:
    """What is known of two records."""
    return DuplicatePair.objects.filter(left=min(first, second), right=max(first, second)).first()


def between(first: Customer, second: Customer) -> list[DuplicatePair]:
    """All pairs of a record of the one customer and a record of the other."""
    one, two = id_list(records(first)), id_list(records(second))
    found = DuplicatePair.objects.filter(Q(left__in=one, right__in=two) | Q(left__in=two, right__in=one))
    return list(found.order_by("pk"))


def pairs_of(customer_ids: Iterable[int], *, most: int = 3) -> list[Pair]:
    """Whom the records of one customer may be as well, as far as nobody has decided, the surest first."""
    ids = id_list(customer_ids)
    # by the two indexes of the two alone: the index of the list would be walked to its end
    either = DuplicatePair.objects.filter(Q(left__in=ids) | Q(right__in=ids))
    keys = list(either.order_by().values_list("pk", flat=True))
    if not keys:
        return []
    found = _apart().filter(pk__in=id_list(keys), state=DuplicatePair.State.OPEN)
    return _once(found.order_by("-probability", "id")[:most])


def active_links(*, after: str = "", size: int = SIZE) -> tuple[list[MergeLink], str]:
    """Merges that hold, the newest first, with both records and who made them; and the cursor of those that follow."""
    links = MergeLink.objects.filter(undone_at__isnull=True, kept__deleted_at__isnull=True)
    if after:
        links = links.filter(pk__lt=_number(after))
    rows = list(links.select_related("kept__merged_into", "merged", "made_by").order_by("-pk")[: size + 1])
    return rows[:size], str(rows[size - 1].pk) if len(rows) > size else ""


def links_of(record_ids: Iterable[int]) -> list[MergeLink]:
    """The merges that make some records one person, oldest first."""
    links = MergeLink.objects.filter(kept__in=id_list(record_ids), undone_at__isnull=True)
    return list(links.select_related("merged", "merged__channel", "made_by").order_by("pk"))


def _apart() -> QuerySet[DuplicatePair]:
    """Pairs whose two are still there, and not one customer already."""
    rows = DuplicatePair.objects.select_related(
        "left__merged_into", "right__merged_into", "left__channel", "right__channel"
    ).annotate(one=Coalesce("left__merged_into", "left"), other=Coalesce("right__merged_into", "right"))
    return rows.exclude(one=F("other")).filter(
        Q(left__is_listed=True) | Q(left__merged_into__is_listed=True),
        Q(right__is_listed=True) | Q(right__merged_into__is_listed=True),
    )


def _page(pairs: QuerySet[DuplicatePair], after: str, size: int) -> PairPage:
    if after:
        probability, _sign, number = after.partition("_")
        place = _share(probability)
        pairs = pairs.filter(Q(probability__lt=place) | Q(probability=place, pk__gt=_number(number)))
    rows = list(pairs.order_by("-probability", "id")[: size + 1])
    shown = rows[:size]
    following = f"{shown[-1].probability!r}_{shown[-1].pk}" if len(rows) > size else ""
    return PairPage(_once(shown), following)


def _once(rows: Iterable[Any]) -> list[Pair]:
    """Pairs as a list shows them; records of one person that are each like a third are one pair."""
    found: dict[frozenset[int], Pair] = {}
    for row in rows:
        made = _pair(row)
        found.setdefault(frozenset((made.left.pk, made.right.pk)), made)
    return list(found.values())


def _pair(row: DuplicatePair) -> Pair:
    pieces = sorted(row.evidence, key=lambda piece: -float(piece["weight"]))
    telling = [field_label(piece["field"]) for piece in pieces if float(piece["weight"]) >= _TELLING]
    alike = list(dict.fromkeys(telling))[:_NAMED]
    return Pair(row.pk, row.left.person, row.right.person, row.probability, row.state, alike)


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise _bad()
    return int(text)


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError as error:
        raise _bad() from error
    if not 0 <= share <= 1:
        raise _bad()
    return share


def _bad() -> Invalid:
    sentence = _("The address names a page that does not exist. Begin at the first page.")
    return Invalid(sentence, fields={"after": [sentence]})
