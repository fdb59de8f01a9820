"""The tables of the lake about customers themselves: who they are, their own fields, addresses, groups and events.

Of a person with several records single values are those that the listed row shows, lists hold what all records say, and
one of the shop's own fields has one voice: the listed record's, else that of the first that says something.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator
from dataclasses import replace
from functools import cache, lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from regulars.customers import customfields
from regulars.customers.birthdays import as_written
from regulars.customers.consents import MARKETING
from regulars.customers.models import ChangeSpan, Customer, CustomField, CustomValue, Medium
from regulars.customers.postal import region_code
from regulars.segments.lake.reading import (
    EMPTY,
    IDS,
    MOMENT,
    RECORD,
    TEXTS,
    Ints,
    Kind,
    Lists,
    Mask,
    Opener,
    People,
    Singles,
    Source,
    numbers,
    read,
    whole,
)
from regulars.segments.lake.tables import CUSTOMER, Table
from regulars.timeline.facts import all_facts

_NOTHING, _NO_WORDS = pa.scalar(None, pa.string()), pa.scalar([], TEXTS)
_TEXTS = (
    ("name", "c.name"), ("first_name", "c.given_name"), ("last_name", "c.family_name"), ("title", "c.title"),
    ("email", "c.email"), ("phone", "c.phone"), ("company", "c.company"), ("city", "c.city"), ("region", "c.region"),
    ("postal_code", "c.postcode"), ("country", "c.country"), ("kind", "c.kind"), ("status", "c.status"),
    ("gender", "c.gender"), ("occupation", "c.occupation"), ("language", "c.language"), ("time_zone", "c.time_zone"),
    ("works_at", "w.name"), ("position", "c.position"), ("shopping_frequency", "c.shopping_frequency"),
    ("preferred_channels", "c.preferred_channels"), ("contact_times", "c.contact_times"),
    ("interests", "c.interests"), ("payment_preference", "c.payment_preference"), ("vat_number", "c.vat_number"),
    ("birth", "c.birth"),
)  # fmt: skip
_WHOLES = (
    ("category", "c.category_id"), ("assigned_to", "c.looked_after_by_id"), ("channel", "c.channel_id"),
    ("payment_days", "c.payment_days"), ("orders_count", "c.orders_count"), ("spent", "c.spent_minor"),
    ("refunded", "c.refunded_minor"), ("birth_blind", "c.birth_blind"), ("birthday_blind", "c.birthday_blind"),
)  # fmt: skip
_SPOKEN = ("preferred_channels", "contact_times", "interests")
_SEALED = ("payment_preference", "vat_number")
_FLAGS = ("is_guest", "is_blocked", "pays_in_advance", "has_no_credit")
_MOMENTS = (("added", "c.customer_since"), ("first_order", "c.first_order_at"), ("last_order", "c.last_order_at"))

_CUSTOMERS = Source(
    columns={
        **{name: (column, Kind.TEXT) for name, column in _TEXTS},
        **{name: (column, Kind.WHOLE) for name, column in _WHOLES},
        **{name: (f"c.{name}", Kind.FLAG) for name in _FLAGS},
        **{name: (column, Kind.MOMENT) for name, column in _MOMENTS},
        "usual_gap": ("c.usual_gap_days", Kind.FRACTION),
    },
    tables="customers_customer c LEFT JOIN customers_customer w ON w.id = c.organisation_id",
    where="c.is_listed",
    whose="c.id",
    key="c.id",
)
_ROWS = Source(  # the records of people, the merged ones too
    columns={
        "city": ("c.city", Kind.TEXT),
        "region": ("c.region", Kind.TEXT),
        "country": ("c.country", Kind.TEXT),
        "channel": ("c.channel_id", Kind.WHOLE),
    },
    tables="customers_customer c",
    where="(c.country <> '' OR c.city <> '' OR c.region <> '' OR c.channel_id IS NOT NULL)",
    whose="c.id",
    key="c.id",
)
_ADDRESSES = Source(
    columns={
        "latitude": ("a.latitude", Kind.FRACTION),
        "longitude": ("a.longitude", Kind.FRACTION),
        "city": ("a.city", Kind.TEXT),
        "region": ("a.region", Kind.TEXT),
        "postal_code": ("a.postcode", Kind.TEXT),
        "country": ("a.country", Kind.TEXT),
    },
    tables="customers_address a",
    whose="a.customer_id",
    key="a.id",
)
_PLACES = replace(_ADDRESSES, columns={name: _ADDRESSES.columns[name] for name in ("city", "region", "country")})
_IDENTITIES = Source(
    columns={"channel": ("i.channel_id", Kind.WHOLE)},
    tables="customers_identity i",
    whose="i.customer_id",
    key="i.id",
)
_TAGGINGS = Source(
    columns={"tag": ("t.tag_id", Kind.WHOLE)},
    tables="customers_tagging t CROSS JOIN customers_tag g",
    where="g.id = t.tag_id AND g.deleted_at IS NULL",
    whose="t.customer_id",
    key="t.id",
)
_CONSENTS = Source(
    columns={"medium": ("s.medium", Kind.TEXT), "state": ("s.state", Kind.TEXT)},
    tables="customers_consent s",
    where=f"s.purpose = '{MARKETING}'",
    whose="s.customer_id",
    key="s.id",
)
_VALUES = Source(
    columns={
        "field": ("v.field_id", Kind.WHOLE),
        "place": ("v.place", Kind.WHOLE),
        "text": ("v.text", Kind.TEXT),
        "number": ("v.number", Kind.FRACTION),
        "sealed": ("v.sealed", Kind.TEXT),
    },
    tables="customers_customvalue v",
    whose="v.customer_id",
    key="v.id",
)
_SPELLS = Source(
    columns={"grp": ("s.group_id", Kind.WHOLE), "joined": ("s.joined_at", Kind.MOMENT)},
    tables="(SELECT * FROM segments_spell WHERE NOT is_founder) s",  # who was there from the beginning never joined
    whose="s.customer_id",
    key="s.id",
)


@cache
def _customers_schema() -> pa.Schema:
    texts = dict.fromkeys(
        ("name", "first_name", "last_name", "title", "email", "email_domain", "phone", "company", "city", "region",
         "postal_code", "country", "kind", "status"), pa.string(),
    )  # fmt: skip
    return pa.schema(
        {
            CUSTOMER: pa.int64(),
            "added": MOMENT,
            **texts,
            **dict.fromkeys(("category", "assigned_to", "channel"), pa.int64()),
            **dict.fromkeys(("gender", "occupation", "language", "time_zone"), pa.string()),
            **dict.fromkeys(_FLAGS, pa.bool_()),
            "payment_days": pa.int32(),
            **dict.fromkeys(
                ("payment_preference", "vat_number", "works_at", "position", "shopping_frequency"), pa.string()
            ),
            **dict.fromkeys(_SPOKEN, TEXTS),
            "birth_date": pa.date32(),
            "birthday": pa.int16(),
            "tags": IDS,
            **dict.fromkeys(("countries", "regions", "cities"), TEXTS),
            "channels": IDS,
            **{f"{medium}_consent": pa.string() for medium in Medium.values},
            "orders_count": pa.int32(),
            "spent": pa.int64(),
            "refunded": pa.int64(),
            "first_order": MOMENT,
            "last_order": MOMENT,
            "usual_gap": pa.float64(),
            "created_by_import": pa.bool_(),
        }
    )


def read_customers(customers: Collection[int] | None) -> Iterator[pa.RecordBatch]:
    """The table `customers`: one row for each listed customer."""
    people, schema = People(customers), _customers_schema()
    said, imported = _Said(people), _Imported()
    openers = {name: Opener(f"{Customer._meta.db_table}.{name}") for name in ("birth", *_SEALED)}
    for rows in read(_CUSTOMERS, people):
        ids = numbers(rows.column(CUSTOMER))
        found = {name: rows.column(name) for name in rows.schema.names}
        found["email_domain"] = _domains(found["email"])
        found |= {name: _words(found[name]) for name in _SPOKEN}
        found |= {name: pa.array(openers[name].open(found[name], ids), pa.string()) for name in _SEALED}
        found["birth_date"], found["birthday"] = _births(rows, ids, openers["birth"])
        found |= said.of(ids)
        found["created_by_import"] = pa.array(imported.made(ids))
        yield pa.RecordBatch.from_arrays([found[field.name].cast(field.type) for field in schema], schema=schema)


class _Imported:
    """Which customers a file of customers made: from one id to another, a million in a few rows."""

    def __init__(self) -> None:
        spans = ChangeSpan.objects.filter(change_set__action="import").order_by("first_id")
        found = list(spans.values_list("first_id", "last_id"))
        self._first = np.array([first for first, _last in found], dtype=np.int64)
        self._last = np.array([last for _first, last in found], dtype=np.int64)

    def made(self, ids: Ints) -> Mask:
        """Whether each of some customers was made by one."""
        if not len(self._first):
            return np.zeros(len(ids), dtype=np.bool_)
        places = np.searchsorted(self._first, ids, side="right") - 1
        is_made: Mask = (places >= 0) & (ids <= self._last[np.maximum(places, 0)])
        return is_made


class _Said:
    """What other rows say of people, as columns of the table of customers."""

    def __init__(self, people: People) -> None:
        identities, taggings, consents = (whole(one, people) for one in (_IDENTITIES, _TAGGINGS, _CONSENTS))
        rows, addresses = whole(_ROWS, people), whole(_PLACES, people)
        places = pa.concat_tables([one.select([CUSTOMER, "city", "region", "country"]) for one in (rows, addresses)])
        accounts = pa.concat_tables([one.select([CUSTOMER, "channel"]) for one in (rows, identities)])
        owners, cities = numbers(places.column(CUSTOMER)), places.column("city").combine_chunks()
        codes = _region_codes(places)
        self._lists = {
            "tags": Lists(numbers(taggings.column(CUSTOMER)), taggings.column("tag")),
            "channels": Lists(numbers(accounts.column(CUSTOMER)), accounts.column("channel")),
            "countries": Lists(owners, places.column("country")),
            "regions": Lists(owners, pc.coalesce(codes, places.column("region"))),
            # as it is written, and as Shopify writes it: US-NY-NewYorkCity
            "cities": Lists(
                np.concatenate([owners, owners]),
                pa.concat_arrays(
                    [cities, pc.binary_join_element_wise(codes, pc.replace_substring(cities, " ", ""), "-")]
                ),
            ),
        }
        self._consents = {f"{medium}_consent": _consent(consents, medium) for medium in Medium.values}

    def of(self, customers: Ints) -> dict[str, pa.Array]:
        """The columns for some customers."""
        lists = {name: one.of(customers) for name, one in self._lists.items()}
        return {**lists, **{name: one.of(customers) for name, one in self._consents.items()}}


def _consent(consents: pa.Table, medium: str) -> Singles:
    """What holds for one medium; it stands with the listed record (customers.actions.derive_consents)."""
    is_own = pc.equal(consents.column(CUSTOMER), consents.column(RECORD))
    these = consents.filter(pc.and_(is_own, pc.equal(consents.column("medium"), medium)))
    return Singles(numbers(these.column(CUSTOMER)), these.column("state"))


def _region_codes(places: pa.Table) -> pa.Array:
    """The code of each place's region (ISO 3166-2), where it is known; each pair is looked up once."""
    pairs = pc.binary_join_element_wise(
        *(pc.fill_null(places.column(name).combine_chunks(), EMPTY) for name in ("country", "region")), "\t"
    ).dictionary_encode()
    codes = [region_code(*pair.split("\t", 1)) or None for pair in pairs.dictionary.to_pylist()]
    return pa.array(codes, pa.string()).take(pairs.indices)


