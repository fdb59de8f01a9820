"""WooCommerce's customers and addresses as records."""

from __future__ import annotations

import datetime as dt

from regulars.channels.connectors.reading import Json, child, identity, moment, surely, text
from regulars.channels.records import AddressRecord, CustomerRecord


def customer_of(source: Json) -> CustomerRecord:
    """An account. Shops do not ask people to confirm their address, so that it counts as unverified."""
    billing = address_of(child(source, "billing")) or address_of(child(source, "shipping"))
    return CustomerRecord(
        external_id=identity(source),
        version=surely(moment(source, "date_modified_gmt", "date_created_gmt"), "date_modified_gmt"),
        email=text(source, "email") or text(child(source, "billing"), "email"),
        phone=billing.phone if billing else "",
        given_name=text(source, "first_name") or text(child(source, "billing"), "first_name"),
        family_name=text(source, "last_name") or text(child(source, "billing"), "last_name"),
        company=billing.company if billing else "",
        country=billing.country if billing else "",
        since=moment(source, "date_created_gmt"),
        address=billing,
    )


def buyer_of(order: Json, *, at: dt.datetime) -> CustomerRecord | None:
    """Whom an order names: an account (`customer_id`) or a guest; None where the till asked nobody.

    What an account itself says is newer than any of its orders: this counts as of the purchase.
    """
    billing = child(order, "billing")
    address = address_of(billing)
    number = text(order, "customer_id")
    number = "" if number == "0" else number
    if not (number or address or text(billing, "email")):
        return None
    return CustomerRecord(
        external_id=number,
        version=at,
        email=text(billing, "email"),
        phone=text(billing, "phone"),
        given_name=text(billing, "first_name"),
        family_name=text(billing, "last_name"),
        company=text(billing, "company"),
        country=text(billing, "country"),
        address=address,
    )


def address_of(source: Json) -> AddressRecord | None:
    """An address; None where nothing is written in it."""
    found = AddressRecord(
        name=" ".join(filter(None, (text(source, "first_name"), text(source, "last_name")))),
        company=text(source, "company"),
        line1=text(source, "address_1"),
        line2=text(source, "address_2"),
        city=text(source, "city"),
        region=text(source, "state"),
        postcode=text(source, "postcode"),
        country=text(source, "country"),
        phone=text(source, "phone"),
    )
    return found if found != AddressRecord() else None
