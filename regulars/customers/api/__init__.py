"""Customers and their addresses, for programs."""

from regulars.customers.api import addresses, bulk, consents, customers, fields, merges, notes, privacy, reach
from regulars.customers.api.shapes import routes

__all__ = ["addresses", "bulk", "consents", "customers", "fields", "merges", "notes", "privacy", "reach", "routes"]
