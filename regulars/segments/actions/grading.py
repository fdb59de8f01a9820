"""Reckon where the bounds of bands and of RFM lie: quantiles over all customers who ordered (docs/definitions.md)."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from regulars.core.background import every
from regulars.customers.models import Customer
from regulars.segments.facts import GradesReckoned
from regulars.segments.models import Grading
from regulars.segments.vocabulary import grades
from regulars.staff.policy import verb
from regulars.timeline.actions import record

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND = dt.timedelta(microseconds=1)


@every("00:20", label=_("Reckon bands and RFM groups"))
def reckon_grades() -> int:
    """Reckon the bounds anew, from the customers as they are now; how many of them ever ordered.

    The customers are read before the transaction, so that nobody waits for it.
    """
    buyers = Customer.objects.filter(orders_count__gte=1)
    orders = _numbers(buyers.values_list("orders_count", flat=True))
    spent = _numbers(buyers.values_list("spent_minor", flat=True))
    last = _numbers(
        (moment - _EPOCH) // _MICROSECOND
        for moment in buyers.filter(last_order_at__isnull=False)
        .values_list("last_order_at", flat=True)
        .iterator(chunk_size=10_000)
        if moment is not None
    )
    count = len(orders)
    bounds = {}
    if count >= grades.FEWEST:
        bounds = {
            "orders_thirds": bounds_of(orders, 3),
            "spent_thirds": bounds_of(spent, 3),
            "recent_fifths": bounds_of(last, 5),
            "orders_fifths": bounds_of(orders, 5),
            "spent_fifths": bounds_of(spent, 5),
        }
    keep_grades(bounds=bounds, customers=count)
    return count


@verb
def keep_grades(*, bounds: dict[str, list[int]], customers: int) -> Grading:
    """Let these bounds be those of the shop from now on. Where they moved, whoever follows groups is told."""
    known = Grading.objects.filter(pk=1).first()
    has_moved = known is None or known.bounds != bounds
    grading = Grading(pk=1, bounds=bounds, customers=customers, reckoned_at=timezone.now())
    grading.save(force_insert=known is None, force_update=known is not None)
    grades.forget()
    if has_moved:
        record(GradesReckoned(customers=customers))
    return grading


def bounds_of(values: Any, parts: int) -> list[int]:
    """The bounds between so many parts of equal size, as exactly as equal values allow.

    The k-th of n parts ends with the least value that at least k/n of all values do not exceed; the next one begins
    above it. So equal values are always in the same part, the lowest that any of them could be in.
    """
    ordered = np.sort(values)
    ends = [-(-len(ordered) * part // parts) - 1 for part in range(1, parts)]
    return [int(ordered[end]) + 1 for end in ends]


def _numbers(values: Any) -> Any:
    return np.fromiter(values, dtype=np.int64)