def _domains(emails: pa.Array) -> pa.Array:
    found = pc.struct_field(pc.extract_regex(emails, r"@(?P<domain>[^@]+)$"), "domain")
    return pc.utf8_lower(found)


def _words(texts: pa.Array) -> pa.Array:
    """A kept list of words with commas between them (customers/preferences.py)."""
    return pc.coalesce(pc.split_pattern(texts, ","), _NO_WORDS)


def _births(rows: pa.RecordBatch, ids: Ints, opener: Opener) -> tuple[pa.Array, pa.Array]:
    """Dates of birth, whole ones alone, and birthdays as month × 100 + day; what is a year alone need not be opened."""
    blinds = pc.coalesce(rows.column("birth_blind"), rows.column("birthday_blind"))
    sealed = pc.if_else(pc.is_valid(blinds), rows.column("birth"), _NOTHING)
    known = [_birth(text) for text in opener.open(sealed, ids, blinds=blinds)]
    return pa.array([on for on, _day in known], pa.date32()), pa.array([day for _on, day in known], pa.int16())


@lru_cache(maxsize=65_536)
def _birth(text: str | None) -> tuple[dt.date | None, int | None]:
    born = as_written(text)
    return born.on, int(born.day[:2]) * 100 + int(born.day[3:]) if born.day else None


