"""Who joined a group and left it lately."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.utils import timezone

from regulars.customers.models import Customer
from regulars.segments.models import Group, Spell

_A_MONTH = dt.timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Move:
    """Somebody joined, or left."""

    customer: Customer
    at: dt.datetime
    is_joining: bool


def lately(group: Group) -> tuple[int, int]:
    """How many joined and how many left in the last thirty days, as far as the reader sees them: two queries."""
    since = timezone.now() - _A_MONTH
    spells = Spell.objects.filter(group=group)
    return spells.filter(joined_at__gte=since).count(), spells.filter(left_at__gte=since).count()


def moves(group: Group, *, size: int = 100) -> list[Move]:
    """The newest joinings and leavings, newest first; three queries, however many there are."""
    spells = Spell.objects.filter(group=group).select_related("customer")
    joined = [Move(one.customer, one.joined_at, True) for one in spells.order_by("-joined_at")[:size]]
    gone = spells.filter(left_at__isnull=False).order_by("-left_at")[:size]
    left = [Move(one.customer, one.left_at, False) for one in gone if one.left_at is not None]
    return sorted([*joined, *left], key=lambda move: (move.at, move.is_joining), reverse=True)[:size]
