"""The socket of what comes in: rooms above say how a kind of record becomes rows of theirs.

    intake.applies(OrderRecord, after=(CustomerRecord, ProductRecord))(take_in_orders)

A taker gets records of one channel in one transaction and answers for each, in the same order, what it became. It is
called with the newest state of each object only, once for many objects, and may be called with the same state again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from regulars.channels.models import Channel
from regulars.channels.records import Record


@dataclass(frozen=True, slots=True)
class Taken:
    """What a record became: our row, and the customer it tells of.

    `waits_for` names an object (kind, external id) that has to come before this one. `problem` is a sentence that says
    why it cannot be taken in as it is. `remark` says what is to be known of a record that was taken in.
    """

    local_id: int | None = None
    customer_id: int | None = None
    waits_for: tuple[str, str] | None = None
    problem: str = ""
    remark: str = ""


Taker = Callable[[Channel, Sequence[Any]], Sequence[Taken]]
Remover = Callable[[Channel, Sequence[int]], None]


@dataclass(frozen=True, slots=True)
class Intake:
    """How one kind of record is taken in, and how rows go that the platform deleted."""

    record: type[Record]
    take: Taker
    remove: Remover
    after: tuple[str, ...]


_intakes: dict[str, Intake] = {}


def applies(record: type[Record], *, take: Taker, remove: Remover, after: Iterable[type[Record]] = ()) -> None:
    """Say how records of this kind are taken in, and which kinds have to come before."""
    if record.kind in _intakes:
        raise ValueError(f"{record.kind} is taken in already")
    _intakes[record.kind] = Intake(record, take, remove, tuple(one.kind for one in after))


def known() -> dict[str, Intake]:
    """All kinds that are taken in, in an order in which each comes after those it needs."""
    found: dict[str, Intake] = {}

    def add(kind: str) -> None:
        if kind in _intakes and kind not in found:
            for other in _intakes[kind].after:
                add(other)
            found[kind] = _intakes[kind]

    for kind in sorted(_intakes):
        add(kind)
    return found
