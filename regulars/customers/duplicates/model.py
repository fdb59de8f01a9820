"""What an agreement is worth, learnt from the records themselves (Fellegi and Sunter, by expectation and maximisation).

Two records are of one person, of one household, or of two people who have nothing to do with each other. A household has the
family name, the address and the phone in common as one person would, and everything else as strangers do: so father and son
do not become one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regulars.customers.duplicates.comparing import Compared
from regulars.customers.duplicates.fields import BY_NAME, EXACT, FIELDS, MISSING
from regulars.customers.duplicates.fields import Field as Comparison
from regulars.customers.duplicates.table import Rows, Table

Floats = NDArray[np.float64]

VERSION = 1
_ROUNDS = 25
_SETTLED = 1e-4
_BELIEVED_PAIRS = 12.0
"""How many matches the beliefs in `fields` count for, beside those that are found."""
_BELIEVED_CHANCES = 200.0
_BELIEVED_VALUES = 50.0
_RAREST = 1e-9
_MOST_EVIDENCE = 14.0  # of one field, in bits against two records being of one person


@dataclass(slots=True)
class Parameters:
    """All that a model has learnt; plain numbers, to be kept as JSON."""

    same: dict[str, list[float]]
    chance: dict[str, list[float]]
    given_parent: dict[str, float] = field(default_factory=dict)
    match: float = 1e-4
    household: float = 1e-4
    threshold: float = 2 / 3

    @classmethod
    def believed(cls, people: int) -> Parameters:
        """What is believed of so many people before anything was learnt: one in ten has a duplicate."""
        pairs = max(1.0, people * (people - 1) / 2)
        match = min(0.3, 0.1 * people / pairs)
        return cls(
            {f.name: list(f.same) for f in FIELDS},
            {f.name: list(f.chance) for f in FIELDS},
            {},
            match,
            match,
        )

    def as_data(self) -> dict[str, Any]:
        """As it is kept."""
        return {
            "version": VERSION, "same": self.same, "chance": self.chance, "given_parent": self.given_parent,
            "match": self.match, "household": self.household, "threshold": self.threshold,
        }  # fmt: skip

    @classmethod
    def from_data(cls, data: dict[str, Any]) -> Parameters:
        """What was kept; the beliefs for fields that were not compared then."""
        parameters = cls.believed(10_000)
        if data.get("version") != VERSION:
            return parameters
        for name, comparison in BY_NAME.items():
            for kept, own in ((data["same"], parameters.same), (data["chance"], parameters.chance)):
                if len(kept.get(name, ())) == len(comparison.levels):
                    own[name] = [float(value) for value in kept[name]]
        parameters.given_parent = {name: float(value) for name, value in data["given_parent"].items()}
        parameters.match, parameters.household = float(data["match"]), float(data["household"])
        parameters.threshold = float(data["threshold"])
        return parameters


class Rarity:
    """How often each text of a field is met among people: a rare name in common says more than a common one."""

    def __init__(self, table: Table, rows: Rows, entities: NDArray[np.int64]) -> None:
        """`entities` says whose each of the rows is; somebody who is there five times counts once."""
        self.people = len(np.unique(entities))
        self._logs: dict[str, Floats] = {}
        self.exact: dict[str, float] = {}
        for comparison in FIELDS:
            if not table.has(comparison.name):
                continue
            size = len(table.vocabulary(comparison.name))
            keys = np.concatenate([entities * size + slot[rows] for slot in table.slots(comparison.name)])
            counts = np.bincount(np.unique(keys) % size, minlength=size)[:size].astype(np.float64)
            counts[0] = 0
            filled = counts.sum()
            others = np.maximum(counts - 1, np.maximum(0.5, _BELIEVED_VALUES * comparison.chance[0]))
            self._logs[comparison.name] = np.log2(np.minimum(1.0, others / (filled + _BELIEVED_VALUES)))
            pairs = filled * (filled - 1)
            self.exact[comparison.name] = float(
                ((counts * (counts - 1)).sum() + _BELIEVED_CHANCES * comparison.chance[0]) / (pairs + _BELIEVED_CHANCES)
            )

    def log(self, name: str, codes: NDArray[np.int32]) -> Floats:
        """The binary logarithm of how often each of the texts is met."""
        return self._logs[name][codes]


class Model:
    """Weights and probabilities of compared pairs."""

    def __init__(self, parameters: Parameters, rarity: Rarity) -> None:
        self.parameters, self.rarity = parameters, rarity

    def weights(self, compared: Compared) -> dict[str, Floats]:
        """For each field the binary logarithm of how much likelier its level is for one person than for two."""
        return {
            name: self._weights(BY_NAME[name], levels, compared) for name, levels in compared.levels.items()
        }

    def _weights(self, comparison: Comparison, levels: NDArray[np.uint8], compared: Compared) -> Floats:
        name = comparison.name
        same, chance = self.parameters.same[name], self.parameters.chance[name]
        by_level = np.array([0.0, *(math.log2(m / u) for m, u in zip(same, chance, strict=True))])
        found = np.maximum(by_level, -_MOST_EVIDENCE)[levels]
        exact = levels == EXACT
        by_chance = self.rarity.log(name, compared.common[name][exact])
        parent = compared.levels.get(comparison.parent)
        if parent is not None and name in self.parameters.given_parent:
            expected = math.log2(max(_RAREST, self.parameters.given_parent[name]))
            follows = _agrees(comparison.parent, parent[exact])
            by_chance = np.where(follows, np.maximum(by_chance, expected), by_chance)
            # the same place, written otherwise, proves no more than the same place
            loosely = ~exact & (found > 0) & _agrees(comparison.parent, parent)
            found[loosely] = np.minimum(found[loosely], max(0.0, math.log2(same[0]) - expected))
        found[exact] = math.log2(same[0]) - by_chance
        return found

    def odds(self, weights: dict[str, Floats]) -> tuple[Floats, Floats]:
        """Binary logarithms of the odds of one person, and of one household, against strangers."""
        together = sum(weights.values())
        shared = sum(values for name, values in weights.items() if BY_NAME[name].is_shared)
        rest = max(1e-12, 1 - self.parameters.match - self.parameters.household)
        size = len(next(iter(weights.values())))
        return (
            np.zeros(size) + together + math.log2(self.parameters.match / rest),
            np.zeros(size) + shared + math.log2(self.parameters.household / rest),
        )

    def probabilities(self, compared: Compared) -> tuple[Floats, Floats]:
        """Of one person, and of one household."""
        if not compared.levels:
            return np.zeros(0), np.zeros(0)
        match, household = self.odds(self.weights(compared))
        match, household = np.minimum(match, 500), np.minimum(household, 500)
        one, other = np.exp2(match), np.exp2(household)
        total = 1 + one + other
        return one / total, other / total


def _agrees(parent: str, levels: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Whether the field that decides this one agrees, if only nearly."""
    last = min(2, len(BY_NAME[parent].levels) - 1)
    return np.asarray((levels != MISSING) & (levels <= last))


