"""The log as JSON Lines: one entry a line, oldest first, with the digest that its seal holds."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TextIO

from django.apps import apps
from django.db.models import Q
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext as _

from regulars.core import ids, shop
from regulars.core.errors import Invalid
from regulars.timeline import digests, keys
from regulars.timeline.actions import open_words, record
from regulars.timeline.actions.blanking import amendments, told
from regulars.timeline.facts import AuditExported
from regulars.timeline.models import Entry, Seal

_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class Part:
    """Which part of the log: between two moments, of one customer, of one colleague."""

    since: dt.datetime | None = None
    until: dt.datetime | None = None
    customer: int | None = None
    actor: int | None = None

    @classmethod
    def read(
        cls,
        *,
        since: str | None = None,
        until: str | None = None,
        until_day: dt.date | None = None,
        customer: str | None = None,
        actor: str | None = None,
    ) -> Part:
        """From what somebody typed; `until_day` is a last day, which belongs to it. Raises Invalid."""
        behind = until_day + dt.timedelta(days=1) if until_day else None
        return cls(
            since=_moment("since", since),
            until=_moment("until", behind.isoformat() if behind else until),
            customer=_number("customer", "cus", customer),
            actor=_actor(actor),
        )

    @property
    def condition(self) -> Q:
        """The same for the database."""
        condition = Q()
        if self.since:
            condition &= Q(recorded_at__gte=self.since)
        if self.until:
            condition &= Q(recorded_at__lt=self.until)
        if self.customer is not None:
            condition &= Q(customer_id=self.customer)
        if self.actor is not None:
            condition &= Q(actor_id=self.actor)
        return condition

    @property
    def words(self) -> str:
        """What was asked for, as the log keeps it."""
        asked = {"since": self.since, "until": self.until, "customer": self.customer, "actor": self.actor}
        return ", ".join(f"{name}={value}" for name, value in asked.items() if value is not None)


def write_log(file: TextIO, part: Part, *, reason: str) -> int:
    """Write a part of the log; how many entries."""
    count = 0
    for line in lines_of(part, reason=reason):
        file.write(line + "\n")
        count += 1
    return count


def lines_of(part: Part, *, reason: str) -> Iterator[str]:
    """A part of the log, line by line. That it went out is an entry itself, made before the first line."""
    entries = Entry._base_manager.filter(part.condition)
    # the log of the export is not in the export
    last = Entry._base_manager.order_by("-pk").values_list("pk", flat=True).first() or 0
    record(AuditExported(count=entries.filter(pk__lte=last).count(), filters=part.words, reason=reason))
    return _lines(part, last)


def _lines(part: Part, last: int) -> Iterator[str]:
    at = 0
    sealed = _Sealed()
    while True:
        rows = list(Entry._base_manager.filter(part.condition, pk__gt=at, pk__lte=last).order_by("pk")[:_AT_ONCE])
        known = sealed.of([row.pk for row in rows])
        for row in rows:
            yield json.dumps(_plain(row) | known.get(row.pk, {"digest": None, "seal": None}), ensure_ascii=False)
        if len(rows) < _AT_ONCE:
            return
        at = rows[-1].pk


def _plain(entry: Entry) -> dict[str, Any]:
    data = dict(entry.data)
    if words := open_words(entry):
        data["words"] = words
    return {
        "id": entry.pk,
        "name": entry.name,
        "at": entry.at.isoformat(),
        "recorded_at": entry.recorded_at.isoformat(),
        "customer": ids.encode("cus", entry.customer_id) if entry.customer_id else None,
        "actor": ids.encode("usr", entry.actor_id) if entry.actor_id else None,
        "token": ids.encode("tok", entry.token_id) if entry.token_id else None,
        "door": entry.source,
        "subject_type": entry.subject_type,
        "subject_id": entry.subject_id,
        "data": data,
    }


class _Sealed:
    """The digests of entries: what the row is now, and the number of the seal it stands under."""

    def of(self, numbers: list[int]) -> dict[int, dict[str, Any]]:
        if not numbers:
            return {}
        found: dict[int, dict[str, Any]] = {}
        seals = Seal.objects.filter(from_id__lte=numbers[-1], to_id__gte=numbers[0]).order_by("number")
        spans = list(seals.values_list("number", "from_id", "to_id", "key_name"))
        changed = amendments(numbers[0], numbers[-1])
        names = {by: name for by, _digests, name in told({by[-1] for by in changed.values()})}
        place = 0
        for number, stored in digests.stored_of(numbers):
            while place < len(spans) and spans[place][2] < number:
                place += 1
            if place == len(spans):
                break
            seal, _first, _last, name = spans[place]
            if number in changed:
                name = names.get(changed[number][-1], name)
            found[number] = {"digest": digests.digest(stored, keys.digest_key(name)).hex(), "seal": seal}
        return found


def _moment(field: str, text: str | None) -> dt.datetime | None:
    if not text:
        return None
    try:
        known = parse_datetime(text)
        day = parse_date(text) if known is None else None
    except ValueError:
        known = day = None
    if day is not None:
        known = dt.datetime.combine(day, dt.time(), tzinfo=shop.zone())
    if known is None:
        raise _refused(field, _("“%(text)s” is no day and no moment; write 2026-11-01 or 2026-11-01T08:00."), text)
    return known if known.tzinfo else known.replace(tzinfo=shop.zone())


def _number(field: str, prefix: str, text: str | None) -> int | None:
    if not text:
        return None
    number = int(text) if text.isascii() and text.isdigit() else ids.decode(prefix, text)
    if number is None:
        raise _refused(field, _("There is nobody with the id “%(text)s”."), text)
    return number


def _actor(text: str | None) -> int | None:
    """A colleague by e-mail or id: the table stands a floor above, and is known by name alone."""
    if not text or "@" not in text:
        return _number("actor", "usr", text)
    user = apps.get_model("staff", "User")._default_manager.filter(email=text.strip().lower()).first()
    if user is None:
        raise _refused("actor", _("Nobody here has the e-mail “%(text)s”."), text)
    return int(user.pk)


def _refused(field: str, sentence: str, text: str) -> Invalid:
    said = sentence % {"text": text}
    return Invalid(said, fields={field: [said]})
