"""A shop of any size, invented from a seed: for measuring, and for seeing whether a page still answers with a million.

1. When everybody ordered is drawn first (numpy): how often is skewed, as it is in shops, and time follows a year's
   seasons, a week's days, a day's hours, and four years of growth.
2. The people are written as import files, one for each channel, and go through the import of customers.
3. Their orders are written in the order they were placed, and the figures are computed from them.
"""

from __future__ import annotations

import csv
import datetime as dt
import gc
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from django.db import connection, transaction
from django.utils.translation import gettext as _

from regulars.channels.actions import channel_for
from regulars.channels.models import Kind
from regulars.config.demo.facts import DemoLoaded
from regulars.config.demo.people import Inventor, Person, Place, places
from regulars.config.demo.products import products
from regulars.core import shop
from regulars.core.errors import Refusal
from regulars.core.importing import importing
from regulars.customers import search
from regulars.customers.actions.importing import import_customers
from regulars.customers.models import Identity
from regulars.orders.actions.figures import refresh
from regulars.orders.actions.history import PastLine, PastOrder, PastReturn, write_history
from regulars.timeline.actions import acting, record
from regulars.timeline.models import Source

YEARS = 4
_GUEST_SHARE = 0.06  # of all orders
_RETURN_SHARE = 0.08
_NEVER_ORDERED = 0.06  # of all customers
_AT_ONCE = 20_000
# A commit writes every page it touched, and orders by customer touch most pages of two indexes, however few they are.
_PER_COMMIT = 15 * _AT_ONCE
_FIGURES_AT_ONCE = 100_000
_CACHE = 192_000  # KiB
_MOST_OF_A_LINE = 48

# code, name, kind, share of the customers
CHANNELS = (
    ("web", "Web shop", Kind.WEB, 0.70),
    ("market", "Marketplace", Kind.MARKETPLACE, 0.20),
    ("store", "Harbour store", Kind.STORE, 0.10),
)
_MONTHS = (0.80, 0.78, 0.88, 0.92, 0.97, 0.90, 0.82, 0.84, 1.00, 1.12, 1.55, 1.60)
_WEEKDAYS = (1.12, 1.06, 1.04, 1.05, 0.98, 0.82, 0.93)
_HOURS = (2, 1, 1, 1, 1, 2, 4, 8, 12, 16, 19, 20, 19, 17, 16, 16, 17, 19, 22, 26, 27, 22, 13, 6)
_PAID_BY = (("card", 0.52), ("paypal", 0.22), ("invoice", 0.12), ("alipay", 0.06), ("wechat", 0.04), ("transfer", 0.04))
_REASONS = ("Too small", "Not as described", "Arrived broken", "Changed my mind", "Arrived too late", "")
_YEARLY_GROWTH = 1.35

Say = Callable[[str], None]


class SeedTaken(Refusal):
    """These customers are in already."""

    slug = "demo-loaded"


@dataclass(frozen=True, slots=True)
class Made:
    """What came in, and how long it took."""

    customers: int
    orders: int
    returns: int
    seconds: float
    seconds_by_step: dict[str, float]


@dataclass(frozen=True, slots=True)
class Plan:
    """Who orders when: `customer[i]` (-1 is a guest) at `at[i]`, in rising order of time; `since` for each customer."""

    since: np.ndarray
    channel: np.ndarray
    place: np.ndarray
    customer: np.ndarray
    at: np.ndarray


def load_large(*, customers: int, seed: int, orders_per_customer: float, say: Say) -> Made:
    """Fill the shop with that many invented customers. The same numbers make the same shop; see the top."""
    marks = [("", time.monotonic())]
    if Identity.objects.filter(
        channel__code__in=[channel[0] for channel in CHANNELS], external_id__startswith=_prefix(seed)
    ).exists():
        raise SeedTaken(
            _("The customers of seed %(seed)d are in this shop already. Take another seed.") % {"seed": seed}
        )
    say(_("Drawing who orders when"))
    plan = draw(customers, seed=seed, orders_per_customer=orders_per_customer, today=shop.today())
    marks.append(("draw", time.monotonic()))
    with acting(None, Source.IMPORT), _bounded_memory():
        ids = _bring_people(plan, seed=seed, say=say)
        marks.append(("customers", time.monotonic()))
        returns = _write_orders(plan, ids, seed=seed, say=say)
        marks.append(("orders", time.monotonic()))
        _count(ids, say=say)
        # the columns of lists are cut for the figures there are now
        search.merge_unindexed(at_least=1)
        marks.append(("figures", time.monotonic()))
        orders = len(plan.customer)
        record(DemoLoaded(seed=seed, customers=customers, orders=orders))
    spans = {name: round(now - before, 1) for (_n, before), (name, now) in pairwise(marks)}
    return Made(customers, orders, returns, round(marks[-1][1] - marks[0][1], 1), spans)


