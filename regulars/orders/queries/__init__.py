"""Reads of many orders: for the order list, the customer page, and the list of customers."""

from regulars.orders.queries.finding import customers_of_number
from regulars.orders.queries.lists import OrderPage, OrderRequest, customer_orders, customer_returns, order_page
from regulars.orders.queries.purchases import PurchaseSummary, Stroke, purchase_summary, rhythm

__all__ = [
    "OrderPage",
    "OrderRequest",
    "PurchaseSummary",
    "Stroke",
    "customer_orders",
    "customer_returns",
    "customers_of_number",
    "order_page",
    "purchase_summary",
    "rhythm",
]
