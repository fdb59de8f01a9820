"""How customers found our answers in a period: how many were asked, said something, and said something good."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Count, Q, QuerySet

from regulars.inbox.figures.periods import Period
from regulars.inbox.models import Rating, Status

ASKED, RATED, GOOD = "asked", "rated", "good"
WHATS: Final = (ASKED, RATED, GOOD)
GOOD_FROM: Final = 4
"""From this score of five on a rating is a good one."""

COLUMNS: Final = {"topic": "conversation__topic", "agent": "agent", "way": "conversation__by"}


@dataclass(frozen=True, slots=True)
class Satisfaction:
    """`asked` in the period, of whom `answered` said something since; `rated` in the period, of which `good`."""

    asked: int = 0
    answered: int = 0
    rated: int = 0
    good: int = 0

    @property
    def good_share(self) -> float | None:
        """How much of what was said is good; None where nothing was."""
        return self.good / self.rated if self.rated else None

    @property
    def answer_rate(self) -> float | None:
        """How many of those who were asked said something; None where nobody was asked."""
        return self.answered / self.asked if self.asked else None

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "asked": self.asked,
            "asked_and_rated": self.answered,
            "rated": self.rated,
            "good": self.good,
            "good_share": None if self.good_share is None else round(self.good_share, 4),
            "rating_rate": None if self.answer_rate is None else round(self.answer_rate, 4),
        }


def of(period: Period) -> Satisfaction:
    """All of a period: one query."""
    return Satisfaction(**_real().aggregate(**_counts(period)))


def by(group: str, period: Period) -> Iterator[tuple[Any, Satisfaction]]:
    """Of each topic, colleague or way of which somebody was asked, or said something: one query."""
    column, counts = COLUMNS[group], _counts(period)
    rows = _real().filter(_asked(period) | _rated(period)).order_by().values(column).annotate(**counts)
    for key, *numbers in rows.values_list(column, *counts):
        yield key, Satisfaction(*numbers)


def behind(what: str, period: Period) -> QuerySet[Rating]:
    """The ratings that one number counts."""
    if what == ASKED:
        return _real().filter(_asked(period))
    found = _real().filter(_rated(period))
    return found.filter(score__gte=GOOD_FROM) if what == GOOD else found


def _real() -> QuerySet[Rating]:
    return Rating.objects.filter(conversation__merged_into__isnull=True).exclude(conversation__status=Status.SPAM)


def _counts(period: Period) -> dict[str, Any]:
    asked, rated = _asked(period), _rated(period)
    return {
        "asked": Count("pk", filter=asked),
        "answered": Count("pk", filter=asked & Q(score__isnull=False)),
        "rated": Count("pk", filter=rated),
        "good": Count("pk", filter=rated & Q(score__gte=GOOD_FROM)),
    }


def _asked(period: Period) -> Q:
    return Q(asked_at__gte=period.since, asked_at__lt=period.until)


def _rated(period: Period) -> Q:
    return Q(rated_at__gte=period.since, rated_at__lt=period.until, score__isnull=False)
