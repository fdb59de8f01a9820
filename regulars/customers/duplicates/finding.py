"""The search for duplicates in a table of people, from the records to pairs with a probability."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from regulars.customers.duplicates import clustering
from regulars.customers.duplicates.blocking import candidates
from regulars.customers.duplicates.comparing import Compared, compare
from regulars.customers.duplicates.model import Counted, Model, train
from regulars.customers.duplicates.table import Rows, Table

Floats = NDArray[np.float64]

_AT_ONCE = 1_000_000
_CHANCES = 400_000
_TRAINED_ON = 2_000_000
_SURE = 0.9
_WORTH_KEEPING = 0.05
"""The probability under which a pair is forgotten."""

Progress = Callable[[float], None]


@dataclass(slots=True)
class Found:
    """Pairs of rows of the table with their probabilities, and what was learnt.

    `left` and `right` are all pairs that may be worth a look; `people` groups the rows that are one person.
    """

    left: Rows
    right: Rows
    match: Floats
    household: Floats
    people: list[list[int]]
    model: Model
    compared: int = 0
    ways: dict[tuple[int, int], float] = field(default_factory=dict)


def find(
    table: Table,
    *,
    threshold: float | None = None,
    progress: Progress = lambda _share: None,
) -> Found:
    """Who is in the table more than once."""
    rows, place = table.alike()
    count = len(rows)
    packed = candidates(table, rows, per_row=3.0)
    first, second = packed // max(count, 1), packed % max(count, 1)
    lots = []
    for start in range(0, max(len(packed), 1), _AT_ONCE):
        some = slice(start, start + _AT_ONCE)
        lots.append(compare(table, rows[first[some]], rows[second[some]]))
        progress(min(1.0, (start + _AT_ONCE) / max(len(packed), 1)))
    compared = Compared.joined(lots)
    model, match, household = learn(table, rows, first, second, compared)
    if threshold is None:
        threshold = model.parameters.threshold
    people = _people(table, rows, model, first, second, match, threshold)
    people = _with_copies(table, rows, place, people, model, threshold)
    return Found(rows[first], rows[second], match, household, people, model, len(packed))


def _with_copies(
    table: Table, rows: Rows, place: Rows, people: list[list[int]], model: Model, threshold: float
) -> list[list[int]]:
    """The people by their rows in the table, with all rows that say exactly the same; unless what they say is little."""
    order = np.argsort(place, kind="stable")
    copies = np.split(order, np.flatnonzero(np.diff(place[order])) + 1) if len(place) else []
    several = np.array([number for number, same in enumerate(copies) if len(same) > 1], dtype=np.int64)
    telling = set()
    if len(several):
        sure = model.probabilities(compare(table, rows[several], rows[several]))[0] >= threshold
        telling = set(several[sure].tolist())
    grouped = [
        [row for member in group for row in (copies[member].tolist() if member in telling else [int(rows[member])])]
        for group in people
    ]
    alone = telling.difference(member for group in people for member in group)
    return [*grouped, *(copies[member].tolist() for member in sorted(alone))]


def learn(table: Table, rows: Rows, first: Rows, second: Rows, compared: Compared) -> tuple[Model, Floats, Floats]:
    """Train on compared pairs, twice: once rarities are known among people, and not among records."""
    count = len(rows)
    pairs = max(1.0, count * (count - 1) / 2)
    chance = np.random.default_rng(20)
    sample, share = compared, 1.0
    if len(first) > _TRAINED_ON:
        share = _TRAINED_ON / len(first)
        sample = compared.taken(np.sort(chance.choice(len(first), _TRAINED_ON, replace=False)))
    if pairs <= _CHANCES:
        one, other = np.triu_indices(count, k=1)
    else:
        one = chance.integers(0, count, _CHANCES)
        other = (one + chance.integers(1, count, _CHANCES)) % count
    chances = compare(table, rows[one], rows[other])
    entities = np.arange(count, dtype=np.int64)
    for turn in (1, 2):
        rarity = Counted(table, rows, entities)
        model = Model(train(sample, chances, rarity, pairs=pairs, share=share), rarity)
        match, household = model.probabilities(compared)
        if turn == 1:
            sure = match >= _SURE
            entities = clustering.components(count, first[sure], second[sure])
    return model, match, household


def _people(
    table: Table, rows: Rows, model: Model, first: Rows, second: Rows, match: Floats, threshold: float
) -> list[list[int]]:
    """Rows that are one person, as groups of places in `rows`."""
    count = len(rows)
    likely = match >= threshold
    one, other, odds = first[likely], second[likely], _bits(match[likely])
    label = clustering.components(count, one, other)
    order = np.argsort(label, kind="stable")
    starts = (
        np.flatnonzero(np.concatenate([[True], np.diff(label[order]) > 0])) if count else np.zeros(0, dtype=np.int64)
    )
    groups = [members.tolist() for members in np.split(order, starts[1:]) if len(members) > 1]
    pairs = [group for group in groups if len(group) == 2]
    larger = [group for group in groups if 2 < len(group) <= clustering.LARGEST]
    if not larger:
        return pairs
    low = np.concatenate([np.array(group)[np.triu_indices(len(group), k=1)[0]] for group in map(sorted, larger)])
    high = np.concatenate([np.array(group)[np.triu_indices(len(group), k=1)[1]] for group in map(sorted, larger)])
    bits = _bits(model.probabilities(compare(table, rows[low], rows[high]))[0])
    start = 0
    least = float(_bits(np.array([threshold]))[0])
    for group in map(sorted, larger):
        end = start + len(group) * (len(group) - 1) // 2
        known = dict(
            zip(
                zip(low[start:end].tolist(), high[start:end].tolist(), strict=True),
                bits[start:end].tolist(),
                strict=True,
            )
        )
        pairs += [part for part in clustering.split(group, known, least=min(least, LEAST)) if len(part) > 1]
        start = end
    return pairs


LEAST = 0.0


def _bits(probability: Floats) -> Floats:
    bounded = np.clip(probability, 1e-12, 1 - 1e-12)
    return np.asarray(np.log2(bounded / (1 - bounded)))
