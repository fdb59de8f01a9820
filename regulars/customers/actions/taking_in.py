"""Take in what somebody brings along from another shop: the portable part of a copy (GDPR 20)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from regulars.channels.actions import channel_for
from regulars.core.errors import Invalid
from regulars.customers.actions.addresses import save_address
from regulars.customers.actions.contact_points import add_contact_point
from regulars.customers.actions.identities import add_identity
from regulars.customers.actions.profile import create_customer
from regulars.customers.actions.tags import tag
from regulars.customers.models import Customer
from regulars.customers.privacy.copying import FORMAT
from regulars.staff.policy import verb


@verb
def take_in_copy(copy: Mapping[str, Any]) -> Customer:
    """A new customer with the profile, addresses, e-mails, phones, numbers and tags of a copy (`person.json`).

    Taken in and copied again, it has the same digest. Raises Invalid, EmailTaken or ExternalIdTaken.
    """
    own = copy.get("portable")
    if copy.get("format") != FORMAT or not isinstance(own, Mapping):
        raise Invalid(_("This is no copy of a person's data that this version can read."), fields={})
    profile = dict(own.get("profile") or {})
    if profile.get("birthday") and profile.get("birth_year"):
        profile["birth_date"] = f"{profile.pop('birth_year')}-{profile.pop('birthday')}"
    customer = create_customer(values=profile)
    for address in own.get("addresses") or ():
        save_address(customer, values=address)
    for point in own.get("contact_points") or ():
        add_contact_point(customer, kind=point["kind"], value=point["value"], label=point.get("label", ""))
    for identity in own.get("identities") or ():
        add_identity(customer, channel=channel_for(identity["channel"]), external_id=identity["external_id"])
    if own.get("tags"):
        tag(customer, names=own["tags"])
    return customer
