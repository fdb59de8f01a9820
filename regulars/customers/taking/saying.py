"""What a channel's record says of somebody, checked: as much of it as can be kept.

A part that cannot be kept (a phone number with five digits) is left out with a remark: it is no reason to lose a
customer, let alone a sale.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from regulars.channels.records import AddressRecord, CustomerRecord
from regulars.core import shop
from regulars.core.contact import BadContact, parse_country
from regulars.core.errors import Invalid
from regulars.core.text import clean
from regulars.customers.importing.rows import ADDRESS_COLUMNS, EXTERNAL_ID_LENGTH, PLACED
from regulars.customers.models import Address, Customer
from regulars.customers.normalise import normalise, normalise_address

FIELDS = ("given_name", "family_name", "name", "company", "email", "phone", "language")
"""The parts of a profile that channels tell of."""

Proof = tuple[str, str]
"""An e-mail or a phone: its kind and its value."""

_LIMITS: dict[type[Customer | Address], dict[str, int]] = {
    Customer: {name: Customer._meta.get_field(name).max_length or 0 for name in FIELDS[:4]},  # type: ignore[union-attr]
    Address: {
        name: Address._meta.get_field(name).max_length or 0  # type: ignore[union-attr]
        for name in ADDRESS_COLUMNS
        if name not in {"country", "phone"}
    },
}


@dataclass(slots=True)
class Said:
    """What one account, or one guest, said; of several states of a guest the newest word for each field.

    `versions` say when each field of `profile` was so. `is_own` is the state of the account itself: what it leaves out
    is not so any more. An order tells only what it happens to know of its buyer.
    """

    record: CustomerRecord
    external_id: str
    profile: dict[str, str]
    versions: dict[str, dt.datetime]
    since: dt.datetime | None
    place: dict[str, Any]
    is_own: bool
    remarks: list[str] = field(default_factory=list)

    @property
    def is_nobody(self) -> bool:
        """Whether nothing says who this is, so that they cannot be met again."""
        return not (self.external_id or self.profile.get("email") or self.profile.get("phone"))

    @property
    def proofs(self) -> list[Proof]:
        """The e-mail and the phone that the channel has verified to be theirs."""
        verified = {"email": self.record.is_email_verified, "phone": self.record.is_phone_verified}
        return [(kind, self.profile[kind]) for kind, is_so in verified.items() if is_so and self.profile.get(kind)]

    @property
    def contact(self) -> Proof | None:
        """What a guest is known by: the e-mail, else the phone."""
        for kind in ("email", "phone"):
            if value := self.profile.get(kind):
                return kind, value
        return None


def said_by(record: CustomerRecord, *, is_own: bool) -> Said:
    """What a record says, as far as it can be kept."""
    remarks: list[str] = []
    place = _place(record.address, remarks) if record.address else {}
    country = country_of(record.country) or place.get("country") or shop.current().country
    given = {name: getattr(record, name) for name in FIELDS if getattr(record, name)}
    if given.get("given_name") or given.get("family_name"):
        given.pop("name", None)  # the shown name is made of its parts
    profile = _kept(_fitting(given, Customer), lambda values: normalise(values, country=country), remarks)
    if not place and record.country and country == country_of(record.country):
        place = {"country": country}
    profile = {name: value for name, value in profile.items() if value}
    external_id = clean(record.external_id.replace("\0", ""), limit=10_000)[:EXTERNAL_ID_LENGTH]
    return Said(
        record, external_id, profile, dict.fromkeys(profile, record.version), record.since, place, is_own, remarks
    )


def combined(several: Iterable[Said]) -> Said:
    """One of several states of the same buyer: of each field the newest word, and the earliest day they were known."""
    first, *rest = several
    for other in rest:
        for name, value in other.profile.items():
            known = (first.versions[name], first.profile[name]) if name in first.profile else None
            if known is None or (other.versions[name], value) > known:
                first.profile[name], first.versions[name] = value, other.versions[name]
        if {"given_name", "family_name"} & first.profile.keys():
            first.profile.pop("name", None)
        first.since = min((one for one in (first.since, other.since) if one), default=None)
        if other.record.version > first.record.version:
            first.record, first.place = other.record, other.place or first.place
    return first


def _place(address: AddressRecord, remarks: list[str]) -> dict[str, Any]:
    """An address as it is kept; nothing where it says no place."""
    given = {name: value for name in ADDRESS_COLUMNS if (value := getattr(address, name))}
    given["country"] = country_of(address.country)
    own_country = given["country"] or shop.current().country
    kept = _kept(_fitting(given, Address), lambda values: normalise_address(values, country=own_country), remarks)
    return {name: value for name, value in kept.items() if value} if any(map(kept.get, PLACED)) else {}


def _kept(
    given: dict[str, Any], check: Callable[[dict[str, Any]], dict[str, Any]], remarks: list[str]
) -> dict[str, Any]:
    """What of the values can be kept, and a remark for what cannot."""
    while True:
        try:
            return check(given)
        except Invalid as refused:
            bad = [name for name in refused.fields if name in given]
            if not bad:
                raise
            for name in bad:
                remarks.append(f"{name}: {' '.join(refused.fields[name])}")
                given.pop(name)


def _fitting(given: dict[str, Any], model: type[Customer | Address]) -> dict[str, Any]:
    limits = _LIMITS[model]
    return {name: cut(value, limits[name]) if name in limits else value for name, value in given.items()}


def cut(text: str, limit: int) -> str:
    """A text without what cannot be kept, and not longer than fits."""
    if len(text) <= limit and text.isascii() and text.isprintable() and "  " not in text and text == text.strip(" "):
        return text  # most texts
    return clean(text.replace("\0", ""), limit=10**9)[:limit].rstrip()


@lru_cache(maxsize=512)
def country_of(text: str) -> str:
    """The code of a country, or nothing where it is none that we know."""
    try:
        return parse_country(cut(text, 80))
    except BadContact:
        return ""
