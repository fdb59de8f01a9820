"""Ready rows written many at a time: the same rows that the verbs for one customer write, without the ORM.

A test compares every column of every table with what `create_customer`, `change_customer` and `save_address` do.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from django.contrib.auth import get_user_model
from django.db import connection, models
from django.utils import timezone
from django.utils.translation import gettext as _
from pyroaring import BitMap64

from regulars.channels.models import Channel
from regulars.core import bulk
from regulars.customers import gazetteer, standings
from regulars.customers.derived import contacts_of, found_by, place_of, renamed
from regulars.customers.facts import AddressChanged, CustomerChanged, CustomerCreated
from regulars.customers.grams import BLOCK_BITS, Extracted
from regulars.customers.importing import merges
from regulars.customers.importing.mapping import PROFILE
from regulars.customers.importing.matching import Known, apart
from regulars.customers.importing.rows import ADDRESS_COLUMNS, CUSTOMER_COLUMNS, Ready
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
    address_changes: dict[str, list[Any]] = field(default_factory=dict)
    external_id: str = ""
    is_contradiction: bool = False


class Writer:
    """Writes batches for one channel. `texts` gathers who has to be indexed for search, with what.

    `told` is everybody whom earlier rows of the file told of. A later row may repeat what an earlier one said and add
    to it, but not say otherwise: which of the two is right, only people know.
    """

    passes_over: ClassVar[tuple[type[Fact], ...]] = (CustomerCreated, CustomerChanged, AddressChanged)
    """Facts that are told without anybody reacting to them."""

    def __init__(self, channel: Channel, *, told: BitMap64 | None = None) -> None:
        reacting = [fact.name for fact in self.passes_over if reactions().get(fact.name)]
        if reacting:
            raise ValueError(f"{reacting} have reactions, which a bulk import would pass over; react to the import")
        self.channel, self.told = channel, BitMap64() if told is None else told
        self.texts: dict[int, str] = {}
        self.grams: list[Extracted] = []
        # Kept for some ten batches, so in little room: many small texts among what is given back keep all of it.
        self._columns: list[tuple[Sequence[int], dict[str, Any]]] = []
        self._words: dict[Any, Any] = {}
        self.has_filled_a_block = False
        # what the database sets by itself need not be written
        self._usual = {
            column.get_attname(): column.get_default()
            for column in Customer._meta.concrete_fields
            if column.name not in {"id", *CUSTOMER_COLUMNS} and not column.has_db_default() and column.has_default()
        }

    def write(self, rows: Sequence[Ready], grams: Extracted | None = None) -> Written:
        """Create or change the customers these rows mean. To be called inside a transaction.

        `grams` are those of the rows' search texts, numbered from 0, where somebody has found them already.
        """
        self._take_hold()
        written = Written()
        waiting: Sequence[int] = range(len(rows))
        while waiting:
            places, later = apart(rows, waiting)
            known = Known([rows[place] for place in places], self.channel)
            if known.is_nobody:
                is_whole = len(places) == len(rows)
                self._create([rows[place] for place in places], grams if is_whole else None)
                written.created += len(places)
                waiting = later
                continue
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

    def _take_hold(self) -> None:
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                # Who is known must not change between the look and the write; SQLite has one writer anyway.
                cursor.execute("LOCK TABLE customers_customer, customers_identity IN SHARE ROW EXCLUSIVE MODE")
                # Every look-up here has its index. The statistics are of a time when there was nobody yet, and would
                # have the whole table read for each batch.
                cursor.execute("SET LOCAL enable_seqscan = off")

    def _create(self, rows: Sequence[Ready], grams: Extracted | None = None) -> None:
        if not rows:
            return
        now = timezone.now().astimezone(dt.UTC).replace(tzinfo=None).isoformat(" ")
        # PostgreSQL keeps moments with their zone; SQLite as texts, in UTC
        zone = "+00" if connection.vendor == "postgresql" else ""
        moment, acting = f"{now}{zone}", who_acts()
        made = {"created_at": moment, "updated_at": moment, "version": 1}
        ids = bulk.take_ids(Customer, len(rows))
        self.told.update(ids)
        self.made: Sequence[int] = ids  # for those who keep a journal of it
        said = [row.customer for row in rows]
        since = [row[-1] or now for row in said]
        at = [f"{one}{zone}" for one in since] if zone else since
        usual = self._usual | made | {"channel_id": self.channel.pk}
        referred: list[tuple[type[models.Model], int]] = [(Channel, self.channel.pk)]
        if acting.user_id:
            referred.append((get_user_model(), acting.user_id))
        with bulk.unchecked_references(*referred):
            bulk.insert(
                Customer,
                ("id", "customer_since", *CUSTOMER_COLUMNS[:-1]),
                [(number, one, *row[:-1]) for number, one, row in zip(ids, at, said, strict=True)],
                same=usual,
            )
            bulk.insert(
                Identity,
                ("customer_id", "external_id"),
                [(number, row.external_id) for number, row in zip(ids, rows, strict=True) if row.external_id],
                same={"channel_id": self.channel.pk},
            )
            bulk.insert(
                Address,
                ("customer_id", *ADDRESS_COLUMNS, *_SPOT),
                [
                    (number, *row.address, *_spot(row.address))
                    for number, row in zip(ids, rows, strict=True)
                    if row.address
                ],
                same=made | {"is_default_shipping": True, "is_default_billing": True},
            )
            self._tell(ids, at, moment)
        self._note(ids, said, since, usual, grams)

    def _tell(self, ids: Sequence[int], at: Sequence[str], moment: str) -> None:
        """One entry for each new customer."""
        acting = who_acts()
        bulk.insert(
            Entry,
            ("customer_id", "subject_id", "at"),
            list(zip(ids, ids, at, strict=True)),
            same={
                "name": CustomerCreated.name,
                "recorded_at": moment,
                "actor_id": acting.user_id,
                "source": acting.source,
                "subject_type": Customer._meta.label_lower,
                "data": "{}",
            },
        )

    def _note(
        self,
        ids: Sequence[int],
        said: Sequence[tuple[Any, ...]],
        since: Sequence[str],
        usual: Mapping[str, Any],
        grams: Extracted | None,
    ) -> None:
        """Keep in hand what the index needs to know of new customers."""
        values = dict(zip(CUSTOMER_COLUMNS, zip(*said, strict=True), strict=True)) | {"customer_since": since}
        for column in standings.COLUMNS:
            if column not in values:
                usually = usual[column] if column in usual else _default(column)
                values[column] = [usually] * len(ids)
        self.has_filled_a_block |= ids[0] >> BLOCK_BITS != (ids[-1] + 1) >> BLOCK_BITS
        if grams is None or ids[-1] - ids[0] + 1 != len(ids) or ids[0] >> BLOCK_BITS != ids[-1] >> BLOCK_BITS:
            self.texts.update(zip(ids, values["search_text"], strict=True))
            return
        self.grams.append(grams.moved(ids))
        packed: dict[str, Any] = {}
        for column, kind in standings.COLUMNS.items():
            if kind is standings.Kind.TEXT:
                packed[column] = "\n".join(values[column])
            elif kind is standings.Kind.WORD:
                packed[column] = [self._words.setdefault(word, word) for word in values[column]]
            else:
                packed[column] = standings.values_of(column, values[column])
        self._columns.append((ids, packed))

    @property
    def columns(self) -> Iterator[standings.Known]:
        """What is in the columns of new customers that lists filter and sort by."""
        for ids, packed in self._columns:
            yield ids, {name: kept.split("\n") if isinstance(kept, str) else kept for name, kept in packed.items()}

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
        own: dict[int, tuple[dict[str, Any], int]] = {}
        for change in changes:
            profile = {**stored[change.customer_id][0], **change.columns}
            profile.update(found_by(profile))
            if profile.get(merges.IS_LAID_ASIDE):
                own[change.customer_id] = {column: profile[column] for column in CUSTOMER_COLUMNS}, change.versions
            else:
                profile["customer_since"], profile["updated_at"] = bulk.moment(profile["customer_since"]), moment
                customers.append((*(profile[column] for column in _UPDATED), change.versions, change.customer_id))
                self.texts[change.customer_id] = profile["search_text"]
            facts: list[Fact] = []
            if change.changes:
                facts.append(CustomerChanged(changes=change.changes))
            if change.external_id:
                identities.append((change.customer_id, self.channel.pk, change.external_id))
            if change.address:
                values: list[Any] = [change.address[column] for column in ADDRESS_COLUMNS]
                values += _spot(values)
                if change.address_id is None:
                    new_addresses.append((change.customer_id, *values, moment, moment, 1, True, True))
                else:
                    addresses.append((*values, moment, change.address_id))
                deed = "changed" if change.address_id else "added"
                facts.append(AddressChanged(deed=deed, changes=change.address_changes))
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
            f"UPDATE customers_address SET {_set((*ADDRESS_COLUMNS, *_SPOT, 'updated_at'))}, version = version + 1 "  # noqa: S608
            "WHERE id = %s",
            addresses,
        )
        bulk.insert(Address, ("customer_id", *ADDRESS_COLUMNS, *_SPOT, *_NEW_ADDRESS), new_addresses)
        bulk.insert(Identity, ("customer_id", "channel_id", "external_id"), identities)
        bulk.insert(Entry, _ENTRY_COLUMNS, entries)
        merges.write(own)
        merges.follow([change.customer_id for change in changes])


_SPOT = ("latitude", "longitude")
_CITY, _COUNTRY = ADDRESS_COLUMNS.index("city"), ADDRESS_COLUMNS.index("country")
_NOWHERE = (None, None)
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
    for kind in ("email", "phone"):
        if given.get(kind) in stored["contacts"]:
            del given[kind]  # they have it, and which one is the first is not for a file to say
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
            change.address_changes = {c: [before[c], after[c]] for c in ADDRESS_COLUMNS if before[c] != after[c]}
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
    rows = Customer.everyone.filter(id__in=id_list(ids)).values("id", *CUSTOMER_COLUMNS)
    profiles: dict[int, dict[str, Any]] = {row["id"]: dict(row) for row in rows}
    merges.by_themselves(profiles)
    contacts = contacts_of(ids)
    for pk, profile in profiles.items():
        profile["contacts"] = contacts.get(pk, ())
    return {pk: (profile, addresses.get(pk)) for pk, profile in profiles.items()}


def _spot(address: Sequence[Any]) -> tuple[float | None, float | None]:
    """Where an address is, as far as the table of cities knows."""
    found = gazetteer.find(address[_COUNTRY], address[_CITY])
    return (found.latitude, found.longitude) if found else _NOWHERE


def _run_many(statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
    if rows:
        with connection.cursor() as cursor:
            cursor.executemany(statement, rows)


def _set(columns: Sequence[str]) -> str:
    return ", ".join(f"{column} = %s" for column in columns)


def _default(column: str) -> Any:
    """What a column holds that nobody wrote."""
    return next(one for one in Customer._meta.concrete_fields if one.get_attname() == column).get_default()


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, dt.datetime) else value
