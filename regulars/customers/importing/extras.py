"""What a file tells of a customer beyond profile and address: further fields, tags, own fields, consent, notes.

Few files have such columns, so the writer of many rows knows nothing of them. Their values are read row by row before
anything is written, so that a row with a bad one comes back whole; and written for a whole batch at once, behind it.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from django.db.models import F, Model
from django.utils.translation import gettext as _

from regulars.core import bulk
from regulars.core.dates import BadDate
from regulars.core.errors import Invalid
from regulars.core.tabular import Finding
from regulars.core.text import BadText, clean, fold
from regulars.customers import birthdays, customfields
from regulars.customers.actions.consent import add_records
from regulars.customers.actions.tags import ensure_tags, split
from regulars.customers.consents import FIELD_OF, MARKETING, WORDS
from regulars.customers.derived import as_columns, found_by, profile_of
from regulars.customers.facts import (
    ContactChanged,
    CustomerChanged,
    CustomerTagged,
    CustomValuesChanged,
    NoteWritten,
)
from regulars.customers.journal import plain
from regulars.customers.models import (
    Category,
    Consent,
    ConsentRecord,
    ConsentState,
    ContactPoint,
    Customer,
    CustomValue,
    Note,
    Tag,
    Tagging,
)
from regulars.customers.normalise import normalise
from regulars.customers.standings import id_list
from regulars.staff.models import User
from regulars.timeline.actions import record_many, who_acts
from regulars.timeline.facts import Fact

PLAIN = (
    "gender", "occupation", "position", "vat_number", "payment_days", "time_zone", "payment_preference", "is_blocked",
    "pays_in_advance", "has_no_credit", "restriction_reason", "preferred_channels", "contact_times", "interests",
    "shopping_frequency",
)  # fmt: skip
CONSENTS = {"email_consent": "email", "sms_consent": "sms"}
CONTACTS = {"email_2": "email", "phone_2": "phone"}
FIELDS = frozenset({*PLAIN, *CONSENTS, *CONTACTS, "birthday", "category", "looked_after_by", "tags", "note"})
TABLES: tuple[type[Model], ...] = (Tagging, CustomValue, ContactPoint, Note, ConsentRecord, Consent)

_NOTE_LENGTH = 10_000
_NAMES = ("name", "company", "email", "phone")
_BORN = ("birth_year", "birthday")
_AGREED = {
    **dict.fromkeys(("yes", "true", "1", "y", "ja", "是", "subscribed", "opted in", "opt-in", "agreed"), True),
    **dict.fromkeys(("no", "false", "0", "n", "nein", "否", "unsubscribed", "opted out", "opt-out", "refused"), False),
    **dict.fromkeys(("never subscribed", "not subscribed", "not_subscribed", "pending", "unknown"), None),
}

Values = dict[str, Any]


@dataclass(slots=True)
class Stored:
    """What customers have now, of what a file may tell."""

    columns: dict[int, dict[str, Any]] = field(default_factory=dict)
    tags: dict[int, set[str]] = field(default_factory=lambda: defaultdict(set))
    custom: dict[int, dict[int, list[str]]] = field(default_factory=lambda: defaultdict(dict))
    contacts: dict[int, set[str]] = field(default_factory=lambda: defaultdict(set))
    notes: dict[int, set[str]] = field(default_factory=lambda: defaultdict(set))
    consents: dict[int, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))


class Extras:
    """Reads and writes the further columns of one file."""

    def __init__(self, columns: Mapping[str, int], *, country: str, date_orders: Mapping[str, str]) -> None:
        own = {one.name: one for one in customfields.of_who_acts()}
        self.places = {name: at for name, at in columns.items() if name in FIELDS or name in own}
        self.own = {name: own[name] for name in self.places if name in own}
        self.unknown: dict[str, list[str]] = defaultdict(list)
        self._country = country
        self._is_month_first = date_orders.get("birthday") == "mdy"
        self._categories: dict[str, int] = {}
        self._colleagues: dict[str, int] = {}
        if "category" in self.places:
            for pk, key, name in Category.objects.values_list("pk", "key", "name"):
                self._categories |= {fold(key): pk, fold(name): pk}
        if "looked_after_by" in self.places:
            for pk, name, email in User.objects.filter(is_active=True).values_list("pk", "name", "email"):
                self._colleagues |= {fold(name): pk, fold(email): pk}
        self._read = lru_cache(maxsize=20_000)(self._read_one)

    def __bool__(self) -> bool:
        return bool(self.places)

    def parse(self, cells: Sequence[str]) -> Values:
        """What a row tells. Raises Invalid with a reason for every field that cannot be used."""
        found: Values = {}
        reasons: dict[str, list[str]] = {}
        for name, at in self.places.items():
            if not cells[at].strip():
                continue
            try:
                found |= self._read(name, cells[at])
            except (BadText, BadDate, customfields.BadValue) as problem:
                reasons[name] = [str(problem)]
            except Invalid as refused:
                reasons[name] = [refused.sentence]
        if reasons:
            raise Invalid("", fields=reasons)
        return found

    def _read_one(self, name: str, cell: str) -> Values:
        if name == "birthday":
            year, day = birthdays.parse(clean(cell, limit=40), is_month_first=self._is_month_first)
            return {"birth_year": year, "birthday": day}
        if name == "tags":
            return {"tags": tuple(one for one in split(cell) if fold(one))}
        if name == "note":
            return {"note": _note(cell)}
        if name in CONSENTS:
            key = cell.strip().casefold()
            if key not in _AGREED:
                raise BadText(_("“%(text)s” is neither yes nor no.") % {"text": cell.strip()[:40]})
            return {} if _AGREED[key] is None else {name: _AGREED[key]}
        if name in CONTACTS:
            kind = CONTACTS[name]
            return {name: normalise({kind: cell}, country=self._country)[kind]}
        if name in self.own:
            return {name: customfields.parse(self.own[name], cell)}
        if name == "category":
            return self._one_of(name, "category_id", cell, self._categories)
        if name == "looked_after_by":
            return self._one_of(name, "looked_after_by_id", cell, self._colleagues)
        return dict(normalise({name: cell}, country=self._country))

    def _one_of(self, name: str, column: str, cell: str, known: Mapping[str, int]) -> Values:
        found = known.get(fold(cell))
        if found is None:
            self.unknown[name].append(cell.strip())
            return {}
        return {column: found}

    def findings(self) -> list[Finding]:
        """What the file names and the shop does not know: those cells were left out."""
        sentences = {
            "category": _("Left out, because the shop has no such category: %(names)s."),
            "looked_after_by": _("Left out, because nobody of the team is called so: %(names)s."),
            "email_2": _("Left out, because another customer has this e-mail: %(names)s."),
        }
        return [
            Finding(f"unknown_{name}", len(cells), sentences[name] % {"names": ", ".join(dict.fromkeys(cells))[:200]})
            for name, cells in self.unknown.items()
        ]

    def stored(self, numbers: Sequence[int]) -> Stored:
        """What these customers have now."""
        found, whose = Stored(), id_list(numbers)
        columns = ["birth", "category_id", "looked_after_by_id", *_NAMES]
        for row in Customer.everyone.filter(pk__in=whose).values("id", *PLAIN, *columns):
            row["birth_year"], row["birthday"] = birthdays.as_written(row.pop("birth"))
            found.columns[row["id"]] = row
            found.contacts[row["id"]] |= {row["email"], row["phone"]}
        if "tags" in self.places:
            for number, key in Tagging.objects.filter(customer__in=whose).values_list("customer", "tag__key"):
                found.tags[number].add(key)
        if self.own:
            rows = CustomValue.objects.filter(customer__in=whose, field__in=[one.pk for one in self.own.values()])
            told = rows.order_by("place").values_list("customer", "field", "text", "sealed")
            for number, field_id, text, hidden in told:
                found.custom[number].setdefault(field_id, []).append(hidden or text)
        if CONTACTS.keys() & self.places.keys():
            for number, value in ContactPoint.objects.filter(customer__in=whose).values_list("customer", "value"):
                found.contacts[number].add(value)
        if "note" in self.places:
            for number, text in Note.objects.filter(customer__in=whose).values_list("customer", "text"):
                found.notes[number].add(text)
        if CONSENTS.keys() & self.places.keys():
            held = Consent.objects.filter(customer__in=whose, purpose=MARKETING)
            for number, medium, state in held.values_list("customer", "medium", "state"):
                found.consents[number][medium] = state
        return found

    def difference(self, number: int, values: Values, stored: Stored) -> tuple[dict[str, list[Any]], Values]:
        """What a row would change of a customer: in words for people, and the values that are new."""
        fields: dict[str, list[Any]] = {}
        new: Values = {}
        before = stored.columns.get(number, {})
        for name, value in values.items():
            old: Any = ""
            if name in self.own:
                old, now = stored.custom[number].get(self.own[name].pk, []), [kept.text for kept in value]
                is_new = old != now
                old, shown = _told(old), _told(now)
            elif name == "tags":
                value = tuple(one for one in value if fold(one) not in stored.tags[number])
                is_new, shown = bool(value), list(value)
            elif name in CONTACTS:
                is_new, shown = value not in stored.contacts[number], value
            elif name == "note":
                is_new, shown = value not in stored.notes[number], value
            elif name in CONSENTS:
                held = stored.consents[number].get(CONSENTS[name], "")
                state = ConsentState.AGREED if value else ConsentState.REFUSED
                is_new, old, shown = held != state, WORDS.get(held, ""), WORDS[state]
            else:
                old, shown = plain(before.get(name)), plain(value)
                is_new = before.get(name) != value
            if is_new:
                born = {"birth": birthdays.written(*(values[part] for part in _BORN))} if name in _BORN else None
                new |= born or {name: value}
                fields[_field(name)] = [old, shown]
        return fields, new

    def write(self, wanted: Mapping[int, Values], at: dt.datetime) -> list[int]:
        """Write the new values of customers, inside a transaction; returns the tags that had to be made for it."""
        self._write_columns(wanted, at)
        made = self._write_tags(wanted)
        self._write_custom(wanted)
        self._write_contacts(wanted)
        self._write_notes(wanted, at)
        self._write_consents(wanted, at)
        return made

    @staticmethod
    def _write_columns(wanted: Mapping[int, Values], at: dt.datetime) -> None:
        names = {*PLAIN, "birth", "category_id", "looked_after_by_id"}
        by_columns: dict[tuple[str, ...], list[tuple[Any, ...]]] = defaultdict(list)
        for number, values in wanted.items():
            values = as_columns({name: values[name] for name in names & values.keys()})
            columns = tuple(sorted(values))
            if "category_id" in columns:
                values = {**values, "has_category_by_hand": True}
                columns = (*columns, "has_category_by_hand")
            if columns:
                by_columns[columns].append((*(values[name] for name in columns), number))
        for columns, rows in by_columns.items():
            bulk.update(Customer, columns, rows)
        Customer.everyone.filter(pk__in=id_list(list(wanted))).update(version=F("version") + 1, updated_at=at)

    @staticmethod
    def _write_tags(wanted: Mapping[int, Values]) -> list[int]:
        pairs = [(number, name) for number, values in wanted.items() for name in values.get("tags", ())]
        if not pairs:
            return []
        names = list(dict.fromkeys(name for _number, name in pairs))
        before = set(Tag.objects.values_list("pk", flat=True))
        tags = {one.key: one.pk for one in ensure_tags(names)}
        rows = dict.fromkeys((number, tags[fold(name)]) for number, name in pairs)
        bulk.insert(Tagging, ("customer_id", "tag_id"), rows)
        return sorted(set(tags.values()) - before)

    def _write_custom(self, wanted: Mapping[int, Values]) -> None:
        for name, own in self.own.items():
            of_field = {number: values[name] for number, values in wanted.items() if name in values}
            if not of_field:
                continue
            CustomValue.objects.filter(field=own, customer__in=id_list(list(of_field))).delete()
            bulk.insert(
                CustomValue,
                ("customer_id", "place", *customfields.ROW),
                [
                    (number, place, *kept.row(own))
                    for number, values in of_field.items()
                    for place, kept in enumerate(values)
                ],
                same={"field_id": own.pk},
            )

    def _write_contacts(self, wanted: Mapping[int, Values]) -> None:
        """Further e-mails and phones; an e-mail that another customer has is left out, and told of."""
        told = [
            (number, kind, values[name])
            for name, kind in CONTACTS.items()
            for number, values in wanted.items()
            if name in values
        ]
        if not told:
            return
        whose = self._holders([value for _number, kind, value in told if kind == ContactPoint.Kind.EMAIL])
        made: dict[tuple[int, str, str], ContactPoint] = {}
        for number, kind, value in told:
            if kind == ContactPoint.Kind.EMAIL and whose.setdefault(value, number) != number:
                self.unknown["email_2"].append(value)
            else:
                made[number, kind, value] = ContactPoint(customer_id=number, kind=kind, value=value)
        ContactPoint.objects.bulk_create(made.values(), batch_size=500)
        numbers = sorted({number for number, _kind, _value in made})
        rows = Customer.everyone.filter(pk__in=id_list(numbers))
        bulk.update(Customer, ("search_text",), [(found_by(profile_of(row))["search_text"], row.pk) for row in rows])

    @staticmethod
    def _holders(emails: Sequence[str]) -> dict[str, int]:
        """Who has these e-mails already, as a first one or a further one."""
        first = Customer.everyone.filter(email__in=list(emails), deleted_at__isnull=True)
        further = ContactPoint.objects.filter(kind="email", value__in=list(emails), customer__deleted_at__isnull=True)
        return dict(further.values_list("value", "customer_id")) | dict(first.values_list("email", "pk"))

    @staticmethod
    def _write_notes(wanted: Mapping[int, Values], at: dt.datetime) -> None:
        notes = Note.objects.bulk_create(
            [
                Note(customer_id=number, text=values["note"], at=at, author_id=who_acts().user_id)
                for number, values in wanted.items()
                if "note" in values
            ],
            batch_size=500,
        )
        told = [(note.customer_id, NoteWritten(note=note.public_id, note_kind=note.kind)) for note in notes]
        if told:
            record_many(told, subject=Customer)

    @staticmethod
    def _write_consents(wanted: Mapping[int, Values], at: dt.datetime) -> None:
        add_records(
            [
                ConsentRecord(
                    customer_id=number,
                    medium=medium,
                    purpose=MARKETING,
                    state=ConsentState.AGREED if values[name] else ConsentState.REFUSED,
                    source=ConsentRecord.Source.IMPORT,
                    actor_id=who_acts().user_id,
                    at=at,
                    recorded_at=at,
                )
                for name, medium in CONSENTS.items()
                for number, values in wanted.items()
                if name in values
            ]
        )


def facts_of(fields: Mapping[str, list[Any]]) -> list[Fact]:
    """What the timeline is told of the new values of somebody who was there before.

    Consents and notes tell of themselves.
    """
    facts: list[Fact] = []
    silent = {"note", "tags", *FIELD_OF.values()}
    own = {name: change for name, change in fields.items() if name.startswith(customfields.PREFIX)}
    reach = {CONTACTS[name]: change for name, change in fields.items() if name in CONTACTS}
    plainly = {
        name: change
        for name, change in fields.items()
        if name not in silent and name not in own and name not in CONTACTS
    }
    if plainly:
        facts.append(CustomerChanged(changes=plainly))
    if own:
        facts.append(CustomValuesChanged(changes=own))
    if reach:
        facts.append(ContactChanged(changes=reach))
    if "tags" in fields:
        facts.append(CustomerTagged(tags=list(fields["tags"][1])))
    return facts


def reasons_in_words(fields: Mapping[str, Iterable[str]]) -> str:
    """Every reason of a refused row, each with the name of its field."""
    return " ".join(f"{name}: {reason}" for name, reasons in fields.items() for reason in reasons)


def _field(name: str) -> str:
    if name in CONSENTS:
        return FIELD_OF[CONSENTS[name]]
    return name.removesuffix("_id")


def _told(texts: Sequence[str]) -> Any:
    return list(texts) if len(texts) > 1 else texts[0] if texts else ""


def _note(cell: str) -> str:
    """A note keeps its lines."""
    lines = [clean(line, limit=_NOTE_LENGTH) for line in cell.replace("\r\n", "\n").replace("\r", "\n").split("\n")]
    text = "\n".join(lines).strip()
    if len(text) > _NOTE_LENGTH:
        raise BadText(_("It is %(length)s characters long; %(limit)s are the most that fit.") % {
            "length": len(text), "limit": _NOTE_LENGTH})  # fmt: skip
    return text
