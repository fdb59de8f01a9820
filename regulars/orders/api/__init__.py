"""Orders, returns and payments, for programs."""

from regulars.orders.api import catalogue, orders, payments, returns, steps
from regulars.orders.api.operations import routes

__all__ = ["catalogue", "orders", "payments", "returns", "routes", "steps"]
