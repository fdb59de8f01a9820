"""All that one customer bought and sent back, read once: every number of the purchases tab is counted from these rows,
and the rows behind a number are the same ones (queries/behind.py), so that the two cannot differ.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Any, NamedTuple, cast

from django.db.models import Q, QuerySet

from regulars.core import shop
from regulars.core.masks import MaskedNumber
from regulars.core.money import Money
from regulars.core.sight import current
from regulars.customers.models import Customer
from regulars.customers.people import records
from regulars.orders.models import COUNTED, SETTLED, Order, OrderLine, Return, ReturnLine, Variant


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

    def holds(self, moment: dt.datetime) -> bool:
        """Whether a moment lies in it."""
        return (self.since is None or moment >= self.since) and (self.until is None or moment < self.until)


class Bought(NamedTuple):
    """An order; amounts in the shop's currency, `at` in its time zone."""

    pk: int
    number: str
    at: dt.datetime
    total: int
    refunded: int
    method: str
    channel: str
    channel_name: str
    currency: str
    rate: Decimal
    is_counted: bool


class Item(NamedTuple):
    """A line of a counted order. `amount` is quantity × price in the shop's currency, `cost` of all of them; None where
    nobody knows it. `thing` says which product it is: the catalogue's, else the SKU, else the title.
    """

    pk: int
    order: int
    thing: str
    title: str
    category: str
    quantity: int
    amount: int
    cost: int | None


class Back(NamedTuple):
    """A return that lowers what was spent."""

    pk: int
    number: str
    at: dt.datetime
    refund: int
    order: int | None


class BackItem(NamedTuple):
    """What came back of one product."""

    back: int
    line: int | None
    title: str
    quantity: int
    amount: int


class Thing(NamedTuple):
    """What the catalogue says of a variant."""

    product: int
    title: str
    category: str
    image_url: str
    cost: Decimal | None
    currency: str


