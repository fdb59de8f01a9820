"""The customer list, page by page, by the way that reads the fewest rows.

    walk     nobody is left out, or only by the very column that sorts: read along the index of the order
    narrow   standings and grams say who may be in the list, and where: read those rows, step by step of the order
    scan     the index is not built yet (a small shop's first minutes) or far behind: let the database look at all

Whatever the way, each row is tested before it is shown; the ways differ in time alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import numpy as np
from django.db.models import Q

from regulars.core.sight import current
from regulars.customers import search
from regulars.customers.conditions import Between, Condition
from regulars.customers.grams import Ids
from regulars.customers.models import Customer
from regulars.customers.queries import by_relation, partly
from regulars.customers.queries.narrowing import Narrowed, comparable, narrow
from regulars.customers.queries.request import Key, ListRequest
from regulars.customers.search import Asked
from regulars.customers.standings import EMPTY, FIRST, Mask, Steps, id_list

COUNTED = 10_000
_CHUNK = 2_000
_READ_AT_ONCE = 4_000
_COUNT_READS = 12_000
_TOO_HIGH = 20_000
_SAMPLE = 500

_INDEXED = {index.fields[0] for index in Customer._meta.indexes if index.fields[1:] == ["id"] and not index.condition}

Way = Literal["walk", "narrow", "scan"]


@dataclass(frozen=True, slots=True)
class Page:
    """Some customers in order, and the cursors of what lies beyond them; an empty cursor is the end."""

    rows: list[Customer] = field(default_factory=list)
    next_cursor: str = ""
    previous_cursor: str = ""


@dataclass(frozen=True, slots=True)
class Count:
    """How many: exactly, or at least as many."""

    number: int
    is_exact: bool


@dataclass(frozen=True, slots=True)
class Culprit:
    """What leaves nobody in the list, a filter or (None) the search, and how many there would be without it."""

    condition: Condition | None
    count: Count


def customer_page(request: ListRequest, *, way: Way | None = None) -> Page:
    """A page of customers with their channel and who looks after them; the number of queries does not grow with rows.

    `way` forces one of the ways (tests).
    """
    return _page(_Reader(request), way)


def customer_count(request: ListRequest) -> Count:
    """How many customers the list has: all of them exactly, a part exactly up to 10,000."""
    return _count(_Reader(request))


def customer_list(request: ListRequest) -> tuple[Page, Count]:
    """A page, and how many the list has, for the price of little more than the page."""
    reader = _Reader(request)
    page = _page(reader, None)
    if request.after is None and request.before is None and not page.next_cursor:
        return page, Count(len(page.rows), is_exact=True)
    return page, _count(reader)


def customer_ids(request: ListRequest) -> list[int]:
    """Everybody in a list, by id, rising: for work on all of them. Only rows that are not sure are read."""
    reader = _Reader(request)
    narrowed = reader.narrowed
    if narrowed is None:
        return sorted(pk for part in reader.scan() for _value, pk in part)
    sure = narrowed.standings.ids(np.flatnonzero(narrowed.is_sure)).tolist()
    unsure = narrowed.standings.ids(np.flatnonzero(narrowed.may & ~narrowed.is_sure))
    return sorted([*sure, *(pk for _value, pk in reader.read("id", unsure))])


def neighbours(request: ListRequest, customer: Customer) -> tuple[Customer | None, Customer | None]:
    """Who stands before and after a customer in a list."""
    relation = request.sort.relation
    value = by_relation.value_of(relation, customer) if relation else getattr(customer, request.sort_column)
    key: Key = (value, customer.pk)
    reader = _Reader(request)
    before = _keys(reader, key, 1, is_backward=True)
    after = _keys(reader, key, 1, is_backward=False)
    known = Customer.objects.in_bulk([pk for _value, pk in before + after])
    return (known.get(before[0][1]) if before else None), (known.get(after[0][1]) if after else None)


def dropping(request: ListRequest) -> Culprit | None:
    """For a list with nobody in it: the filter (or the search) without which it has the most people.

    None where it takes more than one to be dropped.
    """
    suspects: list[Condition | None] = [*request.conditions, *([None] if request.search else [])]
    counted = [Culprit(one, customer_count(request.without(one))) for one in reversed(suspects)]
    culprit = max(counted, key=lambda one: one.count.number, default=None)
    return culprit if culprit and culprit.count.number else None


def _page(reader: _Reader, way: Way | None) -> Page:
    request = reader.request
    is_backward = request.before is not None
    keys = _keys(reader, request.before or request.after, request.size + 1, is_backward=is_backward, way=way)
    has_more, keys = len(keys) > request.size, keys[: request.size]
    if is_backward:
        keys.reverse()
    if not keys:
        return Page()
    known = Customer.objects.select_related("channel", "looked_after_by").in_bulk([pk for _value, pk in keys])
    return Page(
        rows=[known[pk] for _value, pk in keys if pk in known],
        next_cursor=request.cursor(keys[-1]) if has_more or is_backward else "",
        previous_cursor=request.cursor(keys[0]) if (has_more if is_backward else request.after) else "",
    )


def _count(reader: _Reader) -> Count:
    narrowed = reader.narrowed
    if reader.request.is_everybody:
        # PostgreSQL counts a million rows one by one
        total = Customer.objects.count() if narrowed is None else int(np.count_nonzero(narrowed.may))
        return Count(total, is_exact=True)
    if narrowed is None:
        return _capped(sum(len(part) for part in _first(reader.scan(), COUNTED + 1)), is_whole=True)
    count = int(np.count_nonzero(narrowed.is_sure))
    unsure = narrowed.standings.ids(np.flatnonzero(narrowed.may & ~narrowed.is_sure))
    if _are_plenty(reader, count, unsure):
        return Count(COUNTED, is_exact=False)
    read = 0
    while count <= COUNTED and read < min(len(unsure), _COUNT_READS):
        part = unsure[read : min(read + COUNTED, _COUNT_READS)]
        count += reader.count(part)
        read += len(part)
    return _capped(count, is_whole=read >= len(unsure))


def _are_plenty(reader: _Reader, count: int, unsure: Ids) -> bool:
    """Whether there are more than are counted, by a sample of those who are not sure.

    That the share who fit is a tenth smaller among all than among five hundred is as good as impossible (Hoeffding: one
    in twenty thousand), and to read ten thousand texts to know it better would take longer than the page.
    """
    if count > COUNTED or count + 0.9 * len(unsure) <= COUNTED:
        return count > COUNTED
    sample = unsure[:: max(1, len(unsure) // _SAMPLE)]
    return count + (reader.count(sample) / len(sample) - 0.1) * len(unsure) > COUNTED


def _keys(reader: _Reader, start: Key | None, wanted: int, *, is_backward: bool, way: Way | None = None) -> list[Key]:
    """The first keys beyond a place, in the order they are met."""
    request = reader.request
    order = _Order(request.sort_column, is_rising=request.is_descending is is_backward, has_empty_first=is_backward)
    if (
        way is None
        and not request.search
        and order.column in _INDEXED
        and all(one.field.column == request.sort_column and isinstance(one.test, Between) for one in request.conditions)
    ):
        way = "walk"
    if request.sort.relation is not None:
        return _take(by_relation.keys(reader, request.sort.relation, order, start), wanted)
    narrowed = None if way in {"walk", "scan"} else reader.narrowed
    if narrowed is None:
        return _take(reader.along(order, start), wanted)
    return _take(reader.step_by_step(narrowed, order, start, wanted), wanted)


@dataclass(frozen=True, slots=True)
class _Order:
    """A way through the list: along a column, rising or falling, ids with it; no value is last, or first going back."""

    column: str
    is_rising: bool
    has_empty_first: bool

    def sorted(self, keys: Sequence[Key]) -> list[Key]:
        empty = sorted((key for key in keys if key[0] is None), key=lambda key: key[1], reverse=not self.is_rising)
        full = sorted((key for key in keys if key[0] is not None), reverse=not self.is_rising)
        return [*empty, *full] if self.has_empty_first else [*full, *empty]

    def is_beyond(self, key: Key, start: Key | None) -> bool:
        if start is None:
            return True
        if (key[0] is None) != (start[0] is None):
            return (key[0] is None) is not self.has_empty_first
        if key[0] is None:
            return key[1] > start[1] if self.is_rising else key[1] < start[1]
        return key > start if self.is_rising else key < start

    def parts(self, start: Key | None) -> Iterator[tuple[Q, tuple[str, ...]]]:
        """Conditions and orders of the database that lead along the index; those without a value are a part apart."""
        side, sign = ("gt", "") if self.is_rising else ("lt", "-")
        order = (f"{sign}{self.column}", f"{sign}id")
        nullable = Customer._meta.get_field(self.column).null
        for is_empty in (True, False) if self.has_empty_first else (False, True):
            if is_empty and not nullable:
                continue
            part = Q(**{f"{self.column}__isnull": is_empty}) if nullable else Q()
            if start is None or (start[0] is None) != is_empty:
                if start is not None and is_empty is self.has_empty_first:
                    continue
                yield part, order
            elif is_empty:
                yield part & Q(**{f"id__{side}": start[1]}), order
            else:
                # In two parts, because one condition for both would begin at the value: four hundred thousand people
                # without an order have the same one.
                yield Q(**{self.column: start[0], f"id__{side}": start[1]}), order[1:]
                yield part & Q(**{f"{self.column}__{side}": start[0]}), order


def _on(here: Ids, steps: Steps) -> Mask:
    """Who stands on some steps of which nobody stands between."""
    some = here[here != EMPTY]
    mask = (steps >= some.min()) & (steps <= some.max()) if len(some) else np.zeros(len(steps), dtype=bool)
    return mask if len(some) == len(here) else mask | (steps == EMPTY)


class _Reader:
    """Reads candidates and tests them."""

    def __init__(self, request: ListRequest) -> None:
        self.request, sight = request, current()
        # what the index knows, it knows of everybody and of everything: others are read row by row
        self.is_open = sight.is_open
        is_searched = bool(request.search) and sight.shows(*partly.SEARCHED)
        self.asked: Asked | None = search.ask(request.search) if is_searched else None
        self.conditions = request.conditions
        # what stands in rows of other tables is asked of the database alone
        own = [one for one in self.conditions if one.is_of_rows]
        self.columns = list(
            dict.fromkeys([*(one.field.column for one in own), *(["search_text"] if self.asked else [])])
        )
        self.tests = [(self.columns.index(one.field.column), one.test.matches) for one in own]
        self.text = self.columns.index("search_text") if self.asked else 0
        # what no index of the database could be tempted by; it spares us most rows that do not fit
        self.partly = partly.condition(request.search, sight) if request.search and not is_searched else Q()
        self.texts = (self.asked.condition() if self.asked else Q()) & self.partly
        for one in self.conditions:
            if not one.is_exact_in_database:
                self.texts &= one.narrows()

    @cached_property
    def narrowed(self) -> Narrowed | None:
        """What the index knows about the list, read once for its page and its count."""
        if not self.is_open:
            return None
        also = () if self.request.sort.relation is not None else (self.request.sort_column,)
        return narrow(self.conditions, self.asked, also=also)

    def along(self, order: _Order, start: Key | None) -> Iterator[list[Key]]:
        """Everybody beyond a place who fits, read along the index of the order."""
        rows = Customer.objects.filter(self._condition())
        parts, size = order.parts(start), self.request.size + 1
        while (part := next(parts, None)) is not None:
            condition, by = part
            found = list(rows.filter(condition).order_by(*by).values_list(order.column, "id", *self.columns)[:size])
            yield [(value, pk) for value, pk, *rest in found if self._fits(pk, rest)]
            if len(found) == size:
                parts, size = order.parts((found[-1][0], found[-1][1])), _CHUNK

    def step_by_step(self, narrowed: Narrowed, order: _Order, start: Key | None, wanted: int) -> Iterator[list[Key]]:
        """Everybody beyond a place who fits, step after step of the order.

        1. Count the candidates on each step; go along the steps from the one of the place.
        2. Take as many steps together as hold enough candidates; read, test and sort those.
        3. On a step of one value the ids alone decide, so that only as many are read as are wanted.
        """
        scale = narrowed.standings.scales[order.column]
        steps = narrowed.standings[order.column]
        heights = np.bincount(steps[narrowed.may], minlength=scale.last + 1)
        along = np.arange(FIRST, scale.last + 1) if order.is_rising else np.arange(scale.last, FIRST - 1, -1)
        along = np.concatenate([[EMPTY], along] if order.has_empty_first else [along, [EMPTY]])
        if start is not None:
            along = along[int(np.flatnonzero(along == scale.step(comparable(start[0])))[0]) :]
        along = along[heights[along] > 0]
        last = start
        while len(along):
            if heights[along[0]] > _TOO_HIGH and not scale.is_one_value(int(along[0])):
                # the shop has outgrown its steps, and they are about to be cut anew
                yield from self.along(order, last)
                return
            if scale.is_one_value(int(along[0])) and heights[along[0]] > wanted:
                places = np.flatnonzero(narrowed.may & (steps == along[0]))
                ids = narrowed.standings.ids(places)
                if start is not None and scale.step(comparable(start[0])) == along[0]:
                    # all of them have the value of the place: half a million who never ordered are not read again
                    ids = ids[ids > start[1]] if order.is_rising else ids[ids < start[1]]
                for part in self._by_id(ids, order, start, wanted):
                    yield part
                    last = part[-1] if part else last
                along = along[1:]
                continue
            size = min(int(np.searchsorted(np.cumsum(heights[along]), wanted)) + 1, len(along))
            ones = [n for n in range(1, size) if scale.is_one_value(int(along[n])) and heights[along[n]] > wanted]
            size = ones[0] if ones else size
            here, along = along[:size], along[size:]
            table = np.zeros(1 << 16, dtype=bool)
            table[here] = True
            ids = narrowed.standings.ids(np.flatnonzero(narrowed.may & _on(here, steps)))
            found = [key for key in self.read(order.column, ids) if table[scale.step(comparable(key[0]))]]
            part = order.sorted([key for key in found if order.is_beyond(key, start)])
            yield part
            last = part[-1] if part else last
            wanted = min(4 * wanted, _READ_AT_ONCE)

    def scan(self) -> Iterator[list[Key]]:
        """Everybody who fits, in no order."""
        yield from self.along(_Order("id", is_rising=True, has_empty_first=False), None)

    def count(self, ids: Any) -> int:
        """How many of some customers fit."""
        if all(one.is_exact_in_database for one in self.conditions):
            rows = Customer.objects.filter(self._condition(is_narrowed=True), id__in=id_list(ids))
            return rows.count()
        return len(self.read("id", ids))

    def _by_id(self, ids: Any, order: _Order, start: Key | None, wanted: int) -> Iterator[list[Key]]:
        """Candidates of one value, by their ids."""
        ids = ids if order.is_rising else ids[::-1]
        size = wanted
        while len(ids):
            found = self.read(order.column, ids[:size])
            yield order.sorted([key for key in found if order.is_beyond(key, start)])
            ids, size = ids[size:], _CHUNK

    def read(self, column: str, ids: Any) -> list[Key]:
        """Those of some candidates who fit, with their value of a column."""
        found: list[Key] = []
        for first in range(0, len(ids), _READ_AT_ONCE):
            rows = Customer.objects.filter(self.texts, id__in=id_list(ids[first : first + _READ_AT_ONCE]))
            for value, pk, *rest in rows.values_list(column, "id", *self.columns):
                if self._fits(pk, rest):
                    found.append((value, pk))
        return found

    def _fits(self, pk: int, values: Sequence[Any]) -> bool:
        return all(matches(values[place]) for place, matches in self.tests) and (
            self.asked is None or self.asked.matches(pk, values[self.text])
        )

    def _condition(self, *, is_narrowed: bool = False) -> Q:
        """Search and filters as the database tests them; of narrowed ids, relations have been read already."""
        condition = (self.asked.condition() if self.asked else Q()) & self.partly
        for one in self.conditions:
            if not is_narrowed or one.is_of_rows:
                condition &= one.narrows()
        return condition


def _take(parts: Iterator[list[Key]], wanted: int) -> list[Key]:
    found: list[Key] = []
    for part in parts:
        found += part
        if len(found) >= wanted:
            break
    return found[:wanted]


def _first(parts: Iterator[list[Key]], most: int) -> Iterator[list[Key]]:
    """Parts until there are enough."""
    seen = 0
    for part in parts:
        seen += len(part)
        yield part
        if seen >= most:
            return


def _capped(count: int, *, is_whole: bool) -> Count:
    return Count(count, is_exact=is_whole) if count <= COUNTED else Count(COUNTED, is_exact=False)
