"""What a customer's row shows who has several records, and what each of those says by itself.

    a record that was merged away    its row says what it says by itself
    the listed one of a merge        its row shows what the links make of all of them; OwnProfile has its own values
    everybody else                   row and record are the same, and nothing here has anything to do

What is shown follows from the records' own values and the choices of the active links alone (`shown`), so it can be
made anew at any time, and goes back to what a record says by itself when the last link goes.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from django.db.models import F, Q
from django.utils import timezone

from regulars.core.fields import sealed_for
from regulars.customers.derived import contacts_of, found_by, profile_of
from regulars.customers.indexing import mark_unindexed
from regulars.customers.models import Address, Customer, MergeLink, OwnProfile
from regulars.customers.people import records, roots_of
from regulars.customers.standings import id_list

Values = Mapping[str, Any]


class Rule(Enum):
    """What is shown where nobody chose: the first record that says something, or what all of them come to."""

    FIRST = "first"
    ALL = "all"
    ANY = "any"
    EARLIEST = "earliest"


@dataclass(frozen=True, slots=True)
class Group:
    """Columns that belong together, so that nobody gets one record's given name and another one's family name."""

    name: str
    columns: tuple[str, ...]
    rule: Rule = Rule.FIRST

    def of(self, values: Values) -> tuple[Any, ...]:
        return tuple(values[column] for column in self.columns)

    def is_empty(self, values: Values) -> bool:
        return all(value is None or value == "" or value is False for value in self.of(values))


GROUPS = (
    Group("kind", ("kind",)),
    Group("name", ("title", "given_name", "family_name", "name")),
    Group("company", ("company",)),
    Group("email", ("email",)),
    Group("phone", ("phone",)),
    Group("address", ("city", "region", "postcode", "country")),
    Group("billing", ()),  # whose address invoices go to; the row does not repeat it
    Group("birthday", ("birth", "birth_blind", "birth_year_blind", "birthday_blind")),
    Group("gender", ("gender",)),
    Group("occupation", ("occupation",)),
    Group("language", ("language",)),
    Group("time_zone", ("time_zone",)),
    Group("status", ("status",)),
    Group("category", ("category_id", "has_category_by_hand")),
    Group("looked_after_by", ("looked_after_by_id",)),
    Group("channel", ("channel_id",)),
    Group("customer_since", ("customer_since",), Rule.EARLIEST),
    Group("is_guest", ("is_guest",), Rule.ALL),
    Group("restrictions", ("is_blocked", "pays_in_advance", "has_no_credit", "restriction_reason"), Rule.ANY),
    Group("organisation", ("organisation_id", "position")),
    Group("household", ("household_id",)),
    Group("vat_number", ("vat_number", "vat_number_blind")),
    Group("payment_days", ("payment_days",)),
    Group("payment_preference", ("payment_preference", "payment_preference_blind")),
    Group("preferred_channels", ("preferred_channels",)),
    Group("contact_times", ("contact_times",)),
    Group("interests", ("interests",)),
    Group("shopping_frequency", ("shopping_frequency",)),
)
BY_NAME = {group.name: group for group in GROUPS}
_DERIVED = ("sort_name", "search_text")
COLUMNS = (*(column for group in GROUPS for column in group.columns), *_DERIVED)
"""All that a record says by itself. The figures are orders' own: they follow from the records' orders."""

_MOMENTS = frozenset({"customer_since"})
_POINTERS = {
    known.attname: known.related_model
    for known in Customer._meta.concrete_fields
    if known.is_relation and known.attname in COLUMNS
}


@dataclass(frozen=True, slots=True)
class Link:
    """An active link, as the one question here needs it."""

    kept: int
    merged: int
    choices: Mapping[str, int]


@dataclass(slots=True)
class Person:
    """Some records that are one person: what each says by itself, and the active links between them, oldest first."""

    root: int
    own: dict[int, dict[str, Any]]
    links: list[Link] = field(default_factory=list)

    def under(self, record: int) -> set[int]:
        """A record and all that was merged into it."""
        return {record}.union(*(self.under(link.merged) for link in self.links if link.kept == record))

    def without(self, record: int) -> Person:
        """The same person, without a record and all that was merged into it."""
        gone = self.under(record)
        return Person(
            self.root,
            {number: values for number, values in self.own.items() if number not in gone},
            [link for link in self.links if link.merged not in gone],
        )


@dataclass(frozen=True, slots=True)
class Shown:
    """What a person's row shows, and of each group whose value that is (None: it is made of several)."""

    values: dict[str, Any]
    origins: dict[str, int | None]


