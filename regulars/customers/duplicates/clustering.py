"""From pairs to people: who belongs together when all pairs are looked at, and not each alone.

A chain of likely pairs is not yet one person: its ends may contradict each other. Groups are joined while everything
that is known between them speaks for it on the whole.
"""

from __future__ import annotations

from collections.abc import Iterable
from heapq import heapify, heappop, heappush

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.int64]
Floats = NDArray[np.float64]

LARGEST = 400
"""Members of a group up to which all its pairs are looked at."""

APART = -1e6
"""The odds of two records of which somebody said that they are two people: nothing outweighs that."""

_MOST = 10.0


def components(count: int, left: Ids, right: Ids) -> Ids:
    """For each of `count` places the lowest place it is connected with."""
    label = np.arange(count, dtype=np.int64)
    while True:
        low = np.minimum(label[left], label[right])
        before = label.copy()
        np.minimum.at(label, label[left], low)
        np.minimum.at(label, label[right], low)
        label = label[label]
        if np.array_equal(label, before):
            return label


def split(members: list[int], odds: dict[tuple[int, int], float], *, least: float) -> list[list[int]]:
    """Cut connected members into people. `odds` are of all pairs of them, in bits; a pair that is missing says nothing.

    The likeliest two groups are joined, as long as the odds between them are on average at least `least`.
    """
    groups: dict[int, list[int]] = {member: [member] for member in members}
    sums: dict[int, dict[int, tuple[float, int]]] = {member: {} for member in members}
    waiting: list[tuple[float, int, int, int]] = []
    for (one, other), bits in odds.items():
        value = (bits if bits <= APART else max(-_MOST, min(_MOST, bits)), 1)
        sums[one][other] = sums[other][one] = value
        if value[0] >= least:
            waiting.append((-value[0], one, other, 1))
    heapify(waiting)
    while waiting:
        negative, one, other, number = heappop(waiting)
        # what was known about groups that have grown since is out of date
        now = sums.get(one, {}).get(other)
        if now is None or now[1] != number or now[0] / number != -negative:
            continue
        groups[one] += groups.pop(other)
        for third, (total, count) in sums.pop(other).items():
            del sums[third][other]
            if third == one:
                continue
            known = sums[one].get(third, (0.0, 0))
            joint = (known[0] + total, known[1] + count)
            sums[one][third] = sums[third][one] = joint
            if joint[0] / joint[1] >= least:
                heappush(waiting, (-joint[0] / joint[1], one, third, joint[1]))
    return list(groups.values())


def bottlenecks(members: Iterable[int], odds: dict[tuple[int, int], float]) -> dict[tuple[int, int], float]:
    """For each pair of a group the weakest link of the strongest way from one to the other."""
    group = {member: [member] for member in members}
    found: dict[tuple[int, int], float] = {}
    for (one, other), bits in sorted(odds.items(), key=lambda item: -item[1]):
        first, second = group.get(one), group.get(other)
        if first is None or second is None or first is second:
            continue
        for a in first:
            for b in second:
                found[min(a, b), max(a, b)] = bits
        first += second
        for member in second:
            group[member] = first
    return found
