"""What is announced of payment links. Their addresses are secret, and in no fact."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from django.utils.translation import gettext_lazy as _

from regulars.timeline.facts import Fact


@dataclass(frozen=True, slots=True)
class PaymentLinkMade(Fact):
    """Somebody made a page where an order can be paid until `ends_at`."""

    name: ClassVar[str] = "payment_link.made"
    sentence: ClassVar = _("Payment link made")
    icon: ClassVar[str] = "link"
    kind: ClassVar[str] = "order"

    number: str = ""
    amount_minor: int = 0
    currency: str = ""
    ends_at: str = ""


@dataclass(frozen=True, slots=True)
class PaymentLinkRevoked(Fact):
    """A page where an order could be paid shows nothing any more."""

    name: ClassVar[str] = "payment_link.revoked"
    sentence: ClassVar = _("Payment link taken back")
    icon: ClassVar[str] = "link-2-off"
    kind: ClassVar[str] = "order"

    number: str = ""