def shown(person: Person, record: int | None = None) -> Shown:
    """What is shown of a person; with `record`, what would be shown of that record and those merged into it alone.

    1. Where a link chose a record for a group of columns, that record's own values are shown: of several links of one
       record the latest one decides. A choice of somebody who is not in the person any more is none.
    2. Else the first that says something: the record itself, then what is shown of each record merged into it.
    3. Some groups are made of all: a customer since the first of them became known, a guest only where all were guests,
       restricted as any of them is.
    4. The text that finds a person is that of all records together.
    """
    at = person.root if record is None else record
    own = person.own[at]
    links = [link for link in person.links if link.kept == at]
    parts = [(link, shown(person, link.merged)) for link in links]
    members = {link.merged: person.under(link.merged) for link in links}
    values: dict[str, Any] = {}
    origins: dict[str, int | None] = {}
    for group in GROUPS:
        chosen = _chosen(person, group, at, links, members)
        if chosen is not None:
            values |= zip(group.columns, group.of(person.own[chosen]), strict=True)
            origins[group.name] = chosen
            continue
        said = [(own, at), *((part.values, part.origins[group.name]) for _link, part in parts)]
        made, origins[group.name] = _RULES[group.rule](group, said)
        values |= zip(group.columns, made, strict=True)
    lines = [
        line for part in (own, *(part.values for _link, part in parts)) for line in part["search_text"].split("\n")
    ]
    values["search_text"] = "\n".join(dict.fromkeys(line for line in lines if line))
    values["sort_name"] = found_by(values)["sort_name"] if links else own["sort_name"]
    return Shown(values, origins)


def persons(root_ids: Collection[int]) -> list[Person]:
    """The listed customers of these ids, with all their records and links: three queries."""
    rows = Customer.everyone.filter(Q(pk__in=id_list(root_ids)) | Q(merged_into__in=id_list(root_ids)))
    found = {root: Person(root, {}) for root in sorted(root_ids)}
    whose: dict[int, int] = {}
    for row in rows.order_by("pk").values("pk", "merged_into_id", *COLUMNS):
        pk, root = row.pop("pk"), row.pop("merged_into_id")
        whose[pk] = root if root in found else pk
        found[whose[pk]].own[pk] = row
    said = dict(OwnProfile.objects.filter(pk__in=id_list(found)).values_list("pk", "values"))
    for pk, values in zip(said, alive(said.values()), strict=True):
        found[pk].own[pk] |= values
    links = MergeLink.objects.filter(kept__in=id_list(whose), undone_at__isnull=True).order_by("pk")
    for kept, merged, choices in links.values_list("kept_id", "merged_id", "choices"):
        found[whose[kept]].links.append(Link(kept, merged, choices))
    return [person for person in found.values() if person.own]


def present(root_ids: Collection[int]) -> None:
    """Let the rows of listed customers show what their links say; one without links shows what it says by itself.

    Call it inside the transaction of what changed a record or a link; it locks the rows it may write.
    """
    rows = {
        row.pk: row
        for row in Customer.everyone.select_for_update(of=("self",), no_key=True)
        .filter(pk__in=id_list(root_ids))
        .order_by("pk")
    }
    written = []
    for person in persons(list(rows)):
        row = rows[person.root]
        if not person.links:
            OwnProfile.objects.filter(pk=person.root).delete()
        values = shown(person).values
        changed = {column: value for column, value in values.items() if getattr(row, column) != value}
        if changed:
            changes = {
                **sealed_for(Customer, person.root, changed),
                "updated_at": timezone.now(),
                "version": F("version") + 1,
            }
            Customer.everyone.filter(pk=person.root).update(**changes)
            written.append(person.root)
        if person.links:
            kept = sealed_for(OwnProfile, person.root, {"shown": plain(values)})
            OwnProfile.objects.filter(pk=person.root).update(**kept)
    mark_unindexed(written)


