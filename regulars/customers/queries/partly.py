"""Searching for somebody who does not see all of a customer: by what they see, and by a whole e-mail or phone.

What is masked cannot be searched by its parts: whoever may try beginnings has the rest in a minute. Who already knows a
whole e-mail or a whole number finds its customer by it, as they would by asking a colleague.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from django.db.models import Q

from regulars.core import shop
from regulars.core.contact import BadContact, parse_email, parse_phone
from regulars.core.sight import EVERYTHING, Sight, looking
from regulars.customers import people, search
from regulars.customers.grams import search_text_of
from regulars.customers.models import ContactPoint, Customer, OwnProfile
from regulars.customers.standings import id_list

SEARCHED = ("name", "email", "phone", "address")
"""The protected groups that the search text is made of."""

_PARTS = {
    "name": ("name", "company", "given_name", "family_name"),
    "email": ("email",),
    "phone": ("phone",),
    "address": ("postcode",),
}
_AT_ONCE = 2_000


def found_by(text: str, sight: Sight) -> set[int]:
    """Who answers a search, as far as somebody who sees this much may learn; the rows that they see are for others to
    tell.
    """
    with looking(EVERYTHING):
        return {*_by_whole_contact(text.strip()), *_by_parts(text, sight)}


def _by_whole_contact(text: str) -> set[int]:
    wanted = []
    with suppress(BadContact):  # it may be a phone
        wanted.append(("email", parse_email(text)))
    with suppress(BadContact):  # nobody is found by what is neither
        wanted.append(("phone", parse_phone(text, country=shop.current().country)))
    found: set[int] = set()
    for kind, value in wanted:
        found |= set(Customer.everyone.filter(**{kind: value}).values_list("pk", flat=True))
        found |= set(ContactPoint.objects.filter(kind=kind, value=value).values_list("customer_id", flat=True))
        if kind == "email":
            found |= set(OwnProfile.objects.filter(email=value).values_list("pk", flat=True))
    return {*found, *people.roots_of(found).values()}


def _by_parts(text: str, sight: Sight) -> Iterator[int]:
    """Those whose visible texts answer the search: candidates by the whole text, tested by what is seen of them."""
    asked = search.ask(text)
    columns = [column for group, parts in _PARTS.items() if sight.shows(group) for column in parts]
    rows = Customer.objects.filter(asked.condition()).order_by("pk")
    for pk, *values in rows.values_list("pk", *columns).iterator(chunk_size=_AT_ONCE):
        if asked.matches(pk, search_text_of(dict(zip(columns, values, strict=True)))):
            yield pk


def condition(text: str, sight: Sight) -> Q:
    """The same as a condition."""
    return Q(pk__in=id_list(found_by(text, sight)))
