"""Bands and the eleven groups of RFM: words for how somebody stands among the customers of this shop.

The bounds are quantiles over all listed customers with a counted order (docs/definitions.md). They are reckoned for the
whole shop at a time, and kept until the next: what one customer does moves only that customer.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from itertools import product
from typing import Any

from django.core.cache import cache
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from regulars.segments.language.words import Label
from regulars.segments.models import Grading
from regulars.segments.vocabulary.declared import Graded

FEWEST = 20
"""With fewer customers who ordered, nobody is graded: a third of seven people is no band."""

LEVELS: tuple[tuple[str, Label], ...] = (("HIGH", _("High")), ("MEDIUM", _("Medium")), ("LOW", _("Low")))

RFM: tuple[tuple[str, Label], ...] = (
    ("CHAMPIONS", _("Champions")),
    ("LOYAL", _("Loyal")),
    ("ACTIVE", pgettext_lazy("RFM group", "Active")),
    ("NEW", pgettext_lazy("RFM group", "New")),
    ("PROMISING", _("Promising")),
    ("NEEDS_ATTENTION", _("Needs attention")),
    ("AT_RISK", _("At risk")),
    ("ALMOST_LOST", _("Almost lost")),
    ("PREVIOUSLY_LOYAL", _("Previously loyal")),
    ("DORMANT", _("Dormant")),
    ("PROSPECTS", _("Prospects")),
)

# by how recent the last order is (5: the most recent fifth), for the mean of frequency and money from 1 to 5
_TABLE: dict[int, tuple[str, str, str, str, str]] = {
    5: ("NEW", "PROMISING", "ACTIVE", "LOYAL", "CHAMPIONS"),
    4: ("PROMISING", "ACTIVE", "ACTIVE", "LOYAL", "CHAMPIONS"),
    3: ("ALMOST_LOST", "NEEDS_ATTENTION", "NEEDS_ATTENTION", "LOYAL", "LOYAL"),
    2: ("DORMANT", "ALMOST_LOST", "AT_RISK", "AT_RISK", "PREVIOUSLY_LOYAL"),
    1: ("DORMANT", "DORMANT", "AT_RISK", "PREVIOUSLY_LOYAL", "PREVIOUSLY_LOYAL"),
}

_KEY = "segments.grading"
_SECONDS = 5  # for processes that serve no requests; each request reads anew


def levels() -> Sequence[tuple[str, Label]]:
    """The words of a band."""
    return LEVELS


def rfm_groups() -> Sequence[tuple[str, Label]]:
    """The groups of RFM, as Shopify calls them."""
    return RFM


def group_of(recent: int, often: int, much: int) -> str:
    """The group for three grades from 0 to 4: recency, and the mean of frequency and money, halves up."""
    return _TABLE[recent + 1][(often + much + 1) // 2]


def known_bounds() -> Grading | None:
    """The bounds as they were reckoned last; None before the first time. Read once for a request."""
    found: Grading | None = cache.get(_KEY)
    if found is None:
        found = Grading.objects.filter(pk=1).first()
        if found is not None:
            cache.set(_KEY, found, _SECONDS)
    return found


def forget(**_signal: Any) -> None:
    """Let the bounds be read anew: they were reckoned, or a request begins."""
    cache.delete(_KEY)


def _bounds(name: str) -> list[Any] | None:
    found = known_bounds()
    return None if found is None else found.bounds.get(name)


def _thirds_of_orders() -> Sequence[Sequence[Any]] | None:
    bounds = _bounds("orders_thirds")
    return None if bounds is None else (bounds,)


def _thirds_of_money() -> Sequence[Sequence[Any]] | None:
    bounds = _bounds("spent_thirds")
    return None if bounds is None else (bounds,)


def _fifths() -> Sequence[Sequence[Any]] | None:
    recent, often, much = (_bounds(name) for name in ("recent_fifths", "orders_fifths", "spent_fifths"))
    if recent is None or often is None or much is None:
        return None
    return [_EPOCH + dt.timedelta(microseconds=moment) for moment in recent], often, much


_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_BANDS: dict[tuple[int, ...], str] = {(0,): "LOW", (1,): "MEDIUM", (2,): "HIGH"}

FREQUENCY = Graded(columns=("orders_count",), bounds=_thirds_of_orders, words=_BANDS, where="orders_count")
SPEND = Graded(columns=("spent",), bounds=_thirds_of_money, words=_BANDS, where="orders_count")
GROUPS = Graded(
    columns=("last_order", "orders_count", "spent"),
    bounds=_fifths,
    words={grades: group_of(*grades) for grades in product(range(5), repeat=3)},
    where="orders_count",
)
