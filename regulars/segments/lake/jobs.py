"""When the lake is built and refreshed: by the clock, when somebody asks, and at set-up."""

from __future__ import annotations

import datetime as dt
import logging
from http import HTTPStatus
from typing import Final

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from regulars.core import datakeys
from regulars.core.background import every, progress
from regulars.core.errors import Refusal
from regulars.customers.models import Customer
from regulars.segments.actions.grading import reckon_grades
from regulars.segments.lake import building, refreshing, versions
from regulars.segments.lake.building import Say
from regulars.segments.lake.columns import Unreadable
from regulars.segments.lake.tables import tables
from regulars.segments.lake.versions import Version

logger = logging.getLogger(__name__)

MINUTES: Final = 5
FEW: Final = 200
MANY: Final = 5_000
_OLD: Final = dt.timedelta(hours=1)
_ANEW: Final = 0.3  # the share of touched customers from which on building anew is quicker


class BeingBuilt(Refusal):
    """Somebody else builds or refreshes the lake at this moment."""

    slug = "lake-being-built"
    status = HTTPStatus.CONFLICT


@every(minutes=MINUTES, label=gettext_lazy("Refresh the columns that groups are asked of"))
def keep_fresh() -> int | None:
    """Bring the lake up to date where it is worth it; the number of the version that was made, if one was.

    Refreshed are one without whom something happened to a few thousand (in a small shop: a few) customers, one that is
    an hour old and not up to date, and at once one that somebody is in who is gone for good. The lake is no record and
    sends nothing: a restored shop in quarantine builds its own as well.
    """
    with versions.alone() as is_ours:
        if not is_ours or not Customer.objects.exists() or not tables():
            return None
        version = versions.usable()
        if version is None:
            reckon_grades()  # a shop whose first night is still to come
            return building.build().number
        found = refreshing.since(version)
        many = min(MANY, max(FEW, version.people // 100))
        is_due = (
            found.gone
            or len(found.touched) >= many
            or (found.touched and version.made_at < timezone.now() - _OLD)
            or version.generation < datakeys.named("files").newest
        )
        if not is_due:
            return None
        return _next(version, len(found.touched), progress).number


def build(*, say: Say = progress) -> Version:
    """Build the lake from the records, whatever there is. Raises BeingBuilt."""
    with versions.alone() as is_ours:
        _require(is_ours)
        reckon_grades()
        return building.build(say=say)


def refresh(*, say: Say = progress) -> Version:
    """Bring the lake up to date now; build it where there is none to go on from. Raises BeingBuilt."""
    with versions.alone() as is_ours:
        _require(is_ours)
        version = versions.usable()
        if version is None:
            return building.build(say=say)
        return _next(version, len(refreshing.since(version).touched), say)


def reseal() -> int:
    """Write the lake anew with the newest keys, where older ones sealed it; how many versions that were."""
    newest = versions.newest()
    if newest is None:
        return 0
    version = versions.usable()
    if version is None:
        return versions.remove()
    if version.generation >= datakeys.named("files").newest:
        return versions.remove(besides={version.number})
    refresh()
    versions.remove(besides={versions.newest()})
    return 1


def ask() -> None:
    """Have it built or refreshed by the worker as soon as it can."""
    keep_fresh.later()


def ask_for_first() -> None:
    """At set-up: have it built where there is none that this release can use."""
    if Customer.objects.exists() and tables() and versions.usable() is None:
        ask()


def _next(version: Version, touched: int, say: Say) -> Version:
    if touched > _ANEW * max(version.people, 1) and touched > FEW:
        return building.build(say=say)
    try:
        return refreshing.refresh(version, say=say)
    except Unreadable:
        logger.warning("version %s of the lake is damaged, and is built anew", version.number)
        versions.set_aside(version.number)
        return building.build(say=say)


def _require(is_ours: bool) -> None:
    if not is_ours:
        raise BeingBuilt(_("The lake is being built or refreshed at this moment. Wait for its end."))