# ── rows of their own

_CUSTOM_SCHEMA = pa.schema({CUSTOMER: pa.int64(), "field": pa.int64(), "text": pa.string(), "number": pa.float64()})
_ADDRESSES_SCHEMA = pa.schema(
    {CUSTOMER: pa.int64(), **{name: kind.type for name, (_e, kind) in _ADDRESSES.columns.items()}}
)
_SPELLS_SCHEMA = pa.schema({CUSTOMER: pa.int64(), "grp": pa.int64(), "joined": MOMENT})
_EVENTS_SCHEMA = pa.schema({CUSTOMER: pa.int64(), "kind": pa.string(), "happened": MOMENT})


def read_custom(customers: Collection[int] | None) -> Iterator[pa.RecordBatch]:
    """The table `custom`: values of the shop's own fields, also of those that were put away."""
    people = People(customers)
    known = {field.pk: field for field in CustomField.objects.all()}
    opener = Opener(f"{CustomValue._meta.db_table}.sealed")
    several = people.with_several
    waiting = []
    for rows in read(_VALUES, people):
        if rows.column("sealed").null_count < len(rows):
            rows = _unsealed(rows, known, opener)
        is_several = pc.is_in(rows.column(CUSTOMER), value_set=pa.array(several, pa.int64()))
        waiting.append(rows.filter(is_several))
        yield rows.filter(pc.invert(is_several)).select(_CUSTOM_SCHEMA.names).cast(_CUSTOM_SCHEMA)
    if waiting:
        yield _first_voices(pa.concat_batches(waiting)).select(_CUSTOM_SCHEMA.names).cast(_CUSTOM_SCHEMA)


