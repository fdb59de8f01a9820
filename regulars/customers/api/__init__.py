"""Customers and their addresses, for programs."""

from regulars.customers.api import addresses, customers
from regulars.customers.api.shapes import routes

__all__ = ["addresses", "customers", "routes"]
