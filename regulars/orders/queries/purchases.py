"""What somebody bought, as the customer page and the list draw it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db.models import FloatField, Func
from django.utils import timezone

from regulars.core import shop
from regulars.core.money import Money
from regulars.customers.models import Customer
from regulars.customers.people import records, records_of
from regulars.orders.models import COUNTED, SETTLED, Order, Return

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.models.sql.compiler import SQLCompiler

_DAYS_PER_MONTH = 30.4375
_DAY = 86_400


class Stroke(NamedTuple):
    """One order of a rhythm: where it stands between the first day (0) and today (1), and how high it is (0 to 1).

    The height is the square root of the amount as a share of the highest order of that rhythm.
    """

    day_fraction: float
    height: float


@dataclass(frozen=True, slots=True)
class PurchaseSummary:
    """A customer's figures and what follows from them today."""

    orders_count: int
    spent: Money
    refunded: Money
    average_order: Money | None
    first_order_at: dt.datetime | None
    last_order_at: dt.datetime | None
    usual_gap_days: float | None
    days_since_last: int | None
    returns_count: int

    @property
    def is_overdue(self) -> bool:
        """Whether the next order is later than usual by more than 15 per cent."""
        if self.usual_gap_days is None or self.days_since_last is None:
            return False
        return self.days_since_last > 1.15 * self.usual_gap_days


def rhythm(customer_ids: Collection[int], *, months: int = 24) -> dict[int, list[Stroke]]:
    """The counted orders of the last `months` of each of these customers, oldest first: two queries for all of them."""
    people = records_of(customer_ids)
    whose = {record: customer_id for customer_id, ids in people.items() for record in ids}
    now = timezone.now()
    days = months * _DAYS_PER_MONTH
    # all of these columns are in one index, `order_by_customer`: what is read here is never the orders themselves
    rows = (
        Order.objects.filter(
            customer_id__in=list(whose),
            placed_at__gte=now - dt.timedelta(days=days),
            placed_at__lte=now,
            status__in=COUNTED,
            is_test=False,
        )
        .order_by("customer_id", "placed_at")
        .values_list("customer_id", _DaysSinceEpoch("placed_at"), "total_base_minor")
    )
    first = now.timestamp() / _DAY - days
    found: dict[int, list[tuple[float, int]]] = {customer_id: [] for customer_id in customer_ids}
    for customer_id, day, amount in rows:
        found[whose[customer_id]].append(((day - first) / days, amount))
    return {
        customer_id: _strokes(sorted(points) if len(people[customer_id]) > 1 else points)
        for customer_id, points in found.items()
    }


def purchase_summary(customer: Customer) -> PurchaseSummary:
    """The figures on the customer's row, with the days since the last order: one query, for the returns."""
    last = customer.last_order_at
    zone = shop.zone()
    return PurchaseSummary(
        orders_count=customer.orders_count,
        spent=customer.spent,
        refunded=customer.refunded,
        average_order=customer.average_order,
        first_order_at=customer.first_order_at,
        last_order_at=last,
        usual_gap_days=customer.usual_gap_days,
        days_since_last=(shop.today() - last.astimezone(zone).date()).days if last else None,
        returns_count=Return.objects.filter(customer__in=records(customer), state__in=SETTLED).count(),
    )


class _DaysSinceEpoch(Func):
    """A moment as a number: reading thousands of them as dates takes longer than finding them."""

    output_field = FloatField()

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any) -> tuple[str, Any]:
        return self.as_sql(compiler, connection, template="(julianday(%(expressions)s) - 2440587.5)", **context)

    def as_postgresql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any) -> tuple[str, Any]:
        template = "(extract(epoch FROM %(expressions)s)::double precision / 86400)"
        return self.as_sql(compiler, connection, template=template, **context)


def _strokes(points: list[tuple[float, int]]) -> list[Stroke]:
    highest = max((amount for _day, amount in points), default=0)
    if highest <= 0:
        return [Stroke(round(day, 4), 0.0) for day, _amount in points]
    return [Stroke(round(day, 4), round((max(amount, 0) / highest) ** 0.5, 4)) for day, amount in points]
