"""Groups on the customer page: which ones somebody is in, and since when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from regulars.customers import people
from regulars.customers.models import Customer
from regulars.segments.bits import unpacked
from regulars.segments.models import Group, Spell
from regulars.segments.queries.seeing import seen

if TYPE_CHECKING:
    from django.http import HttpRequest


def groups(request: HttpRequest, customer: Customer) -> dict[str, Any]:
    """The groups of a customer, the newest first: those that the reader sees."""
    root = customer.merged_into_id or customer.pk
    rows = Group.objects.filter(archived_at__isnull=True)
    found = [group for group in rows if root in unpacked(group.members)]
    spells = Spell.objects.filter(customer__in=people.records(customer), left_at__isnull=True)
    since = dict(spells.order_by("-joined_at").values_list("group_id", "joined_at")) if found else {}
    lines = [
        {"group": group, "since": since.get(group.pk, group.begun_at), "is_founder": group.pk not in since}
        for group in seen(found, request.user)
    ]
    return {"lines": sorted(lines, key=lambda line: line["since"], reverse=True)}
