"""The shop's own customers as people to compare, read some thousand at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from regulars.customers.birthdays import as_written
from regulars.customers.duplicates import person as forms
from regulars.customers.duplicates.person import Person
from regulars.customers.duplicates.table import Table
from regulars.customers.models import Address, ContactPoint, Customer, Kind
from regulars.customers.privacy.permitting import Purpose, not_for
from regulars.customers.standings import id_list

_AT_ONCE = 20_000
_COLUMNS = (
    "id", "kind", "given_name", "family_name", "name", "company", "email", "phone", "birth", "gender",
    "occupation", "city", "region", "postcode", "country",
)  # fmt: skip


def read() -> tuple[Table, list[int]]:
    """Everybody who is listed, and the id of each row; without those with whose data nothing may be done."""
    table, ids = Table(), []
    left_out = set(not_for(Purpose.DUPLICATES))
    first = 0
    while rows := list(Customer.objects.filter(id__gt=first).order_by("id").values_list(*_COLUMNS)[:_AT_ONCE]):
        for number, person in _people([row for row in rows if row[0] not in left_out]):
            table.add(person)
            ids.append(number)
        first = rows[-1][0]
    return table, ids


def some(ids: Iterable[int]) -> list[tuple[int, Person]]:
    """A few listed customers by their ids."""
    rows = list(Customer.objects.filter(id__in=id_list(ids)).order_by("id").values_list(*_COLUMNS))
    return list(_people(rows))


def _people(rows: list[tuple[Any, ...]]) -> Iterator[tuple[int, Person]]:
    ids = id_list(row[0] for row in rows)
    lines: dict[int, tuple[str, str]] = {}
    places = Address.objects.filter(customer__in=ids).order_by("is_default_shipping", "-id")
    for customer, line1, line2 in places.values_list("customer_id", "line1", "line2"):
        if line1 or line2:
            lines[customer] = (line1, line2)
    points: dict[int, dict[str, list[str]]] = {}
    for customer, kind, value in ContactPoint.objects.filter(customer__in=ids).values_list(
        "customer_id", "kind", "value"
    ):
        points.setdefault(customer, {}).setdefault(kind, []).append(value)
    for row in rows:
        values = dict(zip(_COLUMNS, row, strict=True))
        values["line1"], values["line2"] = lines.get(row[0], ("", ""))
        own = points.get(row[0], {})
        values["emails"] = own.get(ContactPoint.Kind.EMAIL, [])
        values["phones"] = own.get(ContactPoint.Kind.PHONE, [])
        yield row[0], as_person(values)


def as_person(values: dict[str, Any]) -> Person:
    """The fields of a profile, and of its address, as a person to compare."""

    def text(name: str) -> str:
        return str(values.get(name) or "")

    given, family = forms.given_name(text("given_name")), forms.family_name(text("family_name"))
    is_company = text("kind") == Kind.COMPANY
    company = forms.company_name(text("company") or (text("name") if is_company else ""))
    if not given and not family and not is_company:
        given, family = forms.parts_of_name(text("name"))
    street, number = forms.street_and_number(text("line1"))
    year, birthday = as_written(values["birth"]) if "birth" in values else (values.get("birth_year"), text("birthday"))
    birth = forms.birth_of(str(year or ""), *(birthday.split("-") if "-" in birthday else ("", "")))
    return Person(
        given=given,
        family=family,
        birth=birth,
        email=forms.several(map(forms.email_address, (text("email"), *values.get("emails", ())))),
        phone=forms.several(map(forms.phone_number, (text("phone"), *values.get("phones", ())))),
        gender=forms.gender(text("gender")),
        company=company,
        postcode=forms.post_code(text("postcode")),
        street=street,
        number=number,
        unit=forms.street(text("line2")),
        city=forms.words(text("city")),
        region=forms.words(text("region")),
        country=forms.words(text("country")),
        occupation=forms.words(text("occupation")),
    )
