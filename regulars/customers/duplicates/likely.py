"""Who somebody may be that is about to be saved: asked of the whole file, answered in milliseconds.

The search index and the index of e-mails give a few customers; those alone are compared, by what the last search for
duplicates has learnt.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from itertools import islice
from typing import Any

import numpy as np
from django.db.models import Q

from regulars.core.text import fold
from regulars.customers.duplicates import base
from regulars.customers.duplicates.comparing import compare, local_part, tail
from regulars.customers.duplicates.deciding import USUAL
from regulars.customers.duplicates.evidence import Evidence, evidence_of
from regulars.customers.duplicates.model import Kept, Model, Parameters
from regulars.customers.duplicates.person import Person
from regulars.customers.duplicates.table import Table
from regulars.customers.grams import BLOCK_BITS, codes_of
from regulars.customers.models import ContactPoint, Customer, Gram, MatchingModel, Unindexed
from regulars.customers.postings import all_of
from regulars.customers.standings import id_list

_MOST = 120
"""Customers that are compared at most."""

_MOST_OF_A_HINT = 40
_MOST_GRAMS = 12
_LATEST = 200

Likely = tuple[int, float, list[Evidence]]


def likely_duplicates(values: Mapping[str, Any], *, limit: int = 5, besides: Iterable[int] = ()) -> list[Likely]:
    """Listed customers who may be the person described, the likeliest first: id, probability and evidence.

    `values` are fields of a profile (given_name, family_name, name, company, email, phone, birth_year, birthday, …) and
    of an address (line1, line2, city, region, postcode, country), as forms and imports have them; `besides` are
    customers not to name. Nobody less likely than the threshold is named.
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
    best = [place for place in np.argsort(-match, kind="stable")[:limit].tolist() if match[place] >= threshold]
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
    for hint in (_by_email, _by_phone, _by_names, _by_local_part, _by_company, _unindexed):
        for number in hint(somebody):
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


def _by_phone(somebody: Person) -> Iterable[int]:
    for digits in somebody.phone:
        yield from _having(tail(digits) or digits)


def _by_names(somebody: Person) -> Iterable[int]:
    """Both names, wherever they stand; then one of them with something else, as the other may be spelt otherwise."""
    given, family = _spelt(somebody.given), _spelt(somebody.family)
    if given and family:
        yield from _having(given, family)
        yield from _having(family, given[:3])
    for name in (family, given):
        if name and somebody.postcode:
            yield from _having(name, somebody.postcode)
    if family and given:
        yield from _having(family[:4], given[:4])
    elif given or family:
        yield from _having(given or family)


def _spelt(name: str) -> str:
    """A name as the search text has it: Chinese also by its pinyin, of which the characters are the shorter hint."""
    return fold(name.split(" ", maxsplit=1)[0]) if name else ""


def _by_local_part(somebody: Person) -> Iterable[int]:
    for email in somebody.email:
        if local := local_part(email):
            yield from _having(local)


def _by_company(somebody: Person) -> Iterable[int]:
    if somebody.company:
        yield from _having(*somebody.company.split()[:2])


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


def _having(*texts: str) -> list[int]:
    """The first customers whose search text has all the texts, by what the index knows."""
    codes = list(dict.fromkeys(code for text in texts if len(text) > 1 for code in codes_of(text)))
    if not codes:
        return []
    if len(codes) > _MOST_GRAMS:
        codes = [codes[place * len(codes) // _MOST_GRAMS] for place in range(_MOST_GRAMS)]
    stored: dict[int, list[bytes]] = {}
    for block, posting in Gram.objects.filter(code__in=codes, block__in=_blocks()).values_list("block", "ids"):
        stored.setdefault(block, []).append(bytes(posting))
    found: list[int] = []
    for block, postings in sorted(stored.items()):
        if len(postings) == len(codes):
            found += (np.flatnonzero(all_of(postings)) + (block << BLOCK_BITS)).tolist()
            if len(found) >= _MOST_OF_A_HINT:
                break
    return found[:_MOST_OF_A_HINT]


def _blocks() -> list[int]:
    last = Customer.everyone.order_by("-id").values_list("id", flat=True).first() or 0
    return list(range((last >> BLOCK_BITS) + 1))
