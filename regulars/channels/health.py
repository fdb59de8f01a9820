"""How connections go: what waits, what failed, what came last, how far a pull is. Reads for pages and the API.

The number of queries does not grow with the rows, and no query counts what was taken in: that is most of it.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core.cache import cache
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.utils import timezone
from django_tasks import TaskResultStatus as Status
from django_tasks_db.models import DBTaskResult

from regulars.channels.actions.pulling import can_pull, is_pulling, pull
from regulars.channels.connectors.registry import connector_of
from regulars.channels.models import Channel, Connection, Delivery, Fate
from regulars.core.menu import Fresh
from regulars.core.models import Lease

PAGE = 50
_COUNTED = (Fate.WAITING, Fate.HELD, Fate.FAILED)
_LATE = dt.timedelta(minutes=2)
_FRESH = "channels.fresh"
_SECONDS = 10
_MOST_FRESH = 3


@dataclass(frozen=True, slots=True)
class Health:
    """One connection, and how it goes."""

    connection: Connection
    counts: dict[str, int]
    last_at: dt.datetime | None

    @property
    def waiting(self) -> int:
        """Deliveries that nobody looked at yet, or that wait for another one."""
        return self.counts.get(Fate.WAITING, 0) + self.counts.get(Fate.HELD, 0)

    @property
    def failed(self) -> int:
        """Deliveries that could not be taken in."""
        return self.counts.get(Fate.FAILED, 0)

    @property
    def heard_at(self) -> dt.datetime | None:
        """When something came from there last, sent or fetched."""
        return max(filter(None, (self.last_at, self.connection.pulled_at)), default=None)

    @property
    def light(self) -> str:
        """off, bad, busy, quiet (nothing came yet) or on."""
        if not self.connection.is_on:
            return "off"
        if self.failed or self.connection.error:
            return "bad"
        if is_pulling(self.connection) or self.counts.get(Fate.WAITING, 0):
            return "busy"
        return "on" if self.heard_at is not None else "quiet"

    @property
    def system(self) -> Any:
        """What people call the system; its short name where this version has no such connector."""
        try:
            return connector_of(self.connection.provider).label
        except KeyError:
            return self.connection.provider


@dataclass(frozen=True, slots=True)
class Place:
    """A channel with its connections."""

    channel: Channel
    joined: list[Health] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Pulling:
    """A pull that runs, or is about to: how far it is, and the job to stop."""

    job: DBTaskResult
    done: int
    total: int

    @property
    def is_running(self) -> bool:
        return bool(self.job.status == Status.RUNNING)

    @property
    def share(self) -> float:
        """How much is done, from 0 to 1; 0 where the platform does not say how much there is."""
        return min(1.0, self.done / self.total) if self.total else 0.0


def of(connections: Iterable[Connection]) -> list[Health]:
    """How these connections go, in two queries."""
    rows = list(connections)
    counts: dict[int, dict[str, int]] = defaultdict(dict)
    asked = Delivery.objects.filter(connection__in=rows, fate__in=_COUNTED) if rows else Delivery.objects.none()
    for number, fate, count in asked.order_by().values_list("connection_id", "fate").annotate(n=Count("pk")):
        counts[number][fate] = count
    last = _last_of(rows)
    return [Health(row, counts[row.pk], last.get(row.pk)) for row in rows]


def places() -> list[Place]:
    """All channels by name, each with its connections."""
    joined = defaultdict(list)
    for one in of(Connection.objects.select_related("channel")):
        joined[one.connection.channel_id].append(one)
    return [Place(channel, joined[channel.pk]) for channel in Channel.objects.all()]


def fresh(actor: Any) -> list[Fresh]:
    """From which channels something came, and when last, for the foot of pages: asked once in some seconds."""
    if not actor.may("orders.view"):
        return []
    kept: list[Fresh] | None = cache.get(_FRESH)
    if kept is None:
        kept = _fresh()
        cache.set(_FRESH, kept, _SECONDS)
    return kept


def _fresh() -> list[Fresh]:
    found: dict[str, Fresh] = {}
    for one in of(Connection.objects.filter(is_on=True).select_related("channel").order_by("channel__name", "pk")):
        if one.heard_at is not None:
            name = one.connection.channel.name
            known = found.get(name, Fresh(name, one.heard_at))
            found[name] = Fresh(name, max(known.at, one.heard_at), is_bad=known.is_bad or one.light == "bad")
    return sorted(found.values(), key=lambda one: one.at, reverse=True)[:_MOST_FRESH]


def deliveries(
    connection: Connection, *, fate: str = "", external_id: str = "", before: int | None = None, limit: int = PAGE
) -> tuple[list[Delivery], int | None]:
    """What a connection delivered, the newest first, and where the page after this one begins.

    Each fate has an index in that order; a page of all fates is put together from one page of each.
    """
    rows = Delivery.objects.filter(connection=connection).defer("body")
    if external_id:
        rows = rows.filter(external_id=external_id)
    if before is not None:
        rows = rows.filter(pk__lt=before)
    fates: Sequence[str] = [fate] if fate else Fate.values
    parts = [list(rows.filter(fate=one).order_by("-pk")[: limit + 1]) for one in fates]
    found = sorted((row for part in parts for row in part), key=lambda row: -row.pk)[: limit + 1]
    return found[:limit], found[limit - 1].pk if len(found) > limit else None


def pulling_of(connection: Connection) -> Pulling | None:
    """The pull of this connection that runs or is about to, if there is one."""
    job = _jobs(connection).order_by("status", "enqueued_at").first()
    if job is None:
        return None
    lease = Lease.objects.filter(job=job).first()
    return Pulling(job, lease.done if lease else 0, lease.total if lease else 0)


def may_pull(connection: Connection) -> bool:
    """Whether something can be fetched there now."""
    return connection.is_on and can_pull(connection)


def is_overdue(one: Health, *, now: dt.datetime | None = None) -> bool:
    """Whether deliveries wait although nobody seems to take them in: the worker may not run."""
    now = now or timezone.now()
    oldest = (
        Delivery.objects.filter(connection=one.connection, fate=Fate.WAITING)
        .order_by("pk")
        .values_list("received_at", flat=True)
        .first()
    )
    return oldest is not None and now - oldest > _LATE


def _jobs(connection: Connection) -> QuerySet[DBTaskResult]:
    return DBTaskResult.objects.filter(
        status__in=[Status.READY, Status.RUNNING],
        args_kwargs__kwargs__verb=pull.path,
        args_kwargs__kwargs__arguments__connection_id=connection.pk,
    )


def _last_of(rows: Sequence[Connection]) -> dict[int, dt.datetime]:
    """When each got its last delivery: the last of each fate is found by its index."""
    if not rows:
        return {}
    mine = Delivery.objects.filter(connection=OuterRef("pk")).order_by("-pk").values("received_at")
    names = {f"last_{fate}": Subquery(mine.filter(fate=fate)[:1]) for fate in Fate.values}
    found = Connection.objects.filter(pk__in=[row.pk for row in rows]).order_by()
    return {
        row[0]: max(moments)
        for row in found.annotate(**names).values_list("pk", *names)
        if (moments := [moment for moment in row[1:] if moment is not None])
    }
