"""What this room itself, and the timeline below it, hold of a customer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Model, QuerySet

from regulars.customers.belongings import Holder
from regulars.customers.models import Address, Customer, Identity
from regulars.timeline.models import Entry

_OUR_FACTS = "customer."


def _profile(customer: Customer) -> Iterable[dict[str, Any]]:
    return _plain(Customer.objects.filter(pk=customer.pk), leave_out={"search_text", "sort_name"})


def _keep_until_deleted(_customer: Customer) -> None:
    """The row itself goes last, when every holder has let go."""


def _addresses(customer: Customer) -> Iterable[dict[str, Any]]:
    return _plain(Address.objects.filter(customer=customer), leave_out={"customer_id"})


def _identities(customer: Customer) -> Iterable[dict[str, Any]]:
    return _plain(Identity.objects.filter(customer=customer), leave_out={"customer_id"})


def _entries(customer: Customer) -> Iterable[dict[str, Any]]:
    return _plain(Entry.objects.filter(customer=customer), leave_out={"customer_id", "actor_id"})


def _blank_entries(customer: Customer) -> None:
    """What happened stays, for the audit log and the figures; what it says about the person goes."""
    entries = Entry.objects.filter(customer=customer)
    entries.filter(name__startswith=_OUR_FACTS).update(data={})
    entries.update(customer=None)


def _plain(rows: QuerySet[Any], *, leave_out: set[str]) -> Iterable[dict[str, Any]]:
    model: type[Model] = rows.model
    columns = [field.attname for field in model._meta.concrete_fields if field.attname not in leave_out]
    return rows.order_by("pk").values(*columns)


ALL = (
    Holder(name="profile", models=("customers.Customer",), export=_profile, forget=_keep_until_deleted),
    Holder(
        name="addresses",
        models=("customers.Address",),
        export=_addresses,
        forget=lambda customer: _delete(Address.objects.filter(customer=customer)),
    ),
    Holder(
        name="identities",
        models=("customers.Identity",),
        export=_identities,
        forget=lambda customer: _delete(Identity.objects.filter(customer=customer)),
    ),
    Holder(name="timeline", models=("timeline.Entry",), export=_entries, forget=_blank_entries),
)


def _delete(rows: QuerySet[Any]) -> None:
    rows.delete()
