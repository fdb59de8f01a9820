"""The socket of duties: what people of the staff do for the shop that somebody else takes over when they leave.

A room above says in its wiring what it is (`add`); whoever lets somebody go (actions/leaving.py) hands all of it over.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from regulars.staff.models import User


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """One kind of thing that people look after.

    `count` is how much of it somebody has, whoever asks; `said` puts such a number into words: “412 customers”.
    `hand_over` gives all of it to a colleague, or to nobody, in the transaction it is called in or in the background,
    and returns how much that is. It may be called again, and then finds nothing left.
    """

    name: str
    count: Callable[[User], int]
    said: Callable[[int], str]
    hand_over: Callable[[User, User | None], int]


_DUTIES: dict[str, Duty] = {}


def add(duty: Duty) -> None:
    """Let something be handed over; a name can be taken only once."""
    if duty.name in _DUTIES and _DUTIES[duty.name] != duty:
        raise ValueError(f"there already is a duty called {duty.name}")
    _DUTIES[duty.name] = duty


def duties() -> list[Duty]:
    """All duties, by name."""
    return [_DUTIES[name] for name in sorted(_DUTIES)]


def get(name: str) -> Duty | None:
    """The duty of that name; None where its room is gone."""
    return _DUTIES.get(name)
