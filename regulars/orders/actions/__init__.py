"""Verbs of orders; they alone write orders, returns and purchase figures."""

from regulars.orders.actions.figures import refresh
from regulars.orders.actions.orders import NumberTaken, change_order, delete_order, place_order
from regulars.orders.actions.returns import receive_return

__all__ = ["NumberTaken", "change_order", "delete_order", "place_order", "receive_return", "refresh"]
