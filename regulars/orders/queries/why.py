"""Why a number of orders is what it is: from all orders known to what was kept, step by step (docs/definitions.md)."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import Case, Count, F, IntegerField, Max, Min, Q, QuerySet, Sum, Value, When
from django.utils.translation import gettext as _

from regulars.channels.models import Comparison
from regulars.core import shop
from regulars.core.masks import MaskedNumber
from regulars.core.money import Money
from regulars.core.sight import current
from regulars.customers.models import Customer
from regulars.customers.people import records
from regulars.orders.models import COUNTED, SETTLED, Order, Return, Status
from regulars.orders.queries.book import Stretch

_DAYS = 62  # of platforms, that are shown
_IS_COUNTED = Q(status__in=COUNTED, is_test=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Which orders are asked about: from one day of the shop to another, of one channel, of one customer; else all."""

    first: dt.date | None = None
    last: dt.date | None = None
    channel: str = ""
    customer: Customer | None = None

    def orders(self, *, zone: dt.tzinfo | None = None) -> QuerySet[Order]:
        """Its orders; days begin where the shop is, or in another time zone."""
        rows = Order.objects.filter(self._stretch(zone).of("placed_at"))
        if self.channel:
            rows = rows.filter(channel__code=self.channel)
        return rows.filter(customer__in=records(self.customer)) if self.customer else rows

    def returns(self) -> QuerySet[Return]:
        """What was sent back in these days, whenever it was bought."""
        rows = Return.objects.filter(self._stretch(None).of("returned_at"))
        if self.channel:
            rows = rows.filter(channel__code=self.channel)
        return rows.filter(customer__in=records(self.customer)) if self.customer else rows

    def _stretch(self, zone: dt.tzinfo | None) -> Stretch:
        zone = zone or shop.zone()

        def start(day: dt.date) -> dt.datetime:
            return dt.datetime.combine(day, dt.time(), tzinfo=zone)

        return Stretch(
            since=start(self.first) if self.first else None,
            until=start(self.last + dt.timedelta(days=1)) if self.last and self.last < dt.date.max else None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A line of the account: `step` names its rows. `sign` is + (all), − (left out) or = (what remains)."""

    step: str
    label: str
    count: int
    amount: Money
    sign: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrencyLine:
    """Counted orders of one currency, in it and in the shop's, and the rates they were taken at."""

    step: str
    currency: str
    count: int
    own: Money
    base: Money
    least_rate: Decimal
    most_rate: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The whole account of a scope."""

    steps: list[Step]
    channels: list[tuple[str, list[Step]]] = field(default_factory=list)
    beside: list[Step] = field(default_factory=list)
    currencies: list[CurrencyLine] = field(default_factory=list)


def account(scope: Scope) -> Account:
    """Count and add up, step by step: five queries, however many orders there are."""
    groups: list[Any] = list(
        scope.orders()
        .order_by()
        .values("channel__name", "channel__code", "status", "is_test", "currency")
        .annotate(
            count=Count("pk"),
            base=Sum("total_base_minor"),
            own=Sum("total_minor"),
            least=Min("rate"),
            most=Max("rate"),
        )
    )
    back = _of_returns(scope)
    counted = [group for group in groups if group["status"] in COUNTED and not group["is_test"]]
    labels = {**{state: str(label) for state, label in Status.choices}, "test": _("Test orders")}

    def step(name: str, label: str, of: Iterable[dict[str, Any]], sign: str = "", note: str = "") -> Step:
        chosen = list(of)
        return Step(
            step=name,
            label=label,
            count=sum(group["count"] for group in chosen),
            amount=_money(group["base"] for group in chosen),
            sign=sign,
            note=note,
        )

    all_orders = step("all", _("All orders known"), groups, "+")
    kept = step("counted", _("Counted orders"), counted, "=", _("What pages and figures call orders."))
    refunds = Step(
        step="refunds", label=_("Less returns"), count=back["counted"][0], amount=back["counted"][1], sign="−",
        note=_("By the day they were paid back; the orders still count."),
    )  # fmt: skip
    steps = [
        all_orders,
        step("tests", _("Less test orders"), (g for g in groups if g["is_test"]), "−", _("Whatever their state is.")),
        step("drafts", _("Less drafts"), (g for g in groups if g["status"] == Status.DRAFT and not g["is_test"]), "−"),
        step(
            "cancelled",
            _("Less cancelled"),
            (g for g in groups if g["status"] == Status.CANCELLED and not g["is_test"]),
            "−",
        ),
        kept,
        refunds,
        Step(
            step="kept",
            label=_("Spent, after returns"),
            count=kept.count,
            amount=kept.amount - refunds.amount,
            sign="=",
            note=_("What stands as spent with a customer."),
        ),
    ]
    of_channel: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    of_currency: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for group in groups:
        of_channel[group["channel__name"], group["channel__code"]].append(group)
    for group in counted:
        of_currency[group["currency"]].append(group)
    return Account(
        steps=steps,
        channels=[
            (
                name,
                [
                    step(f"state:{code}:{state}", label, (g for g in found if _state(g) == state))
                    for state, label in labels.items()
                    if any(_state(group) == state for group in found)
                ],
            )
            for (name, code), found in sorted(of_channel.items())
        ],
        beside=_beside(scope, back),
        currencies=[
            CurrencyLine(
                step=f"currency:{currency}",
                currency=currency,
                count=sum(group["count"] for group in found),
                own=Money(_sum(group["own"] for group in found), currency),
                base=_money(group["base"] for group in found),
                least_rate=min(group["least"] for group in found),
                most_rate=max(group["most"] for group in found),
            )
            for currency, found in sorted(of_currency.items())
        ],
    )


def _state(group: dict[str, Any]) -> str:
    """The state of a group of orders; tests stand by themselves."""
    return "test" if group["is_test"] else str(group["status"])


def _beside(scope: Scope, back: dict[str, tuple[int, Money]]) -> list[Step]:
    """What else makes two numbers differ: each is part of the counted ones, or of none."""
    counted = scope.orders().filter(_IS_COUNTED)
    found = counted.aggregate(
        guests=Count("pk", filter=Q(customer=None)),
        guests_base=Sum("total_base_minor", filter=Q(customer=None)),
        merged=Count("pk", filter=Q(customer__merged_into__isnull=False)),
        merged_base=Sum("total_base_minor", filter=Q(customer__merged_into__isnull=False)),
        nothing=Count("pk", filter=Q(total_minor=0)) if current().shows("spend") else Count("pk", filter=Q(pk=0)),
    )
    steps = []
    if scope.customer is None:
        steps.append(
            Step(
                step="guests",
                label=_("Orders of guests"),
                count=found["guests"],
                amount=_money([found["guests_base"]]),
                note=_("Counted for the shop, and for no customer."),
            )
        )
    steps.append(
        Step(
            step="merged",
            label=_("Orders of merged records"),
            count=found["merged"],
            amount=_money([found["merged_base"]]),
            note=_("They count for the customer whom the record was merged into."),
        )
    )
    if current().shows("spend"):
        steps.append(
            Step(
                step="nothing",
                label=_("Orders of zero"),
                count=found["nothing"],
                amount=_money([]),
                note=_("Samples, gifts and full discounts: they count."),
            )
        )
    if scope.first or scope.last:
        theirs = scope.orders(zone=dt.UTC).filter(_IS_COUNTED).aggregate(n=Count("pk"), base=Sum("total_base_minor"))
        steps.append(
            Step(
                step="utc",
                label=_("The same days in universal time"),
                count=theirs["n"],
                amount=_money([theirs["base"]]),
                note=_("A day begins at midnight in %(zone)s here; some platforms begin it at midnight in Greenwich.")
                % {"zone": shop.current().time_zone},
            )
        )
    for name, label, note in (
        ("unsettled", _("Returns that are not paid back yet"), _("They lower nothing until they are.")),
        ("of-none", _("Returns of orders that do not count"), _("Neither the sale nor the return counts.")),
        ("lost", _("Returns whose order nobody found"), _("They lower what was spent all the same.")),
    ):
        count, amount = back[name]
        steps.append(Step(step=name, label=label, count=count, amount=amount, note=note))
    return steps


_RETURNS: dict[str, Q] = {
    "counted": Q(state__in=SETTLED) & (Q(order=None) | Q(order__status__in=COUNTED, order__is_test=False)),
    "unsettled": ~Q(state__in=SETTLED),
    "of-none": Q(state__in=SETTLED, order__isnull=False) & ~Q(order__status__in=COUNTED, order__is_test=False),
    "lost": Q(state__in=SETTLED, order=None),
}


def _of_returns(scope: Scope) -> dict[str, tuple[int, Money]]:
    measures: dict[str, Any] = {}
    for name, condition in _RETURNS.items():
        key = name.replace("-", "_")
        measures[f"{key}_n"] = Count("pk", filter=condition)
        measures[f"{key}_base"] = Sum("refund_base_minor", filter=condition)
    found = scope.returns().aggregate(**measures)
    return {
        name: (found[f"{key}_n"], _money([found[f"{key}_base"]]))
        for name in _RETURNS
        for key in [name.replace("-", "_")]
    }


def platforms(scope: Scope) -> list[Comparison]:
    """What shop platforms say of the scope's days, where they were compared; days that differ first, then the newest.

    Nothing for one customer, whom no platform sums up, and for who does not see everything that is summed up.
    """
    if scope.customer is not None or not current().is_open:
        return []
    days = Comparison.objects.select_related("connection__channel")
    if scope.first:
        days = days.filter(on__gte=scope.first)
    if scope.last:
        days = days.filter(on__lte=scope.last)
    if scope.channel:
        days = days.filter(connection__channel__code=scope.channel)
    is_equal = Q(their_count=F("our_count"), their_minor=F("our_minor"))
    equal = Case(When(is_equal, then=Value(1)), default=Value(0), output_field=IntegerField())
    return list(days.annotate(equal=equal).order_by("equal", "-on", "pk")[:_DAYS])


def rows(scope: Scope, step: str) -> tuple[QuerySet[Order] | None, QuerySet[Return] | None]:
    """The orders and the returns behind a step; both are None where there is no such step."""
    orders = scope.orders()
    picks: dict[str, Callable[[], QuerySet[Order]]] = {
        "all": lambda: orders,
        "tests": lambda: orders.filter(is_test=True),
        "drafts": lambda: orders.filter(status=Status.DRAFT, is_test=False),
        "cancelled": lambda: orders.filter(status=Status.CANCELLED, is_test=False),
        "counted": lambda: orders.filter(_IS_COUNTED),
        "kept": lambda: orders.filter(_IS_COUNTED),
        "guests": lambda: orders.filter(_IS_COUNTED, customer=None),
        "merged": lambda: orders.filter(_IS_COUNTED, customer__merged_into__isnull=False),
        "nothing": lambda: orders.filter(_IS_COUNTED, total_minor=0) if current().shows("spend") else orders.none(),
        "utc": lambda: scope.orders(zone=dt.UTC).filter(_IS_COUNTED),
    }
    backs = {"refunds": "counted", "kept": "counted", "unsettled": "unsettled", "of-none": "of-none", "lost": "lost"}
    found = picks[step]() if step in picks else None
    kind, _colon, of = step.partition(":")
    if kind == "currency":
        found = orders.filter(_IS_COUNTED, currency=of)
    elif kind == "state":
        code, _colon, state = of.rpartition(":")
        in_channel = orders.filter(channel__code=code)
        found = in_channel.filter(is_test=True) if state == "test" else in_channel.filter(is_test=False, status=state)
    back = scope.returns().filter(_RETURNS[backs[step]]) if step in backs else None
    return (
        found.select_related("customer__merged_into", "channel").order_by("-placed_at", "-pk")
        if found is not None
        else None,
        back.select_related("customer__merged_into", "channel").order_by("-returned_at", "-pk")
        if back is not None
        else None,
    )


def total_of(orders: QuerySet[Order] | None, returns: QuerySet[Return] | None) -> Money:
    """What the rows of a step come to: returns alone are added up, beside orders they are taken off."""
    ordered = [] if orders is None else [orders.order_by().aggregate(sum=Sum("total_base_minor"))["sum"]]
    refunded = [] if returns is None else [returns.order_by().aggregate(sum=Sum("refund_base_minor"))["sum"]]
    return _money(refunded) if orders is None else _money(ordered) - _money(refunded)


def _sum(amounts: Iterable[int | None]) -> int:
    if not current().shows("spend"):
        return MaskedNumber()
    return sum(amount or 0 for amount in amounts)


def _money(amounts: Iterable[int | None]) -> Money:
    return Money(_sum(amounts), shop.current().currency)
