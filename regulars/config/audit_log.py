"""The audit log for the people who may read it: asked for, a page of it, and each entry in plain words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from regulars.core import ids, shop
from regulars.customers.models import Customer
from regulars.customers.tabs import Change, in_words
from regulars.staff.models import ApiToken, User
from regulars.timeline import audit
from regulars.timeline.actions import open_words
from regulars.timeline.facts import all_facts
from regulars.timeline.models import Entry, Seal, Source
from regulars.timeline.queries import names_of_reads

SIZE = 50
_FILTERS = ("who", "what", "customer", "since", "until", "door")
DOORS = {
    Source.PAGE: gettext_lazy("on a page"),
    Source.API: gettext_lazy("through the API"),
    Source.IMPORT: gettext_lazy("by import"),
    Source.CHANNEL: gettext_lazy("from a channel"),
    Source.SYSTEM: gettext_lazy("by the house itself"),
    Source.COMMAND: gettext_lazy("on the command line"),
}
_EXPORTS = ("customers.exported", "audit.exported", "customer.copied", "privacy.copied", "privacy.consents_exported")
KINDS = {
    "read": gettext_lazy("Read and searched"),
    "changed": gettext_lazy("Changed"),
    "exported": gettext_lazy("Exported"),
    "sign_in": gettext_lazy("Sign-in, people and tokens"),
}
_OF_PEOPLE = ("sign_in.", "staff.", "token.", "password.", "role.", "team.", "session", "second_step", "passkey")


@dataclass(slots=True)
class Asked:
    """What the address asks for. What nobody understands is said in `problems`, and left out."""

    values: dict[str, str]
    who: User | None = None
    customer: Customer | None = None
    since: dt.date | None = None
    until: dt.date | None = None
    before: int | None = None
    problems: list[str] = field(default_factory=list)

    @classmethod
    def read(cls, query: QueryDict) -> Asked:
        """From the parameters of an address."""
        asked = cls({name: query.get(name, "").strip() for name in _FILTERS})
        values = asked.values
        asked.who = User.objects.filter(pk=ids.decode("usr", values["who"]) or 0).first() if values["who"] else None
        if values["customer"]:
            # also one who is deleted: what was done to them is what the log is for
            asked.customer = Customer.everyone.filter(pk=Customer.pk_of(values["customer"]) or 0).first()
            if asked.customer is None:
                asked.problems.append(_("There is no customer with the id “%(id)s”.") % {"id": values["customer"]})
        asked.since, asked.until = asked._day("since"), asked._day("until")
        cursor = str(query.get("before", ""))
        asked.before = int(cursor) if cursor.isascii() and cursor.isdigit() and len(cursor) < 19 else None
        return asked

    def url(self, **more: Any) -> str:
        """The query part of an address with these filters."""
        kept = {name: value for name, value in (self.values | more).items() if value}
        return f"?{urlencode(kept)}" if kept else "?"

    @property
    def is_narrowed(self) -> bool:
        return any(self.values.values())

    def _day(self, name: str) -> dt.date | None:
        text = self.values[name]
        try:
            day = parse_date(text) if text else None
        except ValueError:
            day = None
        if text and day is None:
            self.problems.append(_("“%(text)s” is no day; write 2026-11-01.") % {"text": text})
        return day


@dataclass(frozen=True, slots=True)
class Line:
    """One entry in words."""

    entry: Entry
    icon: str
    sentence: str
    door: str
    who: str
    token: str
    customer: Customer | None
    changes: Sequence[Change]
    notes: Sequence[str]


@dataclass(frozen=True, slots=True)
class Page:
    """Some lines, newest first, and the cursor of the next older ones."""

    lines: list[Line]
    following: int | None


def page(asked: Asked, *, size: int = SIZE) -> Page:
    """The newest entries that were asked for, from the cursor on. The number of queries does not grow with them."""
    rows = list(_entries(asked).select_related("actor", "customer").order_by("-id")[: size + 1])
    shown = rows[:size]
    return Page(_lines(shown), shown[-1].pk if len(rows) > size else None)


def colleagues() -> list[User]:
    """Everybody who may stand in the log."""
    return list(User.objects.order_by("name"))


def proof() -> dict[str, Any]:
    """How far the log is proven: the last seal, what is younger, and how the last proof of everything ended."""
    last = Seal.objects.order_by("-number").values_list("to_id", "made_at", "number").first()
    state = audit.last_result()
    to_id, made_at, number = last or (0, None, 0)
    return {
        "sealed_until": made_at,
        "seals": number,
        "younger": Entry.objects.filter(pk__gt=to_id).count(),
        "proven_at": state.proven_at if state else None,
        "is_sound": bool(state and state.proven.get("is_sound")),
        "entries": state.proven.get("entries") if state else None,
        "problem": (state.proven.get("problem") or {}).get("sentence", "") if state else "",
    }


def problem_of_log() -> str:
    """What the last proof of the whole log found wrong, for the start page; empty where it was as it was."""
    state = audit.last_result()
    return (state.proven.get("problem") or {}).get("sentence", "") if state else ""


def _entries(asked: Asked) -> Any:
    rows = Entry.objects.all()
    if asked.before is not None:
        rows = rows.filter(pk__lt=asked.before)
    if asked.values["who"]:
        rows = rows.filter(actor=asked.who) if asked.who else rows.none()
    if asked.values["customer"]:
        rows = rows.filter(customer=asked.customer) if asked.customer else rows.none()
    if asked.values["door"] in DOORS:
        rows = rows.filter(source=asked.values["door"])
    rows = _of_kind(rows, asked.values["what"])
    if asked.since:
        at = _begins(asked.since)
        rows = rows.filter(recorded_at__gte=at, pk__gt=_sealed_before(at))
    if asked.until:
        rows = rows.filter(recorded_at__lt=_begins(asked.until + dt.timedelta(days=1)))
    return rows


def _of_kind(rows: Any, what: str) -> Any:
    reads = names_of_reads()
    people = {name for name in all_facts() if name.startswith(_OF_PEOPLE)}
    if what == "read":
        return rows.filter(name__in=reads)
    if what == "exported":
        return rows.filter(name__in=_EXPORTS)
    if what == "sign_in":
        return rows.filter(name__in=people)
    if what == "changed":
        return rows.exclude(name__in={*reads, *people, *_EXPORTS})
    return rows.filter(name=what) if what in all_facts() else rows


def _begins(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), tzinfo=shop.zone())


def _sealed_before(at: dt.datetime) -> int:
    """An id below which everything was recorded before a moment: the seals know, without an index on moments."""
    last = Seal.objects.filter(made_at__lt=at).order_by("-made_at").values_list("from_id", flat=True).first()
    return (last or 1) - 1


def _lines(entries: Sequence[Entry]) -> list[Line]:
    numbers = {entry.token_id for entry in entries if entry.token_id}
    tokens = dict(ApiToken.objects.filter(pk__in=numbers).values_list("pk", "name")) if numbers else {}
    return [
        Line(
            entry=entry,
            icon=line["icon"],
            sentence=line["sentence"],
            door=str(DOORS.get(Source(entry.source), entry.source)),
            who=entry.actor.name if entry.actor else "",
            token=tokens.get(entry.token_id or 0, ""),
            customer=entry.customer,
            changes=line["changes"],
            notes=_notes(entry),
        )
        for entry, line in zip(entries, in_words(entries), strict=True)
    ]


def _notes(entry: Entry) -> list[str]:
    """What an entry says besides: the words of a search, how many, what for."""
    data, notes = entry.data, []
    if words := open_words(entry):
        notes.append(_("“%(words)s”") % {"words": words})
    if "shown" in data:
        notes.append(
            ngettext("%(count)s customer shown", "%(count)s customers shown", int(data.get("count", 0)))
            % {"count": data.get("count", 0)}
        )
    elif isinstance(data.get("count"), int):
        notes.append(ngettext("%(count)s of them", "%(count)s of them", data["count"]) % {"count": data["count"]})
    if data.get("reason"):
        notes.append(_("Reason: %(reason)s") % {"reason": data["reason"]})
    email = data.get("email")
    if isinstance(email, str) and email and entry.fact and "%(email)s" not in str(entry.fact.sentence):
        notes.append(email)
    if isinstance(data.get("scopes"), list) and data["scopes"]:
        notes.append(", ".join(map(str, data["scopes"])))
    return notes
