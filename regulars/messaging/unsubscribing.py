"""The way out of marketing: a signed link in each such mail, and what saying no writes down.

The link tells who, by which way, at which address (as a digest), so that it works after the message was forgotten.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core import signing
from django.urls import reverse
from django.utils.translation import gettext as _

from regulars.core.errors import Refusal
from regulars.customers.actions.consent import record_consent
from regulars.customers.models import Consent, ConsentRecord, ConsentState, Customer, Medium
from regulars.messaging import digests
from regulars.messaging.gate import MARKETING
from regulars.messaging.models import Message, Suppression
from regulars.messaging.suppressing import suppress
from regulars.staff.policy import verb

_SALT = "messages.unsubscribe"


class BadLink(Refusal):
    """The link of a mail is not ours, or not complete."""

    slug = "link-too-old"


@dataclass(frozen=True, slots=True)
class Link:
    """What a link says: who does not want to be written to, by which way, and for which message they say so."""

    customer_id: int | None
    way: str
    digest: str
    message_id: int | None = None


def link(*, customer: Customer | None, way: str, to: str, message: Message | None = None) -> str:
    """The whole address of the page on which somebody says no. It never grows old."""
    said = [customer.pk if customer else None, way, digests.of(way, to), message.pk if message else None]
    return settings.PUBLIC_URL + reverse("messaging:unsubscribe", args=[signing.dumps(said, salt=_SALT)])


def link_of(message: Message) -> str:
    """The link of one message."""
    return link(customer=message.customer, way=message.way, to=message.to, message=message)


def read(token: str) -> Link:
    """What a link says. Raises BadLink."""
    try:
        customer_id, way, digest, message_id = signing.loads(token, salt=_SALT)
    except (signing.BadSignature, ValueError):
        raise BadLink(_("This link is not complete. Open it from the mail once more.")) from None
    return Link(customer_id, way, digest, message_id)


def is_refused(said: Link) -> bool:
    """Whether they said no already, and nothing else since."""
    stands = Suppression.objects.filter(digest=said.digest, purpose=MARKETING, ended_at__isnull=True).exists()
    person = _person(said)
    if person is None:
        return stands
    held = Consent.objects.filter(customer=person, medium=said.way, purpose=MARKETING).first()
    return held is not None and held.state == ConsentState.REFUSED


@verb
def refuse(said: Link, *, proof: dict[str, Any]) -> None:
    """Write down that somebody wants no marketing by this way: in the ledger, and on the list for their address.

    Said twice it is written once.
    """
    if is_refused(said):
        return
    message = Message._base_manager.filter(pk=said.message_id).first() if said.message_id else None
    address = message.to if message is not None else ""
    person = _person(said)
    if person is not None and said.way in Medium.values:
        record_consent(
            person,
            medium=said.way,
            state=ConsentState.REFUSED,
            source=ConsentRecord.Source.UNSUBSCRIBE,
            purpose=MARKETING,
            value=address[:254],
            proof={**proof, **({"message": message.public_id} if message is not None else {})},
        )
    suppress(
        way=said.way,
        address=address,
        digest=said.digest,
        reason=Suppression.Reason.UNSUBSCRIBED,
        purpose=MARKETING,
        message=message,
        customer=person,
    )


def _person(said: Link) -> Customer | None:
    found = Customer.everyone.filter(pk=said.customer_id or 0).select_related("merged_into").first()
    return found.person if found is not None and found.person.is_listed else None
