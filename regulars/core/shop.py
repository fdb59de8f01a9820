"""The shop this installation belongs to: its name, currency, time zone, country and language."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

from django.core.cache import cache
from django.utils import timezone

from regulars.core.models import Shop

_KEY = "core.shop"
_SECONDS = 10  # another process that changes the shop is noticed within this time


def current() -> Shop:
    """The shop, with the defaults of a new one where nobody has said anything yet."""
    shop: Shop | None = cache.get(_KEY)
    if shop is None:
        shop = Shop.objects.first() or Shop()
        cache.set(_KEY, shop, _SECONDS)
    return shop


def change(**values: Any) -> Shop:
    """Set the given fields of the shop and return it; validation errors are Django's."""
    shop = Shop.objects.first() or Shop()
    for name, value in values.items():
        setattr(shop, name, value)
    shop.full_clean(validate_unique=False, validate_constraints=False)
    shop.save()
    cache.delete(_KEY)
    return shop


def zone() -> ZoneInfo:
    """The shop's time zone; days begin and end here."""
    return ZoneInfo(current().time_zone)


def today() -> dt.date:
    """The day it is in the shop."""
    return timezone.now().astimezone(zone()).date()


def start_of(day: dt.date) -> dt.datetime:
    """The moment a day of the shop begins, in UTC."""
    return dt.datetime.combine(day, dt.time.min, tzinfo=zone()).astimezone(dt.UTC)
