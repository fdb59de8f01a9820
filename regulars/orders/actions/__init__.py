"""Verbs of orders; they alone write orders, returns, payments and purchase figures."""

from regulars.orders.actions.cancelling import CannotCancel, cancel_order
from regulars.orders.actions.drafting import (
    NotADraft,
    change_draft,
    delete_draft,
    duplicate_order,
    open_draft,
    place_draft,
)
from regulars.orders.actions.exchange import Exchange, exchange_return
from regulars.orders.actions.figures import refresh
from regulars.orders.actions.orders import NumberTaken, change_order, delete_order, place_order
from regulars.orders.actions.payments import PaymentRefused, add_payment, mark_paid, void_payment
from regulars.orders.actions.return_steps import (
    ReturnIsOver,
    receive_goods,
    refund_order,
    refuse_return,
    request_return,
    settle_return,
)
from regulars.orders.actions.returns import receive_return

__all__ = [
    "CannotCancel",
    "Exchange",
    "NotADraft",
    "NumberTaken",
    "PaymentRefused",
    "ReturnIsOver",
    "add_payment",
    "cancel_order",
    "change_draft",
    "change_order",
    "delete_draft",
    "delete_order",
    "duplicate_order",
    "exchange_return",
    "mark_paid",
    "open_draft",
    "place_draft",
    "place_order",
    "receive_goods",
    "receive_return",
    "refresh",
    "refund_order",
    "refuse_return",
    "request_return",
    "settle_return",
    "void_payment",
]
