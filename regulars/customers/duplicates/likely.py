"""Who somebody may be that is about to be saved: asked of the whole file, answered in milliseconds.

The search index and the index of e-mails give a few customers; those alone are compared, by what the last search for
duplicates has learnt.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import islice
from typing import Any

import numpy as np
from django.db.models import Q

from regulars.core.text import fold
from regulars.customers.duplicates import base
from regulars.customers.duplicates.comparing import compare
from regulars.customers.duplicates.deciding import USUAL
from regulars.customers.duplicates.essence import local_part, tail
from regulars.customers.duplicates.evidence import Evidence, evidence_of
from regulars.customers.duplicates.model import Kept, Model, Parameters
from regulars.customers.duplicates.person import Person
from regulars.customers.duplicates.table import Table
from regulars.customers.grams import BLOCK_BITS, codes_of
from regulars.customers.models import ContactPoint, Customer, Gram, MatchingModel, Unindexed
from regulars.customers.postings import all_of
from regulars.customers.standings import id_list

_MOST = 60
"""Customers that are compared at most."""

_MOST_OF_A_HINT = 30
_MOST_GRAMS = 8
_LATEST = 200

Likely = tuple[int, float, list[Evidence]]


def likely_duplicates(values: Mapping[str, Any], *, limit: int = 5, besides: Iterable[int] = ()) -> list[Likely]:
    """Listed customers who may be the person described, the likeliest first: id, probability and evidence.

    `values` are fields of a profile (given_name, family_name, name, company, email, phone, birth_year, birthday, …)
    and of an address (line1, line2, city, region, postcode, country), as forms and imports have them; `besides` are
    customers not to name. Nobody less likely than the threshold is named, but for who has one of the e-mails: two who
    share one are worth a look, however different all else is.
    """
    somebody = base.as_person(dict(values))
    ids = list(islice(_candidates(somebody), _MOST))
    excluded = set(besides)
    known = [(number, person) for number, person in base.some(ids) if number not in excluded]
    if not known:
        return []
    table = Table([somebody, *(person for _number, person in known)])
    parameters, rarity, threshold = _learnt()
    model = Model(parameters, Kept(table, rarity))
    left = np.zeros(len(known), dtype=np.int64)
    right = np.arange(1, len(known) + 1, dtype=np.int64)
    match = model.probabilities(compare(table, left, right))[0]
    mails = set(somebody.email)
    best = [
        place
        for place in np.argsort(-match, kind="stable").tolist()
        if match[place] >= threshold or mails.intersection(known[place][1].email)
    ][:limit]
    pieces = evidence_of(table, model, left[best], right[best])
    return [(known[place][0], float(match[place]), one) for place, one in zip(best, pieces, strict=True)]


def _learnt() -> tuple[Parameters, dict[str, Any], float]:
    """What the last search has learnt; the beliefs before the first one."""
    stored = MatchingModel.objects.values_list("trained_at", "threshold").first()
    if stored is None:
        return Parameters.believed(10_000), {}, USUAL
    return *_read(str(stored[0])), stored[1]


@lru_cache(maxsize=2)
def _read(_trained_at: str) -> tuple[Parameters, dict[str, Any]]:
    data = MatchingModel.objects.values_list("parameters", flat=True).first() or {}
    return Parameters.from_data(data["model"]), data["rarity"]


def _candidates(somebody: Person) -> Iterable[int]:
    """Ids worth comparing, by the surest hints first, each once."""
    seen: set[int] = set()
    blocks = _blocks()
    hints = (_by_email(somebody), _unindexed(somebody), *(_having(*texts, blocks=blocks) for texts in _texts(somebody)))
    for hint in hints:
        for number in hint:
            if number not in seen:
                seen.add(number)
                yield number


def _by_email(somebody: Person) -> Iterable[int]:
    if somebody.email:
        yield from (
            Customer.objects.filter(email__in=somebody.email)
            .order_by("id")
            .values_list("id", flat=True)[:_MOST_OF_A_HINT]
        )
    if values := [*somebody.email, *(f"+{digits}" for digits in somebody.phone)]:
        yield from ContactPoint.objects.filter(value__in=values).values_list("customer_id", flat=True)[:_MOST_OF_A_HINT]


def _texts(somebody: Person) -> Iterator[tuple[str, ...]]:
    """What the index is asked for, one after the other: texts that all have to be there."""
    yield from ((tail(digits) or digits,) for digits in somebody.phone)
    # both names wherever they stand; then one with something else, as the other may be spelt otherwise
    given, family = (fold(name.split(" ")[0]) for name in (somebody.given, somebody.family))
    if somebody.postcode:
        yield from ((name[:4], somebody.postcode) for name in (given, family) if name)
    if given and family:
        yield given, family
        yield family[:4], given[:4]
    elif given or family:
        yield (given or family,)
    if not given or not family:
        yield from ((local,) for local in map(local_part, somebody.email) if local)
    if somebody.company:
        yield tuple(somebody.company.split()[:2])


def _unindexed(somebody: Person) -> Iterable[int]:
    """Those who came a moment ago and are not in the index yet."""
    words = [word for word in (somebody.family, somebody.given, *somebody.phone) if word]
    if not words:
        return
    latest = list(
        Unindexed.objects.filter(has_new_text=True).order_by("-id").values_list("customer_id", flat=True)[:_LATEST]
    )
    either = Q()
    for word in words:
        either |= Q(search_text__contains=word)
    yield from Customer.objects.filter(either, pk__in=id_list(latest)).values_list("id", flat=True)[:_MOST_OF_A_HINT]


def _having(*texts: str, blocks: list[int]) -> Iterator[int]:
    """The first customers whose search text has all the texts, by what the index knows."""
    codes = list(dict.fromkeys(code for text in texts if len(text) > 1 for code in codes_of(text)))
    if len(codes) > _MOST_GRAMS:
        codes = [codes[place * len(codes) // _MOST_GRAMS] for place in range(_MOST_GRAMS)]
    stored: dict[int, list[bytes]] = {}
    for block, posting in Gram.objects.filter(code__in=codes, block__in=blocks).values_list("block", "ids"):
        stored.setdefault(block, []).append(bytes(posting))
    left = _MOST_OF_A_HINT
    for block, postings in sorted(stored.items()):
        if len(postings) == len(codes) and left > 0:
            found = np.flatnonzero(all_of(postings))[:left] + (block << BLOCK_BITS)
            left -= len(found)
            yield from found.tolist()


def _blocks() -> list[int]:
    last = Customer.everyone.order_by("-id").values_list("id", flat=True).first() or 0
    return list(range((last >> BLOCK_BITS) + 1))
