"""Whom facts touch though their entries name somebody else, or nobody: asked for each new entry, without Arrow."""

from __future__ import annotations

from collections.abc import Collection

from regulars.customers.models import Customer, Tagging
from regulars.customers.standings import id_list
from regulars.segments.lake.tables import MOST_REACHED


def people_of(companies: Collection[int]) -> list[int]:
    """Who works at some customers, and is told by their name; nobody where those are very many."""
    rows = Customer.everyone.filter(organisation__in=id_list(companies)).order_by()
    found = list(rows.values_list("pk", flat=True)[: MOST_REACHED + 1])
    return found if len(found) <= MOST_REACHED else []


def tagged_with(tags: Collection[int]) -> list[int]:
    """Who has some tags that were brought back: while these were away, they stood in no version."""
    rows = Tagging.objects.filter(tag__in=id_list(tags)).order_by()
    return list(rows.values_list("customer_id", flat=True))
