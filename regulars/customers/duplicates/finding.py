"""The search for duplicates in a table of people, from the records to pairs with a probability."""

from __future__ import annotations

from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from regulars.customers.duplicates import clustering
from regulars.customers.duplicates.blocking import candidates
from regulars.customers.duplicates.comparing import Compared, compare
from regulars.customers.duplicates.gathering import Likely, gather, with_copies
from regulars.customers.duplicates.model import Counted, Model, train
from regulars.customers.duplicates.table import Rows, Table

Floats = NDArray[np.float64]

_AT_ONCE = 500_000
_THREADS = 2
_PER_ROW = 1.5
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
    rarity: Counted
    compared: int


def find(
    table: Table,
    *,
    threshold: float | None = None,
    apart: Collection[tuple[int, int]] = (),
    progress: Progress = lambda _share: None,
) -> Found:
    """Who is in the table more than once, from `threshold` on; else from the usual one.

    Pairs of rows that are `apart`, the lower one first, are never one person, not even by way of a third.

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
    looked = _judged(table, rows[first], rows[second], model, progress)
    survives, sure = looked >= _SURVIVES, looked >= _SURE
    entities = clustering.components(count, first[sure], second[sure])
    first, second = first[survives], second[survives]
    rarity = Counted(table, rows, entities)
    model = Model(train(sample, chances, rarity, pairs=pairs, share=share), rarity)
    match, household = model.probabilities(compare(table, rows[first], rows[second]))
    least = model.parameters.threshold if threshold is None else threshold
    parted = {(min(pair), max(pair)) for pair in ((int(place[one]), int(place[other])) for one, other in apart)}
    gathered = gather(table, rows, Likely(first, second, match), model, least=least, apart=parted)
    people = with_copies(table, rows, place, gathered, model, least=least, apart=parted)
    return Found(people, rows[first], rows[second], match, household, model, rarity, len(packed))


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
