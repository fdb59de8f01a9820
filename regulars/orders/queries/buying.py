"""What somebody buys, when and how: the figures of the purchases tab, each with the name of the rows behind it.

A `Figure` says which rows it counts or adds up (`show`, `of`); queries/behind.py picks the same rows by these words.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from django.utils.translation import gettext as _

from regulars.core import shop
from regulars.core.money import Money
from regulars.core.sight import current
from regulars.orders.queries.book import Book, Bought, Item, Stretch

_CATEGORIES, _FAVOURITES, _WAYS, _YEARS = 6, 4, 3, 5
_SOON, _LATE = 0.8, 1.3  # of the usual time between two purchases: "due about now"
SEASONS = ((3, 4, 5), (6, 7, 8), (9, 10, 11), (12, 1, 2))


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A number of the tab: how many rows, or what they add up to, and which rows those are."""

    label: str
    show: str
    of: str = ""
    count: int = 0
    amount: Money | None = None
    share: float = 0.0
    of_the_most: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Favourite:
    """A product that was bought in several orders. `every_days` is known from the third purchase on."""

    title: str
    of: str
    times: int
    last: dt.datetime
    every_days: int | None
    image_url: str = ""

    @property
    def is_due(self) -> bool:
        """Whether it is about as long ago as it usually takes until the next time."""
        if not self.every_days:
            return False
        days = (shop.today() - self.last.date()).days
        return _SOON * self.every_days <= days <= _LATE * self.every_days


@dataclass(frozen=True, slots=True, kw_only=True)
class Margin:
    """What is left of the goods whose cost is known: `goods` less `cost` less what was paid back for them.

    `known` is their share of all goods of the stretch.
    """

    left: Money
    goods: Money
    cost: Money
    refunded: Money
    known: float
    lines: int
    all_lines: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MarginRow:
    """One order of a margin."""

    order: Bought
    goods: int
    cost: int
    refunded: int

    @property
    def left(self) -> int:
        return self.goods - self.cost - self.refunded


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """A stretch and the one of the same length before it: kept money and orders."""

    now: Money
    before: Money
    orders: int
    orders_before: int
    stretch: tuple[dt.date, dt.date]
    stretch_before: tuple[dt.date, dt.date]

    @property
    def change(self) -> float | None:
        """How much more was kept, as a share of what was kept before; None where there was nothing."""
        return self.now.minor / self.before.minor - 1 if self.before.minor > 0 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Year:
    """A year of the shop: counted orders, and what was kept of them."""

    year: int
    orders: int
    kept: Money
    part: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Gaps:
    """Days between two order days: the middle one, the shortest and the longest, and how many there are."""

    usual: float
    shortest: int
    longest: int
    count: int

    @property
    def days(self) -> int:
        """The middle gap in whole days."""
        return round(self.usual)


def categories(book: Book) -> list[Figure]:
    """What the money goes to: categories of the catalogue, and products where it knows none. The largest, and the rest.

    For who does not see amounts they are sorted by pieces, and have neither amounts nor shares.
    """
    of_group: dict[str, list[Item]] = defaultdict(list)
    for item in book.items:
        of_group[group_of(item)].append(item)
    is_open = current().shows("spend")
    weight: Callable[[Iterable[Item]], int] = (
        (lambda items: sum(item.amount for item in items))
        if is_open
        else (lambda items: sum(item.quantity for item in items))
    )
    ranked = sorted(of_group, key=lambda group: (-weight(of_group[group]), label_of(of_group[group])))
    shown = ranked if len(ranked) <= _CATEGORIES else ranked[: _CATEGORIES - 1]
    parts = [(label_of(of_group[group]), "category", group, of_group[group]) for group in shown]
    rest = [item for group in ranked[len(shown) :] for item in of_group[group]]
    if rest:
        parts.append((_("Everything else"), "else", "", rest))
    total = weight(book.items)
    most = max((weight(items) for *_names, items in parts), default=0)
    return [
        Figure(
            label=label,
            show=show,
            of=of,
            count=len(items),
            amount=book.money(item.amount for item in items),
            share=weight(items) / total if is_open and total > 0 else 0.0,
            of_the_most=max(0.0, weight(items) / most) if most > 0 else 0.0,
        )
        for label, show, of, items in parts
    ]


