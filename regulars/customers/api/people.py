"""Whom an id in an address of the API means, where records were merged.

The id of a record that was merged stays good for ever: reading it answers with the customer it is now (whose id is in
the answer), and what is written to it is written to that record, as its source knows it.
"""

from __future__ import annotations

from http import HTTPStatus

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from regulars.core.api import problems
from regulars.core.api.problems import Problem
from regulars.core.errors import Refusal
from regulars.customers.models import Customer

problems.describe(
    "merged-record",
    status=HTTPStatus.CONFLICT,
    title=gettext_lazy("The record was merged into a customer"),
    text=gettext_lazy(
        "The id is that of a record which is part of another customer now. Delete that customer by its own id, or take "
        "the merge back first."
    ),
)


class MergedRecord(Refusal):
    """A part of a customer cannot be deleted alone."""

    slug = "merged-record"


def addressed(customer_id: str, *, to_change: bool = False) -> Customer:
    """The very record of an id, locked together with the customer it is where it is to be changed; else a 404."""
    rows = Customer.everyone.filter(deleted_at__isnull=True)
    pk = Customer.pk_of(customer_id) or 0
    if to_change:
        # the listed one first, as everybody does who changes a person
        root = rows.filter(records=pk).values_list("pk", flat=True).first()
        list(rows.select_for_update(of=("self",), no_key=True).filter(pk__in=[pk, root or pk]).order_by("pk"))
    record = rows.select_related("merged_into").filter(pk=pk).first()
    if record is None or not record.person.is_listed:
        raise Problem("not-found", _("There is nothing with the id %(id)s here.") % {"id": customer_id})
    return record


def listed(customer_id: str) -> Customer:
    """The customer that the record of an id is now; else a 404."""
    return addressed(customer_id).person


def refuse_merged(record: Customer) -> None:
    """Raises MergedRecord for a record that is part of another customer."""
    if record.merged_into is not None:
        raise MergedRecord(
            _("This record is part of %(name)s (%(id)s). Delete that customer, or take the merge back first.")
            % {"name": record.merged_into, "id": record.merged_into.public_id}
        )
