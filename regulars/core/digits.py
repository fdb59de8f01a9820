"""Whole numbers written as a language writes them, by what CLDR's own writer was seen to do.

Babel reads a pattern anew for every number, which costs a list of fifty customers as much as its queries. A `Writer` is
learnt from a few numbers that Babel wrote, and is kept only if it writes a set of others letter by letter the same;
a language that groups or counts in another way is left to Babel.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

Slow = Callable[[Decimal], str]

_MILLIONS = 1_234_567
_PROBES = (
    0,
    1,
    7,
    10,
    99,
    100,
    105,
    999,
    1000,
    4321,
    9999,
    10_000,
    54_321,
    99_999,
    100_000,
    1_000_000,
    10**9,
    10**14 + 1,
)


@dataclass(frozen=True, slots=True)
class Affixes:
    """What stands before and behind the digits."""

    before: str
    behind: str


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes amounts in smallest units, `decimals` of whose digits stand behind the point."""

    positive: Affixes
    negative: Affixes
    group: str
    point: str
    decimals: int

    def __call__(self, minor: int) -> str:
        around = self.negative if minor < 0 else self.positive
        digits = str(abs(minor))
        fraction = ""
        if self.decimals:
            digits = digits.zfill(self.decimals + 1)
            digits, fraction = digits[: -self.decimals], self.point + digits[-self.decimals :]
        digits = f"{int(digits):,}".replace(",", self.group)
        return f"{around.before}{digits}{fraction}{around.behind}"


def learn(slow: Slow, decimals: int) -> Callable[[int], str]:
    """What writes amounts in smallest units exactly as `slow` writes them as decimals."""

    def as_slow(minor: int) -> str:
        return slow(Decimal(minor).scaleb(-decimals))

    writer = _guessed(as_slow, decimals)
    if writer is None:
        return as_slow
    probes = [sign * number for number in _PROBES for sign in (1, -1)]
    return writer if all(writer(probe) == as_slow(probe) for probe in probes) else as_slow


def _guessed(as_slow: Callable[[int], str], decimals: int) -> Writer | None:
    one = 10**decimals
    fraction = "".join(str(9 - place % 9) for place in range(decimals))
    shape = re.compile(r"(\D*)1(\D*)234(\D*)567" + (rf"(\D+){fraction}" if decimals else "()") + r"(\D*)")
    minor = _MILLIONS * one + int(fraction or 0)
    found, below = shape.fullmatch(as_slow(minor)), shape.fullmatch(as_slow(-minor))
    if found is None or below is None or found[2] != found[3]:
        return None
    before, group, _same, point, behind = found.groups()
    return Writer(Affixes(before, behind), Affixes(below[1], below[5]), group, point, decimals)
