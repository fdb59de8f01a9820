"""What was told, in a table: written by any process, read by all, and forgotten after some minutes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from regulars.core.background.schedule import every
from regulars.core.models import LiveEvent

KEPT = dt.timedelta(minutes=15)


def tell(topic: str, data: Mapping[str, Any] | None = None) -> None:
    """Tell everybody who listens to the topic; those of other processes hear it when this transaction is through.

    `data` says that something happened and to which row, and nothing that a wall would have to keep from anybody.
    """
    LiveEvent.objects.create(topic=topic, data=dict(data or {}))


def mark() -> int:
    """Where the telling stands now: a page that is drawn now asks for what comes after it."""
    return LiveEvent.objects.aggregate(last=Max("id"))["last"] or 0


def recent(topic: str, *, seconds: float) -> list[LiveEvent]:
    """What was told of a topic just now, oldest first."""
    since = timezone.now() - dt.timedelta(seconds=seconds)
    return list(LiveEvent.objects.filter(topic=topic, at__gte=since).order_by("id"))


@every(minutes=60, label=_("Forget what was told to open pages"))
def forget_told() -> None:
    """A page that was away for longer is drawn anew."""
    LiveEvent.objects.filter(at__lt=timezone.now() - KEPT).delete()
