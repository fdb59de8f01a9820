"""The nightly audit: figures that are wrong are found before somebody relies on them."""

from __future__ import annotations

import logging
from itertools import islice

from django.utils.translation import gettext_lazy as _

from regulars.core.background import every
from regulars.orders.facts import FiguresDiffered
from regulars.orders.queries.verification import differences
from regulars.timeline.actions import record

_NAMED = 20

log = logging.getLogger(__name__)


@every("03:30", label=_("Compute all totals and figures again and compare"))
def verify_all() -> int:
    """Look for differences as `regulars verify` does; log each, and record the first of them for the audit log.

    Nothing is repaired: a wrong figure is a mistake of ours, and the wrong value is the trace that leads to it.
    """
    found = differences()
    first = list(islice(found, _NAMED))
    for difference in first:
        log.error("%s", difference.sentence)
    count = len(first) + sum(1 for _difference in found)
    if count:
        named = tuple(f"{difference.id} {difference.field}" for difference in first)
        record(FiguresDiffered(count=count, named=named))
    return count
