"""The purchases tab of the customer page, and the links from each of its numbers to the rows behind it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.dates import MONTHS
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from regulars.core import shop
from regulars.core.sight import current
from regulars.customers.models import Customer
from regulars.orders.queries import buying, customer_orders
from regulars.orders.queries.behind import SHOWN
from regulars.orders.queries.book import Book, Stretch
from regulars.orders.queries.contents import with_first_lines
from regulars.orders.queries.goods import goes_with

if TYPE_CHECKING:
    from django.http import HttpRequest


_FEW, _MONTHS = 5, 2  # orders of which no month stands out; months that may stand out together


@dataclass(frozen=True, slots=True, kw_only=True)
class Days:
    """The days that an address asks for; `problem` says why none of them were understood."""

    first: dt.date | None
    last: dt.date | None
    problem: str
    texts: Mapping[str, str]

    @property
    def stretch(self) -> Stretch:
        return buying.days(self.first, self.last)

    @property
    def query(self) -> dict[str, str]:
        """What keeps these days in an address."""
        return {name: text for name, text in self.texts.items() if text} if not self.problem else {}


def days_of(query: Mapping[str, str]) -> Days:
    """The dates asked for. A date that is none is said, and not used."""
    texts = {name: query.get(name, "").strip() for name in ("from", "to")}
    found: dict[str, dt.date | None] = {}
    problem = ""
    for name, text in texts.items():
        try:
            found[name] = dt.date.fromisoformat(text) if text else None
        except ValueError:
            found[name] = None
            problem = _("“%(text)s” is not a date. All purchases are shown.") % {"text": text[:40]}
    if problem:
        found = {"from": None, "to": None}
    return Days(first=found["from"], last=found["to"], problem=problem, texts=texts)


class Links:
    """Addresses of the rows behind the numbers of one tab, by the words of a figure: `{{ links.pieces }}`."""

    def __init__(self, customer: Customer, days: Days) -> None:
        self._path = reverse("orders:behind", args=[customer.public_id])
        self._query = days.query

    def __getitem__(self, show: str) -> str:
        return self.to(show)

    def to(self, show: str, of: str = "", **days: str) -> str:
        """Where the rows of a figure are, in the tab's days or in others."""
        query = {"show": show, **({"of": of} if of else {}), **(days or self._query)}
        return f"{self._path}?{urlencode(query)}"


def purchases(request: HttpRequest, customer: Customer) -> dict[str, Any]:
    """All that the tab shows. The number of queries does not depend on how much was bought."""
    days = days_of(request.GET)
    stretch = days.stretch
    book, links = Book(customer, stretch), Links(customer, days)
    found = with_first_lines(customer_orders(customer, since=stretch.since, until=stretch.until)[:SHOWN])
    ordered = book.money(order.total for order in book.orders)
    refunded = book.money(back.refund for back in book.returns)
    earlier = book.beyond(SHOWN)
    usual = buying.usual_time(book)
    by_month = buying.months(book)
    return {
        "rows": found,
        "has_methods": any(order.payment_method for order, _lines, _more in found),
        "orders": len(book.orders),
        "ordered": ordered,
        "refunded": refunded,
        "has_returns": bool(book.returns),
        "kept": ordered - refunded,
        "earlier_count": len(earlier),
        "earlier_total": book.money(order.total for order in earlier if order.is_counted),
        "categories": [(figure, links.to(figure.show, figure.of)) for figure in buying.categories(book)],
        "favourites": [(one, links.to("product", one.of)) for one in buying.favourites(book)],
        "usual": usual,
        "usual_href": links.to(usual.show, usual.of) if usual else "",
        "paid_by": [(figure, links.to(figure.show, figure.of)) for figure in buying.paid_by(book)],
        "channels": [(figure, links.to(figure.show, figure.of)) for figure in buying.channels(book)],
        "seasons": [(figure, links.to(figure.show, figure.of)) for figure in buying.seasons(book)],
        "gaps": buying.gaps(book),
        "margin": buying.margin(book),
        "growth": _growth(book, days, links),
        "years": [
            (year, links.to("orders", **whole), links.to("kept", **whole))
            for year in buying.years(book)
            for whole in [_dates(dt.date(year.year, 1, 1), dt.date(year.year, 12, 31))]
        ],
        "pieces": sum(item.quantity for item in book.items),
        "pieces_returned": sum(item.quantity for item in book.back_items),
        "goes_with": goes_with(book),
        "months": _bars(by_month, links),
        "top_months": _top(by_month),
        "has_lines": bool(book.items),
        "sees_amounts": current().shows("spend"),
        "links": links,
        "from": days.texts["from"],
        "to": days.texts["to"],
        "problem": days.problem,
        "presets": _presets(days),
    }


def _top(by_month: list[int]) -> str:
    """The month or the two of most orders; none where more stand out, or all are few."""
    highest = max(by_month, default=0)
    top = [month for month, count in enumerate(by_month, start=1) if count == highest]
    if len(top) > _MONTHS or sum(by_month) <= _FEW:
        return ""
    return ", ".join(date_format(dt.date(2000, month, 1), "M") for month in top)


def _growth(book: Book, days: Days, links: Links) -> dict[str, Any] | None:
    found = buying.growth(book, first=days.first, last=days.last)
    if found is None:
        return None
    return {
        "growth": found,
        "now_href": links.to("kept", **_dates(*found.stretch)),
        "before_href": links.to("kept", **_dates(*found.stretch_before)),
    }


def _dates(first: dt.date, last: dt.date) -> dict[str, str]:
    return {"from": first.isoformat(), "to": last.isoformat()}


def _bars(by_month: list[int], links: Links) -> list[dict[str, Any]]:
    highest = max(by_month, default=0)
    return [
        {
            "count": count,
            "name": str(MONTHS[place + 1]),
            "x": place * 9,
            "height": height,
            "y": 22 - height,
            "href": links.to("month", str(place + 1)) if count else "",
        }
        for place, count in enumerate(by_month)
        for height in [max(1, round(20 * count / highest)) if highest else 1]
    ]


def _presets(days: Days) -> list[dict[str, Any]]:
    today = shop.today()
    presets = [
        {"label": _("All"), "from": "", "to": ""},
        {"label": _("Last 12 months"), "from": (today - dt.timedelta(days=365)).isoformat(), "to": ""},
        {"label": _("This year"), "from": today.replace(month=1, day=1).isoformat(), "to": ""},
        {
            "label": _("Last year"),
            "from": dt.date(today.year - 1, 1, 1).isoformat(),
            "to": dt.date(today.year - 1, 12, 31).isoformat(),
        },
    ]
    asked = days.texts["from"], days.texts["to"]
    return [{**preset, "is_open": not days.problem and (preset["from"], preset["to"]) == asked} for preset in presets]