def draw(customers: int, *, seed: int, orders_per_customer: float, today: dt.date) -> Plan:
    """Draw who orders when, from the seed and the day alone.

    A customer's eagerness is lognormal, so that a fifth of them place most of the orders; they find the shop as it
    grows, stay for a while, and order within that time as the seasons have it.
    """
    rng = np.random.default_rng(seed)
    days = int(YEARS * 365.25)
    start = today - dt.timedelta(days=days)
    share = np.cumsum(_density(start, days))
    share /= share[-1]
    eager = rng.lognormal(mean=-0.72, sigma=1.2, size=customers)  # its mean is 1
    counts = 1 + rng.poisson(
        np.maximum(0.0, orders_per_customer * (1 - _GUEST_SHARE) / (1 - _NEVER_ORDERED) - 1) * eager
    )
    counts[rng.random(customers) < _NEVER_ORDERED] = 0
    # Positions on the scale of all orders ever, 0 to 1, rather than on the calendar: so every draw follows the seasons.
    joined = rng.random(customers) * 0.98
    leaves = np.minimum(1.0, joined + rng.exponential(0.45, customers) + 0.004 * counts)
    customer = np.repeat(np.arange(customers, dtype=np.int32), counts)
    first_of = np.cumsum(counts) - counts
    at = joined[customer] + rng.random(len(customer)) * (leaves - joined)[customer]
    has_ordered = counts > 0
    at[first_of[has_ordered]] = joined[has_ordered]
    guests = int(len(customer) * _GUEST_SHARE / (1 - _GUEST_SHARE))
    customer = np.concatenate([customer, np.full(guests, -1, dtype=np.int32)])
    at = np.concatenate([at, rng.random(guests)])
    rising = np.argsort(at, kind="stable")
    moments = _moments(at[rising], share, start, rng)
    # Hours are drawn within the day, so what was in order by day is put in order within it.
    again = np.argsort(moments, kind="stable")
    customer, moments = customer[rising][again], moments[again]
    since = _moments(joined, share, start, rng)
    earliest = np.full(customers, np.datetime64("9999-01-01T00:00:00"))
    np.minimum.at(earliest, customer[customer >= 0], moments[customer >= 0])
    shares = np.array([channel[3] for channel in CHANNELS])
    weights = np.array([place.weight for place in places().values()], dtype=float)
    return Plan(
        since=np.where(has_ordered, earliest, since),
        channel=rng.choice(len(CHANNELS), customers, p=shares / shares.sum()).astype(np.int8),
        place=rng.choice(len(weights), customers, p=weights / weights.sum()).astype(np.int16),
        customer=customer,
        at=moments,
    )


def _density(start: dt.date, days: int) -> np.ndarray:
    """How much is ordered on each day, in no unit."""
    dates = [start + dt.timedelta(days=day) for day in range(days)]
    seasons = np.array([_MONTHS[date.month - 1] * _WEEKDAYS[date.weekday()] for date in dates])
    result: np.ndarray = seasons * _YEARLY_GROWTH ** (np.arange(days) / 365.25)
    return result


def _moments(at: np.ndarray, share: np.ndarray, start: dt.date, rng: np.random.Generator) -> np.ndarray:
    """Positions on the scale as moments, to the second: the day they fall on, and an hour as people keep them."""
    day = np.searchsorted(share, at, side="right").clip(max=len(share) - 1)
    hours = np.array(_HOURS, dtype=float)
    hour = rng.choice(24, len(at), p=hours / hours.sum())
    seconds = day.astype(np.int64) * 86_400 + hour * 3_600 + rng.integers(0, 3_600, len(at))
    return np.datetime64(start.isoformat(), "s") + seconds.astype("timedelta64[s]")


