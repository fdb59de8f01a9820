"""The socket of what was sold by our books: a room above says it, day by day, for comparing with a platform."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from regulars.channels.models import Channel
from regulars.core.money import Money


@dataclass(frozen=True, slots=True)
class Sum:
    """How many orders count on a day, and what they came to in the base currency."""

    count: int
    total_minor: int


@dataclass(frozen=True, slots=True)
class Sold:
    """An order of our books. `external_id` is the channel's name for it, empty where it never had one."""

    id: int
    number: str
    external_id: str
    on: dt.date
    total: Money
    is_counted: bool
    is_cancelled: bool


Days = Callable[[Channel, dt.date, dt.date], Mapping[dt.date, Sum]]
OrdersOf = Callable[[Channel, dt.date, Sequence[str], Sequence[str]], Sequence[Sold]]


@dataclass(frozen=True, slots=True)
class Books:
    """`days` sums up. `orders` are those of a day, and those of these external ids and numbers on whatever day."""

    days: Days
    orders: OrdersOf


_kept: list[Books] = []


def are_kept(*, days: Days, orders: OrdersOf) -> None:
    """Say what was sold; there is one room that knows."""
    if _kept:
        raise ValueError("the books are kept already")
    _kept.append(Books(days, orders))


def books() -> Books:
    """The books. Raises LookupError where nobody keeps them."""
    if not _kept:
        raise LookupError("nobody keeps books")
    return _kept[0]
