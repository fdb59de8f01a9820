"""By when an answer will be there, in four of five cases. Pure: working time in, working time out.

1. What is usual is a mean of log(1 + minutes), plus what the topic, the way, the hour and the load add to it. Each such
   effect is shrunk towards nothing where few answers speak for it, and old answers weigh less (half in three weeks).
2. Split conformal: what is usual is learned from one half of the answers, and the other half, which it has not seen,
   says by how much real ones exceed it. The weighted quantile of that excess is added. No shape is assumed of it.
3. The level of that quantile follows what came of earlier moments (`level`; Gibbs and Candès 2021): after each that was
   late it rises, after each that held it falls a little, so that one of five is late in the long run whatever changes:
   fewer people, a new topic, the rounding up of moments.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

TARGET = 0.8
ENOUGH = 50
"""With fewer answers than this to learn from, the promise is told instead."""

_STEP = 0.02  # of the level, for each moment whose outcome is known
_LOWEST, _HIGHEST = 0.2, 1.6
_EDGE = 0.97  # beyond it there is nothing to read a quantile from: each hundredth more makes the wait longer instead
_BEYOND = 2.0
_HALF_LIFE = 21.0  # days
_SHRUNK_BY = 6.0  # answers: so many are needed to believe half of an effect
_ROUNDS = 3
_LONGEST = 366 * 1440.0
_MOST = math.log1p(_LONGEST)


@dataclass(frozen=True, slots=True)
class Case:
    """What is known of an inquiry when it comes; `queue` are those who wait already, `people` who is there."""

    topic: int | None
    by: str
    hour: int
    queue: int
    people: int

    def marks(self) -> tuple[tuple[str, object], ...]:
        """What cases are alike in."""
        load = self.queue / max(self.people, 1)
        return (
            ("load", round(2 * math.log2(1 + load))),
            ("hour", self.hour),
            ("topic", self.topic),
            ("by", self.by),
            ("people", min(self.people, 5)),
        )


@dataclass(frozen=True, slots=True)
class Answer:
    """An inquiry that was answered: after how many minutes of working time, and how many days ago."""

    case: Case
    minutes: float
    age: float


class Usual:
    """What is usual, learned from answers."""

    def __init__(self, answers: Sequence[Answer]) -> None:
        marked = [(one.case.marks(), math.log1p(max(one.minutes, 0.0)), _weight(one.age)) for one in answers]
        total = sum(weight for _marks, _value, weight in marked) or 1.0
        self._mean = sum(value * weight for _marks, value, weight in marked) / total
        self._effects: dict[tuple[str, object], float] = {}
        names = [name for name, _value in marked[0][0]] if marked else []
        for place in [*range(len(names))] * _ROUNDS:
            sums: dict[tuple[str, object], float] = defaultdict(float)
            weights: dict[tuple[str, object], float] = defaultdict(float)
            for marks, value, weight in marked:
                mark = marks[place]
                others = sum(self._effects.get(one, 0.0) for one in marks if one is not mark)
                sums[mark] += weight * (value - self._mean - others)
                weights[mark] += weight
            for mark, amount in sums.items():
                self._effects[mark] = amount / (weights[mark] + _SHRUNK_BY)

    def of(self, case: Case) -> float:
        """What is usual for such a case, as log(1 + minutes)."""
        return self._mean + sum(self._effects.get(mark, 0.0) for mark in case.marks())


class Estimator:
    """Says after how many minutes of working time an answer will be there."""

    def __init__(self, answers: Sequence[Answer]) -> None:
        self.count = len(answers)
        ordered = sorted(answers, key=lambda one: -one.age)
        self._usual = Usual(ordered[::2])
        excess = [
            (math.log1p(max(one.minutes, 0.0)) - self._usual.of(one.case), _weight(one.age)) for one in ordered[1::2]
        ]
        self._excess = sorted(excess)
        self._total = sum(weight for _amount, weight in excess) + 1.0  # the new one weighs as well, and may be any

    def minutes(self, case: Case, level: float) -> float:
        """Within so many minutes, in a share of `level` of such cases."""
        more = self._quantile(min(level, _EDGE)) + _BEYOND * max(level - _EDGE, 0.0)
        return min(math.expm1(min(max(self._usual.of(case) + more, 0.0), _MOST)), _LONGEST)

    def _quantile(self, level: float) -> float:
        reached = 0.0
        for amount, weight in self._excess:
            reached += weight
            if reached >= level * self._total:
                return amount
        return self._excess[-1][0] if self._excess else 0.0


def level(were_late: Iterable[bool]) -> float:
    """The level to ask the next quantile at, after moments that were told, oldest first: late or not."""
    found = TARGET
    for was_late in were_late:
        found = min(max(found + _STEP * (was_late - (1 - TARGET)), _LOWEST), _HIGHEST)
    return found


def interval(held: int, count: int) -> tuple[float, float]:
    """Between which shares the true one lies with 95 % certainty, where so many of `count` held (Wilson)."""
    if not count:
        return 0.0, 1.0
    z, share = 1.96, held / count
    middle = (share + z * z / (2 * count)) / (1 + z * z / count)
    half = z * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count)) / (1 + z * z / count)
    return max(0.0, middle - half), min(1.0, middle + half)


def _weight(age: float) -> float:
    return float(0.5 ** (max(age, 0.0) / _HALF_LIFE))