@contextmanager
def _bounded_memory() -> Iterator[None]:
    """Memory where it helps, and no more of it the larger the shop is.

    SQLite keeps growing indexes in memory, because its usual 32 MB would be read and written over and over, but does
    not map its file as well. And nobody looks for cycles among millions of values that have none.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    settings = {"cache_size": -_CACHE, "mmap_size": 0} if connection.vendor == "sqlite" else {}
    usual = {name: _pragma(name) for name in settings}
    for name, value in settings.items():
        _pragma(name, value)
    try:
        yield
    finally:
        for name, value in usual.items():
            _pragma(name, value)
        if was_enabled:
            gc.enable()


def _pragma(name: str, value: int | None = None) -> int:
    """Read a setting of SQLite, or write it."""
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA {name}" if value is None else f"PRAGMA {name} = {value:d}")
        row = cursor.fetchone()
    return int(row[0]) if row else 0


def _bring_people(plan: Plan, *, seed: int, say: Say) -> np.ndarray:
    """Import the people channel by channel; answers the id of each."""
    ids = np.zeros(len(plan.since), dtype=np.int64)
    inventor = Inventor(Random(seed), tag=str(seed))  # noqa: S311 — people, not secrets
    known = tuple(places().values())
    with tempfile.TemporaryDirectory(prefix="regulars-demo-") as folder:
        for at, (code, name, kind, _share) in enumerate(CHANNELS):
            own = np.flatnonzero(plan.channel == at)
            path = Path(folder) / f"{code}.csv"
            say(_("Inventing %(count)s people: %(channel)s") % {"count": f"{len(own):,}", "channel": name})
            _write_people(path, own, plan, inventor, known, seed=seed)
            channel = channel_for(code, name=name, kind=kind)
            say(_("Importing %(count)s people: %(channel)s") % {"count": f"{len(own):,}", "channel": name})
            with importing("customers", path) as run:
                import_customers(path, run=run, mapping={}, channel_code=code)
            if run.summary.created != len(own):
                raise RuntimeError(f"{len(own)} people were made up, and {run.summary} came in")
            path.unlink()
            for external_id, customer_id in (
                Identity.objects.filter(channel=channel, external_id__startswith=_prefix(seed))
                .values_list("external_id", "customer_id")
                .iterator(chunk_size=20_000)
            ):
                ids[int(external_id[-8:])] = customer_id
    return ids


def _write_people(
    path: Path, own: np.ndarray, plan: Plan, inventor: Inventor, known: Sequence[Place], *, seed: int
) -> None:
    draw = inventor.random.random
    since = np.datetime_as_string(plan.since[own], unit="s")
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["external_id", *Person._fields, "kind", "customer_since"])
        for number, place, moment in zip(own.tolist(), plan.place[own].tolist(), since.tolist(), strict=True):
            is_company = draw() < 0.06
            person = inventor.person(known[place], number=number, is_company=is_company, is_sparse=draw() < 0.05)
            kind = "company" if is_company else "person"
            writer.writerow([_external_id(seed, number), *person, kind, f"{moment}Z"])


def _external_id(seed: int, number: int) -> str:
    return f"{_prefix(seed)}{number:08d}"


def _prefix(seed: int) -> str:
    return f"D{seed}-"


def _write_orders(plan: Plan, ids: np.ndarray, *, seed: int, say: Say) -> int:
    """Write all orders, in rising order of time; answers how many returns there were."""
    channels = [channel_for(code, name=name, kind=kind).pk for code, name, kind, _share in CHANNELS]
    currency = shop.current().currency
    total, returns = len(plan.at), 0
    began = time.monotonic()
    for start in range(0, total, _PER_COMMIT):
        end = min(total, start + _PER_COMMIT)
        with transaction.atomic():
            for first in range(start, end, _AT_ONCE):
                part = slice(first, min(end, first + _AT_ONCE))
                orders = list(past_orders(plan, ids, part, channels=channels, seed=seed))
                write_history(orders, currency=currency)
                returns += sum(1 for order in orders if order.returned)
                del orders
        gc.collect()
        say(
            _("%(done)s of %(total)s orders, %(rate)s a second")
            % {"done": f"{end:,}", "total": f"{total:,}", "rate": f"{end / (time.monotonic() - began):,.0f}"}
        )
    return returns


def past_orders(plan: Plan, ids: np.ndarray, part: slice, *, channels: Sequence[int], seed: int) -> Iterator[PastOrder]:
    """A part of the plan's orders. What is in them is drawn from the seed and the part's place."""
    rng = np.random.default_rng([seed, part.start])
    shelf = products()
    who = plan.customer[part]
    count = len(who)
    line_counts = np.minimum(1 + rng.geometric(0.55, count) - 1, 12)
    weights = np.array([product.weight for product in shelf])
    picked = rng.choice(len(shelf), int(line_counts.sum()), p=weights / weights.sum()).tolist()
    quantities = np.minimum(rng.geometric(0.62, len(picked)), _MOST_OF_A_LINE).tolist()
    chosen = list(map(_lines_of().__getitem__, zip(picked, quantities, strict=True)))
    moments = np.char.replace(np.datetime_as_string(plan.at[part], unit="s"), "T", " ").tolist()
    is_guest = who < 0
    customer_ids = np.where(is_guest, 0, ids[who]).tolist()
    channel_of = np.where(is_guest, 0, plan.channel[who]).tolist()
    codes = [place.country for place in places().values()]
    guest_places = rng.choice(len(codes), count)
    country_of = np.where(is_guest, guest_places, plan.place[who]).tolist()
    paid_by = rng.choice(len(_PAID_BY), count, p=[share for _name, share in _PAID_BY]).tolist()
    cancelled = (rng.random(count) < 0.015).tolist()
    comes_back = (rng.random(count) < _RETURN_SHARE).tolist()
    whole = (rng.random(count) < 0.6).tolist()
    after = rng.integers(2 * 86_400, 25 * 86_400, count).astype("timedelta64[s]")
    back_at = np.char.replace(np.datetime_as_string(plan.at[part] + after, unit="s"), "T", " ").tolist()
    is_past = (plan.at[part] + after < plan.at[-1]).tolist()
    reasons = rng.integers(0, len(_REASONS), count).tolist()
    is_new = (plan.at[part] > plan.at[-1] - np.timedelta64(3, "D")).tolist()
    at = 0
    for i, line_count in enumerate(line_counts.tolist()):
        lines = chosen[at : at + line_count]
        at += line_count
        number = part.start + i
        amount = sum(line.total_minor for line in lines)
        is_cancelled = cancelled[i]
        returned = None
        if comes_back[i] and is_past[i] and not is_cancelled:
            places_back = range(line_count) if whole[i] else (0,)
            returned = PastReturn(f"R{seed}-{number + 1:08d}", back_at[i], _REASONS[reasons[i]], places_back)
        yield PastOrder(
            number=f"S{seed}-{number + 1:08d}",
            channel_id=channels[channel_of[i]],
            customer_id=customer_ids[i] or None,
            at=moments[i],
            status="cancelled" if is_cancelled else "open" if is_new[i] and i % 3 == 0 else "paid",
            shipping_minor=0 if amount >= 5_000 else 490,
            payment_method=_PAID_BY[paid_by[i]][0],
            country=codes[country_of[i]],
            lines=lines,
            returned=returned,
        )


@cache
def _lines_of() -> dict[tuple[int, int], PastLine]:
    """Every line that an order can have, by the place of its product on the shelf and its quantity."""
    return {
        (place, quantity): PastLine(sku, title, quantity, price, minor * quantity)
        for place, (sku, title, minor, price, _weight) in enumerate(products())
        for quantity in range(1, _MOST_OF_A_LINE + 1)
    }


def _count(ids: np.ndarray, *, say: Say) -> None:
    """Compute everybody's figures."""
    total = len(ids)
    ordered: list[Any] = np.sort(ids).tolist()
    for first in range(0, total, _FIGURES_AT_ONCE):
        with transaction.atomic():
            refresh(ordered[first : first + _FIGURES_AT_ONCE])
        gc.collect()
        say(
            _("Figures of %(done)s of %(total)s customers")
            % {"done": f"{min(total, first + _FIGURES_AT_ONCE):,}", "total": f"{total:,}"}
        )
