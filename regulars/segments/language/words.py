"""What can be asked: the attributes and functions that the language knows, given to it from outside."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol


class Label(Protocol):
    """What people read, in the language of whoever asks for it: a text, or something that becomes one."""

    def __str__(self) -> str: ...


class Kind(StrEnum):
    """Decides operators and literals. How a value of each kind looks in Python is said behind it; None is no value."""

    TEXT = "text"  # str, never empty
    NUMBER = "number"  # int: only whole numbers may be compared with it
    DECIMAL = "decimal"  # Decimal
    MONEY = "money"  # Decimal, in the shop's base currency
    MOMENT = "moment"  # an aware datetime, asked by the shop's days
    DAY = "day"  # a date without a clock
    YES_NO = "yes_no"  # bool
    CHOICE = "choice"  # str, one of the values that `values` gives
    LIST = "list"  # a tuple of str, of which `values` gives those known; () is no value
    PLACE = "place"  # coordinates, of a function that measures from them


NUMERIC = frozenset({Kind.NUMBER, Kind.DECIMAL, Kind.MONEY})
DATED = frozenset({Kind.MOMENT, Kind.DAY})


class Total(StrEnum):
    """What a parameter of a function says about all rows that pass the others, rather than about each row."""

    COUNT = "count"
    SUM = "sum"
    AVERAGE = "average"
    MINIMUM = "minimum"
    MAXIMUM = "maximum"


Values = Callable[[], Sequence[tuple[str, Label]]]
"""The values of a choice or list, each with its label."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    """`name` as queries write it. A CHOICE whose values are not `is_open` refuses others; LIST values are compared
    without regard to capitals, and any may be asked for. `aliases` are other names that are understood.
    """

    name: str
    label: Label
    kind: Kind
    values: Values | None = None
    is_open: bool = False
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One parameter of a function: about each row, or (`total`) about all that pass."""

    name: str
    label: Label
    kind: Kind
    total: Total | None = None
    values: Values | None = None
    is_open: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """Rows of a customer, of which a query says which and how many: `orders_placed MATCHES (count >= 2)`.

    Rows that are not `is_dated` stand on no day, and in no sequence.
    """

    name: str
    label: Label
    parameters: Mapping[str, Parameter]
    aliases: tuple[str, ...] = ()
    is_dated: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """Everything that one reader may ask: what they may not see is not in it, and so cannot be asked."""

    attributes: Mapping[str, Attribute]
    functions: Mapping[str, Function]
    groups: Sequence[str] = field(default_factory=tuple)  # the names of saved groups

    def attribute(self, name: str) -> Attribute | None:
        """An attribute by its name or an alias."""
        return self.attributes.get(name) or next((one for one in self.attributes.values() if name in one.aliases), None)

    def function(self, name: str) -> Function | None:
        """A function by its name or an alias."""
        return self.functions.get(name) or next((one for one in self.functions.values() if name in one.aliases), None)
