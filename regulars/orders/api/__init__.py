"""Orders and returns, for programs."""

from regulars.orders.api import orders, returns
from regulars.orders.api.shapes import routes

__all__ = ["orders", "returns", "routes"]