def itself(customer: Customer) -> Customer:
    """The customer as the record says by itself; the same object where it is in no merge, or was merged away."""
    said = own_profile(customer)
    if said is None:
        return customer
    record = copy(customer)
    record._state = copy(customer._state)
    record._state.fields_cache = {"own_profile": said}
    (values,) = alive([said.values])
    for column, value in values.items():
        setattr(record, column, value)
    return record


def as_shown(customer: Customer) -> Customer:
    """The customer as the row shows them now: read again where they are in a merge."""
    if own_profile(customer) is None:
        return customer
    return Customer.everyone.get(pk=customer.pk)


def own_profile(customer: Customer) -> OwnProfile | None:
    """Where the record's own values stand, if its row shows another's."""
    try:
        return customer.own_profile
    except OwnProfile.DoesNotExist:
        return None


def write_own(customer: Customer, columns: Values, *, is_last_word: bool = True) -> None:
    """Change what a listed customer of several records says by itself, and show it.

    With `is_last_word` what it says from now on is shown, whatever was chosen before: somebody wrote it on the page.
    What comes in by itself for this one of the records (an import) leaves the choices as they are.
    """
    said = OwnProfile.objects.select_for_update().get(pk=customer.pk)
    given = columns_of(columns)
    different = {name for name, value in plain(given).items() if said.values.get(name) != value}
    said.values |= plain(given)
    said.email = said.values["email"]
    said.save(update_fields=["values", "email"])
    customer._state.fields_cache["own_profile"] = said
    if is_last_word:
        for group in GROUPS:
            # where somebody lives follows from their addresses, and which of them counts is said there
            if group.name != "address" and different.intersection(group.columns):
                choose(customer.pk, group.name, customer.pk)
    present([customer.pk])


def choose(root: int, group: str, record: int) -> None:
    """Let a person show one record's values of a group from now on; remember it only where it would not anyway.

    It stands with the link that brought the record, so that it goes with it; the listed record's own stands with all.
    """
    links = list(MergeLink.objects.select_for_update().filter(kept=root, undone_at__isnull=True).order_by("pk"))
    for link in links:
        if link.choices.pop(group, None) is not None:
            link.save(update_fields=["choices"])
    (person,) = persons([root])
    if shown(person).origins[group] == record:
        return
    for link in links:
        if record == root or record in person.under(link.merged_id):
            link.choices[group] = record
            link.save(update_fields=["choices"])


def origin(record: Customer, group: str) -> int | None:
    """Which of a person's records a group is shown of; nothing where the person has one record, or it is of several."""
    root = record.merged_into_id or record.pk
    if not MergeLink.objects.filter(kept=root, undone_at__isnull=True).exists():
        return None
    return shown(persons([root])[0]).origins[group]


def addresses(customer: Customer) -> list[Address]:
    """The addresses of all records of a customer, the defaults first; of several defaults the one that counts."""
    ids = records(customer)
    found = list(Address.objects.filter(customer__in=ids).order_by("-is_default_shipping", "-is_default_billing", "id"))
    if len(ids) == 1:
        return found
    origins = shown(persons([customer.pk])[0]).origins
    bills = {address.customer_id for address in found if address.is_default_billing}
    billing = origins["billing"] if origins["billing"] in bills else origins["address"]
    for address in found:
        address.is_default_shipping = address.is_default_shipping and address.customer_id == origins["address"]
        address.is_default_billing = address.is_default_billing and address.customer_id == billing
    return sorted(found, key=lambda one: (not one.is_default_shipping, not one.is_default_billing, one.pk))


