"""From a request to the few rows worth reading: what the index knows about filters and search, put together."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from regulars.customers import search, standings
from regulars.customers.conditions import Among, Between, Condition, Filled, Holds, Test
from regulars.customers.grams import BLOCK, BLOCK_BITS, Ids
from regulars.customers.models import Customer, Unindexed
from regulars.customers.relations import ids_of
from regulars.customers.search import Asked
from regulars.customers.standings import ABSENT, EMPTY, FIRST, Kind, Mask, Scale, Standings, Steps

MOST_UNINDEXED = 20_000
_STEPS = 1 << 16
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


@dataclass(slots=True)
class Narrowed:
    """Who may be in the list (`may`), and who is in it for certain (`is_sure`), place by place."""

    standings: Standings
    may: Mask
    is_sure: Mask

    def has(self, ids: Sequence[int]) -> list[bool]:
        """For each of some customers whether they may be in the list."""
        places, is_known = _places(np.asarray(ids, dtype=np.int64), self.standings)
        is_in = np.zeros(len(places), dtype=bool)
        is_in[is_known] = self.may[places[is_known]]
        found: list[bool] = is_in.tolist()
        return found


def narrow(conditions: tuple[Condition, ...], asked: Asked | None, *, also: tuple[str, ...] = ()) -> Narrowed | None:
    """Who may fulfil all conditions and the search; None where the index is not built, or too far behind.

    1. Which customers changed since they were indexed? This is read first: what is indexed meanwhile is in both.
    2. Load the columns that conditions ask for (and those of `also`), and put the changed customers' true steps in.
    3. Each condition is a mask over all customers; a changed customer passes every test of texts, to be tested later.
    """
    unindexed = list(
        dict.fromkeys(Unindexed.objects.order_by("id").values_list("customer_id", flat=True)[: MOST_UNINDEXED + 1])
    )
    if len(unindexed) > MOST_UNINDEXED:
        return None
    columns = {one.field.column for one in conditions} & set(standings.COLUMNS)
    loaded = standings.load(columns | {"status", *also}, also=unindexed)
    if loaded is None:
        return None
    if unindexed:
        loaded.put(unindexed)
    changed = loaded.places(unindexed)
    may = loaded["status"] != ABSENT
    is_sure = may.copy()
    if asked is not None:
        found, certain = search.possible(asked, loaded)
        found[changed], certain[changed] = True, False
        may &= found
        is_sure &= certain
    for condition in conditions:
        passes, certain = _passing(condition, loaded, changed)
        may &= passes
        is_sure &= certain
    return Narrowed(loaded, may, is_sure & may)


def comparable(value: Any) -> Any:
    """A value as a scale holds it: moments in microseconds."""
    if isinstance(value, dt.datetime):
        return (value - _EPOCH) // dt.timedelta(microseconds=1)
    return value


def _passing(condition: Condition, loaded: Standings, changed: Any) -> tuple[Mask, Mask]:
    """Who may pass a condition, and who passes for certain."""
    column, test = condition.field.column, condition.test
    if condition.is_asked_at_once:
        found = _asked(condition, loaded)
        return found, found
    if column in standings.COLUMNS:
        steps, scale = loaded[column], loaded.scales[column]
        if isinstance(test, Between):
            return _between(test, scale, steps)
        if isinstance(test, Filled) and scale.kind is not Kind.WORD:
            found = (steps == EMPTY) if test.is_negated else (steps >= FIRST)
            return found, found
        if scale.kind is Kind.WORD:
            return _of_words(test, scale, steps)
    nobody = np.zeros(len(loaded), dtype=bool)
    if isinstance(test, Holds) and condition.field.is_searched:
        may_hold = nobody.copy()
        for text in test.texts:
            may_hold |= search.holding(text, loaded)
        may_hold[changed] = True
        return may_hold, nobody
    if isinstance(test, Holds):
        # a text that few customers have at all: one query tells who, and few rows are read
        return at(ids_of(Customer.objects.filter(condition.narrows())), loaded), nobody
    return ~nobody, nobody


def _asked(condition: Condition, loaded: Standings) -> Mask:
    """Who passes a condition that the database answers by an index, read as ids in one query for each of its parts."""
    if isinstance(condition.test, Among):
        among = at(condition.test.ids(), loaded)
        return ~among if condition.test.is_negated else among
    parts, is_negated = condition.having()
    found = np.ones(len(loaded), dtype=bool)
    for part in parts:
        if condition.field.relation is not None:
            ids = condition.field.relation.ids(part)
        else:
            ids = ids_of(Customer.objects.filter(part))
        found &= at(ids, loaded)
    return ~found if is_negated else found


def at(ids: Ids, loaded: Standings) -> Mask:
    """The places of customers; who came after the standings were read has none."""
    mask = np.zeros(len(loaded), dtype=bool)
    places, is_known = _places(ids, loaded)
    mask[places[is_known]] = True
    return mask


def _places(ids: Ids, loaded: Standings) -> tuple[Ids, Mask]:
    """Where customers stand, and whether they do."""
    blocks = np.asarray(loaded.blocks, dtype=np.int64)
    if not len(blocks):
        return np.zeros(len(ids), dtype=np.int64), np.zeros(len(ids), dtype=bool)
    place = np.minimum(np.searchsorted(blocks, ids >> BLOCK_BITS), len(blocks) - 1)
    return (place << BLOCK_BITS) | (ids & (BLOCK - 1)), blocks[place] == ids >> BLOCK_BITS


def _between(test: Between, scale: Scale, steps: Steps) -> tuple[Mask, Mask]:
    """Who stands on the steps from the lower limit to the upper one; those on the first and the last are not sure."""
    low = None if test.low is None else comparable(test.low)
    high = None if test.high is None else comparable(test.high)
    first = FIRST if low is None else scale.step(low)
    last = scale.last if high is None else scale.step(high - 1)
    may = (steps >= first) & (steps <= last)
    certain = may
    if low is not None and scale.starts[first - FIRST] < low:
        certain = certain & (steps != first)
    if high is not None and not (last < scale.last and scale.starts[last + 1 - FIRST] <= high):
        certain = certain & (steps != last)
    return may, certain


def _of_words(test: Test, scale: Scale, steps: Steps) -> tuple[Mask, Mask]:
    """Who has one of the words that pass; where the words are too many for a scale, the rest is not sure."""
    may = np.zeros(_STEPS, dtype=bool)
    for step, word in [*scale.words(), (EMPTY, None)]:
        may[step] = test.matches(word)
    if not scale.is_full:
        found = may[steps]
        return found, found
    certain = may.copy()
    may[_STEPS - 1] = True
    return may[steps], certain[steps]
