"""What orders show on the customer page and in the customer list."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.core.cache import cache
from django.db.models import Q, QuerySet, Sum
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from regulars.core import shop
from regulars.core.money import Money
from regulars.core.sight import current
from regulars.core.ui import strokes
from regulars.customers import moments, panels
from regulars.customers.models import Customer
from regulars.orders.models import SETTLED
from regulars.orders.purchases import purchases
from regulars.orders.queries import Stroke, customer_orders, customer_returns, purchase_summary, rhythm
from regulars.orders.queries.checkouts import abandoned_by
from regulars.orders.queries.contents import FIRST_LINES, with_first_lines
from regulars.orders.queries.strip import strip_of

if TYPE_CHECKING:
    from django.http import HttpRequest

_LEAST_SHARE = 0.005
_AVERAGE_KEPT, _AVERAGE_KEPT_PER_ORDER = 600, 0.001  # seconds
_SETTLING = frozenset({"return.received", "return.refunded", "return.exchanged"})
_QUIET = 1.15  # silent for longer than this many usual gaps


def plug_in() -> None:
    """Put the panels of this room into the sockets of the customer page and list."""
    see = "orders.view"
    panels.add(
        panels.Panel(
            name="figures",
            place=panels.Place.FIGURES,
            template="orders/_figures.html",
            context=_figures,
            permission=see,
        )
    )
    panels.add(
        panels.Panel(
            name="rhythm",
            place=panels.Place.RHYTHM,
            template="orders/_strip.html",
            context=lambda _request, customer: {"strip": strip_of(customer)},
            permission=see,
        )
    )
    panels.add(
        panels.Panel(
            name="purchases",
            place=panels.Place.TAB,
            template="orders/_purchases.html",
            context=purchases,
            permission=see,
            order=20,
            slug="purchases",
            label=gettext_lazy("Purchases"),
            count=lambda customer: customer.orders_count,
        )
    )
    panels.add(
        panels.Panel(
            name="new-order",
            place=panels.Place.ACTION,
            template="orders/_new_order.html",
            context=lambda _request, _customer: {},
            permission="orders.edit",
        )
    )
    panels.add_to_rows(
        panels.RowPanel(
            name="rhythm",
            label=gettext_lazy("Rhythm, 24 months"),
            hint=gettext_lazy("One stroke per order, taller for more money. Honey: silent for longer than usual."),
            drawn=_row_rhythms,
            permission=see,
        )
    )
    moments.add(
        moments.Source(
            name="orders", permission=see, read=_order_moments, replaces=frozenset({"order.placed", "order.drafted"})
        )
    )
    moments.add(moments.Source(name="checkouts", permission=see, read=_checkout_moments))
    moments.add(moments.Source(name="returns", permission=see, read=_return_moments, replaces=_SETTLING))


@dataclass(frozen=True, slots=True)
class Rhythm:
    """The small rhythm of a row: its strokes, what it says aloud, and from where on it is silent too long."""

    strokes: list[Stroke]
    label: str
    quiet_from: float | None


def small_rhythms(customers: Collection[Customer]) -> dict[int, Rhythm]:
    """The rhythms of many customers: one query."""
    strokes = rhythm([customer.pk for customer in customers])
    zone, today = shop.zone(), shop.today()
    return {customer.pk: _rhythm(customer, strokes.get(customer.pk, []), zone, today) for customer in customers}


def shop_average() -> Money | None:
    """What an order of a known customer comes to in this shop, on average; ten minutes old at most, an hour and a half
    in a shop of five million orders, where it changes by nothing in that time and costs a look at everybody.
    """
    if not current().is_open:
        return None  # it is made of everybody
    known: tuple[int, int] | None = cache.get("orders.shop_average")
    if known is None:
        # Who is deleted has bought, too.
        sums = Customer.everyone.aggregate(spent=Sum("spent_minor"), count=Sum("orders_count"))
        known = (sums["spent"] or 0, sums["count"] or 0)
        cache.set("orders.shop_average", known, max(_AVERAGE_KEPT, round(known[1] * _AVERAGE_KEPT_PER_ORDER)))
    spent, count = known
    return Money(round(spent / count), shop.current().currency) if count else None


def _figures(_request: HttpRequest, customer: Customer) -> dict[str, Any]:
    summary = purchase_summary(customer)
    ordered = summary.spent.minor + summary.refunded.minor
    return {
        "summary": summary,
        "usual_days": round(summary.usual_gap_days) if summary.usual_gap_days else None,
        "refunded_share": _share(summary.refunded.minor, ordered),
        "shop_average": shop_average() if summary.orders_count else None,
    }


def _share(part: int, whole: int) -> float | None:
    """A share worth saying: half a per cent and more."""
    share = part / whole if whole > 0 else 0.0
    return share if share >= _LEAST_SHARE else None


def _row_rhythms(customers: Sequence[Customer]) -> Mapping[int, SafeString]:
    return {
        pk: strokes.rhythm(found.strokes, label=found.label, quiet=found.quiet_from)
        for pk, found in small_rhythms(customers).items()
    }


def _rhythm(customer: Customer, strokes: list[Stroke], zone: dt.tzinfo, today: dt.date) -> Rhythm:
    count, gap = customer.orders_count, customer.usual_gap_days
    if not customer.last_order_at:
        return Rhythm(strokes, _("No orders yet"), None)
    days = (today - customer.last_order_at.astimezone(zone).date()).days
    parts = {"count": count, "gap": round(gap) if gap else 0, "days": days}
    if gap:
        label = ngettext(
            "%(count)s order, usually every %(gap)s days, last one %(days)s days ago",
            "%(count)s orders, usually every %(gap)s days, last one %(days)s days ago",
            count,
        )
    else:
        label = ngettext(
            "%(count)s order, last one %(days)s days ago", "%(count)s orders, last one %(days)s days ago", count
        )
    quiet_days = days - gap if gap and days > _QUIET * gap else None
    quiet_from = max(0.0, 1 - quiet_days / 730.5) if quiet_days else None
    return Rhythm(strokes, label % parts, quiet_from)


def _order_moments(customer: Customer, kind: str, before: moments.Mark | None, limit: int) -> list[moments.Moment]:
    if kind not in {"", "order"}:
        return []
    rows = with_first_lines(_older(customer_orders(customer), "placed_at", before)[:limit])
    return [
        moments.Moment(
            at=order.placed_at,
            id=order.pk,
            icon="receipt",
            template="orders/_moment_order.html",
            context={"order": order, "lines": lines, "more": more},
        )
        for order, lines, more in rows
    ]


def _checkout_moments(customer: Customer, kind: str, before: moments.Mark | None, limit: int) -> list[moments.Moment]:
    if kind not in {"", "order"}:
        return []
    return [
        moments.Moment(
            at=left.touched_at,
            id=left.pk,
            icon="shopping-cart",
            template="orders/_moment_checkout.html",
            context={"checkout": left, "sees_links": current().shows("email")},
        )
        for left in _older(abandoned_by(customer), "touched_at", before)[:limit]
    ]


def _return_moments(customer: Customer, kind: str, before: moments.Mark | None, limit: int) -> list[moments.Moment]:
    if kind not in {"", "order"}:
        return []
    # what is only asked for, or was refused, is told by its facts
    rows = _older(customer_returns(customer).filter(state__in=SETTLED), "returned_at", before)[:limit]
    return [
        moments.Moment(
            at=sent_back.returned_at,
            id=sent_back.pk,
            icon="undo-2",
            template="orders/_moment_return.html",
            context={"return": sent_back, "lines": lines[:FIRST_LINES], "more": max(0, len(lines) - FIRST_LINES)},
        )
        for sent_back in rows
        for lines in [list(sent_back.lines.all())]
    ]


def _older(rows: QuerySet[Any, Any], column: str, before: moments.Mark | None) -> QuerySet[Any, Any]:
    if before is None:
        return rows
    at, pk = before
    return rows.filter(**{f"{column}__lte": at}).exclude(Q(**{column: at}) & Q(pk__gte=pk))
