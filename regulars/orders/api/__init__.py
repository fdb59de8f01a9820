"""Orders, returns and payments, for programs."""

from regulars.orders.api import orders, payments, returns, steps
from regulars.orders.api.operations import routes

__all__ = ["orders", "payments", "returns", "routes", "steps"]
