"""What groups hold of a customer, and what becomes of it when they go."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from regulars.customers import people
from regulars.customers.belongings import Holder
from regulars.customers.models import Customer
from regulars.segments.actions import moving
from regulars.segments.bits import unpacked
from regulars.segments.models import Group, Spell


def _groups(customer: Customer) -> Iterable[dict[str, Any]]:
    """Which groups they are or were in, since when, until when."""
    founded = people.root_of(customer.pk)
    for group in Group.objects.order_by("pk"):
        if founded == customer.pk and founded in unpacked(group.founders):
            yield {"group": group.name, "joined_at": group.begun_at, "left_at": None, "is_founder": True}
    spells = Spell.objects.filter(customer=customer, group__deleted_at__isnull=True).order_by("pk")
    columns = ("joined_at", "left_at", "is_founder")
    for name, *said in spells.values_list("group__name", *columns):
        yield {"group": name, **dict(zip(columns, said, strict=True))}


ALL = (
    Holder(
        name="groups",
        models=("segments.Spell",),
        export=_groups,
        forget=lambda customer: moving.forget([customer.pk]),
        tells=("group", "joined_at", "left_at", "is_founder"),
    ),
)
