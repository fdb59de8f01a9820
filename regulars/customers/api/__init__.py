"""Customers and their addresses, for programs."""

from regulars.customers.api import addresses, consents, customers, reach
from regulars.customers.api.shapes import routes

__all__ = ["addresses", "consents", "customers", "reach", "routes"]
