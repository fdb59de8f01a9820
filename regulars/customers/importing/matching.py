"""Whom a row of a file means, out of the customers that are known already.

1. By its id: the customer whom this channel knows under it.
2. Else by its e-mail: the customer who has it. A row with an id never means somebody whom the channel already knows
   under another id: two accounts of one channel may share an e-mail, and stay two customers.
3. A row with neither id nor e-mail means somebody with the same name and the same phone; without a phone, somebody
   without a phone who has the same name, postcode and city (and, where the row gives no place, no e-mail either).
   So the same file twice does not make everybody twice.

Of several customers the oldest is taken. A row that means nobody is a new customer.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from django.db import connection

from regulars.channels.models import Channel
from regulars.customers import people
from regulars.customers.importing import merges
from regulars.customers.importing.rows import CUSTOMER_COLUMNS, Ready
from regulars.customers.models import OwnProfile

_AT = {column: place for place, column in enumerate(CUSTOMER_COLUMNS)}
_EMAIL, _PHONE, _SORT_NAME = _AT["email"], _AT["phone"], _AT["sort_name"]
_POSTCODE, _CITY = _AT["postcode"], _AT["city"]

Lookalike = tuple[str, str, str, str]

_WITH_RECORDS = (
    "customers_customer c LEFT JOIN customers_customer r ON r.id = c.merged_into_id WHERE (c.is_listed OR r.is_listed)"
)


def apart(rows: Sequence[Ready], places: Iterable[int]) -> tuple[list[int], list[int]]:
    """The places of rows that cannot mean the same new customer, and those that have to wait for them.

    Of two rows of one file with the same id or e-mail the later one meets what the earlier one made, as if it came
    with the next file; the writer refuses it where it says otherwise.
    """
    asked = list(places)
    if _all_differ([rows[place] for place in asked]):
        return asked, []
    seen: set[Any] = set()
    now: list[int] = []
    later: list[int] = []
    for place in asked:
        row = rows[place]
        looks = _looks_of(row)
        keys = [key for key in (row.customer[_EMAIL], (row.external_id,) if row.external_id else None) if key]
        # Only a row without id and e-mail goes by looks; but whom it means may have come with both.
        waits_for = keys or [looks]
        (now if seen.isdisjoint(waits_for) else later).append(place)
        seen.update(keys)
        seen.add(looks)
    return now, later


def _all_differ(rows: Sequence[Ready]) -> bool:
    """Whether every row has an id or an e-mail, and none has that of another: so it is in most files."""
    ids = [row.external_id for row in rows if row.external_id]
    emails = [email for row in rows if (email := row.customer[_EMAIL])]
    return len(set(ids)) == len(ids) and len(set(emails)) == len(emails) and not any(map(_is_anonymous, rows))


class Known:
    """What the database knows of the rows of one round."""

    def __init__(self, rows: Sequence[Ready], channel: Channel) -> None:
        self.by_id: dict[str, int] = dict(
            read_many(
                "SELECT external_id, customer_id FROM customers_identity WHERE channel_id = %s AND external_id",
                [row.external_id for row in rows if row.external_id],
                channel.pk,
            )
        )
        # An id of a channel is for ever, so that it may be that of somebody who is deleted and can still come back.
        query = (
            "SELECT c.id FROM customers_customer c LEFT JOIN customers_customer r ON r.id = c.merged_into_id "
            "WHERE (c.deleted_at IS NOT NULL OR r.deleted_at IS NOT NULL) AND c.id"
        )
        self.deleted = {number for (number,) in read_many(query, list(self.by_id.values()))}
        self.by_email: dict[str, list[int]] = defaultdict(list)
        emails = [row.customer[_EMAIL] for row in rows if row.customer[_EMAIL]]
        # a record that was merged is still the one that its e-mail means
        found = read_many(f"SELECT c.id, c.email FROM {_WITH_RECORDS} AND c.email", emails)  # noqa: S608 — our own
        has_merges = bool(emails) and OwnProfile.objects.exists()
        if has_merges:
            found = [*{*merges.of_their_own(found), *merges.with_emails(emails)}]
        # a further e-mail means its customer as the first one does
        query = (
            "SELECT p.customer_id, p.value FROM customers_contactpoint p JOIN customers_customer c "
            "ON c.id = p.customer_id WHERE c.deleted_at IS NULL AND p.kind = 'email' AND p.value"
        )
        for number, email in sorted({*found, *read_many(query, emails)}):
            self.by_email[email].append(number)
        holders = [number for numbers in self.by_email.values() for number in numbers]
        self.root_of = people.roots_of(holders) if has_merges else {}
        self.in_channel = {
            number
            for (number,) in read_many(
                "SELECT customer_id FROM customers_identity WHERE channel_id = %s AND customer_id", holders, channel.pk
            )
        }
        self.by_looks: dict[Lookalike, int] = {}
        names = [row.customer[_SORT_NAME] for row in rows if _is_anonymous(row)]
        if names:
            columns = "c.id, c.sort_name, c.phone, c.postcode, c.city, c.email"
            query = f"SELECT {columns} FROM {_WITH_RECORDS} AND c.sort_name"  # noqa: S608 — our own
            found = read_many(query, names)
            for number, name, phone, postcode, city, email in sorted(found):
                if phone or postcode or city or not email:
                    self.by_looks.setdefault(_looks(name, phone, postcode, city), number)

    @property
    def is_nobody(self) -> bool:
        """Whether no row can mean anybody who is known."""
        return not (self.by_id or self.by_email or self.by_looks)

    def meant_by(self, row: Ready) -> int | None:
        """The customer a row means, or None for somebody new."""
        if row.external_id and (known := self.by_id.get(row.external_id)):
            return known
        if email := row.customer[_EMAIL]:
            others = self.others(email, is_account=bool(row.external_id))
            return others[0] if others else None
        return None if row.external_id else self.by_looks.get(_looks_of(row))

    def others(self, email: str, *, is_account: bool, besides: int | None = None) -> list[int]:
        """Who has an e-mail; for an account of this channel, its other accounts do not count."""
        return [
            number
            for number in self.by_email.get(email, ())
            if not self._is_one(number, besides) and not (is_account and number in self.in_channel)
        ]

    def _is_one(self, number: int, other: int | None) -> bool:
        """Whether two records are one person, who may have an e-mail more than once."""
        return number == other or (
            other is not None and self.root_of.get(number, number) == self.root_of.get(other, other)
        )


def _is_anonymous(row: Ready) -> bool:
    return not row.external_id and not row.customer[_EMAIL]


def _looks_of(row: Ready) -> Lookalike:
    customer = row.customer
    return _looks(customer[_SORT_NAME], customer[_PHONE], customer[_POSTCODE], customer[_CITY])


def _looks(name: str, phone: str, postcode: str, city: str) -> Lookalike:
    return (name, phone, "", "") if phone else (name, "", postcode, city)


def read_many(query: str, values: Collection[Any], *before: Any) -> list[tuple[Any, ...]]:
    """The rows of `query` for all the values at once, as one parameter, however many they are."""
    if not values:
        return []
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"{query} = ANY(%s)", [*before, list(values)])
        else:
            many = [*before, json.dumps(list(values))]
            cursor.execute(f"{query} IN (SELECT value FROM json_each(%s))", many)  # noqa: S608 — our own words
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found
