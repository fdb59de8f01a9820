"""What is left of a value that somebody may not see in full: `A••• S•••`, `e•••@posteo.example`, the last four digits.

A masked value says that it is one: it is never written back (core/walls.py refuses it), and amounts that were masked
stay masked whatever they are added to.
"""

from __future__ import annotations

from typing import Any

DOTS = "•••"
_SHORTEST_PHONE = 8


class Masked(str):
    """A text of which something, or everything, is left out."""

    __slots__ = ()


class MaskedNumber(int):
    """A number nobody is told: it reads as dots, and so does whatever is reckoned from it."""

    def __new__(cls) -> MaskedNumber:
        return super().__new__(cls, 0)

    def __str__(self) -> str:
        return DOTS

    def __repr__(self) -> str:
        return DOTS

    def __format__(self, _spec: str) -> str:
        return DOTS

    def __bool__(self) -> bool:
        return True

    def _itself(self, *_other: Any) -> MaskedNumber:
        return self

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = _itself
    __floordiv__ = __rfloordiv__ = __truediv__ = __rtruediv__ = __mod__ = _itself
    __neg__ = __pos__ = __abs__ = __round__ = _itself


HIDDEN = Masked("")


def words(text: str) -> Masked:
    """The first letter of each word: “A••• S•••”; of a name in Chinese characters the first of them."""
    return Masked(" ".join(f"{word[0]}{DOTS}" for word in text.split()))


def dots(text: str) -> Masked:
    """That there is something, and nothing of it."""
    return Masked(DOTS if text else "")


def email(text: str) -> Masked:
    """The first letter and the domain: “e•••@posteo.example”."""
    local, at, domain = text.rpartition("@")
    return Masked(f"{local[:1]}{DOTS}@{domain}") if at else dots(text)


def phone(text: str) -> Masked:
    """The last four digits of a number that is long enough for it."""
    digits = [letter for letter in text if letter.isdigit()]
    return Masked(f"{DOTS}{''.join(digits[-4:])}") if len(digits) >= _SHORTEST_PHONE else dots(text)


def account(text: str) -> Masked:
    """The last four characters of a tax or account number that is long enough for it."""
    return Masked(f"{DOTS}{text[-4:]}") if len(text) >= _SHORTEST_PHONE else dots(text)


def year(text: str) -> Masked:
    """Of a date of birth the year, if it is known."""
    return Masked(text[:4] if text[:4].isdigit() else "")


def nothing(_text: str) -> Masked:
    """Nothing at all, not even that there is something."""
    return HIDDEN