def train(
    candidates: Compared, chances: Compared, rarity: Rarity, *, pairs: float, share: float = 1.0,
    rounds: int = _ROUNDS,
) -> Parameters:
    """Learn from candidates (all pairs that may be matches, or a `share` of them) and from pairs taken by chance.

    `pairs` is how many pairs the records have in all. What is not a candidate is taken for no match.
    """
    parameters = Parameters.believed(rarity.people)
    counted = {
        name: np.bincount(levels, minlength=BY_NAME[name].size)[1:].astype(np.float64)
        for name, levels in chances.levels.items()
    }
    for name, counts in counted.items():
        parameters.chance[name] = _chances(BY_NAME[name], counts, rarity)
    _count_crossings(parameters, chances, rarity)
    before = math.inf
    for _round in range(rounds):
        model = Model(parameters, rarity)
        match, household = model.probabilities(candidates)
        found = match.sum() / share
        parameters.match = min(0.5, (found + 1) / (pairs + 1 / Parameters.believed(rarity.people).match))
        parameters.household = min(
            0.4, (household.sum() / share + 1) / (pairs + 1 / Parameters.believed(rarity.people).match)
        )
        for name, levels in candidates.levels.items():
            comparison = BY_NAME[name]
            found_levels = np.bincount(levels, weights=match, minlength=comparison.size)[1:] / share
            counts = found_levels + _BELIEVED_PAIRS * np.array(comparison.same)
            parameters.same[name] = _bounded(counts / counts.sum())
            # as many of the pairs by chance are matches as of all pairs
            among = found_levels * (len(chances) / pairs)
            parameters.chance[name] = _chances(comparison, np.maximum(0.0, counted[name] - among), rarity)
        _count_crossings(parameters, chances, rarity)
        parameters.given_parent = _given_parents(candidates, match)
        if abs(found - before) <= _SETTLED * max(1.0, found):
            break
        before = found
    return parameters


def _chances(comparison: Comparison, counts: Floats, rarity: Rarity) -> list[float]:
    """How often strangers stand on each level, by counts of them; the exact one by all that is in the table."""
    total = counts.sum() + _BELIEVED_CHANCES
    shares = (counts + _BELIEVED_CHANCES * np.array(comparison.chance)) / total
    shares[0] = rarity.exact[comparison.name]
    return [float(max(_RAREST, value)) for value in shares / shares.sum()]


def _count_crossings(parameters: Parameters, chances: Compared, rarity: Rarity) -> None:
    """How often strangers have each other's names the wrong way round: too seldom to be met among some pairs."""
    if "given" in chances.levels and "family" in chances.levels:
        place = BY_NAME["given"].level("swapped") - 1
        likely = rarity.exact["given"] * rarity.exact["family"] * 4
        parameters.chance["given"][place] = min(max(likely, 1e-7), parameters.chance["given"][place])


def _bounded(shares: Floats) -> list[float]:
    """No level is impossible, and what is different is not what one person is usually like."""
    shares = np.maximum(shares, 1e-4)
    shares[-1] = min(shares[-1], 0.6)
    return [float(value) for value in shares / shares.sum()]


def _given_parents(candidates: Compared, match: Floats) -> dict[str, float]:
    """How often strangers agree in a field when they agree in what decides it."""
    found: dict[str, float] = {}
    for comparison in FIELDS:
        levels, parent = candidates.levels.get(comparison.name), candidates.levels.get(comparison.parent)
        if levels is None or parent is None:
            continue
        together = _agrees(comparison.parent, parent) & (levels != MISSING)
        strangers = np.where(match[together] > 0.5, 0.0, 1 - match[together])
        agree = strangers[levels[together] == EXACT].sum()
        found[comparison.name] = float((agree + 2 * comparison.chance[0]) / (strangers.sum() + 2))
    return found
