"""Delete a customer for thirty days, bring one back meanwhile, and let go for good whoever was not brought back."""

from __future__ import annotations

import datetime as dt
from contextlib import suppress

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from regulars.core.background import every, progress
from regulars.core.errors import Refusal
from regulars.customers import people, search
from regulars.customers.actions.letting_go import let_go
from regulars.customers.actions.profile import EmailTaken, as_read, require_free_email, write
from regulars.customers.facts import CustomerDeleted, CustomerRestored
from regulars.customers.models import Customer, Identity
from regulars.staff.policy import told, verb
from regulars.timeline.actions import record

KEPT_FOR = dt.timedelta(days=30)


class NotDeleted(Refusal):
    """Only who is deleted can be brought back, or go for good."""

    slug = "not-deleted"


@verb
def delete_customer(customer: Customer, *, version: int | None = None) -> Customer:
    """Take a customer out of every list, search and choice; for thirty days they can be brought back. Raises Stale.

    Nothing that belongs to them is touched: their orders keep their customer, and the shop's figures stay.
    """
    current = as_read(customer, version)
    write(current, {"deleted_at": timezone.now(), "is_listed": False})
    search.mark_unindexed([current.pk])
    record(CustomerDeleted(public_id=current.public_id), customer=current, subject=current)
    return current


@verb
def restore_customer(customer: Customer) -> Customer:
    """Bring a deleted customer back. Raises NotDeleted, or EmailTaken where somebody has their e-mail now.

    Whoever was a record of another customer is one again, and stays off the lists.
    """
    current = _deleted(customer)
    _require_free_email(current)
    write(current, {"deleted_at": None, "is_listed": current.merged_into_id is None})
    search.mark_unindexed([current.pk])
    record(CustomerRestored(), customer=current, subject=current)
    return current


@verb
def erase_customer(customer: Customer) -> None:
    """Let a deleted customer go for good, with what belongs to them; every room decides about its own.

    The records that a merge put under them are the same person, and go with them. Raises NotDeleted.
    """
    let_go(_deleted(customer))


@every("03:10", label=gettext_lazy("Let go for good who was deleted thirty days ago"))
def erase_deleted() -> int:
    """Let go for good whoever was deleted thirty days ago, one by one; how many that were."""
    due = Customer.everyone.filter(deleted_at__lt=timezone.now() - KEPT_FOR).order_by("deleted_at")
    numbers = list(due.values_list("pk", flat=True))
    count = 0
    for number in numbers:
        with transaction.atomic():
            # who was brought back since the list was read stays; so does nobody who went with another
            one = due.select_for_update(of=("self",)).filter(pk=number).first()
            if one is not None:
                erase_customer(one)
                count += 1
        progress(count, len(numbers))
    return count


def goes_at(customer: Customer) -> dt.datetime | None:
    """When a deleted customer goes for good; None for all others."""
    return customer.deleted_at + KEPT_FOR if customer.deleted_at else None


def why_not_back(customer: Customer) -> str:
    """Why a deleted customer could not be brought back now, in a sentence; empty where nothing is in the way."""
    try:
        with transaction.atomic():
            _require_free_email(customer)
    except EmailTaken as taken:
        return _(
            "%(name)s has the e-mail %(email)s now. Give that customer another e-mail, or merge the two; "
            "then this one can come back."
        ) % {"name": told(taken.customer), "email": taken.email}
    return ""


def _require_free_email(customer: Customer) -> None:
    """Raises EmailTaken for any e-mail that comes back; two accounts of one channel may share one, as ever."""
    accounts = list(Identity.objects.filter(customer=customer).select_related("channel").order_by("id"))
    for email in people.emails_of([customer.pk])[customer.pk]:
        for account in accounts:
            with suppress(EmailTaken):
                require_free_email(email, channel=account.channel, external_id=account.external_id, besides=customer)
                break
        else:
            require_free_email(email, besides=customer)


def _deleted(customer: Customer) -> Customer:
    rows = Customer.everyone.select_for_update(of=("self",))
    current = rows.filter(pk=customer.pk, deleted_at__isnull=False).first()
    if current is None:
        raise NotDeleted(_("%(name)s is not deleted.") % {"name": told(customer)})
    return current
