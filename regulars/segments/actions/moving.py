"""Who is in a group changes: its bits, the spells behind them, its size of the day, and a fact for each customer.

Only these functions write members. Whoever calls them holds the group's row, and took a turn before
(`take_turn`): what a follower reckoned before that is thrown away.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from django.db import connection
from django.db.models import F
from pyroaring import BitMap

from regulars.core import bulk, shop
from regulars.customers.models import Customer
from regulars.customers.standings import id_list
from regulars.segments.bits import Ids, packed, unpacked
from regulars.segments.facts import JoinedSegment, LeftSegment
from regulars.segments.models import Following, Group, Size, Spell
from regulars.timeline.actions import record_many

_NOBODY = BitMap()


def take_turn() -> None:
    """Say that who is in which group changes in this transaction. Before the rows of groups are held."""
    if not Following.objects.filter(pk=1).update(turn=F("turn") + 1):
        Following.objects.bulk_create([Following(pk=1, turn=1)], ignore_conflicts=True)


def hold(groups: Collection[int]) -> dict[int, Group]:
    """The rows of groups, held until the transaction ends, in one order."""
    return {one.pk: one for one in Group.objects.select_for_update().filter(pk__in=groups).order_by("pk")}


def hold_customers(customers: Ids) -> BitMap:
    """Those of some customers who are there and listed; nobody erases them before the transaction ends."""
    if not customers:
        return BitMap()
    if connection.vendor == "postgresql":
        table = connection.ops.quote_name(Customer._meta.db_table)
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT id FROM {table} WHERE id = ANY(%s) AND is_listed ORDER BY id FOR KEY SHARE",  # noqa: S608
                [list(customers)],
            )
            return BitMap(number for (number,) in cursor.fetchall())
    return BitMap(Customer.objects.filter(pk__in=id_list(customers)).order_by().values_list("pk", flat=True))


def move(
    group: Group,
    *,
    joins: BitMap = _NOBODY,
    leaves: BitMap = _NOBODY,
    at: dt.datetime,
    untold: BitMap = _NOBODY,
) -> BitMap:
    """Let customers join and leave; who did. Who is in already does not join, who is not does not leave.

    A spell begins or ends for each, and a fact is recorded, but for `untold`: who only became part of another customer.
    """
    members, founders = unpacked(group.members), unpacked(group.founders)
    joins, leaves = joins - members, leaves & members
    if not joins and not leaves:
        return BitMap()
    moment = bulk.moment(at)
    if joins:
        # who was brought back may never have left
        there = Spell.objects.filter(group=group, left_at__isnull=True, customer__in=id_list(joins))
        new = joins - BitMap(there.values_list("customer_id", flat=True))
        same = {"group_id": group.pk, "joined_at": moment, "left_at": None, "is_founder": False}
        bulk.insert(Spell, ("customer_id",), [(number,) for number in new], same=same)
    if leaves:
        end_spells(group, leaves, founders=founders, at=at)
    write_members(group, (members | joins) - leaves, founders=founders - leaves, at=at)
    group_of = {"group": group.public_id, "group_name": group.name}
    joined, left = JoinedSegment(**group_of), LeftSegment(**group_of)
    told = [*((number, joined) for number in joins - untold), *((number, left) for number in leaves - untold)]
    if told:
        record_many(told, subject=Customer, at=at)
    return joins | leaves


def end_spells(group: Group, leaves: BitMap, *, founders: BitMap, at: dt.datetime) -> None:
    """End what these customers have in a group; who was in it from the beginning has a spell from now on, too."""
    first = leaves & founders
    if first:
        there = Customer.everyone.filter(pk__in=id_list(first)).order_by().values_list("pk", flat=True)
        spell = {"joined_at": bulk.moment(group.begun_at), "left_at": bulk.moment(at)}
        same = {"group_id": group.pk, **spell, "is_founder": True}
        bulk.insert(Spell, ("customer_id",), [(number,) for number in there], same=same)
    later = leaves - founders
    if later:
        rows = Spell.objects.filter(group=group, left_at__isnull=True, customer__in=id_list(later))
        rows.update(left_at=at)


def begin(group: Group, members: BitMap, *, at: dt.datetime) -> None:
    """A rule is new, or changed: whoever it gives is in the group from now on, and nobody is told.

    What was before it is kept as spells that ended.
    """
    was = unpacked(group.members)
    if was:
        end_spells(group, was, founders=unpacked(group.founders), at=at)
    group.begun_at = at
    write_members(group, members, founders=members, at=at)
    Group.objects.filter(pk=group.pk).update(begun_at=at)


def write_members(group: Group, members: BitMap, *, founders: BitMap, at: dt.datetime) -> None:
    """Write who is in a group, and how many that are today."""
    group.members, group.founders = packed(members), packed(founders)
    group.size, group.counted_at = len(members), at
    columns = ("members", "founders", "size", "counted_at")
    Group.objects.filter(pk=group.pk).update(**{name: getattr(group, name) for name in columns})
    note_sizes({group.pk: group.size})


def note_sizes(sizes: dict[int, int]) -> None:
    """Keep how many are in groups today."""
    today = shop.today()
    rows = [Size(group_id=pk, day=today, count=count) for pk, count in sizes.items()]
    Size.objects.bulk_create(rows, update_conflicts=True, unique_fields=["group", "day"], update_fields=["count"])


def forget(customers: Ids) -> None:
    """Somebody goes for good: no group remembers them. Inside that transaction."""
    gone = BitMap(customers)
    take_turn()
    following = Following.objects.get(pk=1)
    Following.objects.filter(pk=1).update(again=packed(unpacked(following.again) - gone))
    Spell.objects.filter(customer__in=id_list(gone)).delete()
    for group in Group.everything.select_for_update().order_by("pk"):
        members, founders = unpacked(group.members), unpacked(group.founders)
        if members.isdisjoint(gone) and founders.isdisjoint(gone):
            continue
        left = members - gone
        Group.everything.filter(pk=group.pk).update(
            members=packed(left), founders=packed(founders - gone), size=len(left)
        )
