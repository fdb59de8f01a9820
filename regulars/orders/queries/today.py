"""What the page of the day asks: the last four weeks day by day, and who is going quiet."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.core.cache import cache
from django.db.models import Count, F, Q, Sum
from django.db.models.expressions import RawSQL
from django.db.models.functions import Coalesce
from django.utils import timezone

from regulars.core import shop
from regulars.core.money import Money
from regulars.core.sight import current
from regulars.customers.models import Customer
from regulars.orders.models import COUNTED, Order
from regulars.orders.queries.days import day_in_sql
from regulars.orders.queries.purchases import Stroke, rhythm

if TYPE_CHECKING:
    from collections.abc import Sequence

DAYS = 29  # yesterday, and the four same weekdays before it
_WEEK = 7
_KEPT_LEAST, _KEPT_PER_ORDER = 10, 0.02  # seconds: a large shop is asked seldom, a small one is always fresh
_BEST = 1000  # among whom we look for those who are going quiet
_QUIET_FROM, _QUIET_UNTIL = 1.5, 6.0  # usual gaps; beyond the second somebody is gone, not going
_LEAST_ORDERS = 3


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of yesterday: its days up to yesterday, and what the four same weekdays before it had on average."""

    days: tuple[int, ...]

    @property
    def value(self) -> int:
        return self.days[-1]

    @property
    def usual(self) -> float:
        same = [self.days[-1 - _WEEK * weeks] for weeks in range(1, 5)]
        return sum(same) / len(same)

    @property
    def change(self) -> float | None:
        """How much above (0.14) or below (−0.14) the usual; None where nothing is usual."""
        return self.value / self.usual - 1 if self.usual else None

    @property
    def fall(self) -> float:
        """How much below the usual, as a positive share."""
        return max(0.0, -(self.change or 0.0))

    @property
    def is_best(self) -> bool:
        """Whether no same weekday of the four weeks before had as much."""
        return self.value > 0 and all(self.value > self.days[-1 - _WEEK * weeks] for weeks in range(1, 5))


@dataclass(frozen=True, slots=True)
class Yesterday:
    """The figures strip. `came_back` and `first_time` are orders of customers we know; guests are in neither."""

    on: dt.date
    currency: str
    sales: Figure
    orders: Figure
    came_back: Figure
    first_time: Figure

    @property
    def sales_money(self) -> Money:
        return Money(self.sales.value, self.currency)

    @property
    def known(self) -> int:
        """Orders of yesterday by customers we know."""
        return self.came_back.value + self.first_time.value

    @property
    def came_back_share(self) -> float | None:
        return self.came_back.value / self.known if self.known else None

    @property
    def usual_share(self) -> float | None:
        usual = self.came_back.usual + self.first_time.usual
        return self.came_back.usual / usual if usual else None


@dataclass(frozen=True, slots=True)
class Quiet:
    """Somebody who is silent for longer than they usually are."""

    customer: Customer
    strokes: list[Stroke]
    usual_days: int
    silent_days: int
    quiet_from: float


def yesterday() -> Yesterday:
    """The last 29 days up to yesterday: one query over the index of dates; its answer is kept for a while."""
    today = shop.today()
    key = f"orders.yesterday.{today.isoformat()}.{shop.current().time_zone}.{current().key}"
    rows: dict[int, tuple[int, int, int, int]] | None = cache.get(key)
    if rows is None:
        rows = _days(today)
        orders = sum(row[1] for row in rows.values())
        cache.set(key, rows, max(_KEPT_LEAST, round(orders * _KEPT_PER_ORDER)))
    first = today.toordinal() - DAYS
    columns = list(zip(*(rows.get(first + place, (0, 0, 0, 0)) for place in range(DAYS)), strict=True))
    figures = [Figure(tuple(column)) for column in columns]
    return Yesterday(today - dt.timedelta(days=1), shop.current().currency, *figures)


def going_quiet(*, most: int = 6) -> list[Quiet]:
    """Of the thousand who spent most, those silent for 1.5 to 6 of their usual gaps: three queries."""
    if not current().shows("spend"):
        return []
    now = timezone.now()
    best = (
        Customer.objects.filter(spent_minor__gt=0)
        .order_by("-spent_minor", "-pk")
        .values_list("pk", "last_order_at", "usual_gap_days", "orders_count")[:_BEST]
    )
    silent: dict[int, float] = {}
    for pk, last, gap, count in best:
        if last is None or not gap or count < _LEAST_ORDERS:
            continue
        days = (now - last) / dt.timedelta(days=1)
        if _QUIET_FROM * gap < days < _QUIET_UNTIL * gap:
            silent[pk] = days
            if len(silent) == most:
                break
    customers = Customer.objects.in_bulk(silent)
    strokes = rhythm(list(silent))
    return [
        Quiet(
            customer=customers[pk],
            strokes=strokes[pk],
            usual_days=max(1, round(customers[pk].usual_gap_days or 0)),
            silent_days=round(days),
            quiet_from=max(0.0, 1 - (days - (customers[pk].usual_gap_days or 0)) / 730.5),
        )
        for pk, days in silent.items()
        if pk in customers
    ]


def _days(today: dt.date) -> dict[int, tuple[int, int, int, int]]:
    """Per day (by its ordinal): amount, orders, orders of customers who came back, first orders."""
    counted = Order.objects.filter(
        placed_at__gte=shop.start_of(today - dt.timedelta(days=DAYS)),
        placed_at__lt=shop.start_of(today),
        status__in=COUNTED,
        is_test=False,
    )
    day = RawSQL(day_in_sql('"orders_order"."placed_at"', shop.zone()), ())  # noqa: S611 — a column and a zone of ours
    is_known = Q(customer__isnull=False)
    # of a record that was merged, what the person first bought decides
    first_at = Coalesce(F("customer__merged_into__first_order_at"), F("customer__first_order_at"))
    rows: Sequence[tuple[int, int | None, int, int, int]] = list(
        counted.annotate(day=day)
        .values("day")
        .annotate(
            amount=Sum("total_base_minor"),
            orders=Count("pk"),
            came_back=Count("pk", filter=is_known & Q(placed_at__gt=first_at)),
            first_time=Count("pk", filter=is_known & Q(placed_at=first_at)),
        )
        .order_by()
        .values_list("day", "amount", "orders", "came_back", "first_time")
    )
    return {day: (amount or 0, orders, came_back, first) for day, amount, orders, came_back, first in rows}
