"""What a customer's counted orders and returns of a stretch of time come to, added up by the database."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Q, Sum

from regulars.core import shop
from regulars.core.money import Money
from regulars.customers.models import Customer
from regulars.customers.people import records
from regulars.orders.models import COUNTED, SETTLED, Order, Return
from regulars.orders.queries.book import Stretch


@dataclass(frozen=True, slots=True)
class Sums:
    """The foot of the orders table: counted orders, what they came to, what went back, what stays."""

    orders: int
    ordered: Money
    refunded: Money

    @property
    def kept(self) -> Money:
        return self.ordered - self.refunded


def sums(customer: Customer, stretch: Stretch) -> Sums:
    """Counted orders and settled returns of a stretch of time, in the shop's currency: two queries."""
    currency = shop.current().currency
    ordered = Order.objects.filter(
        stretch.of("placed_at"), customer__in=records(customer), status__in=COUNTED, is_test=False
    ).aggregate(count=Count("id"), total=Sum("total_base_minor"))
    # of counted orders, and those whose order nobody could find
    is_of_counted = Q(order=None) | Q(order__status__in=COUNTED, order__is_test=False)
    refunded = Return.objects.filter(
        is_of_counted, stretch.of("returned_at"), customer__in=records(customer), state__in=SETTLED
    ).aggregate(total=Sum("refund_base_minor"))
    return Sums(ordered["count"], Money(ordered["total"] or 0, currency), Money(refunded["total"] or 0, currency))
