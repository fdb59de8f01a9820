"""What the ledger of mails holds of a customer: the mails they sent, as they came."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from regulars.customers.belongings import Holder
from regulars.customers.models import ContactPoint, Customer
from regulars.inbox import digests
from regulars.inbox.mail import raw
from regulars.inbox.models import Arrival


def _export(customer: Customer) -> Iterable[dict[str, Any]]:
    for row in _of(customer).order_by("pk"):
        yield {
            "sender": row.about.get("sender", ""),
            "to": row.about.get("to", ""),
            "subject": row.about.get("subject", ""),
            "received_at": row.received_at,
            "outcome": row.outcome,
        }


def _forget(customer: Customer) -> None:
    """The rows stay, so that none of these mails is fetched again; what they said of anybody goes, on the disk too."""
    rows = list(_of(customer).values_list("pk", "key"))
    keys = [key for _pk, key in rows]
    Arrival._base_manager.filter(pk__in=[pk for pk, _key in rows]).update(
        about={}, reason="", sender_digest="", customer=None, is_erased=True, updated_at=timezone.now()
    )
    transaction.on_commit(lambda: raw.remove(keys))


def _of(customer: Customer) -> Any:
    """What they wrote: whatever became theirs, and whatever else came from one of their addresses."""
    points = ContactPoint._base_manager.filter(customer=customer, kind="email").values_list("value", flat=True)
    found = {digests.of(address) for address in (*points, customer.email or "")} - {""}
    return Arrival._base_manager.filter(Q(customer=customer) | Q(sender_digest__in=found))


HOLDER = Holder(
    name="mails",
    models=("inbox.Arrival",),
    export=_export,
    forget=_forget,
    tells=("about", "received_at", "outcome"),
)
