"""The figures of a period. Every definition stands in docs/definitions.md, and `behind` gives what was counted."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from regulars.core import ids, shop
from regulars.inbox.figures import satisfaction
from regulars.inbox.figures.periods import Period
from regulars.inbox.figures.satisfaction import Satisfaction
from regulars.inbox.models import (
    Conversation,
    ConversationProduct,
    Deadline,
    Expectation,
    Kept,
    Kind,
    Post,
    PostKind,
    Status,
    Topic,
)
from regulars.inbox.promises import saying
from regulars.orders.models import Product
from regulars.staff.models import User

_ANSWERS = (Kept.FIRST, Kept.NEXT)
_MOST_PRODUCTS = 50
CAME, ANSWERED, IN_TIME, LATE, DONE, OPEN, COMPLAINTS = (
    "came", "answered", "in_time", "late", "done", "open", "complaints",
)  # fmt: skip
WHATS = (CAME, ANSWERED, IN_TIME, LATE, DONE, OPEN, COMPLAINTS, *satisfaction.WHATS)
GROUPS = {"topic": "topic", "agent": "assignee", "way": "by"}


@dataclass(slots=True)
class Line:
    """The figures of one topic, agent or way; `key` finds what stands behind them."""

    key: str
    name: str
    came: int = 0
    in_time: int = 0
    late: int = 0
    answers: int = 0
    minutes: list[float] = field(default_factory=list)
    satisfaction: Satisfaction = field(default_factory=Satisfaction)

    @property
    def share(self) -> float | None:
        """How much was answered in time; None where nothing was due."""
        return share(self.in_time, self.late)

    @property
    def median(self) -> float | None:
        """The first-answer time of one in two."""
        return quantile(self.minutes, 0.5)


@dataclass(frozen=True, slots=True)
class Figures:
    """All of a period."""

    period: Period
    came: int
    answered: int
    in_time: int
    late: int
    done: int
    median: float | None
    nine_of_ten: float | None
    backlog: list[int]
    groups: dict[str, list[Line]]
    promises: list[dict[str, Any]]
    complaints: list[dict[str, Any]]
    satisfaction: Satisfaction

    @property
    def share(self) -> float | None:
        """How much was answered in time; None where nothing was due."""
        return share(self.in_time, self.late)

    def as_json(self) -> dict[str, Any]:
        """For programs; times in minutes of working time."""
        return {
            "begins": self.period.begins.isoformat(),
            "ends": self.period.ends.isoformat(),
            "came": self.came,
            "answered": self.answered,
            "in_time": self.in_time,
            "late": self.late,
            "in_time_share": _rounded(self.share),
            "done": self.done,
            "first_answer_median": _rounded(self.median),
            "first_answer_nine_of_ten": _rounded(self.nine_of_ten),
            **self.satisfaction.as_json(),
            "backlog": [
                {"day": day.isoformat(), "open": count}
                for day, count in zip(self.period.days, self.backlog, strict=True)
            ],
            **{f"by_{name}": [_line(name, one) for one in lines] for name, lines in self.groups.items()},
            "promises": self.promises,
            "complaints": [
                {**one, "product": ids.encode(Product.id_prefix, one["product"])} for one in self.complaints
            ],
        }


def figures(period: Period) -> Figures:
    """Count a period, as whoever reads sees it. The number of queries does not grow with anything."""
    took = _took(period)
    minutes = [row[-1] for row in took]
    due = _due(period)
    return Figures(
        period=period,
        came=behind(CAME, period).count(),
        answered=behind(ANSWERED, period).count(),
        in_time=due.filter(_in_time(period)).count(),
        late=due.filter(_late(period)).count(),
        done=behind(DONE, period).count(),
        median=quantile(minutes, 0.5),
        nine_of_ten=quantile(minutes, 0.9),
        backlog=_backlog(period),
        groups={name: _group(name, period, took) for name in GROUPS},
        promises=_promises(period),
        complaints=_complaints(period),
        satisfaction=satisfaction.of(period),
    )


def glance(period: Period) -> tuple[int, int]:
    """How many answers were in time, of how many that were due: “48 of 50 in time yesterday”."""
    due = _due(period)
    in_time = due.filter(_in_time(period)).count()
    return in_time, in_time + due.filter(_late(period)).count()


def behind(what: str, period: Period, *, group: str = "", key: str = "") -> QuerySet[Conversation]:
    """The conversations that one number counts, of one topic, agent or way where that is asked."""
    real = Conversation.objects.filter(merged_into__isnull=True).exclude(status=Status.SPAM)
    came = real.filter(began_at__gte=period.since, began_at__lt=period.until)
    due = Deadline.objects.filter(kind__in=_ANSWERS)
    known: dict[str, Callable[[], QuerySet[Conversation]]] = {
        CAME: lambda: came,
        ANSWERED: lambda: real.filter(first_answer_at__gte=period.since, first_answer_at__lt=period.until),
        IN_TIME: lambda: real.filter(pk__in=due.filter(_in_time(period)).values("conversation")),
        LATE: lambda: real.filter(pk__in=due.filter(_late(period)).values("conversation")),
        DONE: lambda: real.filter(closed_at__gte=period.since, closed_at__lt=period.until),
        OPEN: lambda: real.filter(began_at__lt=period.until).filter(_still_open(period.until)),
        COMPLAINTS: lambda: came.filter(kind=Kind.COMPLAINT),
        **{one: partial(_rated, real, one, period, group, key) for one in satisfaction.WHATS},
    }
    found = known[what]()
    if what in satisfaction.WHATS and group == "agent":
        return found  # whoever looked after it when it was asked about
    if group == "product":
        return found.filter(pk__in=ConversationProduct.objects.filter(product_id=_number(key)).values("conversation"))
    if group in GROUPS:
        column = GROUPS[group]
        value = key if group == "way" else _number(key) or None
        return found.filter(**{column: value} if value is not None else {f"{column}__isnull": True})
    return found


def _rated(real: QuerySet[Conversation], what: str, period: Period, group: str, key: str) -> QuerySet[Conversation]:
    ratings = satisfaction.behind(what, period)
    if group == "agent":
        ratings = ratings.filter(agent=_number(key)) if _number(key) else ratings.filter(agent=None)
    return real.filter(pk__in=ratings.values("conversation"))


def share(in_time: int, late: int) -> float | None:
    """One part of both."""
    return in_time / (in_time + late) if in_time + late else None


def quantile(values: Sequence[float], part: float) -> float | None:
    """Below which that part of the values lies; None of none."""
    if not values:
        return None
    ordered = sorted(values)
    place = (len(ordered) - 1) * part
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def _due(period: Period) -> QuerySet[Deadline]:
    """Promises of answers that were met, or whose moment passed, in the period."""
    rows = Deadline.objects.filter(kind__in=_ANSWERS, conversation__merged_into__isnull=True)
    return rows.exclude(conversation__status=Status.SPAM).filter(_in_time(period) | _late(period))


def _in_time(period: Period) -> Q:
    return Q(met_at__gte=period.since, met_at__lt=period.until, missed_at__isnull=True)


def _late(period: Period) -> Q:
    return Q(missed_at__gte=period.since, missed_at__lt=period.until)


def _still_open(at: dt.datetime) -> Q:
    return Q(closed_at__isnull=True) | Q(closed_at__gte=at)


def _took(period: Period) -> list[tuple[Any, ...]]:
    rows = Expectation.objects.filter(
        answered_at__gte=period.since, answered_at__lt=period.until, took__isnull=False
    ).exclude(conversation__status=Status.SPAM)
    return list(rows.values_list("conversation__topic", "conversation__assignee", "conversation__by", "took"))


def _backlog(period: Period) -> list[int]:
    """At the end of each day, how many that had come were not done. One that was opened again counts all along."""
    real = Conversation.objects.filter(merged_into__isnull=True, began_at__lt=period.until).exclude(status=Status.SPAM)
    ends = [shop.start_of(day + dt.timedelta(days=1)) for day in period.days]
    at_first = real.filter(began_at__lt=period.since).filter(_still_open(period.since)).count()
    changes = [0] * (len(ends) + 1)
    for began in real.filter(began_at__gte=period.since).values_list("began_at", flat=True).iterator():
        changes[_place(ends, began)] += 1
    done = real.filter(closed_at__gte=period.since, closed_at__lt=period.until)
    for closed in done.values_list("closed_at", flat=True).iterator():
        changes[_place(ends, closed)] -= 1
    found, count = [], at_first
    for change in changes[:-1]:
        count += change
        found.append(count)
    return found


def _place(ends: list[dt.datetime], at: dt.datetime | None) -> int:
    """Which day a moment belongs to: one at midnight to the day that begins."""
    place = bisect_left(ends, at) if at is not None else len(ends)
    return place + 1 if place < len(ends) and ends[place] == at else place


def _group(name: str, period: Period, took: Iterable[tuple[Any, ...]]) -> list[Line]:
    column = GROUPS[name]
    place = list(GROUPS).index(name)
    lines: dict[Any, Line] = defaultdict(lambda: Line("", ""))
    came = behind(CAME, period).order_by().values(column).annotate(count=Count("pk"))
    for row in came.values_list(column, "count"):
        lines[row[0]].came = row[1]
    due = _due(period).order_by().values(f"conversation__{column}")
    counted = due.annotate(kept=Count("pk", filter=_in_time(period)), missed=Count("pk", filter=_late(period)))
    for key, kept, missed in counted.values_list(f"conversation__{column}", "kept", "missed"):
        lines[key].in_time, lines[key].late = kept, missed
    for row in took:
        lines[row[place]].minutes.append(row[-1])
    if name == "agent":
        posts = Post.objects.filter(
            kind=PostKind.OUT, at__gte=period.since, at__lt=period.until, deleted_at=None, author__isnull=False
        )
        for key, count in posts.order_by().values("author").annotate(count=Count("pk")).values_list("author", "count"):
            lines[key].answers = count
    for key, found in satisfaction.by(name, period):
        lines[key].satisfaction = found
    names = _names(name, [key for key in lines if key is not None])
    for key, line in lines.items():
        line.key = "" if key is None else str(key)
        line.name = names.get(key, _("without a topic") if name == "topic" else _("nobody"))
    return sorted(lines.values(), key=lambda line: (-line.came, -line.answers, line.name))


def _names(group: str, keys: list[Any]) -> dict[Any, str]:
    if group == "way":
        return {key: saying.way(key) for key in keys}
    model = Conversation._meta.get_field(GROUPS[group]).related_model
    rows = model._default_manager.filter(pk__in=keys)  # type: ignore[union-attr]
    return {row.pk: str(row) for row in rows}


def _promises(period: Period) -> list[dict[str, Any]]:
    """Kept and broken by promise and kind, solutions among them."""
    rows = Deadline.objects.filter(conversation__merged_into__isnull=True).filter(_in_time(period) | _late(period))
    counted = (
        rows.exclude(conversation__status=Status.SPAM)
        .order_by("promise_name", "kind")
        .values("promise_name", "kind")
        .annotate(kept=Count("pk", filter=_in_time(period)), missed=Count("pk", filter=_late(period)))
    )
    columns = ("promise_name", "kind", "kept", "missed")
    return [
        {"promise": name, "kind": kind, "kept": kept, "missed": missed}
        for name, kind, kept, missed in counted.values_list(*columns)
    ]


def _complaints(period: Period) -> list[dict[str, Any]]:
    rows = ConversationProduct.objects.filter(conversation__in=behind(COMPLAINTS, period).values("pk"))
    counted = rows.order_by().values("product", "product__title").annotate(count=Count("conversation", distinct=True))
    return [
        {"product": product, "title": title, "count": count}
        for product, title, count in counted.order_by("-count", "product").values_list(
            "product", "product__title", "count"
        )[:_MOST_PRODUCTS]
    ]


def _line(group: str, line: Line) -> dict[str, Any]:
    prefix = {"topic": Topic.id_prefix, "agent": User.id_prefix}.get(group, "")
    return {
        "key": ids.encode(prefix, int(line.key)) if prefix and line.key else line.key,
        "name": line.name,
        "came": line.came,
        "in_time": line.in_time,
        "late": line.late,
        "answers": line.answers,
        "first_answer_median": _rounded(line.median),
        **line.satisfaction.as_json(),
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _number(key: str) -> int:
    return int(key) if key.isascii() and key.isdigit() and len(key) < 18 else 0
