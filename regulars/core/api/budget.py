"""How often a token may call: a bucket that fills evenly, so that a burst passes and a loop without end does not."""

from __future__ import annotations

import math
import threading
import time

from django.conf import settings
from django.utils.translation import gettext as _

from regulars.core.api.problems import Problem

_MOST_BUCKETS = 10_000
_buckets: dict[int, tuple[float, float]] = {}  # token: calls left, and when that was
_lock = threading.Lock()


def spend(token_id: int) -> None:
    """Count one call of a token; Problem 429 with the seconds to wait where it has none left.

    Counted in each web process by itself: a token whose calls come to two processes may make up to twice as many. That
    is the price of asking no database on every call, and the limit is there against loops, not for billing.
    """
    a_minute: int = settings.API_CALLS_A_MINUTE
    if not a_minute:
        return
    now = time.monotonic()
    with _lock:
        left, at = _buckets.get(token_id, (float(a_minute), now))
        left = min(float(a_minute), left + (now - at) * a_minute / 60)
        has_one = left >= 1
        if len(_buckets) >= _MOST_BUCKETS and token_id not in _buckets:
            _buckets.clear()
        _buckets[token_id] = (left - 1 if has_one else left, now)
    if not has_one:
        seconds = math.ceil((1 - left) * 60 / a_minute)
        raise Problem(
            "too-many-requests",
            _("This token may make %(count)s calls a minute. Wait a moment and go on.") % {"count": a_minute},
            headers={"Retry-After": str(seconds)},
        )


def forget() -> None:
    """Give every token its full budget again; for tests."""
    with _lock:
        _buckets.clear()
