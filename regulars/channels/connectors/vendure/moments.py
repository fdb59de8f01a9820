"""When a state was so. Vendure does not touch an order's own moment when money moves: all parts are looked at."""

from __future__ import annotations

import datetime as dt

from regulars.channels.connectors.reading import Json, child, children, moment

_PARTS = ("lines", "surcharges", "payments", "refunds", "fulfillments", "addresses", "variants")


def version(found: Json, at: dt.datetime | None) -> dt.datetime:
    """The latest moment that the object or a part of it names, and `at`, which is before it was read."""
    return max([dt.datetime.fromtimestamp(0, dt.UTC), *([at] if at else []), *_moments(found)])


def _moments(found: Json) -> list[dt.datetime]:
    own = [one for one in (moment(found, "updatedAt"), moment(found, "orderPlacedAt")) if one is not None]
    for name in _PARTS:
        for part in children(found, name):
            own += _moments(part)
    return own + (_moments(child(found, "customer")) if "customer" in found else [])
