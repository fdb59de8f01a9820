"""Saved groups in a query: one by rule is its query, one that was picked by hand is its members.

A group may stand on others, as deep as people like, but on itself neither directly nor through others.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from pyroaring import BitMap

from regulars.core import sight
from regulars.core.errors import Refusal
from regulars.core.text import fold
from regulars.customers.models import Customer
from regulars.segments.bits import unpacked
from regulars.segments.models import Group

if TYPE_CHECKING:
    from regulars.segments.engine.sets import Sets


class GroupCycle(Refusal):
    """A group that stands on itself; `path` are the names from the group back to it."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    slug = "group-cycle"

    def __init__(self, path: tuple[str, ...]) -> None:
        super().__init__(
            _("A group cannot stand on itself: %(path)s. Take one of these out of the other.")
            % {"path": " → ".join(f"“{name}”" for name in path)}
        )
        self.path = path


class UnknownGroup(Refusal):
    """A query asks for a group that is not there."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    slug = "unknown-group"

    def __init__(self, name: str) -> None:
        super().__init__(_("There is no group “%(name)s”.") % {"name": name})
        self.name = name


def named(name: str) -> Group | None:
    """The group of a name, without regard to capitals."""
    with sight.looking(sight.EVERYTHING):
        return Group.objects.filter(key=fold(name)).first()


def in_group(name: str, sets: Sets) -> BitMap:
    """Who is in the saved group of a name, whoever asks. Raises GroupCycle, UnknownGroup."""
    known = sets.of_groups.get(name)
    if known is not None:
        return known
    group = named(name)
    if group is None:
        raise UnknownGroup(name)
    if group.name in sets.trail:
        raise GroupCycle((*sets.trail[sets.trail.index(group.name) :], group.name))
    if group.is_by_rule:
        before, sets.trail = sets.trail, (*sets.trail, group.name)
        try:
            found = sets.of(sets.rule_of(group))
        finally:
            sets.trail = before
    else:
        found = listed(unpacked(group.members), sets) & sets.everyone
    sets.of_groups[name] = found
    return found


def listed(picked: BitMap, sets: Sets) -> BitMap:
    """Hand-picked people as they are listed now: who was merged since is found as the one they were merged into."""
    everyone = sets.view.everyone
    there, merged = picked & everyone, picked - everyone
    if merged:
        into = Customer.everyone.filter(pk__in=list(merged), merged_into__isnull=False)
        with sight.looking(sight.EVERYTHING):
            there |= BitMap(into.order_by().values_list("merged_into_id", flat=True)) & everyone
    return there
