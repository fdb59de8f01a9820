"""Who is deleted and can still come back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from django.db.models import Q

from regulars.customers.facts import CustomerDeleted
from regulars.customers.models import Customer
from regulars.timeline.models import Entry

PAGE = 50

Place = tuple[dt.datetime, int]


def deleted_page(after: Place | None = None) -> tuple[list[Customer], Place | None]:
    """A page of deleted customers, the latest first, and the place after which the next page begins."""
    rows = Customer.everyone.filter(deleted_at__isnull=False).order_by("-deleted_at", "-pk")
    if after is not None:
        at, number = after
        rows = rows.filter(Q(deleted_at__lt=at) | Q(deleted_at=at, pk__lt=number))
    found = list(rows[: PAGE + 1])
    last = found[PAGE - 1] if len(found) > PAGE else None
    return found[:PAGE], (last.deleted_at, last.pk) if last and last.deleted_at else None


def who_deleted(customer_ids: Collection[int]) -> dict[int, str]:
    """Who of the team deleted each of these customers, by name; nobody where a program or the clock did."""
    deeds = Entry.objects.filter(customer_id__in=customer_ids, name__in=[CustomerDeleted.name, "customer.bulk_changed"])
    # the latest deed is read last, and stays
    named = deeds.filter(actor__isnull=False).order_by("id").values_list("customer_id", "actor__name", "name", "data")
    return {
        customer_id: name
        for customer_id, name, fact, data in named
        if customer_id is not None and (fact == CustomerDeleted.name or data.get("action") == "delete")
    }
