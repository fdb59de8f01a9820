"""The part of this room on the customer page: timeline, profile, changes, and the rail."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from regulars.core import shop
from regulars.core.background.overview import label
from regulars.core.contact import format_phone
from regulars.customers import (
    birthdays,
    catalogue,
    consents,
    customfields,
    mentions,
    moments,
    notes,
    preferences,
    reads,
)
from regulars.customers.bulk.reading import titles as bulk_titles
from regulars.customers.bulk.words import LABELS as BULK_LABELS
from regulars.customers.consents import FIELD_OF, LABELS
from regulars.customers.facts import CustomerMerged, CustomerUnmerged
from regulars.customers.forms.note import NoteForm
from regulars.customers.models import Address, Category, ContactPoint, Customer
from regulars.customers.names import category_name
from regulars.customers.people import records
from regulars.customers.places import country_name, language_name
from regulars.customers.queries import duplicates
from regulars.staff.models import User
from regulars.timeline.facts import Fact, JobChanged
from regulars.timeline.models import Entry, Source
from regulars.timeline.queries import customer_entries, names_for_audit, names_for_timeline, names_of_reads

if TYPE_CHECKING:
    from django.http import HttpRequest

_PAGE = 40
_OF_MERGES = (CustomerMerged.name, CustomerUnmerged.name)
_PARTS = ("kept", "merged")


@dataclass(frozen=True, slots=True)
class Change:
    """One field of a change, in words: what it was and what it is."""

    label: str
    was: str
    now: str
    name: str = ""


def timeline(request: HttpRequest, customer: Customer) -> dict[str, Any]:
    """The timeline by days, narrowed to a kind, from the cursor on."""
    kinds = [("", _("Everything")), ("order", _("Orders")), (notes.KIND, _("Notes")), ("group", _("Groups")),
             ("change", _("Changes"))]  # fmt: skip
    kind = request.GET.get("show", "")
    kind = kind if kind in dict(kinds) else ""
    after = moments.Cursor.parse(request.GET.get("after", ""))
    found, following = moments.page(customer, may=request.user.may, kind=kind, after=after)  # type: ignore[union-attr]
    shown = _seen(found, request.user, context=lambda moment: moment.context)
    earlier = {"show": kind, "after": following} if kind else {"after": following}
    return {
        "days": list(_by_day(shown, at=lambda moment: moment.at)),
        "earlier": urlencode(earlier) if following else "",
        "is_continued": after is not None,
        "composer": {"form": NoteForm(), "colleagues": mentions.colleagues()} if after is None else None,
        "pinned": notes.pinned(customer) if kind == notes.KIND and after is None else [],
        "kinds": [{"kind": key, "label": label, "is_open": key == kind} for key, label in kinds],
    }


def changes(request: HttpRequest, customer: Customer) -> dict[str, Any]:
    """Who changed what, when and through which door: the audit log of one customer."""
    cursor = moments.Cursor.parse(request.GET.get("after", ""))
    before = (cursor.at, cursor.id) if cursor else None
    entries = customer_entries(
        records(customer),
        names=names_for_audit() - names_of_reads() - moments.replaced(),
        once=_OF_MERGES,
        before=before,
        limit=_PAGE + 1,
    )
    shown = entries[:_PAGE]
    following = moments.Cursor(shown[-1].at, "entries", shown[-1].pk) if len(entries) > _PAGE else None
    colleagues = _names(shown)
    lines = _seen([_line(entry, colleagues) for entry in shown], request.user, context=lambda line: line)
    return {
        "days": list(_by_day(lines, at=lambda line: line["entry"].at)),
        "earlier": urlencode({"after": following}) if following else "",
        "is_continued": cursor is not None,
    }


def looks(request: HttpRequest, customer: Customer) -> dict[str, Any]:
    """Who looked at this customer, when, through which door: for whoever may see the audit log."""
    cursor = moments.Cursor.parse(request.GET.get("after", ""))
    before = (cursor.at, cursor.id) if cursor else None
    entries = customer_entries(records(customer), names=names_of_reads(), before=before, limit=_PAGE + 1)
    shown = entries[:_PAGE]
    following = moments.Cursor(shown[-1].at, "entries", shown[-1].pk) if len(entries) > _PAGE else None
    return {
        "days": list(_by_day(in_words(shown), at=lambda line: line["entry"].at)),
        "earlier": urlencode({"after": following}) if following else "",
        "is_continued": cursor is not None,
    }


def in_words(entries: Sequence[Entry]) -> list[dict[str, Any]]:
    """Entries as lines: `sentence`, `changes` as old and new, `door`, `icon`, and the `entry` itself.

    The number of queries does not grow with the entries.
    """
    colleagues = _names(entries)
    return [_line(entry, colleagues) for entry in entries]


def consent(request: HttpRequest, customer: Customer) -> dict[str, Any]:
    """How the customer stands to each channel."""
    may_edit = request.user.may("customers.edit")  # type: ignore[union-attr]
    return {"stands": consents.stands(records(customer)), "may_edit": may_edit}


def merges(request: HttpRequest, customer: Customer) -> dict[str, Any]:
    """Which records the customer is, and whom else they may be."""
    ids = records(customer)
    pairs = duplicates.pairs_of(ids)
    return {
        "links": duplicates.links_of(ids) if len(ids) > 1 else [],
        "likely": [
            {
                "customer": pair.right if pair.left.pk == customer.pk else pair.left,
                "share": pair.probability,
                "pair": pair.id,
            }
            for pair in pairs
        ],
        "may_merge": request.user.may("customers.merge"),  # type: ignore[union-attr]
    }


def entry_moments(customer: Customer, kind: str, before: moments.Mark | None, limit: int) -> list[moments.Moment]:
    """The entries of the timeline that no other source draws better."""
    names = names_for_timeline(kind=kind) - moments.replaced()
    entries = customer_entries(records(customer), names=names, once=_OF_MERGES, before=before, limit=limit)
    colleagues = _names(entries)
    return [
        moments.Moment(
            at=entry.at,
            id=entry.pk,
            icon=entry.fact.icon if entry.fact else "circle",
            template="customers/_moment_entry.html",
            context=_line(entry, colleagues),
        )
        for entry in entries
    ]


def _line(entry: Entry, colleagues: Mapping[str, str]) -> dict[str, Any]:
    doors = {Source.API: _("through the API"), Source.IMPORT: _("by import"), Source.CHANNEL: _("from the channel"),
             Source.COMMAND: _("on the command line")}  # fmt: skip
    data = {key: _joined(value) for key, value in entry.data.items() if not isinstance(value, dict)}
    if "part" in data:
        data["part"] = reads.part_in_words(str(data["part"]))
    data |= {key: reads.deed_in_words(str(data[key])) for key in ("what", "deed") if key in data}
    if entry.name == JobChanged.name:
        data["verb"] = label(str(data["verb"]))
    if entry.name in _OF_MERGES:
        data |= {f"{part}_name": colleagues.get(data.get(part, ""), _("somebody who is gone")) for part in _PARTS}
    sentence = str(entry.fact.sentence) if entry.fact else entry.name
    return {
        "entry": entry,
        "icon": entry.fact.icon if entry.fact else "circle",
        "sentence": sentence % _Words(data) if "%(" in sentence else sentence,
        "changes": _changes(entry, colleagues),
        "work": (str(entry.data["change_set"]), colleagues.get(entry.data["change_set"], ""))
        if entry.data.get("change_set")
        else None,
        "door": doors.get(Source(entry.source), ""),
    }


def _names(entries: Sequence[Entry]) -> dict[str, str]:
    """What public ids in changes stand for: everybody who works here or did, the categories, and the companies named.

    A team is small, and so is the list of categories; both are read where an entry names one of them.
    """
    named = {word for entry in entries for word in _named(entry)}
    numbers = [number for word in named if (number := Customer.pk_of(word))]
    companies = Customer.everyone.filter(pk__in=numbers) if numbers else ()
    categories = Category.objects.all() if len(numbers) < len(named) else ()
    return {
        **{user.public_id: user.name for user in User.objects.only("name")},
        **{category.public_id: category_name(category) for category in categories},
        **{company.public_id: str(company) for company in companies},
        **bulk_titles({str(entry.data["change_set"]) for entry in entries if entry.data.get("change_set")}),
    }


def _named(entry: Entry) -> list[str]:
    """The companies and categories that a change names, and the records of a merge."""
    if entry.name in _OF_MERGES:
        return [str(entry.data[part]) for part in _PARTS if entry.data.get(part)]
    changes = entry.data.get("changes")
    pairs = [changes.get(name) for name in ("organisation", "category")] if isinstance(changes, dict) else []
    return [str(word) for pair in pairs if isinstance(pair, list) for word in pair if word]


def _joined(value: Any) -> Any:
    return pgettext("between the words of a list", ", ").join(map(str, value)) if isinstance(value, list) else value


class _Words(dict[str, Any]):
    """The data of an entry for its sentence; what an old entry does not have is left blank."""

    def __missing__(self, key: str) -> str:
        return ""


def _changes(entry: Entry, colleagues: Mapping[str, str]) -> list[Change]:
    """The fields of a change in words. An entry whose person was erased keeps the names of the fields alone."""
    found = entry.data.get("changes")
    if isinstance(found, dict):
        pairs = {name: pair for name, pair in found.items() if isinstance(pair, list) and len(pair) == 2}
        return [
            Change(_label(name, entry.fact), _value(name, was, colleagues), _value(name, now, colleagues), name)
            for name, (was, now) in pairs.items()
        ]
    return []


def _seen(lines: Iterable[Any], user: Any, *, context: Callable[[Any], dict[str, Any]]) -> list[Any]:
    """The lines without what changed in fields that this person may not see; without the line where that was all."""
    hidden = customfields.hidden_from(user)
    found = []
    for line in lines:
        told = context(line)
        changes = told["changes"] if hidden and "changes" in told else []
        if any(change.name in hidden for change in changes):
            told["changes"] = [change for change in changes if change.name not in hidden]
            if not told["changes"]:
                continue
        found.append(line)
    return found


def _label(name: str, fact: type[Fact] | None = None) -> str:
    if fact is not None and name in fact.labels:
        label = str(fact.labels[name])
        return label[:1].upper() + label[1:]
    if name in BULK_LABELS:
        return str(BULK_LABELS[name])
    columns = [*Address._meta.get_fields(), *ContactPoint._meta.get_fields(), *Customer._meta.get_fields()]
    known = {field.name: field for field in columns if hasattr(field, "verbose_name")}
    of_catalogue = catalogue.get(name)
    label = str(known[name].verbose_name if name in known else of_catalogue.label if of_catalogue else name)
    return label[:1].upper() + label[1:]


def _value(name: str, value: Any, colleagues: Mapping[str, str]) -> str:
    if value in (None, ""):
        return ""
    if isinstance(value, list) and not name.startswith(customfields.PREFIX):
        return str(_joined([_value(name, one, colleagues) for one in value]))
    if name == "tags":
        return str(value)
    if name == "language":
        return language_name(str(value))
    if name == "country":
        return country_name(str(value))
    if name == "phone":
        return format_phone(str(value))
    if name == "looked_after_by":
        return colleagues.get(str(value), _("somebody who left"))
    if name in {"category", "organisation"}:
        return colleagues.get(str(value), _("one that is gone"))
    if name == "birthday":
        return birthdays.words(None, str(value))
    if name in {"preferred_channels", "contact_times", "interests"}:
        return preferences.words_of(name, str(value))
    if name == "customer_since":
        return str(value)[:10]
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if name in FIELD_OF.values():
        return str(LABELS.get(value, value))
    if name.startswith(customfields.PREFIX):
        return customfields.told(name, value)
    choices = dict(Customer._meta.get_field(name).flatchoices) if name in _CHOICES else {}  # type: ignore[union-attr]
    return str(choices.get(value, value))


_CHOICES = frozenset({"kind", "status", "gender", "shopping_frequency"})


def _by_day(lines: Iterable[Any], *, at: Any) -> Iterable[dict[str, Any]]:
    zone = shop.zone()
    for day, group in groupby(lines, key=lambda line: at(line).astimezone(zone).date()):
        yield {"day": day, "lines": list(group), "year_differs": day.year != _this_year()}


def _this_year() -> int:
    return shop.today().year
