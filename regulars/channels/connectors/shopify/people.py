"""Shopify's customers and addresses as records."""

from __future__ import annotations

import datetime as dt

from regulars.channels.connectors.reading import Json, child, children, identity, moment, surely, text, words
from regulars.channels.records import AddressRecord, Consent, CustomerRecord

# The states of email_marketing_consent and sms_marketing_consent; in all others nobody was asked, or they still are.
_CONSENTS = {"subscribed": True, "unsubscribed": False, "not_subscribed": None, "redacted": None}


def customer_of(source: Json, *, zone: dt.tzinfo, at: dt.datetime | None = None) -> CustomerRecord:
    """A customer; one that came inside an order may not say when it changed, and counts as of `at`."""
    version = moment(source, "updated_at", "created_at", zone=zone) or at
    address = address_of(child(source, "default_address") or next(iter(children(source, "addresses")), {}))
    return CustomerRecord(
        external_id=identity(source),
        version=surely(version, "updated_at"),
        email=text(source, "email"),
        is_email_verified=source.get("verified_email") is True,
        phone=text(source, "phone") or (address.phone if address else ""),
        given_name=text(source, "first_name"),
        family_name=text(source, "last_name"),
        company=address.company if address else "",
        language=text(source, "locale").partition("-")[0],
        country=address.country if address else "",
        note=text(source, "note"),
        tags=words(source, "tags"),
        since=moment(source, "created_at", zone=zone),
        address=address,
        consents=tuple(_consents(source, zone)),
    )


def buyer_of(source: Json, *, zone: dt.tzinfo, at: dt.datetime) -> CustomerRecord | None:
    """Whom an order or a checkout names: its customer, else a guest with what they left; None where nobody is named."""
    customer = child(source, "customer")
    if text(customer, "id"):
        return customer_of(customer, zone=zone, at=at)
    billing = address_of(child(source, "billing_address")) or address_of(child(source, "shipping_address"))
    email, phone = text(source, "email", "contact_email"), text(source, "phone")
    if not (email or phone or billing):
        return None
    return CustomerRecord(
        external_id="",
        version=at,
        email=email,
        phone=phone or (billing.phone if billing else ""),
        name=billing.name if billing else "",
        company=billing.company if billing else "",
        language=text(source, "customer_locale").partition("-")[0],
        country=billing.country if billing else "",
        address=billing,
    )


def address_of(source: Json) -> AddressRecord | None:
    """An address; None where nothing is written in it."""
    name = text(source, "name") or " ".join(filter(None, (text(source, "first_name"), text(source, "last_name"))))
    found = AddressRecord(
        name=name,
        company=text(source, "company"),
        line1=text(source, "address1"),
        line2=text(source, "address2"),
        city=text(source, "city"),
        region=text(source, "province", "province_code"),
        postcode=text(source, "zip"),
        country=text(source, "country_code"),
        phone=text(source, "phone"),
    )
    return found if found != AddressRecord() else None


def _consents(source: Json, zone: dt.tzinfo) -> list[Consent]:
    found = []
    for channel in ("email", "sms"):
        said = child(source, f"{channel}_marketing_consent")
        if said:
            state = text(said, "state").lower()
            found.append(
                Consent(
                    channel=channel,
                    is_given=_CONSENTS.get(state),
                    at=moment(said, "consent_updated_at", zone=zone),
                )
            )
    if not found and isinstance(source.get("accepts_marketing"), bool):
        # before 2022 Shopify had one mark, which did not tell who said no from who was never asked
        is_given = True if source["accepts_marketing"] else None
        found.append(
            Consent(channel="email", is_given=is_given, at=moment(source, "accepts_marketing_updated_at", zone=zone))
        )
    return found