@dataclass
class Book:
    """A customer's counted orders and settled returns, all of them (`all_…`) and those of the stretch.

    Lines are read for the stretch alone. A constant number of queries, however many orders there are.
    """

    customer: Customer
    stretch: Stretch
    currency: str = field(default_factory=lambda: shop.current().currency)
    things: dict[int, Thing] = field(default_factory=dict)

    @cached_property
    def entries(self) -> list[Bought]:
        """Every order, those that do not count as well, newest first."""
        zone = shop.zone()
        rows = (
            Order.objects.filter(customer__in=records(self.customer))
            .order_by("-placed_at", "-pk")
            .values_list(
                *("pk", "number", "placed_at", "total_base_minor", "refunded_base_minor", "payment_method"),
                *("channel__code", "channel__name", "currency", "rate", "status", "is_test"),
            )
        )
        return [
            Bought._make((*row[:2], row[2].astimezone(zone), *row[3:-2], row[-2] in COUNTED and not row[-1]))
            for row in cast("QuerySet[Any, Any]", rows)
        ]

    @cached_property
    def all_orders(self) -> list[Bought]:
        """All counted orders, newest first."""
        return [order for order in self.entries if order.is_counted]

    @cached_property
    def orders(self) -> list[Bought]:
        return [order for order in self.all_orders if self.stretch.holds(order.at)]

    def beyond(self, first: int) -> list[Bought]:
        """The orders of the stretch after the newest `first` of them, also those that do not count."""
        return [order for order in self.entries if self.stretch.holds(order.at)][first:]

    @cached_property
    def order_of(self) -> dict[int, Bought]:
        return {order.pk: order for order in self.all_orders}

    @cached_property
    def all_returns(self) -> list[Back]:
        """Newest first."""
        zone = shop.zone()
        is_of_counted = Q(order=None) | Q(order__status__in=COUNTED, order__is_test=False)
        rows = (
            Return.objects.filter(is_of_counted, customer__in=records(self.customer), state__in=SETTLED)
            .order_by("-returned_at", "-pk")
            .values_list("pk", "number", "returned_at", "refund_base_minor", "order")
        )
        return [Back(pk, number, at.astimezone(zone), refund, order) for pk, number, at, refund, order in rows]

    @cached_property
    def returns(self) -> list[Back]:
        return [back for back in self.all_returns if self.stretch.holds(back.at)]

    @cached_property
    def items(self) -> list[Item]:
        """The lines of the stretch's orders, of the newest order first."""
        rows = list(
            OrderLine.objects.filter(
                self.stretch.of("order__placed_at"),
                order__customer__in=records(self.customer),
                order__status__in=COUNTED,
                order__is_test=False,
            )
            .order_by("-order__placed_at", "-order_id", "position", "pk")
            .values_list("pk", "order_id", "variant_id", "sku", "title", "quantity", "total_minor", "cost")
        )
        self.things, of_sku = _things({row[2] for row in rows if row[2]}, {row[3] for row in rows if row[3]})
        return [self._item(row, of_sku) for row in rows if row[1] in self.order_of]

    def _item(self, row: Any, of_sku: dict[str, int]) -> Item:
        pk, order_id, variant, sku, title, quantity, total, cost = row
        order = self.order_of[order_id]
        known = self.things.get(variant) or self.things.get(of_sku.get(sku, 0))
        if known is None:
            thing, name, category = f"sku:{sku}" if sku else f"title:{title}", title or sku, ""
        else:
            thing, name, category = f"product:{known.product}", known.title, known.category
            if cost is None and known.cost is not None and known.currency in ("", order.currency):
                cost = known.cost
        return Item(
            pk,
            order_id,
            thing,
            name,
            category,
            quantity,
            self.in_base(total, order.currency, order.rate),
            None if cost is None else self.in_base(_minor(cost * quantity, order.currency), order.currency, order.rate),
        )

    @cached_property
    def back_items(self) -> list[BackItem]:
        """The lines of the stretch's returns."""
        within = {back.pk for back in self.returns}
        rows = (
            ReturnLine.objects.filter(
                self.stretch.of("parent__returned_at"),
                parent__customer__in=records(self.customer),
                parent__state__in=SETTLED,
            )
            .order_by("-parent__returned_at", "-parent_id", "position", "pk")
            .values_list(
                *("parent_id", "order_line_id", "title", "sku", "quantity", "total_minor"),
                *("parent__currency", "parent__rate"),
            )
        )
        return [
            BackItem(parent, line, title or sku, quantity, self.in_base(total, currency, rate))
            for parent, line, title, sku, quantity, total, currency, rate in rows
            if parent in within
        ]

    @cached_property
    def refunds_of_lines(self) -> dict[int, int]:
        """What was paid back for each line of the stretch's orders, whenever that was."""
        rows = ReturnLine.objects.filter(
            self.stretch.of("order_line__order__placed_at"),
            parent__state__in=SETTLED,
            order_line__order__customer__in=records(self.customer),
        ).values_list("order_line_id", "total_minor", "parent__currency", "parent__rate")
        found: dict[int, int] = defaultdict(int)
        for line, total, currency, rate in rows:
            found[line] += self.in_base(total, currency, rate)
        return found

    def in_base(self, minor: int, currency: str, rate: Decimal) -> int:
        """An amount in the shop's currency, rounded once; what is masked stays masked."""
        if currency == self.currency or isinstance(minor, MaskedNumber):
            return minor
        return Money(minor, currency).converted(rate=rate, currency=self.currency).minor

    def money(self, amounts: Iterable[int]) -> Money:
        """Amounts added up, in the shop's currency. Without amounts it is nothing, for whoever sees them."""
        total = sum(amounts)
        return Money(total if current().shows("spend") else MaskedNumber(), self.currency)


def _minor(amount: Decimal, currency: str) -> int:
    return Money.of(amount, currency).minor


def _things(variants: Collection[int], skus: Collection[str]) -> tuple[dict[int, Thing], dict[str, int]]:
    """What the catalogue says of some variants, and which variant each SKU is: of several the one known longest."""
    columns = ("product_id", "product__title", "product__category", "product__image_url", "cost", "currency")
    found: dict[int, Thing] = {}
    of_sku: dict[str, int] = {}
    if variants or skus:
        rows = Variant.objects.filter(Q(pk__in=variants) | Q(sku__in=skus)).order_by("pk")
        for pk, sku, *known in rows.values_list("pk", "sku", *columns):
            found[pk] = Thing(*known)
            if sku:
                of_sku.setdefault(sku, pk)
    return found, of_sku
