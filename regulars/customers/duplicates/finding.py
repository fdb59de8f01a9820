"""The search for duplicates in a table of people, from the records to pairs with a probability."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from regulars.customers.duplicates import clustering
from regulars.customers.duplicates.blocking import candidates
from regulars.customers.duplicates.comparing import Compared, compare
from regulars.customers.duplicates.model import Counted, Model, train
from regulars.customers.duplicates.table import Rows, Table

Floats = NDArray[np.float64]

_AT_ONCE = 500_000
_THREADS = 2
_PER_ROW = 2.5
_CHANCES = 300_000
_TRAINED_ON = 600_000
_SURE = 0.9
_SURVIVES = 0.001
"""The probability under which a pair is forgotten after the first look."""

Progress = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Found:
    """What a search has found. `people` are the groups of rows of the table that are one person each.

    `left`, `right`, `match` and `household` are pairs of rows that were worth a second look, and how likely they are
    one person, or live together; of rows that say the very same, only the first one takes part.
    """

    people: list[list[int]]
    left: Rows
    right: Rows
    match: Floats
    household: Floats
    model: Model
    compared: int


def find(table: Table, *, threshold: float | None = None, progress: Progress = lambda _share: None) -> Found:
    """Who is in the table more than once, from `threshold` on; else from the usual one.

    1. Rows that say the very same are one row.
    2. Pairs that have something rare in common are candidates. A sample of them trains a first model.
    3. All of them are compared; what may be one person survives, and what surely is lets rarities be counted among
       people instead of records. With those, a second model is trained, which judges the survivors.
    4. Likely pairs are gathered into people, as far as nothing speaks against it.
    """
    rows, place = table.alike()
    count = len(rows)
    packed = candidates(table, rows, per_row=_PER_ROW)
    first, second = packed // max(count, 1), packed % max(count, 1)
    sample, chances, share = _samples(table, rows, first, second)
    pairs = max(1.0, count * (count - 1) / 2)
    rarity = Counted(table, rows, np.arange(count, dtype=np.int64))
    model = Model(train(sample, chances, rarity, pairs=pairs, share=share), rarity)
    match = _judged(table, rows[first], rows[second], model, progress)
    survives, sure = match >= _SURVIVES, match >= _SURE
    entities = clustering.components(count, first[sure], second[sure])
    first, second = first[survives], second[survives]
    rarity = Counted(table, rows, entities)
    model = Model(train(sample, chances, rarity, pairs=pairs, share=share), rarity)
    match, household = model.probabilities(compare(table, rows[first], rows[second]))
    least = model.parameters.threshold if threshold is None else threshold
    people = _people(table, rows, model, first, second, match, least)
    people = _with_copies(table, rows, place, people, model, least)
    return Found(people, rows[first], rows[second], match, household, model, len(packed))


def _samples(table: Table, rows: Rows, first: Rows, second: Rows) -> tuple[Compared, Compared, float]:
    """Candidates to learn from, pairs taken by chance, and which share of the candidates was taken."""
    chance = np.random.default_rng(20)
    share, count = 1.0, len(rows)
    if len(first) > _TRAINED_ON:
        share = _TRAINED_ON / len(first)
        some = np.sort(chance.choice(len(first), _TRAINED_ON, replace=False))
        first, second = first[some], second[some]
    if count * (count - 1) / 2 <= _CHANCES:
        one, other = np.triu_indices(count, k=1)
    else:
        one = chance.integers(0, count, _CHANCES)
        other = (one + chance.integers(1, count, _CHANCES)) % count
    return compare(table, rows[first], rows[second]), compare(table, rows[one], rows[other]), share


def _judged(table: Table, left: Rows, right: Rows, model: Model, progress: Progress) -> NDArray[np.float32]:
    """How likely each pair is one person; the native parts of two lots of pairs run at once."""
    found = np.zeros(len(left), dtype=np.float32)

    def judge(start: int) -> int:
        some = slice(start, start + _AT_ONCE)
        found[some] = model.probabilities(compare(table, left[some], right[some]))[0]
        return start

    with ThreadPoolExecutor(_THREADS) as pool:
        try:
            for start in pool.map(judge, range(0, len(left), _AT_ONCE)):
                progress(min(1.0, (start + _AT_ONCE) / len(left)))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return found


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
        pairs += [part for part in clustering.split(group, known, least=least) if len(part) > 1]
        start = end
    return pairs


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


def _bits(probability: Floats) -> Floats:
    bounded = np.clip(probability, 1e-12, 1 - 1e-12)
    return np.asarray(np.log2(bounded / (1 - bounded)))
