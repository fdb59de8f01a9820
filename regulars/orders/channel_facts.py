"""What is announced of orders that sales channels tell of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from django.utils.translation import gettext_lazy as _

from regulars.timeline.facts import Fact


@dataclass(frozen=True, slots=True)
class OrderBalanced(Fact):
    """The parts of an order do not come to the total its platform names: what was put on the shipping or the discount.

    `total_minor` is the platform's word, which stands.
    """

    name: ClassVar[str] = "order.balanced"
    sentence: ClassVar = _("Brought to the total of the shop")
    icon: ClassVar[str] = "scale"
    kind: ClassVar[str] = "order"
    on_timeline: ClassVar[bool] = False

    number: str = ""
    total_minor: int = 0
    shipping_minor: int = 0
    discount_minor: int = 0
    currency: str = ""


@dataclass(frozen=True, slots=True)
class ReturnDeleted(Fact):
    """A return was deleted on its platform; what it had paid back counts no more."""

    name: ClassVar[str] = "return.deleted"
    sentence: ClassVar = _("Return deleted")
    icon: ClassVar[str] = "undo-2"
    kind: ClassVar[str] = "order"

    number: str = ""
    refund_minor: int = 0
    currency: str = ""
