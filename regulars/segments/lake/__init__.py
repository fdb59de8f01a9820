"""The lake: a columnar copy of customers and what they did, sorted by customer (docs/decisions/0031).

tables      what is copied: rooms add their tables and dimensions, and say how rows are read from the records
"""
