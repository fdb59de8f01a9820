"""The list of groups, with how large each was on the days of the last three months."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any

from pyroaring import BitMap

from regulars.core import shop
from regulars.core.sight import current
from regulars.core.text import fold
from regulars.customers.models import Customer
from regulars.segments import curves
from regulars.segments.bits import unpacked
from regulars.segments.models import Folder, Group, Size
from regulars.segments.queries.seeing import seen

_SHOWN = dt.timedelta(days=92)
_A_MONTH = dt.timedelta(days=30)

SORTS: dict[str, Callable[[Shelved], Any]] = {
    "name": lambda one: one.group.key,
    "size": lambda one: (-one.group.size, one.group.key),
    "change": lambda one: (-(one.change or 0), one.group.key),
    "counted": lambda one: (-(one.group.counted_at.timestamp() if one.group.counted_at else 0), one.group.key),
}


@dataclass(slots=True, kw_only=True)
class Shelved:
    """One group of the list: its sizes, oldest first, and what the page says of it: its rule in words, who uses it."""

    group: Group
    points: list[curves.Point] = field(default_factory=list)
    used_by: list[Group] = field(default_factory=list)
    sentence: str = ""
    curve_label: str = ""

    @property
    def change(self) -> int | None:
        """How many more are in it than a month ago; None where that is not known."""
        was = curves.before(self.points, shop.today() - _A_MONTH)
        return None if was is None else self.group.size - was


@dataclass(slots=True, kw_only=True)
class Drawer:
    """A folder with its groups; None holds those in no folder."""

    folder: Folder | None
    groups: list[Shelved] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Shelf:
    """All groups that were asked for: in their folders, and those put away."""

    drawers: list[Drawer]
    archived: list[Shelved]
    folders: list[Folder]
    count: int


def shelf(*, reader: Any, search: str = "", sort: str = "name") -> Shelf:
    """Groups in their folders, as far as the reader may ask their rules. Three queries, however many there are."""
    folders = list(Folder.objects.all())
    groups = seen(Group.objects.select_related("folder").defer("members", "founders"), reader)
    words = fold(search).split()
    _cut(groups)
    asked = [one for one in groups if all(word in fold(f"{one.name} {one.description}") for word in words)]
    points = sizes(asked)
    found = [Shelved(group=one, points=points.get(one.pk, [])) for one in asked]
    found.sort(key=SORTS.get(sort, SORTS["name"]))
    by_folder: dict[int | None, list[Shelved]] = defaultdict(list)
    for one in found:
        if one.group.archived_at is None:
            by_folder[one.group.folder_id].append(one)
    drawers = [Drawer(folder=folder, groups=by_folder[folder.pk]) for folder in folders]
    if words:
        drawers = [drawer for drawer in drawers if drawer.groups]
    loose = by_folder[None]
    return Shelf(
        drawers=[*([Drawer(folder=None, groups=loose)] if loose else []), *drawers],
        archived=[one for one in found if one.group.archived_at is not None],
        folders=folders,
        count=len(groups),
    )


def _cut(groups: Collection[Group]) -> None:
    """Let groups be as large as this reader sees them, who does not see everybody."""
    if current().sees_all:
        return
    visible = BitMap(Customer.objects.order_by().values_list("pk", flat=True))
    members = dict(Group.objects.filter(pk__in=[one.pk for one in groups]).values_list("pk", "members"))
    for one in groups:
        one.size = unpacked(members[one.pk]).intersection_cardinality(visible)


def sizes(groups: Collection[Group], *, days: dt.timedelta = _SHOWN) -> dict[int, list[curves.Point]]:
    """How large groups were at the end of the days they were counted on, oldest first: one query.

    Whoever sees some customers only is told nothing: sizes are those of everybody.
    """
    if not current().sees_all:
        return defaultdict(list)
    rows = Size.objects.filter(group__in=[one.pk for one in groups], day__gte=shop.today() - days)
    found: dict[int, list[curves.Point]] = defaultdict(list)
    for pk, day, count in rows.order_by("day").values_list("group_id", "day", "count"):
        found[pk].append((day, count))
    return found
