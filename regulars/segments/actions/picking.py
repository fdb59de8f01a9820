"""Put customers into hand-picked groups, and take them out.

Spells are what somebody said: of a person with several records, any of them may have one, and a merge moves none. Bits
of hand-picked groups follow from them (`settle`).
"""

from __future__ import annotations

from collections import defaultdict

from django.utils import timezone
from django.utils.translation import gettext as _
from pyroaring import BitMap

from regulars.core.errors import Invalid
from regulars.customers import people
from regulars.customers.models import Customer
from regulars.customers.standings import id_list
from regulars.segments.actions import moving
from regulars.segments.bits import Ids, unpacked
from regulars.segments.models import Group, Spell
from regulars.staff.policy import verb


@verb
def pick(group: Group, *, customers: Ids) -> BitMap:
    """Put customers, by their ids, into a hand-picked group; who was not in it before. Raises Invalid."""
    roots = set(people.roots_of(customers).values()) if customers else set()
    there = moving.hold_customers(roots)
    current = _held(group)
    return moving.move(current, joins=there, at=timezone.now())


@verb
def unpick(group: Group, *, customers: Ids) -> BitMap:
    """Take customers out of a hand-picked group; who was in it. Raises Invalid."""
    roots = BitMap(people.roots_of(customers).values()) if customers else BitMap()
    current = _held(group)
    gone = roots & unpacked(current.members)
    at = timezone.now()
    moved = moving.move(current, leaves=gone, at=at)
    records = [pk for pks in people.records_of(list(gone)).values() for pk in pks] if gone else []
    rows = Spell.objects.filter(group=current, left_at__isnull=True, customer__in=id_list(records))
    rows.update(left_at=at)
    return moved


def settle(customers: Ids) -> None:
    """Customers were merged or taken apart, deleted or brought back: let the bits of hand-picked groups follow.

    Inside the transaction of a turn. Nobody joins or leaves by it, so nobody is told.
    """
    listed = set(Customer.objects.filter(pk__in=id_list(customers)).values_list("pk", flat=True))
    owner = {pk: root for root, pks in people.records_of(listed).items() for pk in pks}
    wanted: dict[int, BitMap] = defaultdict(BitMap)
    spells = Spell.objects.filter(
        customer__in=id_list(owner), left_at__isnull=True, group__is_by_rule=False, group__deleted_at__isnull=True
    )
    for group_id, number in spells.values_list("group_id", "customer_id"):
        wanted[group_id].add(owner[number])
    picked = Group.objects.filter(is_by_rule=False).values_list("pk", flat=True)
    for group in moving.hold(list(picked)).values():
        members = unpacked(group.members)
        now = (members - BitMap(customers)) | wanted[group.pk]
        if now != members:
            moving.write_members(group, now, founders=unpacked(group.founders), at=timezone.now())


def _held(group: Group) -> Group:
    moving.take_turn()
    current = moving.hold([group.pk]).get(group.pk)
    if current is None or current.is_by_rule:
        sentence = _("Who is in this group says its rule. Nobody is put there by hand.")
        raise Invalid(sentence, fields={"group": [sentence]})
    return current