def follow(customer_ids: Collection[int]) -> None:
    """Let merges follow after rows of customers were written past the verbs, many at a time.

    A record that was merged away has changed: who shows it is made anew. What a listed one shows now and did not show
    before becomes its own. For everybody else this is one query, and nothing to do.
    """
    touched = Customer.everyone.filter(pk__in=id_list(customer_ids))
    roots = set(touched.filter(merged_into__isnull=False).values_list("merged_into_id", flat=True))
    written = touched.filter(pk__in=OwnProfile.objects.values("pk"))
    for customer in written.select_related("own_profile"):
        (person,) = persons([customer.pk])
        (before,) = alive([customer.own_profile.shown])
        new = {column: getattr(customer, column) for column in before if getattr(customer, column) != before[column]}
        for derived in _DERIVED:
            new.pop(derived, None)
        if new:
            contacts = contacts_of([customer.pk]).get(customer.pk, ())
            new |= found_by({**person.own[customer.pk], **new, "contacts": contacts})
            write_own(customer, new)
    if roots:
        present(roots)


def find_again(record_ids: Collection[int]) -> None:
    """Let records be found by what they say now, after their e-mails or phones were written past the verbs."""
    for customer in Customer.everyone.filter(pk__in=id_list(record_ids)).select_related("own_profile"):
        found = found_by(profile_of(itself(customer)))
        if own_profile(customer) is not None:
            write_own(customer, found, is_last_word=False)
        else:
            Customer.everyone.filter(pk=customer.pk).update(**found)
            mark_unindexed([customer.pk])
    present({root for pk, root in roots_of(record_ids).items() if root != pk})


def columns_of(values: Values) -> dict[str, Any]:
    """Fields of a customer as columns of the row; those that no merge is about (version, moments) are left out."""
    found = {}
    for name, value in values.items():
        known = Customer._meta.get_field(name)
        column = known.attname  # type: ignore[union-attr]
        if column in COLUMNS:
            found[column] = getattr(value, "pk", value) if known.is_relation else value
    return found


def plain(columns: Values) -> dict[str, Any]:
    """Columns as JSON keeps them."""
    return {name: value.isoformat() if isinstance(value, dt.datetime) else value for name, value in columns.items()}


def alive(kept: Iterable[Values]) -> list[dict[str, Any]]:
    """Kept values as columns; what points to a row that went meanwhile points to nothing."""
    found = [
        {name: dt.datetime.fromisoformat(value) if name in _MOMENTS else value for name, value in values.items()}
        for values in kept
    ]
    for column, model in _POINTERS.items():
        wanted = {values[column] for values in found if values.get(column) is not None}
        if wanted:
            there = set(model._base_manager.filter(pk__in=wanted).values_list("pk", flat=True))  # type: ignore[union-attr]
            for values in found:
                if column in values and values[column] not in there:
                    values[column] = None
    return found


def _chosen(
    person: Person, group: Group, at: int, links: Sequence[Link], members: Mapping[int, set[int]]
) -> int | None:
    for link in reversed(links):
        record = link.choices.get(group.name)
        if record is None or (record != at and all(record not in found for found in members.values())):
            continue
        if group.name == "address" and group.is_empty(person.own[record]):
            continue  # the chosen address is gone
        return record
    return None


_Said = Sequence[tuple[Values, int | None]]
_Made = tuple[tuple[Any, ...], int | None]


def _first(group: Group, said: _Said) -> _Made:
    values, origin = next((one for one in said if not group.is_empty(one[0])), said[0])
    return group.of(values), origin


def _all(group: Group, said: _Said) -> _Made:
    made = tuple(all(values[column] for values, _origin in said) for column in group.columns)
    return made, _origin_of(group, said, made)


def _any(group: Group, said: _Said) -> _Made:
    """Restrictions: each that any record has, and the first reason that one of those gives."""
    *marks, reason = group.columns
    made = tuple(any(values[column] for values, _origin in said) for column in marks)
    reasons = (values[reason] for values, _origin in said if any(values[column] for column in marks))
    whole = (*made, next(filter(None, reasons), said[0][0][reason]))
    return whole, _origin_of(group, said, whole)


def _earliest(group: Group, said: _Said) -> _Made:
    values, origin = min(said, key=lambda one: group.of(one[0]))
    return group.of(values), origin


def _origin_of(group: Group, said: _Said, made: tuple[Any, ...]) -> int | None:
    return next((origin for values, origin in said if group.of(values) == made), None)


_RULES: dict[Rule, Callable[[Group, _Said], _Made]] = {
    Rule.FIRST: _first,
    Rule.ALL: _all,
    Rule.ANY: _any,
    Rule.EARLIEST: _earliest,
}
