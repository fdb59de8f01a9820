"""The forms of orders. They read and show; what is valid is decided by `normalise`, for pages and API alike."""

from regulars.orders.forms.filter import Asked, OrderFilter, read

__all__ = ["Asked", "OrderFilter", "read"]
