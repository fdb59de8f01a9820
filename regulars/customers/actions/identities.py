"""What each channel calls a customer: add and remove."""

from __future__ import annotations

from django.utils.translation import gettext as _

from regulars.channels.models import Channel
from regulars.core.errors import Invalid
from regulars.customers import people, presenting
from regulars.customers.actions.profile import ExternalIdTaken, as_read, external_id_of, write
from regulars.customers.facts import IdentityChanged
from regulars.customers.models import Customer, Identity
from regulars.customers.normalise import require_someone
from regulars.staff.policy import verb
from regulars.timeline.actions import record


@verb
def add_identity(customer: Customer, *, channel: Channel, external_id: str) -> Identity:
    """Say under which id a channel knows somebody; an id belongs to one customer for ever.

    Raises Invalid, or ExternalIdTaken where it is somebody else's.
    """
    current = presenting.itself(as_read(customer, None))
    external_id = external_id_of(external_id, channel)
    if not external_id:
        sentence = _("Give the id that the channel has for this customer.")
        raise Invalid(sentence, fields={"external_id": [sentence]})
    known = Identity.objects.filter(channel=channel, external_id=external_id).select_related("customer").first()
    if known is not None and known.customer_id not in people.records_with(current):
        raise ExternalIdTaken(people.person(known.customer), external_id)
    if known is not None:
        return known
    added = Identity.objects.create(customer=current, channel=channel, external_id=external_id)
    write(current, {})
    record(IdentityChanged(changes={channel.name: ["", external_id]}), customer=current, subject=current)
    return added


@verb
def remove_identity(identity: Identity) -> None:
    """Forget what a channel calls somebody. The next import that names the id makes a new customer of it.

    Raises Invalid where then nothing would say who this is.
    """
    current = presenting.itself(as_read(identity.customer, None))
    others = Identity.objects.filter(customer=current).exclude(pk=identity.pk)
    if not others.exists():
        require_someone({field: getattr(current, field) for field in ("name", "company", "email", "phone")})
    Identity.objects.filter(pk=identity.pk).delete()
    write(current, {})
    changes = {identity.channel.name: [identity.external_id, ""]}
    record(IdentityChanged(changes=changes), customer=current, subject=current)
