"""Rights that somebody asked a shop platform for, which it passes on to us: they wait among our own requests.

Who asked is the platform's word. What is done about it, and whether it was them, is decided here as always.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _

from regulars.channels.intake import Taken
from regulars.channels.mirroring import locals_of
from regulars.channels.models import Channel
from regulars.channels.records import CustomerRecord, PrivacyRecord
from regulars.customers.actions.privacy import ask_for_right
from regulars.customers.models import Customer, Identity, PrivacyRequest
from regulars.staff.policy import verb

_KINDS = {"copy": PrivacyRequest.Kind.COPY, "erasure": PrivacyRequest.Kind.ERASURE}


@verb
def take_requests(channel: Channel, records: Sequence[PrivacyRecord]) -> list[Taken]:
    """A request for each record, made once."""
    known = locals_of(channel, PrivacyRecord.kind, [one.external_id for one in records])
    there = {request.pk: request for request in PrivacyRequest.objects.filter(pk__in=list(known.values()))}
    answers = []
    for one in records:
        request = there.get(known.get(one.external_id, 0)) or _asked(channel, one)
        answers.append(Taken(local_id=request.pk, customer_id=request.customer_id))
    return answers


def remove_requests(_channel: Channel, _ids: Sequence[int]) -> None:
    """A platform takes no request back; ours are answered, never removed."""


def _asked(channel: Channel, record: PrivacyRecord) -> PrivacyRequest:
    customer = _customer(channel, record)
    details = _("Passed on by %(channel)s; its number for them is %(number)s.") % {
        "channel": channel.name,
        "number": record.customer_id or "–",
    }
    return ask_for_right(
        customer,
        kind=_KINDS[record.wants],
        way=PrivacyRequest.Way.API,
        asked_by=record.email or record.phone or _("Customer %(number)s") % {"number": record.customer_id or "–"},
        details=details,
    )


def _customer(channel: Channel, record: PrivacyRecord) -> Customer | None:
    """The customer whom the channel knows by this number; nobody by an address alone, which proves nothing."""
    if not record.customer_id:
        return None
    local = locals_of(channel, CustomerRecord.kind, [record.customer_id]).get(record.customer_id)
    if local is not None and (found := Customer.objects.filter(pk=local).first()) is not None:
        return found
    identity = Identity.objects.filter(channel=channel, external_id=record.customer_id).select_related("customer")
    first = identity.first()
    return first.customer if first is not None else None
