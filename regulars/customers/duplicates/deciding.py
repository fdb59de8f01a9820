"""What people's decisions say about the threshold from which a pair is shown."""

from __future__ import annotations

from collections.abc import Iterable

USUAL = 2 / 3
"""A wrong merge is worse than a missed one: a pair is shown where one person is twice as likely as two."""

LOWEST, HIGHEST = 0.5, 0.995
PRECISION = 0.9
"""The share of shown pairs that ought to be one person, as people have decided so far."""

_ENOUGH = 20


def threshold_from(decisions: Iterable[tuple[float, bool]], *, usual: float) -> float:
    """The threshold from which pairs are shown, by what people said of those they saw: (probability, are they one).

    It is the usual one while there are few decisions, or nine of ten pairs were one person. Where more were two, it is
    the lowest from which nine of ten were one; and the highest there is where none is.
    """
    known = sorted(decisions, reverse=True)
    if len(known) < _ENOUGH:
        return usual
    best, same = HIGHEST, 0
    for number, (probability, is_same) in enumerate(known, start=1):
        same += is_same
        is_last_of_its_kind = number == len(known) or known[number][0] < probability
        # as if one pair more had been decided each way, so that the first few do not decide
        if is_last_of_its_kind and (same + 1) / (number + 2) >= PRECISION:
            best = usual if number == len(known) else probability
    return min(HIGHEST, max(LOWEST, best))
