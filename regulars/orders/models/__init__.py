"""What they bought, what came back, how it was paid, and what there is to buy."""

from regulars.orders.models.checkouts import Checkout
from regulars.orders.models.finding import NumberGram, UnindexedNumber
from regulars.orders.models.payments import Payment, PaymentLink, PaymentState
from regulars.orders.models.products import Product, ProductSales, Variant
from regulars.orders.models.returns import SETTLED, Return, ReturnLine, ReturnState
from regulars.orders.models.sales import (
    COUNTED,
    Fulfilment,
    KeptSale,
    Order,
    OrderAddress,
    OrderDiscount,
    OrderLine,
    OrderTag,
    Side,
    Status,
)

__all__ = [
    "COUNTED",
    "SETTLED",
    "Checkout",
    "Fulfilment",
    "KeptSale",
    "NumberGram",
    "Order",
    "OrderAddress",
    "OrderDiscount",
    "OrderLine",
    "OrderTag",
    "Payment",
    "PaymentLink",
    "PaymentState",
    "Product",
    "ProductSales",
    "Return",
    "ReturnLine",
    "ReturnState",
    "Side",
    "Status",
    "UnindexedNumber",
    "Variant",
]
