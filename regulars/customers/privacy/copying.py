"""The copy of a person's data (GDPR 15 and 20, PIPL 45, CCPA 1798.110): everything, as JSON and as pages to read.

    {
      "format": "regulars.person/1",
      "made_at": …, "shop": …, "person": {"id", "records"},
      "data":       {holder: [rows]}          what every holder of every record has; `record` says whose
      "files":      [{path, name, media_type, size, sha256}]
      "sources":    [{kind, name, at}]         where we have it from: imports, channels, staff
      "recipients": [{kind, name, at, …}]      to whom it went: mails, exports that may have contained them, who is told
      "accesses":   [{at, what, role, by}]     who looked at it; by role, because staff have rights, too
      "portable":   {profile, addresses, contact_points, identities, tags}   what another shop can take in
      "digest":     SHA-256 of `portable`
    }

A new field may be added to version 1; nothing is taken away or renamed without a version 2.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any

from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from regulars.core import shop
from regulars.customers import attachments, belongings, people
from regulars.customers.models import Address, Attachment, ChangeSpan, ContactPoint, Customer, Identity, Tagging
from regulars.customers.normalise import ADDRESS_CHECKS, PROFILE_CHECKS
from regulars.customers.privacy import processing
from regulars.customers.privacy.facts import PersonCopied
from regulars.customers.privacy.previewing import TITLES
from regulars.customers.read_facts import CustomerOpened
from regulars.customers.reads import part_in_words
from regulars.timeline.facts import fact_class
from regulars.timeline.models import Entry

FORMAT = "regulars.person/1"
_LANGUAGES = ("en", "zh-hans")
_READS = (CustomerOpened.name, PersonCopied.name)
_EXPORTED = ("customers.exported", "orders.exported")
_MOST = 1_000
# What is not the person's: whom staff put in charge, how the shop sorts them, whom they are linked with.
_NOT_PORTABLE = frozenset(
    {"looked_after_by", "category", "organisation", "customer_since", "status", "is_guest", "birth_date"}
    | {"is_blocked", "pays_in_advance", "has_no_credit", "restriction_reason"}
)


def copy_of(customer: Customer) -> dict[str, Any]:
    """Everything that is known of a person, whichever of their records it hangs on, as plain data."""
    records = people.records_with(customer)
    rows = list(Customer.everyone.filter(pk__in=records).order_by("pk"))
    data: dict[str, list[dict[str, Any]]] = {}
    for holder in belongings.holders():
        found = [{"record": one.public_id, **row} for one in rows for row in (plain(row) for row in holder.export(one))]
        if found:
            data[holder.name] = found
    own = portable(customer)
    return {
        "format": FORMAT,
        "made_at": timezone.now().isoformat(),
        "shop": shop.current().name,
        "person": {"id": customer.person.public_id, "records": [one.public_id for one in rows]},
        "data": data,
        "files": [
            {"path": path, "name": file.name, "media_type": file.media_type, "size": file.size, "sha256": file.sha256}
            for path, file in _files(records)
        ],
        "sources": list(_sources(rows)),
        "recipients": list(_recipients(rows)),
        "accesses": list(_accesses(records)),
        "purposes": [purpose.plain() for purpose in processing.purposes()],
        "portable": own,
        "digest": digest(own),
    }


def portable(customer: Customer) -> dict[str, Any]:
    """What the person gave us and another shop can take in, in the words of our API (GDPR 20)."""
    root = customer.person
    records = people.records_with(customer)
    profile = {
        name: plain_value(getattr(root, name))
        for name in PROFILE_CHECKS
        if name not in _NOT_PORTABLE and getattr(root, name, None) not in (None, "", False)
    }
    addresses = [
        {name: getattr(one, name) for name in ADDRESS_CHECKS if getattr(one, name) not in (None, "", False)}
        for one in Address.objects.filter(customer__in=records).order_by("pk")
    ]
    points = ContactPoint.objects.filter(customer__in=records).order_by("kind", "value")
    known = {(ContactPoint.Kind.EMAIL, root.email), (ContactPoint.Kind.PHONE, root.phone)}
    return {
        "profile": profile,
        "addresses": sorted(addresses, key=lambda one: json.dumps(one, sort_keys=True)),
        "contact_points": [
            {"kind": one.kind, "value": one.value, "label": one.label}
            for one in points
            if (one.kind, one.value) not in known
        ],
        "identities": [
            {"channel": one.channel.code, "external_id": one.external_id}
            for one in Identity.objects.filter(customer__in=records)
            .select_related("channel")
            .order_by("channel__code", "external_id")
        ],
        "tags": sorted({one.tag.name for one in Tagging.objects.filter(customer__in=records).select_related("tag")}),
    }


def digest(own: dict[str, Any]) -> str:
    """The SHA-256 of what is portable, by which a copy that was taken in elsewhere is compared."""
    text = json.dumps(own, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def write_zip(customer: Customer, stream: IO[bytes]) -> dict[str, Any]:
    """Pack the copy: `person.json`, a page in each of our languages, and the files; returns the plain data."""
    copy = copy_of(customer)
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("person.json", json.dumps(copy, ensure_ascii=False, indent=1, default=str))
        for language in _LANGUAGES:
            archive.writestr(f"person.{language}.html", page(copy, language))
        for path, file in _files(people.records_with(customer)):
            place = attachments.path_of(file.key)
            if place.is_file():
                with attachments.opened(file) as source, archive.open(path, "w", force_zip64=True) as target:
                    shutil.copyfileobj(source, target)
    return copy


def page(copy: dict[str, Any], language: str) -> str:
    """The copy as a page that stands by itself: no script, no font, no picture from anywhere else."""
    with override(language):
        parts = [
            {"title": str(TITLES.get(name, name)), "rows": [_readable(row) for row in rows]}
            for name, rows in copy["data"].items()
        ]
        context = {"copy": copy, "parts": parts, "language": language, "lists": _lists(copy)}
        return render_to_string("customers/privacy/copy.html", context)


def plain(row: dict[str, Any]) -> dict[str, Any]:
    """A row of a holder as JSON has it."""
    return {name: plain_value(value) for name, value in row.items()}


def plain_value(value: Any) -> Any:
    """A value as JSON has it; moments in UTC, decimals as they are written."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if isinstance(value, dict):
        return {str(key): plain_value(one) for key, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain_value(one) for one in value]
    return str(value)


