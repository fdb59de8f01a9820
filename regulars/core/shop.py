"""The shop this installation belongs to: its name, currency, time zone, country and language."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from django.utils import timezone

from regulars.core.models import Shop

_KEY = "core.shop"
_CHANGED = "shop-changed"  # an empty file in the data folder, touched by whoever changes the shop
_looked_up: ContextVar[Shop | None] = ContextVar("looked_up", default=None)
_SECONDS = 10  # a process on another machine that changes the shop is noticed within this time


def current() -> Shop:
    """The shop, with the defaults of a new one where nobody has said anything yet."""
    looked_up = _looked_up.get()
    if looked_up is not None:
        return looked_up
    changed_at = _changed_at()
    kept: tuple[int, Shop] | None = cache.get(_KEY)
    if kept is None or kept[0] != changed_at:
        kept = changed_at, Shop.objects.first() or Shop()
        cache.set(_KEY, kept, _SECONDS)
    return kept[1]


@contextmanager
def looked_up_once() -> Iterator[None]:
    """For work on many rows that asks for the shop at each: inside, it is as it was at the beginning."""
    token = _looked_up.set(current())
    try:
        yield
    finally:
        _looked_up.reset(token)


def change(**values: Any) -> Shop:
    """Set the given fields of the shop and return it; validation errors are Django's."""
    shop = Shop.objects.first() or Shop()
    for name, value in values.items():
        setattr(shop, name, value)
    shop.full_clean(validate_unique=False, validate_constraints=False)
    shop.save()
    cache.delete(_KEY)
    transaction.on_commit(_tell_other_processes)
    return shop


def _tell_other_processes() -> None:
    """The page after a change may come from another web process, and must not show the old name."""
    settings.REGULARS_HOME.mkdir(parents=True, exist_ok=True)
    (settings.REGULARS_HOME / _CHANGED).touch()


def _changed_at() -> int:
    try:
        return os.stat(settings.REGULARS_HOME / _CHANGED).st_mtime_ns  # noqa: PTH116 — asked many times for each page
    except FileNotFoundError:
        return 0


def zone() -> ZoneInfo:
    """The shop's time zone; days begin and end here."""
    return ZoneInfo(current().time_zone)


def today() -> dt.date:
    """The day it is in the shop."""
    return timezone.now().astimezone(zone()).date()


def start_of(day: dt.date) -> dt.datetime:
    """The moment a day of the shop begins, in UTC."""
    return dt.datetime.combine(day, dt.time.min, tzinfo=zone()).astimezone(dt.UTC)
