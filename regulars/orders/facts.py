"""What this room announces. Amounts are in the smallest unit of `currency`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from django.utils.translation import gettext_lazy as _

from regulars.timeline.facts import Fact


@dataclass(frozen=True, slots=True)
class OrderPlaced(Fact):
    """Somebody bought something."""

    name: ClassVar[str] = "order.placed"
    sentence: ClassVar = _("Ordered")
    icon: ClassVar[str] = "receipt"
    kind: ClassVar[str] = "order"

    number: str = ""
    total_minor: int = 0
    currency: str = ""


@dataclass(frozen=True, slots=True)
class OrderChanged(Fact):
    """An order's state or amounts changed; `changes` lists the fields."""

    name: ClassVar[str] = "order.changed"
    sentence: ClassVar = _("Order changed")
    icon: ClassVar[str] = "receipt"
    kind: ClassVar[str] = "order"

    number: str = ""
    changes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OrderDeleted(Fact):
    """An order was deleted (a mistake; a sale that fell through is cancelled instead)."""

    name: ClassVar[str] = "order.deleted"
    sentence: ClassVar = _("Order deleted")
    icon: ClassVar[str] = "trash-2"
    kind: ClassVar[str] = "order"

    number: str = ""


@dataclass(frozen=True, slots=True)
class ReturnReceived(Fact):
    """Something came back and was refunded."""

    name: ClassVar[str] = "return.received"
    sentence: ClassVar = _("Sent back")
    icon: ClassVar[str] = "undo-2"
    kind: ClassVar[str] = "order"

    number: str = ""
    refund_minor: int = 0
    currency: str = ""
    order_number: str = ""


@dataclass(frozen=True, slots=True)
class ReturnChanged(Fact):
    """A return was put right."""

    name: ClassVar[str] = "return.changed"
    sentence: ClassVar = _("Return changed")
    icon: ClassVar[str] = "undo-2"
    kind: ClassVar[str] = "order"

    number: str = ""


@dataclass(frozen=True, slots=True)
class OrdersImported(Fact):
    """A file of orders came in; one fact for the whole file, with its summary."""

    name: ClassVar[str] = "orders.imported"
    sentence: ClassVar = _("Orders imported")
    icon: ClassVar[str] = "upload"
    kind: ClassVar[str] = "order"
    on_timeline: ClassVar[bool] = False

    file: str = ""
    rows: int = 0
    created: int = 0
    updated: int = 0
    rejected: int = 0


@dataclass(frozen=True, slots=True)
class FiguresDiffered(Fact):
    """The nightly audit found values that do not agree with the orders; `named` has the first of them."""

    name: ClassVar[str] = "figures.differed"
    sentence: ClassVar = _("Figures did not agree with the orders")
    icon: ClassVar[str] = "triangle-alert"
    kind: ClassVar[str] = "change"
    on_timeline: ClassVar[bool] = False
    is_public: ClassVar[bool] = False

    count: int = 0
    named: tuple[str, ...] = ()
