"""Belongings: everything that hangs on a customer. Merge, export and erasure are one walk over all holders.

"Personal data has a holder entry before it has a column": a test compares the holders with the columns of every model
that points at a customer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from regulars.customers.models import Customer


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """One table that holds something of a customer, and what is done with it when the customer goes.

    `export` gives the rows as plain data for the person's own copy. `forget` runs before the customer row is deleted,
    inside that transaction: it deletes the rows, or cuts them loose where the law wants them kept.
    """

    name: str
    models: tuple[str, ...]
    export: Callable[[Customer], Iterable[dict[str, Any]]]
    forget: Callable[[Customer], None]


_HOLDERS: dict[str, Holder] = {}


def add(holder: Holder) -> None:
    """Say that a room holds something of customers."""
    _HOLDERS[holder.name] = holder


def holders() -> list[Holder]:
    """All holders, in the order they were added."""
    return list(_HOLDERS.values())
