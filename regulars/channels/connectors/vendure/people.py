"""Customers of Vendure: accounts, and guests, whom it gives a number as well."""

from __future__ import annotations

import datetime as dt

from regulars.channels.connectors.reading import Json, child, children, identity, moment, text
from regulars.channels.connectors.vendure.moments import version
from regulars.channels.records import AddressRecord, CustomerRecord


def customer(found: Json, at: dt.datetime | None) -> CustomerRecord:
    """Somebody with the address they send to. Raises Unreadable."""
    addresses = children(found, "addresses")
    mine = next((one for one in addresses if one.get("defaultShippingAddress") is True), None)
    place = address(mine or (addresses[0] if addresses else {}))
    return CustomerRecord(
        external_id=identity(found),
        version=version(found, at),
        email=text(found, "emailAddress"),
        # an account that was confirmed by a mail; nobody has asked a guest
        is_email_verified=child(found, "user").get("verified") is True,
        phone=text(found, "phoneNumber") or (place.phone if place else ""),
        given_name=text(found, "firstName"),
        family_name=text(found, "lastName"),
        company=place.company if place else "",
        country=place.country if place else "",
        tags=tuple(name for one in children(found, "groups") if (name := text(one, "name"))),
        since=moment(found, "createdAt"),
        address=place,
    )


def address(found: Json) -> AddressRecord | None:
    """An address of an order or a person; None where nothing was entered."""
    read = AddressRecord(
        name=text(found, "fullName"),
        company=text(found, "company"),
        line1=text(found, "streetLine1"),
        line2=text(found, "streetLine2"),
        city=text(found, "city"),
        region=text(found, "province"),
        postcode=text(found, "postalCode"),
        country=text(found, "countryCode") or text(child(found, "country"), "code"),
        phone=text(found, "phoneNumber"),
    )
    return read if read != AddressRecord() else None
