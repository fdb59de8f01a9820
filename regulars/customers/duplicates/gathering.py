"""From likely pairs to people: which rows of a table belong together."""

from __future__ import annotations

from collections.abc import Collection
from itertools import combinations
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from regulars.customers.duplicates.clustering import APART, LARGEST, components, split
from regulars.customers.duplicates.comparing import compare
from regulars.customers.duplicates.model import Model
from regulars.customers.duplicates.table import Rows, Table

Floats = NDArray[np.float64]
Pair = tuple[int, int]

_STEP = 2.0
_SUREST = 20.0
_AT_ONCE = 500_000


class Likely(NamedTuple):
    """Pairs of places, and how likely each is one person."""

    first: Rows
    second: Rows
    match: Floats


def gather(
    table: Table, rows: Rows, pairs: Likely, model: Model, *, least: float, apart: Collection[Pair] = ()
) -> list[list[int]]:
    """Groups of places in `rows` that are one person each.

    1. Pairs that are at least as likely as `least` connect places.
    2. Two that are connected with nobody else are one person.
    3. Of more, every pair is looked at, and they are cut where more speaks against it than for it.
    """
    odds = bits(pairs.match)
    lowest = float(bits(np.array([least]))[0])
    likely = odds >= lowest
    if apart:
        is_apart = [(one, other) in apart for one, other in zip(*_ordered(pairs), strict=True)]
        likely &= ~np.array(is_apart, dtype=bool)
    groups = _connected(len(rows), pairs.first[likely], pairs.second[likely], odds[likely], lowest)
    found = [group for group in groups if len(group) == 2]
    lot: list[list[int]] = []
    size = 0
    for group in (group for group in groups if len(group) > 2):
        lot.append(group)
        size += len(group) * (len(group) - 1) // 2
        if size >= _AT_ONCE:
            found += _cut(table, rows, lot, model, apart)
            lot, size = [], 0
    return found + _cut(table, rows, lot, model, apart)


def _ordered(pairs: Likely) -> tuple[list[int], list[int]]:
    return np.minimum(pairs.first, pairs.second).tolist(), np.maximum(pairs.first, pairs.second).tolist()


def _connected(count: int, first: Rows, second: Rows, odds: Floats, least: float) -> list[list[int]]:
    """Connected places. What is connected with too many to look at all pairs needs stronger connections."""
    label = components(count, first, second)
    order = np.argsort(label, kind="stable")
    groups = np.split(order, np.flatnonzero(np.diff(label[order])) + 1) if count else []
    found = []
    for members in groups:
        if 1 < len(members) <= LARGEST:
            found.append(sorted(members.tolist()))
        elif len(members) > LARGEST and least < _SUREST:
            inside = np.isin(first, members) & (odds >= least + _STEP)
            found += _connected(count, first[inside], second[inside], odds[inside], least + _STEP)
    return found


def _cut(table: Table, rows: Rows, groups: list[list[int]], model: Model, apart: Collection[Pair]) -> list[list[int]]:
    if not groups:
        return []
    pairs = [pair for group in groups for pair in combinations(group, 2)]
    first, second = (np.array(side, dtype=np.int64) for side in zip(*pairs, strict=True))
    odds = bits(model.probabilities(compare(table, rows[first], rows[second]))[0]).tolist()
    found, start = [], 0
    for group in groups:
        end = start + len(group) * (len(group) - 1) // 2
        known = dict(zip(pairs[start:end], odds[start:end], strict=True))
        for pair in known:
            if pair in apart:
                known[pair] = APART
        found += [part for part in split(group, known, least=0.0) if len(part) > 1]
        start = end
    return found


def with_copies(
    table: Table,
    rows: Rows,
    place: Rows,
    people: list[list[int]],
    model: Model,
    *,
    least: float,
    apart: Collection[Pair] = (),
) -> list[list[int]]:
    """The people by their rows in the table, with all rows that say the very same, unless what they say is little."""
    order = np.argsort(place, kind="stable")
    copies = np.split(order, np.flatnonzero(np.diff(place[order])) + 1) if len(place) else []
    several = np.array([number for number, same in enumerate(copies) if len(same) > 1], dtype=np.int64)
    telling: set[int] = set()
    if len(several):
        sure = model.probabilities(compare(table, rows[several], rows[several]))[0] >= least
        telling = set(several[sure].tolist()) - {one for one, other in apart if one == other}
    found = [
        [row for member in group for row in (copies[member].tolist() if member in telling else [int(rows[member])])]
        for group in people
    ]
    alone = telling.difference(member for group in people for member in group)
    return [*found, *(copies[member].tolist() for member in sorted(alone))]


def bits(probability: Floats) -> Floats:
    """Probabilities as binary logarithms of odds."""
    bounded = np.clip(np.asarray(probability, dtype=np.float64), 1e-12, 1 - 1e-12)
    return np.asarray(np.log2(bounded / (1 - bounded)))
