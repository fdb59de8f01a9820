"""The list of addresses that are not written to: who comes onto it, and how somebody is taken off."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone
from django.utils.translation import gettext as _

from regulars.core.errors import Invalid
from regulars.customers.models import Customer
from regulars.messaging import digests
from regulars.messaging.facts import AddressLifted, AddressSuppressed
from regulars.messaging.models import Message, Suppression, Way
from regulars.staff.policy import verb
from regulars.timeline.actions import record, who_acts


@verb
def suppress(
    *,
    reason: str,
    way: str = Way.EMAIL,
    address: str = "",
    digest: str = "",
    purpose: str = "",
    note: str = "",
    message: Message | None = None,
    customer: Customer | None = None,
    since: dt.datetime | None = None,
) -> Suppression:
    """Write to this address no more: for nothing at all, or not for one purpose. Said twice, the first line stays.

    With a digest alone it works as well; then nobody can read which address it is.
    """
    if not address.strip() and not digest:
        sentence = _("There is no address to write to.")
        raise Invalid(sentence, fields={"address": [sentence]})
    found = digests.all_of(way, address) if address else [digest]
    known = Suppression._base_manager.select_for_update(of=("self",)).filter(
        digest__in=found, purpose=purpose, ended_at__isnull=True
    )
    already = known.first()
    if already is not None:
        return already
    row = Suppression._base_manager.create(
        way=way,
        digest=digest or found[0],
        address=address.strip(),
        customer=customer,
        reason=reason,
        purpose=purpose,
        note=note[:250],
        message=message,
        since=since or timezone.now(),
        made_by_id=who_acts().user_id,
    )
    record(AddressSuppressed(way=way, reason=reason, purpose=purpose), customer=customer, subject=row)
    return row


@verb
def lift(row: Suppression, *, reason: str) -> None:
    """Take an address off the list; the line stays, with who did it and why. Raises Invalid without a reason."""
    if not reason.strip():
        sentence = _("Say why this address may be written to again.")
        raise Invalid(sentence, fields={"reason": [sentence]})
    changed = Suppression._base_manager.filter(pk=row.pk, ended_at__isnull=True).update(
        ended_at=timezone.now(),
        ended_by_id=who_acts().user_id,
        ended_reason=reason.strip()[:250],
        updated_at=timezone.now(),
    )
    if changed:
        record(AddressLifted(way=row.way, reason=reason.strip()[:250]), customer=row.customer, subject=row)
