"""What was sold on a channel by our books, for comparing with what its platform says (channels/books.py)."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from regulars.channels.books import Sold, Sum
from regulars.channels.mirroring import locals_of
from regulars.channels.models import Channel, Mirror
from regulars.channels.records import OrderRecord
from regulars.core import shop
from regulars.core.money import Money
from regulars.customers.standings import id_list
from regulars.orders.models import COUNTED, Order, Status

_AT_ONCE = 500
_COLUMNS = ("pk", "number", "placed_at", "total_minor", "currency", "status", "is_test")


def days(channel: Channel, since: dt.date, until: dt.date) -> Mapping[dt.date, Sum]:
    """How many orders count of each of these days, and what they came to; without the days that have none."""
    zone = shop.zone()
    counts: dict[dt.date, int] = defaultdict(int)
    totals: dict[dt.date, int] = defaultdict(int)
    rows = Order.objects.filter(
        channel=channel,
        placed_at__gte=shop.start_of(since),
        placed_at__lt=shop.start_of(until + dt.timedelta(days=1)),
        status__in=COUNTED,
        is_test=False,
    )
    for placed_at, total in rows.order_by().values_list("placed_at", "total_base_minor").iterator():
        day = placed_at.astimezone(zone).date()
        counts[day] += 1
        totals[day] += total
    return {day: Sum(counts[day], totals[day]) for day in counts}


def orders(channel: Channel, day: dt.date, external_ids: Sequence[str], numbers: Sequence[str]) -> Sequence[Sold]:
    """The channel's orders of a day, and those of these external ids and numbers on whatever day."""
    of_channel = Order.objects.filter(channel=channel).order_by()
    found: dict[int, tuple[Any, ...]] = {}

    def note(rows: Iterable[tuple[Any, ...]]) -> None:
        found.update((row[0], row) for row in rows)

    begins, ends = shop.start_of(day), shop.start_of(day + dt.timedelta(days=1))
    note(of_channel.filter(placed_at__gte=begins, placed_at__lt=ends).values_list(*_COLUMNS))
    for part in _parts(external_ids):
        ids = locals_of(channel, OrderRecord.kind, part).values()
        note(of_channel.filter(pk__in=id_list(ids)).values_list(*_COLUMNS))
    for part in _parts(numbers):
        note(of_channel.filter(number__in=part).values_list(*_COLUMNS))
    mirrors = Mirror.objects.filter(channel=channel, kind=OrderRecord.kind, local_id__in=id_list(found))
    names = dict(mirrors.values_list("local_id", "external_id"))
    zone = shop.zone()
    return [
        Sold(
            id=pk,
            number=number,
            external_id=names.get(pk, ""),
            on=placed_at.astimezone(zone).date(),
            total=Money(total, currency),
            is_counted=status in COUNTED and not is_test,
            is_cancelled=status == Status.CANCELLED,
        )
        for pk, number, placed_at, total, currency, status, is_test in found.values()
    ]


def _parts(values: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(values), _AT_ONCE):
        yield values[start : start + _AT_ONCE]
