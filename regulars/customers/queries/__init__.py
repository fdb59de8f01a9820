"""Reads of many customers: what a list was asked for, and its pages."""

from regulars.customers.queries.pages import (
    Count,
    Culprit,
    Page,
    customer_count,
    customer_ids,
    customer_list,
    customer_page,
    dropping,
    neighbours,
)
from regulars.customers.queries.request import Chip, ListRequest, sortable

__all__ = [
    "Chip",
    "Count",
    "Culprit",
    "ListRequest",
    "Page",
    "customer_count",
    "customer_ids",
    "customer_list",
    "customer_page",
    "dropping",
    "neighbours",
    "sortable",
]
