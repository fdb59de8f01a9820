"""Customers and their addresses, for programs."""

from regulars.customers.api import addresses, consents, customers
from regulars.customers.api.shapes import routes

__all__ = ["addresses", "consents", "customers", "routes"]
