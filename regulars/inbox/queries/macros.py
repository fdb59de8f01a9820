"""Macros as the inbox offers them, and by which key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from regulars.inbox.models import Macro

HOUSE_KEYS: Final = frozenset("aefghijklmnortxyzX/?[]123456789")
"""What a key means in the whole house already; a macro of such a key is started by `m` and then its key."""


@dataclass(frozen=True, slots=True)
class Offered:
    """One macro that can be started; `is_alone` where its key works without `m` before it."""

    macro: Macro
    is_alone: bool


def offered() -> list[Offered]:
    """Every macro that is switched on."""
    return [Offered(one, is_alone(one.key)) for one in Macro.objects.filter(is_on=True)]


def is_alone(key: str) -> bool:
    """Whether a key means nothing else in the house."""
    return bool(key) and key not in HOUSE_KEYS
