"""Customers from files: which column is what, rows made ready in a second process, and written many at a time."""