def _lists(copy: dict[str, Any]) -> list[dict[str, Any]]:
    names = {
        "sources": _("Where we have it from"),
        "recipients": _("To whom it went"),
        "accesses": _("Who looked at it"),
        "purposes": _("What it is used for"),
        "files": _("Files"),
    }
    return [
        {"title": title, "rows": [_readable(row) for row in copy[name]]} for name, title in names.items() if copy[name]
    ]


def _readable(row: dict[str, Any]) -> list[tuple[str, str]]:
    """The cells of a row that say something, each with a name that reads."""
    cells = []
    for name, value in row.items():
        if value in (None, "", [], {}, False):
            continue
        shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        cells.append((name.replace("__", " ").replace("_", " "), _("yes") if value is True else shown))
    return cells


def _files(records: list[int]) -> Iterator[tuple[str, Attachment]]:
    for file in Attachment.objects.filter(customer__in=records).order_by("pk"):
        yield f"files/{file.public_id}/{Path(file.name).name}", file


def _sources(rows: Iterable[Customer]) -> Iterator[dict[str, Any]]:
    for one in rows:
        if one.channel is not None:
            yield {"kind": "channel", "name": one.channel.name, "at": one.customer_since.isoformat()}
        for identity in one.identities.select_related("channel").order_by("pk"):
            yield {"kind": "channel", "name": identity.channel.name, "number": identity.external_id}
        spans = ChangeSpan.objects.filter(first_id__lte=one.pk, last_id__gte=one.pk).select_related("change_set")
        for span in spans:
            at = span.change_set.applied_at or span.change_set.created_at
            yield {"kind": "import", "name": span.change_set.title, "at": at.isoformat()}
        doors = Entry.objects.filter(customer=one, name__startswith="customer.").order_by("source")
        for source in sorted(set(doors.values_list("source", flat=True))):
            yield {"kind": "written by", "name": source}


def _recipients(rows: Iterable[Customer]) -> Iterator[dict[str, Any]]:
    since = min((one.created_at for one in rows), default=timezone.now())
    exports = Entry.objects.filter(name__in=_EXPORTED, at__gte=since).select_related("actor").order_by("-at")
    for entry in exports[:_MOST]:
        yield {
            "kind": "export",
            "name": str(entry.data.get("reason") or ""),
            "at": entry.at.isoformat(),
            "format": entry.data.get("format", ""),
            "by": _role_of(entry),
            "note": "an export of lists while this person was known; it may have contained them",
        }
    for recipient in processing.recipients():
        yield {"kind": recipient.kind, "name": recipient.name, "country": recipient.country}


def _accesses(records: list[int]) -> Iterator[dict[str, Any]]:
    """Every time somebody looked, newest first; who it was is told by their role."""
    looked = Entry.objects.filter(customer__in=records, name__in=_READS)
    for entry in looked.select_related("actor").order_by("-at")[:_MOST]:
        fact = fact_class(entry.name)
        with override("en"):
            what = str(fact.sentence) % {"part": part_in_words(str(entry.data.get("part", "")))} if fact else entry.name
        yield {"at": entry.at.isoformat(), "what": what, "role": _role_of(entry), "by": entry.source}


def _role_of(entry: Entry) -> str:
    return str(entry.actor.role) if entry.actor else ""
