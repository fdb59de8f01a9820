"""How long a text is as an SMS: in which alphabet it goes, and in how many parts it is sent and paid for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

# GSM 03.38, 6.2.1: one septet each; and those that take two
_ONE: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_TWO: Final = frozenset("\f^{}\\[~]|€")


@dataclass(frozen=True, slots=True)
class Length:
    """A text as an SMS: whether the small alphabet is enough, its units, its parts, and what is left in the last."""

    is_plain: bool
    units: int
    parts: int
    left: int


def length_of(text: str) -> Length:
    """The length of a text. A character outside the small alphabet makes all of them cost two bytes."""
    is_plain = all(one in _ONE or one in _TWO for one in text)
    costs = [1 + (one in _TWO) if is_plain else 1 + (ord(one) > 0xFFFF) for one in text]
    units = sum(costs)
    alone, each = (160, 153) if is_plain else (70, 67)
    if units <= alone:
        return Length(is_plain, units, 1, alone - units)
    parts, used = 1, 0
    for cost in costs:
        # what takes two units is never cut in halves
        if used + cost > each:
            parts, used = parts + 1, 0
        used += cost
    return Length(is_plain, units, parts, each - used)
