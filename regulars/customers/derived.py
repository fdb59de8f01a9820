"""The columns that follow from others: shown name, sort key, search text, and the place of the default address."""

from __future__ import annotations

from typing import Any

from regulars.core.text import sort_key
from regulars.customers.grams import search_text_of
from regulars.customers.models import Address, Customer, Kind
from regulars.customers.normalise import PLACE, Values, shown_name

COLUMNS = ("kind", "title", "given_name", "family_name", "name", "company", "email", "phone", "language")


def completed(profile: Values) -> dict[str, Any]:
    """A new profile with its shown name, and as a company where nothing but a company is known."""
    complete = dict(profile)
    if not complete.get("name"):
        complete["name"] = shown_name(complete)
    if "kind" not in complete and complete.get("company") and complete["name"] == complete["company"]:
        complete["kind"] = str(Kind.COMPANY)
    return complete


def renamed(before: Values, given: Values) -> dict[str, Any]:
    """The given changes, and the shown name with them where it was made of what changes now.

    A name that somebody wrote by hand stays as it is until somebody writes another one.
    """
    after = {**before, **given}
    is_untouched = after.get("name", "") == before.get("name", "")
    if not after.get("name") or (is_untouched and before.get("name") == shown_name(before)):
        return {**given, "name": shown_name(after)}
    return dict(given)


def found_by(profile: Values) -> dict[str, str]:
    """What lists sort and search by."""
    shown = next((profile[field] for field in ("name", "company", "email", "phone") if profile.get(field)), "")
    return {"sort_name": sort_key(shown), "search_text": search_text_of(profile)}


def place_of(address: Values | None) -> dict[str, str]:
    """What the customer's row repeats of an address."""
    return {field: address.get(field, "") if address else "" for field in PLACE}


def refreshed(customer: Customer) -> dict[str, str]:
    """The place of the default shipping address (else the first one), and the search text that goes with it."""
    address = Address.objects.filter(customer=customer).order_by("-is_default_shipping", "id").values(*PLACE).first()
    place = place_of(address)
    return {**place, **found_by({**profile_of(customer), **place})}


def profile_of(customer: Customer) -> dict[str, Any]:
    """The profile and place of a customer as plain values."""
    return {field: getattr(customer, field) for field in (*COLUMNS, *PLACE)}