def named_groups(book: Book) -> set[str]:
    """The groups that `categories` shows by name; all others are “everything else”."""
    return {figure.of for figure in categories(book) if figure.show == "category"}


def group_of(item: Item) -> str:
    """The category of a line, else its product."""
    return f"category:{item.category}" if item.category else item.thing


def label_of(items: Sequence[Item]) -> str:
    """What a group of lines is called."""
    return items[0].category or items[0].title


def favourites(book: Book) -> list[Favourite]:
    """What was bought in more than one order, the most often first."""
    orders_of: dict[str, set[int]] = defaultdict(set)
    title_of: dict[str, str] = {}
    for item in book.items:
        orders_of[item.thing].add(item.order)
        title_of.setdefault(item.thing, item.title)
    ranked = sorted(
        (thing for thing, orders in orders_of.items() if len(orders) > 1),
        key=lambda thing: (-len(orders_of[thing]), title_of[thing]),
    )
    pictures = {f"product:{thing.product}": thing.image_url for thing in book.things.values()}
    found = []
    for thing in ranked[:_FAVOURITES]:
        moments = sorted(book.order_of[pk].at for pk in orders_of[thing])
        times = len(moments)
        days = round((moments[-1] - moments[0]).days / (times - 1)) if times > 2 else 0
        found.append(
            Favourite(
                title=title_of[thing],
                of=thing,
                times=times,
                last=moments[-1],
                every_days=days or None,
                image_url=pictures.get(thing, ""),
            )
        )
    return found


def months(book: Book) -> list[int]:
    """Orders by month, from January on."""
    counts = Counter(order.at.month for order in book.orders)
    return [counts[month] for month in range(1, 13)]


def usual_time(book: Book) -> Figure | None:
    """The fullest quarter of the week; None where no two orders share one: one order in six weeks is chance."""
    times = Counter(time_of(order) for order in book.orders)
    if not times:
        return None
    (weekday, part), count = min(times.items(), key=lambda item: (-item[1], item[0]))
    return (
        Figure(label=time_of_week(weekday, part), show="time", of=f"{weekday}-{part}", count=count)
        if count > 1
        else None
    )


def time_of(order: Bought) -> tuple[int, int]:
    """The weekday and the quarter of the day of an order."""
    return order.at.weekday(), order.at.hour // 6


def paid_by(book: Book) -> list[Figure]:
    """The commonest ways of paying, for who may see them."""
    if not current().shows("payment"):
        return []
    counts = Counter(order.method for order in book.orders if order.method)
    return [Figure(label=method, show="paid", of=method, count=n) for method, n in counts.most_common(_WAYS)]


def channels(book: Book) -> list[Figure]:
    """Where the orders come from, the commonest first."""
    counts = Counter((order.channel, order.channel_name) for order in book.orders)
    return [Figure(label=name, show="channel", of=code, count=n) for (code, name), n in counts.most_common(_WAYS)]


def seasons(book: Book) -> list[Figure]:
    """Orders and money of each quarter of the year, March to May first."""
    of_season: dict[int, list[Bought]] = defaultdict(list)
    for order in book.orders:
        of_season[season_of(order)].append(order)
    names = (_("Mar to May"), _("Jun to Aug"), _("Sep to Nov"), _("Dec to Feb"))
    most = max((len(orders) for orders in of_season.values()), default=0)
    return [
        Figure(
            label=name,
            show="season",
            of=str(season),
            count=len(of_season[season]),
            amount=book.money(order.total for order in of_season[season]),
            of_the_most=len(of_season[season]) / most if most else 0.0,
        )
        for season, name in enumerate(names)
    ]


def season_of(order: Bought) -> int:
    """Which quarter of the year an order was placed in: 0 is March to May."""
    return next(number for number, months_ in enumerate(SEASONS) if order.at.month in months_)


def gaps(book: Book) -> Gaps | None:
    """How long it is from one order day to the next, in the stretch; None with fewer than two order days."""
    days = [days for _order, days in with_gaps(book) if days is not None]
    return Gaps(usual=float(median(days)), shortest=min(days), longest=max(days), count=len(days)) if days else None


