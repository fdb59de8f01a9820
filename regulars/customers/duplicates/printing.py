"""Duplicates on standard output: one JSON object a line, or a table for people."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np

from regulars.customers.duplicates.clustering import bottlenecks
from regulars.customers.duplicates.comparing import compare
from regulars.customers.duplicates.evidence import Evidence, evidence_of
from regulars.customers.duplicates.finding import Found
from regulars.customers.duplicates.table import Table
from regulars.customers.duplicates.words import sentence

MOST_CLOSED = 300
"""Records of one person up to which every pair of them is named; of more, each is named with the first."""

_AT_ONCE = 20_000
_WIDTH = 16


def pairs_of(table: Table, found: Found) -> Iterator[tuple[int, int, float, list[Evidence]]]:
    """Every pair of rows that is one person, person by person.

    The probability is that of the pair, or that of the weakest link on the way from one to the other over further
    records of the same person, where that is higher.
    """
    waiting: list[tuple[int, int]] = []
    for members in found.people:
        rows = sorted(members)
        if len(rows) <= MOST_CLOSED:
            waiting += combinations(rows, 2)
        else:
            waiting += [(rows[0], row) for row in rows[1:]]
        if len(waiting) >= _AT_ONCE:
            yield from _told(table, found, waiting)
            waiting = []
    yield from _told(table, found, waiting)


def _told(table: Table, found: Found, pairs: list[tuple[int, int]]) -> Iterator[tuple[int, int, float, list[Evidence]]]:
    if not pairs:
        return
    left, right = (np.array(side, dtype=np.int64) for side in zip(*pairs, strict=True))
    direct = found.model.probabilities(compare(table, left, right))[0]
    known = dict(zip(pairs, direct.tolist(), strict=True))
    over = bottlenecks({row for pair in pairs for row in pair}, known)
    for pair, pieces in zip(pairs, evidence_of(table, found.model, left, right), strict=True):
        yield *pair, max(known[pair], over.get(pair, 0.0)), pieces


def as_row(left: str, right: str, probability: float, pieces: Sequence[Evidence]) -> str:
    """A pair for people: who, how sure, and the three fields that say most."""
    said = "; ".join(sentence(piece.as_data()) for piece in pieces[:3])
    return f"{left[:_WIDTH]:<{_WIDTH}} {right[:_WIDTH]:<{_WIDTH}} {probability:>7.1%}  {said}"


def as_line(left: str, right: str, probability: float, pieces: Sequence[Evidence]) -> str:
    """A pair as JSON."""
    return json.dumps(
        {
            "left": left,
            "right": right,
            "probability": round(probability, 4),
            "evidence": [piece.as_data() for piece in pieces],
        },
        ensure_ascii=False,
    )
