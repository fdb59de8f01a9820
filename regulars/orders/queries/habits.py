"""What somebody buys, when and how, in a stretch of time: the figures of the purchases tab."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from decimal import Decimal

from django.db.models import Count, DecimalField, F, Max, Min, Q, QuerySet, Sum
from django.utils.translation import gettext as _

from regulars.core import shop
from regulars.core.money import Money, exponent
from regulars.customers.models import Customer
from regulars.customers.people import records
from regulars.orders.models import COUNTED, Order, OrderLine, Return, ReturnLine

_MOST_BOUGHT, _FAVOURITES = 5, 3


@dataclass(slots=True)
class Product:
    """One product as this customer buys it. `times` counts orders, not pieces.

    `share` is its part of all the money, `of_the_most` its part of what went to the product of most money.
    """

    title: str
    amount: Money
    times: int = 0
    pieces: int = 0
    first: dt.datetime | None = None
    last: dt.datetime | None = None
    share: float = 0.0
    of_the_most: float = 0.0

    @property
    def every_days(self) -> int | None:
        """Days between two purchases of it, on average; None before the third one."""
        if self.times < 3 or self.first is None or self.last is None:
            return None
        return round((self.last - self.first).days / (self.times - 1)) or None


@dataclass(frozen=True, slots=True)
class Habits:
    """`months` are counts from January on; `usual_time` is the fullest quarter of the week: (weekday, part, count)."""

    orders: int = 0
    months: list[int] = field(default_factory=lambda: [0] * 12)
    usual_time: tuple[int, int, int] | None = None
    paid_by: list[tuple[str, int]] = field(default_factory=list)
    channels: list[tuple[str, int]] = field(default_factory=list)
    pieces: int = 0
    pieces_returned: int = 0
    refunded: Money | None = None


@dataclass(frozen=True, slots=True)
class Sums:
    """The foot of the orders table: counted orders, what they came to, what went back, what stays."""

    orders: int
    ordered: Money
    refunded: Money

    @property
    def kept(self) -> Money:
        return self.ordered - self.refunded


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """From the first moment on, and before the second; None is open."""

    since: dt.datetime | None = None
    until: dt.datetime | None = None

    def of(self, column: str) -> Q:
        """The condition on a column of moments."""
        condition = Q()
        if self.since is not None:
            condition &= Q(**{f"{column}__gte": self.since})
        if self.until is not None:
            condition &= Q(**{f"{column}__lt": self.until})
        return condition


def sums(customer: Customer, stretch: Stretch) -> Sums:
    """Counted orders and returns of a stretch of time, in the shop's currency: two queries."""
    currency = shop.current().currency
    ordered = Order.objects.filter(
        stretch.of("placed_at"), customer__in=records(customer), status__in=COUNTED, is_test=False
    ).aggregate(count=Count("id"), total=Sum("total_base_minor"))
    refunded = _returned(customer, stretch).aggregate(total=Sum("refund_base_minor"))
    return Sums(ordered["count"], Money(ordered["total"] or 0, currency), Money(refunded["total"] or 0, currency))


