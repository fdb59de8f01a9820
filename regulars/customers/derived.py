"""The columns that follow from others: shown name, sort key, search text, date of birth, and where an address is."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from regulars.core.text import sort_key
from regulars.customers import gazetteer
from regulars.customers.birthdays import written
from regulars.customers.grams import search_text_of
from regulars.customers.models import Address, ContactPoint, Customer, Kind
from regulars.customers.normalise import PLACE, Values, shown_name
from regulars.customers.postal import rules_of
from regulars.customers.sealed import COLUMNS as SEALED
from regulars.customers.sealed import blind_of
from regulars.customers.standings import id_list

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
    """The profile and place of a customer as plain values, with the further e-mails and phones they are found by."""
    return {
        **{field: getattr(customer, field) for field in (*COLUMNS, *PLACE)},
        "contacts": contacts_of([customer.pk]).get(customer.pk, ()),
    }


def contacts_of(customer_ids: Collection[int]) -> dict[int, tuple[str, ...]]:
    """The further e-mails and phones of some customers, in one query."""
    found: dict[int, tuple[str, ...]] = {}
    points = ContactPoint.objects.filter(customer_id__in=id_list(customer_ids)).order_by("id")
    for pk, value in points.values_list("customer_id", "value"):
        found[pk] = (*found.get(pk, ()), value)
    return found


def as_columns(profile: Values, *, of: Customer | None = None) -> dict[str, Any]:
    """Fields of a profile as columns: year and day of birth become one, and what is sealed gets its blind numbers.

    What the fields leave open of a date of birth is as it is with the customer `of`.
    """
    columns = {name: value for name, value in profile.items() if name not in {"birth_year", "birthday"}}
    if {"birth_year", "birthday"} & profile.keys():
        year = profile.get("birth_year", of.birth_year if of else None)
        columns["birth"] = written(year, profile.get("birthday", of.birthday if of else "") or "")
    for name in columns.keys() & set(SEALED):
        columns |= blind_of(name, columns[name])
    return columns


def located(address: Values) -> dict[str, float | None]:
    """Where an address is, as far as the table of cities knows."""
    spot = gazetteer.find(address.get("country") or "", address.get("city") or "")
    return {"latitude": spot.latitude if spot else None, "longitude": spot.longitude if spot else None}


def region_of(address: Values) -> str:
    """The state an address is in: what somebody wrote, else that of its city, where its country writes one."""
    written, country = str(address.get("region") or ""), str(address.get("country") or "")
    if written or "region" not in rules_of(country).order:
        return written
    spot = gazetteer.find(country, address.get("city") or "")
    return spot.region if spot else ""
