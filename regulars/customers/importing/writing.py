"""Ready rows written many at a time: the same rows that the verbs for one customer write, without the ORM.

A test compares every column of every table with what `create_customer`, `change_customer` and `save_address` do.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _
from pyroaring import BitMap64

from regulars.channels.models import Channel
from regulars.core import bulk
from regulars.customers.derived import found_by, place_of, renamed
from regulars.customers.facts import AddressChanged, CustomerChanged, CustomerCreated
from regulars.customers.importing.mapping import PROFILE
from regulars.customers.importing.matching import Known, apart
from regulars.customers.importing.preparing import ADDRESS_COLUMNS, CUSTOMER_COLUMNS, Ready
from regulars.customers.models import Address, Customer, Identity
from regulars.customers.standings import id_list
from regulars.timeline.actions import reactions, who_acts
from regulars.timeline.facts import Fact
from regulars.timeline.models import Entry

_DEFAULTED = {"name", "kind", "status", "is_guest"}
_ENTRY_COLUMNS = (
    "name", "at", "recorded_at", "customer_id", "actor_id", "source", "subject_type", "subject_id", "data",
)  # fmt: skip
_UPDATED = (*CUSTOMER_COLUMNS, "updated_at")


@dataclass(slots=True)
class Written:
    """What became of a batch. `rejects` are places in it, with the reason."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    rejects: list[tuple[int, str]] = field(default_factory=list)


@dataclass(slots=True)
class Change:
    """What one row changes of a customer who is known already."""

    customer_id: int
    versions: int = 0
    columns: dict[str, Any] = field(default_factory=dict)
    changes: dict[str, list[Any]] = field(default_factory=dict)
    address_id: int | None = None
    address: dict[str, str] = field(default_factory=dict)
    external_id: str = ""
    is_contradiction: bool = False


class Writer:
    """Writes batches for one channel. `texts` gathers who has to be indexed for search, with what.

    `told` is everybody whom earlier rows of the file told of. A later row may repeat what an earlier one said and add
    to it, but not say otherwise: which of the two is right, only people know.
    """

    def __init__(self, channel: Channel, *, told: BitMap64 | None = None) -> None:
        reacting = [
            fact.name for fact in (CustomerCreated, CustomerChanged, AddressChanged) if reactions().get(fact.name)
        ]
        if reacting:
            raise ValueError(f"{reacting} have reactions, which a bulk import would pass over; react to the import")
        self.channel, self.told = channel, BitMap64() if told is None else told
        self.texts: dict[int, str] = {}
        fields = Customer._meta.concrete_fields
        self._fixed = {
            column.get_attname(): column.get_default()
            for column in fields
            if column.name not in {"id", *CUSTOMER_COLUMNS}
        }

    def write(self, rows: Sequence[Ready]) -> Written:
        """Create or change the customers these rows mean. To be called inside a transaction."""
        if connection.vendor == "postgresql":
            # Who is known must not change between the look and the write; SQLite has one writer anyway.
            with connection.cursor() as cursor:
                cursor.execute("LOCK TABLE customers_customer, customers_identity IN SHARE ROW EXCLUSIVE MODE")
        written = Written()
        waiting: Sequence[int] = range(len(rows))
        while waiting:
            places, later = apart(rows, waiting)
            known = Known([rows[place] for place in places], self.channel)
            fresh: list[Ready] = []
            meant: dict[int, int] = {}
            for place in places:
                customer_id = known.meant_by(rows[place])
                if customer_id is None:
                    fresh.append(rows[place])
                elif customer_id in known.deleted:
                    written.rejects.append((place, _("This customer is deleted. Bring them back first.")))
                elif customer_id in meant:  # one row knew the id, another one the e-mail
                    later.append(place)
                else:
                    meant[customer_id] = place
            self._create(fresh)
            written.created += len(fresh)
            if meant:
                self._change(rows, meant, known, written)
            waiting = sorted(later)
        return written

    def _create(self, rows: Sequence[Ready]) -> None:
        if not rows:
            return
        now = timezone.now()
        moment, acting = bulk.moment(now), who_acts()
        of_everybody = {"created_at": moment, "updated_at": moment, "version": 1, "channel_id": self.channel.pk}
        fixed = tuple((self._fixed | of_everybody).values())
        ids = bulk.take_ids(Customer, len(rows))
        self.told.update(ids)
        since = [_kept(row.customer[-1]) or moment for row in rows]
        bulk.insert(
            Customer,
            ("id", *CUSTOMER_COLUMNS, *self._fixed),
            [(number, *row.customer[:-1], at, *fixed) for number, row, at in zip(ids, rows, since, strict=True)],
        )
        bulk.insert(
            Identity,
            ("customer_id", "channel_id", "external_id"),
            [
                (number, self.channel.pk, row.external_id)
                for number, row in zip(ids, rows, strict=True)
                if row.external_id
            ],
        )
        bulk.insert(
            Address,
            ("customer_id", *ADDRESS_COLUMNS, *_NEW_ADDRESS),
            [
                (number, *row.address, moment, moment, 1, True, True)
                for number, row in zip(ids, rows, strict=True)
                if row.address
            ],
        )
        entry = (acting.user_id, acting.source, Customer._meta.label_lower)
        bulk.insert(
            Entry,
            _ENTRY_COLUMNS,
            [
                (CustomerCreated.name, at, moment, number, *entry, number, "{}")
                for number, at in zip(ids, since, strict=True)
            ],
        )
        at = CUSTOMER_COLUMNS.index("search_text")
        self.texts.update(zip(ids, (row.customer[at] for row in rows), strict=True))

    def _change(self, rows: Sequence[Ready], meant: dict[int, int], known: Known, written: Written) -> None:
        stored = _stored(list(meant))
        changes = []
        for customer_id, place in meant.items():
            row = rows[place]
            change = _difference(row, customer_id, *stored[customer_id], is_known=row.external_id in known.by_id)
            email = change.columns.get("email")
            if email and known.others(email, is_account=bool(row.external_id), besides=customer_id):
                written.rejects.append(
                    (place, _("email: Another customer has “%(email)s” already.") % {"email": email})
                )
            elif change.is_contradiction and customer_id in self.told:
                written.rejects.append(
                    (place, _("An earlier row of this file is the same customer, and says otherwise."))
                )
            elif change.versions:
                changes.append(change)
                written.updated += 1
            else:
                written.unchanged += 1
        self.told.update(meant)
        if changes:
            self._update(changes, stored)

    def _update(self, changes: Sequence[Change], stored: dict[int, Any]) -> None:
        now = timezone.now()
        moment, acting = bulk.moment(now), who_acts()
        customers, addresses, new_addresses, identities, entries = [], [], [], [], []
        for change in changes:
            profile = {**stored[change.customer_id][0], **change.columns}
            profile.update(found_by(profile))
            profile["customer_since"], profile["updated_at"] = bulk.moment(profile["customer_since"]), moment
            customers.append((*(profile[column] for column in _UPDATED), change.versions, change.customer_id))
            self.texts[change.customer_id] = profile["search_text"]
            facts: list[Fact] = []
            if change.changes:
                facts.append(CustomerChanged(changes=change.changes))
            if change.external_id:
                identities.append((change.customer_id, self.channel.pk, change.external_id))
            if change.address:
                values = [change.address[column] for column in ADDRESS_COLUMNS]
                if change.address_id is None:
                    new_addresses.append((change.customer_id, *values, moment, moment, 1, True, True))
                else:
                    addresses.append((*values, moment, change.address_id))
                facts.append(AddressChanged(deed="changed" if change.address_id else "added"))
            entries += [
                (
                    fact.name, moment, moment, change.customer_id, acting.user_id, acting.source,
                    Customer._meta.label_lower, change.customer_id, json.dumps(fact.data()),
                )
                for fact in facts
            ]  # fmt: skip
        _run_many(
            f"UPDATE customers_customer SET {_set(_UPDATED)}, version = version + %s WHERE id = %s",  # noqa: S608 — ours
            customers,
        )
        _run_many(
            f"UPDATE customers_address SET {_set((*ADDRESS_COLUMNS, 'updated_at'))}, version = version + 1 "  # noqa: S608
            "WHERE id = %s",
            addresses,
        )
        bulk.insert(Address, ("customer_id", *ADDRESS_COLUMNS, *_NEW_ADDRESS), new_addresses)
        bulk.insert(Identity, ("customer_id", "channel_id", "external_id"), identities)
        bulk.insert(Entry, _ENTRY_COLUMNS, entries)


