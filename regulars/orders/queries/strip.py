"""The big rhythm: every order of a customer as a stroke on a line of years, with today and what is expected next."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import quantiles

from regulars.core import shop
from regulars.customers.models import Customer
from regulars.customers.people import records
from regulars.orders.models import COUNTED, Order

_TOP, _BASE = 4, 54  # the lowest and highest point of a stroke, in px
_LEAST_HEIGHT = 8
_MOST_STROKES = 500  # more than this do not fit side by side on any screen
_ENOUGH_GAPS = 5  # quartiles of fewer gaps say nothing
_YEAR_WIDTH, _YEAR_WIDTH_ON_PHONES, _TODAY_WIDTH = 5, 13, 13  # per cent of the width that the words take
_MOST_YEARS, _FEW_YEARS = 12, 4


@dataclass(frozen=True, slots=True)
class Mark:
    """One stroke: its place as a CSS percentage, its upper end in px, and whether all of it came back."""

    x: str
    y: int
    is_returned: bool


@dataclass(frozen=True, slots=True)
class Window:
    """When the next order is expected: half of the gaps so far would end inside it."""

    start: dt.date
    end: dt.date
    x: str
    width: str
    middle: str


@dataclass(frozen=True, slots=True)
class Year:
    """Where a year begins. It is written only where the words about today leave room: on wide screens, or on all."""

    x: str
    year: int
    is_written: bool
    is_written_on_phones: bool


@dataclass(frozen=True, slots=True)
class Strip:
    """All that the figure draws; places are percentages of its width, as text."""

    marks: list[Mark]
    years: list[Year]
    today_x: str
    today: dt.date
    expected: Window | None
    first: dt.date
    count: int


def strip_of(customer: Customer) -> Strip | None:
    """The figure of a customer; None for somebody who never ordered. One query.

    1. The line begins at the first order and ends a little after today, or after the expected window.
    2. A stroke stands on its day, as high as the square root of its share of the highest order.
    3. The window is last order + the lower to the upper quartile of all gaps between days with orders; it is left out
       with fewer than five gaps, and once it has passed: then we cannot tell.
    """
    zone, today = shop.zone(), shop.today()
    rows = (
        Order.objects.filter(customer__in=records(customer), status__in=COUNTED, is_test=False)
        .order_by("placed_at")
        .values_list("placed_at", "total_base_minor", "refunded_base_minor")
    )
    orders = [(placed_at.astimezone(zone).date(), amount, refunded) for placed_at, amount, refunded in rows]
    orders = [order for order in orders if order[0] <= today]
    if not orders:
        return None
    first = orders[0][0]
    gap = _expected([day for day, _amount, _refunded in orders], today)
    known_days = max((today - first).days, 60)
    start = first - dt.timedelta(days=max(2, round(known_days * 0.014)))
    # the words about what is expected need a sixth of the width
    end = max(today, gap[1] if gap else today) + dt.timedelta(days=max(3, round(known_days * (0.2 if gap else 0.03))))
    span = (end - start).days

    def place(day: dt.date) -> float:
        return 100 * (day - start).days / span

    return Strip(
        marks=_marks([(place(day), amount, refunded) for day, amount, refunded in orders]),
        years=_years(start, today, place),
        today_x=_percent(place(today)),
        today=today,
        expected=Window(
            *gap,
            x=_percent(place(gap[0])),
            width=_percent(max(place(gap[1]) - place(gap[0]), 0.6)),
            middle=_percent((place(gap[0]) + place(gap[1])) / 2),
        )
        if gap
        else None,
        first=first,
        count=len(orders),
    )


def _expected(days: Sequence[dt.date], today: dt.date) -> tuple[dt.date, dt.date] | None:
    distinct = sorted(set(days))
    gaps = [(later - earlier).days for earlier, later in pairwise(distinct)]
    if len(gaps) < _ENOUGH_GAPS:
        return None
    low, _middle, high = quantiles(gaps, n=4, method="inclusive")
    start, end = distinct[-1] + dt.timedelta(days=round(low)), distinct[-1] + dt.timedelta(days=round(high))
    return (max(start, today), end) if end > today else None


def _marks(points: list[tuple[float, int, int]]) -> list[Mark]:
    highest = max((amount for _place, amount, _refunded in points), default=0)
    best: dict[int, tuple[float, int, int]] = {}
    for point in points:
        column = round(point[0] * _MOST_STROKES / 100)
        if column not in best or point[1] > best[column][1]:
            best[column] = point
    marks = []
    for place, amount, refunded in best.values():
        share = (max(amount, 0) / highest) ** 0.5 if highest > 0 else 0
        height = max(_LEAST_HEIGHT, share * (_BASE - _TOP))
        marks.append(Mark(_percent(place), round(_BASE - height), is_returned=amount > 0 and refunded >= amount))
    return marks


def _years(start: dt.date, today: dt.date, place: Callable[[dt.date], float]) -> list[Year]:
    """The beginnings of years up to today, and the year of the first order at the left end where there is room."""
    begins = [(place(dt.date(year, 1, 1)), year) for year in range(start.year + 1, today.year + 1)]
    if not begins or begins[0][0] > _YEAR_WIDTH:
        begins.insert(0, (0.0, start.year))
    every = -(-len(begins) // _MOST_YEARS)
    free = place(today) - _TODAY_WIDTH
    return [
        Year(
            _percent(at),
            year,
            is_written=number % every == 0 and at < free,
            is_written_on_phones=number % (3 * every if len(begins) > _FEW_YEARS else every) == 0
            and at < free / 2
            and not (number == 0 and len(begins) > 1 and begins[1][0] < _YEAR_WIDTH_ON_PHONES),
        )
        for number, (at, year) in enumerate(begins)
    ]


def _percent(value: float) -> str:
    return f"{value:.2f}%"