def products(customer: Customer, stretch: Stretch) -> tuple[list[Product], list[Product]]:
    """What most of the money goes to, with shares, and what is bought most often: one query."""
    currency = shop.current().currency
    rows = (
        OrderLine.objects.filter(
            stretch.of("order__placed_at"),
            order__customer__in=records(customer),
            order__status__in=COUNTED,
            order__is_test=False,
        )
        .values("title", "sku", "order__currency")
        .annotate(
            amount=Sum(F("total_minor") * F("order__rate"), output_field=DecimalField(max_digits=38, decimal_places=8)),
            times=Count("order", distinct=True),
            pieces=Sum("quantity"),
            first=Min("order__placed_at"),
            last=Max("order__placed_at"),
        )
    )
    found: dict[str, Product] = {}
    amounts: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        key = row["sku"] or row["title"]
        scale = exponent(currency) - exponent(row["order__currency"])
        amounts[key] += Decimal(row["amount"] or 0).scaleb(scale)
        product = found.setdefault(key, Product(row["title"] or row["sku"], Money(0, currency)))
        product.times += row["times"]
        product.pieces += row["pieces"]
        product.first = min(filter(None, (product.first, row["first"])))
        product.last = max(filter(None, (product.last, row["last"])))
    total = sum(amounts.values())
    for key, product in found.items():
        product.amount = Money(int(amounts[key].to_integral_value()), currency)
        product.share = float(amounts[key] / total) if total > 0 else 0.0
    by_money = sorted(found.values(), key=lambda product: (-product.amount.minor, product.title))
    for product in by_money:
        product.of_the_most = product.amount.minor / by_money[0].amount.minor if by_money[0].amount.minor > 0 else 0.0
    by_times = sorted(found.values(), key=lambda product: (-product.times, -product.amount.minor, product.title))
    favourites = [product for product in by_times if product.times > 1]
    return by_money[:_MOST_BOUGHT], favourites[:_FAVOURITES]


def habits(customer: Customer, stretch: Stretch) -> Habits:
    """Months, days, payment, channels and returns of a stretch of time: four queries."""
    zone = shop.zone()
    orders = Order.objects.filter(
        stretch.of("placed_at"), customer__in=records(customer), status__in=COUNTED, is_test=False
    )
    rows = list(orders.values_list("placed_at", "payment_method", "channel__name"))
    moments = [placed_at.astimezone(zone) for placed_at, _paid_by, _channel in rows]
    months = [0] * 12
    for moment in moments:
        months[moment.month - 1] += 1
    times = Counter((moment.weekday(), moment.hour // 6) for moment in moments)
    usual = min(times.items(), key=lambda item: (-item[1], item[0]), default=None)
    returned = _returned(customer, stretch)
    return Habits(
        orders=len(rows),
        months=months,
        # one order in six weeks of evenings is chance, not a habit
        usual_time=(*usual[0], usual[1]) if usual and usual[1] > 1 else None,
        paid_by=Counter(paid_by for _at, paid_by, _channel in rows if paid_by).most_common(3),
        channels=Counter(channel for _at, _paid_by, channel in rows).most_common(3),
        pieces=OrderLine.objects.filter(order__in=orders).aggregate(sum=Sum("quantity"))["sum"] or 0,
        pieces_returned=ReturnLine.objects.filter(parent__in=returned).aggregate(sum=Sum("quantity"))["sum"] or 0,
        refunded=Money(
            returned.aggregate(sum=Sum("refund_base_minor"))["sum"] or 0,
            shop.current().currency,
        ),
    )


def _returned(customer: Customer, stretch: Stretch) -> QuerySet[Return]:
    """The returns that lower what was spent: of counted orders, and those whose order nobody could find."""
    is_of_counted = Q(order=None) | Q(order__status__in=COUNTED, order__is_test=False)
    return Return.objects.filter(is_of_counted, stretch.of("returned_at"), customer__in=records(customer))


def time_of_week(weekday: int, part: int) -> str:
    """A quarter of a day of the week in words: Sunday evening."""
    return (
        (_("Monday night"), _("Monday morning"), _("Monday afternoon"), _("Monday evening")),
        (_("Tuesday night"), _("Tuesday morning"), _("Tuesday afternoon"), _("Tuesday evening")),
        (_("Wednesday night"), _("Wednesday morning"), _("Wednesday afternoon"), _("Wednesday evening")),
        (_("Thursday night"), _("Thursday morning"), _("Thursday afternoon"), _("Thursday evening")),
        (_("Friday night"), _("Friday morning"), _("Friday afternoon"), _("Friday evening")),
        (_("Saturday night"), _("Saturday morning"), _("Saturday afternoon"), _("Saturday evening")),
        (_("Sunday night"), _("Sunday morning"), _("Sunday afternoon"), _("Sunday evening")),
    )[weekday][part]
