"""What an agreement is worth, learnt from the records themselves (Fellegi and Sunter, by expectation and maximisation).

Two records are of one person, of one household, or of two people who have nothing to do with each other. A household
has the family name, the address and the phone in common as one person would, and everything else as strangers do: so
father and son do not become one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from regulars.customers.duplicates.comparing import Compared
from regulars.customers.duplicates.deciding import USUAL
from regulars.customers.duplicates.fields import BY_NAME, EXACT, FIELDS, NAMES
from regulars.customers.duplicates.fields import Field as Comparison
from regulars.customers.duplicates.table import Rows, Table, unique

Floats = NDArray[np.float64]

VERSION = 1
_ROUNDS = 25
_SETTLED = 1e-4
_BELIEVED_PAIRS = 30.0
"""How many matches the beliefs in `fields` count for, beside those that are found."""
_BELIEVED_CHANCES = 200.0
_BELIEVED_VALUES = 50.0
_BELIEVED_GIVEN = 20.0
_ENOUGH = 300
_RAREST = 1e-9
_MOST_SLIPS = 0.25
_MOST_EVIDENCE = 14.0  # of one field, in bits against two records being of one person


@dataclass(slots=True)
class Parameters:
    """All that a model has learnt; plain numbers, to be kept as JSON."""

    same: dict[str, list[float]]
    chance: dict[str, list[float]]
    given: dict[str, list[list[float]]] = field(default_factory=dict)
    """For “city postcode”: the chances of the city's levels among strangers, for each level of the postcode."""
    same_given: dict[str, list[list[float]]] = field(default_factory=dict)
    """The same within one person: who moved has another city as well."""
    match: float = 1e-4
    household: float = 1e-4
    threshold: float = USUAL

    @classmethod
    def believed(cls, people: int) -> Parameters:
        """What is believed of so many people before anything was learnt: one in ten has a duplicate."""
        people = max(2, people)
        pairs = people * (people - 1) / 2
        match = min(0.3, 0.1 * people / pairs)
        return cls(
            {f.name: list(f.same) for f in FIELDS},
            {f.name: list(f.chance) for f in FIELDS},
            match=match,
            household=match,
        )

    def as_data(self) -> dict[str, Any]:
        """As it is kept."""
        return {
            "version": VERSION, "same": self.same, "chance": self.chance, "given": self.given,
            "same_given": self.same_given,
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
        pairs = {f"{f.name} {parent}" for f in FIELDS for parent in f.follows}
        parameters.given = {name: rows for name, rows in data["given"].items() if name in pairs}
        parameters.same_given = {name: rows for name, rows in data["same_given"].items() if name in pairs}
        parameters.match, parameters.household = float(data["match"]), float(data["household"])
        parameters.threshold = float(data["threshold"])
        return parameters


_KEPT_TEXTS = 300


class Rarity(Protocol):
    """How often each text of a field is met among people: a rare name in common says more than a common one."""

    people: int
    exact: dict[str, float]

    def log(self, name: str, codes: NDArray[np.int32]) -> Floats:
        """The binary logarithm of how often each of the texts is met."""
        ...


class Counted:
    """Rarity as it was counted in a table."""

    def __init__(self, table: Table, rows: Rows, entities: NDArray[np.int64]) -> None:
        """`entities` says whose each of the rows is; somebody who is there five times counts once."""
        self.people = len(unique(entities))
        self._logs: dict[str, Floats] = {}
        self.exact: dict[str, float] = {}
        for comparison in FIELDS:
            if not table.has(comparison.name):
                continue
            size = len(table.vocabulary(comparison.name))
            keys = np.concatenate([entities * size + slot[rows] for slot in table.slots(comparison.name)])
            counts = np.bincount(unique(keys) % size, minlength=size)[:size].astype(np.float64)
            counts[0] = 0
            filled = counts.sum()
            others = np.maximum(counts - 1, np.maximum(0.5, _BELIEVED_VALUES * comparison.chance[0]))
            self._logs[comparison.name] = np.log2(np.minimum(1.0, others / (filled + _BELIEVED_VALUES)))
            pairs = filled * (filled - 1)
            self.exact[comparison.name] = float(
                ((counts * (counts - 1)).sum() + _BELIEVED_CHANCES * comparison.chance[0]) / (pairs + _BELIEVED_CHANCES)
            )

    def log(self, name: str, codes: NDArray[np.int32]) -> Floats:
        """As it is in the table."""
        return self._logs[name][codes]

    def as_data(self, table: Table) -> dict[str, Any]:
        """The most frequent texts, to be kept; all others count as rare as the rarest."""
        kept: dict[str, Any] = {}
        for name, logs in self._logs.items():
            texts = table.vocabulary(name).texts
            often = np.argsort(-logs[1:], kind="stable")[:_KEPT_TEXTS] + 1
            lowest = float(logs[1:].min()) if len(logs) > 1 else 0.0
            kept[name] = {
                "rest": round(lowest, 3),
                "often": {texts[code]: round(float(logs[code]), 3) for code in often.tolist() if logs[code] > lowest},
            }
        return {"people": self.people, "exact": self.exact, "texts": kept}


class Kept:
    """Rarity as it was kept, for the texts of another table."""

    def __init__(self, table: Table, data: dict[str, Any]) -> None:
        self.people: int = data.get("people", 10_000)
        self.exact: dict[str, float] = data.get("exact", {})
        self._logs: dict[str, Floats] = {}
        for comparison in FIELDS:
            known = data.get("texts", {}).get(comparison.name, {})
            rest = known.get("rest", math.log2(max(0.5 / self.people, comparison.chance[0] / 4)))
            often = known.get("often", {})
            self._logs[comparison.name] = np.array(
                [often.get(text, rest) for text in table.vocabulary(comparison.name).texts.tolist()]
            )

    def log(self, name: str, codes: NDArray[np.int32]) -> Floats:
        """As it was counted then."""
        return self._logs[name][codes]


class Model:
    """Weights and probabilities of compared pairs."""

    def __init__(self, parameters: Parameters, rarity: Rarity) -> None:
        self.parameters, self.rarity = parameters, rarity

    def weights(self, compared: Compared) -> dict[str, Floats]:
        """For each field the binary logarithm of how much likelier its level is for one person than for two."""
        return {
            name: self._weights(BY_NAME[name], levels, compared)
            for name, levels in compared.levels.items()
            if name != NAMES.name
        }

    def _weights(self, comparison: Comparison, levels: NDArray[np.uint8], compared: Compared) -> Floats:
        name = comparison.name
        parents = [
            parent for parent in comparison.follows
            if parent in compared.levels and f"{name} {parent}" in self.parameters.given
        ]  # fmt: skip
        usual = _bits(self.parameters.same[name], self.parameters.chance[name])
        table, place = self._table(comparison, parents, usual), levels.astype(np.intp)
        for parent in parents:
            place = place * BY_NAME[parent].size + compared.levels[parent]
        found = table.ravel()[place]
        exact = np.flatnonzero(levels == EXACT)
        rare = math.log2(self.parameters.same[name][0]) - self.rarity.log(name, compared.common(name, exact))
        # a text that is rare among all is still no news where it follows from something else
        found[exact] = np.minimum(rare, found[exact]) if parents else rare
        return found

    def _table(self, comparison: Comparison, parents: list[str], usual: Floats) -> Floats:
        """The worth of every level, for every level of what decides it; endless where only rarity decides.

        What follows from something else proves no more, one way or the other, than it proves beside that.
        """
        found = np.where(np.arange(comparison.size) == EXACT, math.inf, np.maximum(usual, -_MOST_EVIDENCE))
        for place, parent in enumerate(parents):
            key = f"{comparison.name} {parent}"
            worth = np.full((comparison.size, BY_NAME[parent].size), math.inf)
            worth[usual <= 0, :] = -math.inf
            rows = zip(self.parameters.same_given[key], self.parameters.given[key], strict=True)
            for level, (same, chance) in enumerate(rows, start=EXACT):
                worth[:, level] = _bits(same, chance)
            worth = worth.reshape(comparison.size, *[1] * place, -1)
            found = found[..., None]
            found = np.where(
                found > 0, np.minimum(found, np.maximum(worth, 0)), np.maximum(found, np.minimum(worth, 0))
            )
        return found

    def odds(self, weights: dict[str, Floats]) -> tuple[Floats, Floats]:
        """Binary logarithms of the odds of one person, and of one household, against strangers."""
        together = sum(weights.values())
        shared = sum(self._at_home(BY_NAME[name], values) for name, values in weights.items())
        rest = max(1e-12, 1 - self.parameters.match - self.parameters.household)
        size = len(next(iter(weights.values())))
        return (
            np.zeros(size) + together + math.log2(self.parameters.match / rest),
            np.zeros(size) + shared + math.log2(self.parameters.household / rest),
        )

    def _at_home(self, comparison: Comparison, weights: Floats) -> Floats:
        """What a field is worth for one household, by what it is worth for one person."""
        if comparison.is_shared:
            return weights
        if not comparison.at_home:
            return np.zeros_like(weights)
        # the likelihood of a mixture: mostly as strangers, now and then as one person
        found = np.zeros_like(weights)
        speaks = np.flatnonzero(weights > 0)
        found[speaks] = np.log2(1 - comparison.at_home + comparison.at_home * np.exp2(np.minimum(weights[speaks], 60)))
        return found

    def probabilities(self, compared: Compared) -> tuple[Floats, Floats]:
        """Of one person, and of one household."""
        if not compared.levels:
            return np.zeros(0), np.zeros(0)
        match, household = self.odds(self.weights(compared))
        match, household = np.minimum(match, 500), np.minimum(household, 500)
        one, other = np.exp2(match), np.exp2(household)
        total = 1 + one + other
        return one / total, other / total


def _bits(same: list[float], chance: list[float]) -> Floats:
    """What each level is worth, with 0 for the missing one."""
    return np.array([0.0, *(math.log2(m / u) for m, u in zip(same, chance, strict=True))])


def train(
    candidates: Compared,
    chances: Compared,
    rarity: Rarity,
    *,
    pairs: float,
    share: float = 1.0,
    rounds: int = _ROUNDS,
) -> Parameters:
    """Learn from candidates (all pairs that may be matches, or a `share` of them) and from pairs taken by chance.

    `pairs` is how many pairs the records have in all. What is not a candidate is taken for no match.
    """
    parameters = Parameters.believed(rarity.people)
    counted = {
        name: np.bincount(levels, minlength=BY_NAME[name].size)[1:].astype(np.float64)
        for name, levels in chances.levels.items()
        if name != NAMES.name
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
        for name, strangers_counted in counted.items():
            comparison, levels = BY_NAME[name], candidates.levels[name]
            found_levels = np.bincount(levels, weights=match, minlength=comparison.size)[1:] / share
            counts = found_levels + _BELIEVED_PAIRS * np.array(comparison.same)
            parameters.same[name] = _bounded(counts / counts.sum(), comparison)
            # as many of the pairs by chance are matches as of all pairs
            among = found_levels * (len(chances) / pairs)
            parameters.chance[name] = _chances(comparison, np.maximum(0.0, strangers_counted - among), rarity)
        _count_crossings(parameters, chances, rarity)
        strangers = [(candidates, 1 - match), (chances, 1 - model.probabilities(chances)[0])]
        parameters.given = _given(parameters, strangers)
        parameters.same_given = _same_given(parameters, candidates, match)
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


def _bounded(shares: Floats, comparison: Comparison) -> list[float]:
    """No level is impossible, being different is not what one person is like, and no slip is the rule."""
    most = np.maximum(_MOST_SLIPS, 4 * np.array(comparison.same))
    most[0], most[-1] = 1.0, comparison.most_different
    shares = np.maximum(shares, 1e-4)
    for _turn in range(3):
        shares = np.minimum(shares, most)
        free = shares < most
        shares[free] *= max(0.0, 1 - shares[~free].sum()) / shares[free].sum()
    return [float(value) for value in shares / shares.sum()]


def _given(parameters: Parameters, lots: list[tuple[Compared, Floats]]) -> dict[str, list[list[float]]]:
    """How strangers stand in a field when they agree in what decides it.

    Pairs by chance tell it, unless there are too few that agree: then candidates do, who are a little more alike.
    """
    found: dict[str, list[list[float]]] = {}
    for comparison in FIELDS:
        for parent in comparison.follows:
            if not all(comparison.name in compared.levels and parent in compared.levels for compared, _ in lots):
                continue
            above, size = BY_NAME[parent], comparison.size
            counts, by_chance = (
                np.bincount(
                    compared.levels[parent].astype(np.int64) * size + compared.levels[comparison.name],
                    weights=np.where(share < 0.5, 0.0, share),
                    minlength=above.size * size,
                ).reshape(above.size, size)[:, 1:]
                for compared, share in lots
            )
            enough = by_chance.sum(axis=1) >= _ENOUGH
            counts[enough] = by_chance[enough]
            usual = np.array(parameters.chance[comparison.name])
            shares = (counts + _BELIEVED_GIVEN * usual) / (counts.sum(axis=1, keepdims=True) + _BELIEVED_GIVEN)
            found[f"{comparison.name} {parent}"] = [[max(_RAREST, float(one)) for one in row] for row in shares[EXACT:]]
    return found


def _same_given(parameters: Parameters, candidates: Compared, match: Floats) -> dict[str, list[list[float]]]:
    """How one person stands in a field on each level of what decides it."""
    found: dict[str, list[list[float]]] = {}
    for comparison in FIELDS:
        for parent in comparison.follows:
            if comparison.name not in candidates.levels or parent not in candidates.levels:
                continue
            above, size = BY_NAME[parent], comparison.size
            counts = np.bincount(
                candidates.levels[parent].astype(np.int64) * size + candidates.levels[comparison.name],
                weights=match,
                minlength=above.size * size,
            ).reshape(above.size, size)[:, 1:]
            usual = np.array(parameters.same[comparison.name])
            shares = (counts + _BELIEVED_PAIRS * usual) / (counts.sum(axis=1, keepdims=True) + _BELIEVED_PAIRS)
            found[f"{comparison.name} {parent}"] = [[float(one) for one in row] for row in shares[EXACT:]]
    return found
