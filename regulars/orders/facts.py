"""What this room announces. Amounts are in the smallest unit of `currency`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from regulars.timeline.facts import Fact

_LABELS: Mapping[str, Promise] = {
    "customer": _("customer"),
    "order": _("order"),
    "currency": _("currency"),
    "rate": _("rate"),
    "lines": _("lines"),
    "refund": _("refunded"),
    "returned_at": _("sent back on"),
    "reason": _("reason"),
    "state": _("state"),
    "exchange": _("exchanged for"),
}
_OF_ORDERS: Mapping[str, Promise] = {
    "number": _("number"),
    "status": _("state"),
    "is_test": _("test order"),
    "placed_at": _("placed on"),
    "discount": _("discount"),
    "shipping": _("shipping"),
    "tax": _("tax"),
    "total": _("total"),
    "is_tax_included": _("tax is included"),
    "payment_method": _("paid by"),
    "country": _("country"),
    "note": _("note"),
    "fulfilment": _("sent"),
    "source": _("source"),
    "campaign": _("campaign"),
    "referrer": _("came from"),
    "order_tags": _("tags"),
    "codes": _("codes"),
    "delivery_address": _("ships to"),
    "billing_address": _("bills to"),
    "payments": _("payments"),
}


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
class OrderDrafted(Fact):
    """Somebody began an order that nobody has agreed to yet."""

    name: ClassVar[str] = "order.drafted"
    sentence: ClassVar = _("Draft begun")
    icon: ClassVar[str] = "receipt"
    kind: ClassVar[str] = "order"

    number: str = ""
    total_minor: int = 0
    currency: str = ""


@dataclass(frozen=True, slots=True)
class OrderPaid(Fact):
    """What was paid for an order covers what it came to."""

    name: ClassVar[str] = "order.paid"
    sentence: ClassVar = _("Order paid")
    icon: ClassVar[str] = "receipt"
    kind: ClassVar[str] = "order"

    number: str = ""
    total_minor: int = 0
    currency: str = ""


@dataclass(frozen=True, slots=True)
class OrderCancelled(Fact):
    """An order was cancelled; `paid_back_minor` is what had been paid for it, and went back."""

    name: ClassVar[str] = "order.cancelled"
    sentence: ClassVar = _("Order cancelled")
    icon: ClassVar[str] = "receipt"
    kind: ClassVar[str] = "order"

    number: str = ""
    reason: str = ""
    paid_back_minor: int = 0
    currency: str = ""


@dataclass(frozen=True, slots=True)
class PaymentAdded(Fact):
    """Money came in for an order, or is expected."""

    name: ClassVar[str] = "payment.added"
    sentence: ClassVar = _("Payment booked")
    icon: ClassVar[str] = "receipt"
    kind: ClassVar[str] = "order"

    number: str = ""
    amount_minor: int = 0
    currency: str = ""
    payment_method: str = ""
    state: str = ""


@dataclass(frozen=True, slots=True)
class PaymentVoided(Fact):
    """A payment was taken back: it did not come, or was booked by mistake."""

    name: ClassVar[str] = "payment.voided"
    sentence: ClassVar = _("Payment taken back")
    icon: ClassVar[str] = "receipt"
    kind: ClassVar[str] = "order"

    number: str = ""
    amount_minor: int = 0
    currency: str = ""
    payment_method: str = ""


@dataclass(frozen=True, slots=True)
class OrderChanged(Fact):
    """An order's state, amounts or lines changed; `changes` has the old and the new value of each field."""

    name: ClassVar[str] = "order.changed"
    sentence: ClassVar = _("Order changed")
    icon: ClassVar[str] = "receipt"
    kind: ClassVar[str] = "order"
    labels: ClassVar = {**_LABELS, **_OF_ORDERS}

    number: str = ""
    changes: dict[str, list[Any]] = field(default_factory=dict)


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
class ReturnRequested(Fact):
    """Somebody wants to send something back; nothing was paid back yet."""

    name: ClassVar[str] = "return.requested"
    sentence: ClassVar = _("Wants to send something back")
    icon: ClassVar[str] = "undo-2"
    kind: ClassVar[str] = "order"

    number: str = ""
    refund_minor: int = 0
    currency: str = ""
    order_number: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class GoodsReceived(Fact):
    """What somebody wanted to send back has arrived; nothing was paid back yet."""

    name: ClassVar[str] = "return.goods_received"
    sentence: ClassVar = _("What was sent back has arrived")
    icon: ClassVar[str] = "undo-2"
    kind: ClassVar[str] = "order"

    number: str = ""
    order_number: str = ""


@dataclass(frozen=True, slots=True)
class ReturnRefunded(Fact):
    """The money of a return that was requested before was paid back."""

    name: ClassVar[str] = "return.refunded"
    sentence: ClassVar = _("Refunded")
    icon: ClassVar[str] = "undo-2"
    kind: ClassVar[str] = "order"

    number: str = ""
    refund_minor: int = 0
    currency: str = ""
    order_number: str = ""
    payment_method: str = ""


@dataclass(frozen=True, slots=True)
class ReturnExchanged(Fact):
    """Somebody got something else for what they sent back: the order `exchange_number`.

    `to_pay_minor` is what that order costs more than what came back, `paid_back_minor` what it costs less.
    """

    name: ClassVar[str] = "return.exchanged"
    sentence: ClassVar = _("Exchanged")
    icon: ClassVar[str] = "undo-2"
    kind: ClassVar[str] = "order"

    number: str = ""
    refund_minor: int = 0
    currency: str = ""
    order_number: str = ""
    exchange_number: str = ""
    to_pay_minor: int = 0
    paid_back_minor: int = 0


@dataclass(frozen=True, slots=True)
class ReturnRefused(Fact):
    """The shop does not take something back."""

    name: ClassVar[str] = "return.refused"
    sentence: ClassVar = _("Return refused")
    icon: ClassVar[str] = "undo-2"
    kind: ClassVar[str] = "order"

    number: str = ""
    order_number: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ReturnChanged(Fact):
    """A return was put right; `changes` has the old and the new value of each field."""

    name: ClassVar[str] = "return.changed"
    sentence: ClassVar = _("Return changed")
    icon: ClassVar[str] = "undo-2"
    kind: ClassVar[str] = "order"
    labels: ClassVar = _LABELS

    number: str = ""
    changes: dict[str, list[Any]] = field(default_factory=dict)


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
class DroppedFileRefused(Fact):
    """A file that another program put into the folder could not be used; it lies in `back` with the reason."""

    name: ClassVar[str] = "file.refused"
    sentence: ClassVar = _("A file in the folder could not be taken in: %(file)s. %(reason)s")
    icon: ClassVar[str] = "file-x"
    kind: ClassVar[str] = "change"
    on_timeline: ClassVar[bool] = False
    is_public: ClassVar[bool] = False

    file: str = ""
    channel: str = ""
    reason: str = ""


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
