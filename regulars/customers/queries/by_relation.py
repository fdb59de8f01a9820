"""Lists in the order of what stands in rows of another table: a field of the shop's own, say.

Few candidates are read with their values and sorted. Many are met along the index of the values, and whoever is not a
candidate is passed over. Who has no value stands last, by id.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from django.db.models import Q

from regulars.customers.grams import Ids
from regulars.customers.queries.narrowing import Narrowed, at
from regulars.customers.relations import Relation
from regulars.customers.standings import id_list

if TYPE_CHECKING:
    from regulars.customers.models import Customer
    from regulars.customers.queries.pages import _Order, _Reader
    from regulars.customers.queries.request import Key

_FEW = 20_000
_FIRST_CHUNK, _LARGEST_CHUNK = 1_000, 100_000


def keys(reader: _Reader, relation: Relation, order: _Order, start: Key | None) -> Iterator[list[Key]]:
    """The keys beyond a place, in order, of everybody who fits."""
    narrowed = reader.narrowed
    if narrowed is None:
        found = [pk for part in reader.scan() for _value, pk in part]
        yield _beyond(_with_values(relation, found), order, start)
        return
    count = int(np.count_nonzero(narrowed.may))
    is_sure = count == int(np.count_nonzero(narrowed.is_sure))
    if count <= _FEW:
        parts: Iterable[list[Key]] = _sorted(relation, narrowed, order, start)
    else:
        parts = _along(relation, narrowed, order, start)
    for part in parts:
        yield part if is_sure else _fitting(reader, part)


def value_of(relation: Relation, customer: Customer) -> Any:
    """What a customer is sorted by; None where they have no value."""
    return _with_values(relation, [customer.pk])[0][0]


def _fitting(reader: _Reader, part: Sequence[Key]) -> list[Key]:
    """Those of a part whose rows pass every test."""
    fits = {pk for _value, pk in reader.read("id", [pk for _value, pk in part])}
    return [key for key in part if key[1] in fits]


def _sorted(relation: Relation, narrowed: Narrowed, order: _Order, start: Key | None) -> Iterator[list[Key]]:
    ids = narrowed.standings.ids(np.flatnonzero(narrowed.may)).tolist()
    whole, size, first = _beyond(_with_values(relation, ids), order, start), _FIRST_CHUNK, 0
    while first < len(whole):
        yield whole[first : first + size]
        first += size


def _beyond(found: list[Key], order: _Order, start: Key | None) -> list[Key]:
    return order.sorted([key for key in found if order.is_beyond(key, start)])


def _with_values(relation: Relation, ids: Sequence[int]) -> list[Key]:
    """Each of some customers with the value they are sorted by."""
    voices, roots = relation.speaking(), set(ids)
    asked = [*ids, *(record for record, root in voices.items() if root in roots)]
    rows = relation.rows().filter(**{f"{relation.customer}__in": id_list(asked)})
    values = {voices.get(pk, pk): value for pk, value in rows.values_list(relation.customer, relation.value)}
    return [(values.get(pk), pk) for pk in ids]


def _along(relation: Relation, narrowed: Narrowed, order: _Order, start: Key | None) -> Iterator[list[Key]]:
    """Those with a value along its index, then those without one, or the other way round going back."""
    for is_empty in (True, False) if order.has_empty_first else (False, True):
        if start is not None and (start[0] is None) != is_empty:
            # the place is in the other half: this one comes whole, or is behind us
            if is_empty is order.has_empty_first:
                continue
            yield from _half(relation, narrowed, order, None, is_empty=is_empty)
        else:
            yield from _half(relation, narrowed, order, start, is_empty=is_empty)


def _half(
    relation: Relation, narrowed: Narrowed, order: _Order, start: Key | None, *, is_empty: bool
) -> Iterator[list[Key]]:
    if is_empty:
        without = narrowed.may & ~at(relation.ids(Q()), narrowed.standings)
        yield from _by_id(narrowed.standings.ids(np.flatnonzero(without)), order, start)
        return
    voices = relation.speaking()
    lent = [(value, voices[pk]) for value, pk in _with_own_values(relation, list(voices))]
    merged = _beyond([key for key in lent if narrowed.has([key[1]])[0]], order, start)
    stream = _rows(relation, narrowed, order, start)
    part: list[Key] = []
    for key in heapq.merge(stream, merged, reverse=not order.is_rising):
        part.append(key)
        if len(part) >= _FIRST_CHUNK:
            yield part
            part = []
    yield part


def _with_own_values(relation: Relation, ids: Sequence[int]) -> list[Key]:
    rows = relation.rows().filter(**{f"{relation.customer}__in": id_list(ids)})
    return list(rows.values_list(relation.value, relation.customer)) if ids else []


def _by_id(ids: Ids, order: _Order, start: Key | None) -> Iterator[list[Key]]:
    if start is not None:
        ids = ids[ids > start[1]] if order.is_rising else ids[ids < start[1]]
    ids = ids if order.is_rising else ids[::-1]
    for first in range(0, len(ids), _FIRST_CHUNK):
        yield [(None, pk) for pk in ids[first : first + _FIRST_CHUNK].tolist()]


def _rows(relation: Relation, narrowed: Narrowed, order: _Order, start: Key | None) -> Iterator[Key]:
    """Candidates with values of their own, along the index, in chunks that grow while few are found."""
    side, sign = ("gt", "") if order.is_rising else ("lt", "-")
    value, customer = relation.value, relation.customer
    by = (f"{sign}{value}", f"{sign}{customer}")
    size = _FIRST_CHUNK
    while True:
        found: list[Key] = []
        if start is not None:
            same = relation.rows().filter(**{value: start[0], f"{customer}__{side}": start[1]})
            found += same.order_by(by[1]).values_list(value, customer)[:size]
        if len(found) < size:
            rows = relation.rows() if start is None else relation.rows().filter(**{f"{value}__{side}": start[0]})
            found += rows.order_by(*by).values_list(value, customer)[: size - len(found)]
        if not found:
            return
        is_in = narrowed.has([pk for _value, pk in found])
        yield from (key for key, fits in zip(found, is_in, strict=True) if fits)
        if len(found) < size:
            return
        start, size = found[-1], min(4 * size, _LARGEST_CHUNK)