def _unsealed(rows: pa.RecordBatch, known: dict[int, CustomField], opener: Opener) -> pa.RecordBatch:
    """Values with the sealed ones opened, and what these are as numbers."""
    texts = opener.open(rows.column("sealed"), numbers(rows.column(RECORD)))
    fields = rows.column("field").to_pylist()
    found = {
        "text": pc.coalesce(pa.array(texts, pa.string()), rows.column("text")),
        "number": pc.coalesce(
            pa.array(
                [_number(known[field], text) if text else None for field, text in zip(fields, texts, strict=True)],
                pa.float64(),
            ),
            rows.column("number"),
        ),
    }
    return pa.RecordBatch.from_arrays(
        [found.get(name, rows.column(name)) for name in rows.schema.names], names=rows.schema.names
    )


def _number(field: CustomField, text: str) -> float | None:
    """What an opened value is as a number, as the row of one that is not sealed keeps it."""
    try:
        kept = customfields.parse(field, text)
    except customfields.BadValue:
        return None  # of a type that the field had before
    return kept[0].number if kept else None


def _first_voices(rows: pa.RecordBatch) -> pa.RecordBatch:
    """Of people with several records: each field as the listed one says it, else the first that says something."""
    customers, records, fields, places = (numbers(rows.column(name)) for name in (CUSTOMER, RECORD, "field", "place"))
    order = np.lexsort((places, records, records != customers, fields, customers))
    customers, records, fields = customers[order], records[order], fields[order]
    is_new = np.ones(len(order), dtype=np.bool_)
    is_new[1:] = (customers[1:] != customers[:-1]) | (fields[1:] != fields[:-1])
    voices = records[is_new][np.cumsum(is_new) - 1] if len(order) else records
    return rows.take(pa.array(order[records == voices]))


def read_addresses(customers: Collection[int] | None) -> Iterator[pa.RecordBatch]:
    """The table `addresses`: every address of every record."""
    return _plain(_ADDRESSES, _ADDRESSES_SCHEMA, customers)


def read_spells(customers: Collection[int] | None) -> Iterator[pa.RecordBatch]:
    """The table `spells`: who joined which saved group when."""
    return _plain(_SPELLS, _SPELLS_SCHEMA, customers)


def read_events(customers: Collection[int] | None) -> Iterator[pa.RecordBatch]:
    """The table `events`: what stands on the timeline."""
    names = ", ".join(f"'{name}'" for name, fact in all_facts().items() if fact.on_timeline)
    source = Source(
        columns={"kind": ("e.name", Kind.TEXT), "happened": ("e.at", Kind.MOMENT)},
        tables="timeline_entry e",
        where=f"e.customer_id IS NOT NULL AND e.name IN ({names})",
        whose="e.customer_id",
        key="e.id",
    )
    return _plain(source, _EVENTS_SCHEMA, customers)


def _plain(source: Source, schema: pa.Schema, customers: Collection[int] | None) -> Iterator[pa.RecordBatch]:
    for rows in read(source, People(customers)):
        yield rows.select(schema.names).cast(schema)


CUSTOMERS = Table(
    name="customers",
    schema=_customers_schema,
    read=read_customers,
    texts=lambda: (
        *("name", "first_name", "last_name", "title", "email", "email_domain", "phone", "company", "city", "region"),
        *("postal_code", "occupation", "language", "time_zone", "payment_preference", "vat_number", "works_at"),
        *("position", *_SPOKEN, "countries", "regions", "cities"),
    ),
)
CUSTOM = Table(name="custom", schema=lambda: _CUSTOM_SCHEMA, read=read_custom, texts=lambda: ("text",))
ADDRESSES = Table(
    name="addresses",
    schema=lambda: _ADDRESSES_SCHEMA,
    read=read_addresses,
    texts=lambda: ("city", "region", "postal_code"),
)
SPELLS = Table(name="spells", schema=lambda: _SPELLS_SCHEMA, read=read_spells)
EVENTS = Table(name="events", schema=lambda: _EVENTS_SCHEMA, read=read_events)
ALL = (CUSTOMERS, CUSTOM, ADDRESSES, SPELLS, EVENTS)