_NEW_ADDRESS = ("created_at", "updated_at", "version", "is_default_shipping", "is_default_billing")


def _difference(
    row: Ready, customer_id: int, stored: dict[str, Any], address: dict[str, Any] | None, *, is_known: bool
) -> Change:
    """What a row says otherwise than what is stored; what it leaves out stays as it is."""
    change = Change(customer_id)
    values = dict(zip(CUSTOMER_COLUMNS, row.customer, strict=True))
    given = {
        name: values[name]
        for name in PROFILE
        if (name in row.given if name in _DEFAULTED else values[name] not in {"", None})
    }
    if "customer_since" in given:
        given["customer_since"] = dt.datetime.fromisoformat(given["customer_since"]).replace(tzinfo=dt.UTC)
    for name, value in renamed(stored, given).items():
        if value != stored[name]:
            change.columns[name] = value
            change.changes[name] = [_plain(stored[name]), _plain(value)]
    if row.external_id and not is_known:
        change.external_id = row.external_id
        change.changes["external_id"] = ["", row.external_id]
    change.versions = 1 if change.changes else 0
    change.is_contradiction = any(old not in {"", None} for old, _new in change.changes.values())
    if row.address:
        before = {column: address[column] if address else "" for column in ADDRESS_COLUMNS}
        after = {**before, **{c: v for c, v in zip(ADDRESS_COLUMNS, row.address, strict=True) if v}}
        if after != before:
            change.address_id, change.address = (address["id"] if address else None), after
            change.columns.update(place_of(after))
            change.versions += 1
            change.is_contradiction |= any(before[column] and before[column] != after[column] for column in after)
    return change


def _stored(ids: Sequence[int]) -> dict[int, tuple[dict[str, Any], dict[str, Any] | None]]:
    """Profile and place of each customer, and the address that a file means: the default one, or the first."""
    addresses: dict[int, dict[str, Any]] = {}
    order = ("customer_id", "-is_default_shipping", "id")
    found = Address.objects.filter(customer_id__in=id_list(ids)).order_by(*order)
    for address in found.values("id", "customer_id", *ADDRESS_COLUMNS):
        addresses.setdefault(address["customer_id"], address)
    return {
        customer["id"]: (customer, addresses.get(customer["id"]))
        for customer in Customer.everyone.filter(id__in=id_list(ids)).values("id", *CUSTOMER_COLUMNS)
    }


def _run_many(statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
    if rows:
        with connection.cursor() as cursor:
            cursor.executemany(statement, rows)


def _set(columns: Sequence[str]) -> str:
    return ", ".join(f"{column} = %s" for column in columns)


def _kept(since: str | None) -> str | None:
    """A prepared moment as this database keeps it."""
    return f"{since}+00" if since and connection.vendor == "postgresql" else since


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, dt.datetime) else value