def with_gaps(book: Book) -> list[tuple[Bought, int | None]]:
    """The first order of each order day, newest first, with the days since the order day before it."""
    first: dict[dt.date, Bought] = {}
    for order in reversed(book.orders):
        first.setdefault(order.at.date(), order)
    days = sorted(first)
    between = {later: (later - earlier).days for earlier, later in pairwise(days)}
    return [(first[day], between.get(day)) for day in reversed(days)]


def margin(book: Book) -> Margin | None:
    """What is left of the goods whose cost is known; None for who does not see amounts, or where no cost is known."""
    if not current().shows("spend"):
        return None
    rows = margin_rows(book)
    if not rows:
        return None
    goods = sum(row.goods for row in rows)
    total = sum(item.amount for item in book.items)
    return Margin(
        left=book.money(row.left for row in rows),
        goods=book.money([goods]),
        cost=book.money(row.cost for row in rows),
        refunded=book.money(row.refunded for row in rows),
        known=goods / total if total > 0 else 1.0,
        lines=sum(item.cost is not None for item in book.items),
        all_lines=len(book.items),
    )


def margin_rows(book: Book) -> list[MarginRow]:
    """The orders of which some cost is known, newest first.

    Of an order whose lines all have a cost, everything that was paid back is taken off; else what was paid back for
    the lines that have one.
    """
    of_order: dict[int, list[Item]] = defaultdict(list)
    for item in book.items:
        of_order[item.order].append(item)
    found = []
    for order in book.orders:
        known = [item for item in of_order[order.pk] if item.cost is not None]
        if not known:
            continue
        is_whole = len(known) == len(of_order[order.pk])
        refunded = order.refunded if is_whole else sum(book.refunds_of_lines.get(item.pk, 0) for item in known)
        found.append(
            MarginRow(
                order=order,
                goods=sum(item.amount for item in known),
                cost=sum(item.cost or 0 for item in known),
                refunded=refunded,
            )
        )
    return found


def growth(book: Book, *, first: dt.date | None, last: dt.date | None) -> Growth | None:
    """The days from `first` to `last` (today) against as many days before; None without a first day."""
    end = last or shop.today()
    if first is None or end < first:
        return None
    length = end - first + dt.timedelta(days=1)
    before = first - length, first - dt.timedelta(days=1)
    now_orders, now = _kept(book, days(first, end))
    orders_before, kept_before = _kept(book, days(*before))
    return Growth(
        now=now,
        before=kept_before,
        orders=now_orders,
        orders_before=orders_before,
        stretch=(first, end),
        stretch_before=before,
    )


def years(book: Book) -> list[Year]:
    """The last years in which something was bought or sent back, newest first, whatever the stretch is."""
    counts = Counter(order.at.year for order in book.all_orders)
    kept: dict[int, int] = defaultdict(int)
    for order in book.all_orders:
        kept[order.at.year] += order.total
    for back in book.all_returns:
        kept[back.at.year] -= back.refund
    shown = sorted(kept, reverse=True)[:_YEARS]
    is_open = current().shows("spend")
    most = max((kept[year] for year in shown), default=0) if is_open else 0
    return [
        Year(
            year=year,
            orders=counts[year],
            kept=book.money([kept[year]]),
            part=max(0.0, kept[year] / most) if most > 0 else 0.0,
        )
        for year in shown
    ]


def days(first: dt.date | None, last: dt.date | None) -> Stretch:
    """The stretch from the beginning of one day of the shop to the end of another."""
    return Stretch(
        since=shop.start_of(first) if first else None,
        until=shop.start_of(last + dt.timedelta(days=1)) if last and last < dt.date.max else None,
    )


def _kept(book: Book, stretch: Stretch) -> tuple[int, Money]:
    orders = [order for order in book.all_orders if stretch.holds(order.at)]
    returns = [back for back in book.all_returns if stretch.holds(back.at)]
    return len(orders), book.money([*(order.total for order in orders), *(-back.refund for back in returns)])


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
