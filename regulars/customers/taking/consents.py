"""What customers agreed to on a channel, as lines of the ledger.

1. An answer with its moment is a line of that moment, once; the ledger's own rule says what holds (consents.py).
2. An answer without one is news only where the channel said something else before, or nothing; it counts from the
   moment of the state that tells it. An agreement of that sort never takes back a refusal that came by another way:
   that the platform still has a tick says nothing about today.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from django.utils import timezone

from regulars.channels.records import Consent as Told
from regulars.customers.actions.consent import add_records
from regulars.customers.consents import MARKETING
from regulars.customers.models import ConsentRecord, ConsentState, Medium
from regulars.customers.people import records_of, roots_of
from regulars.customers.standings import id_list
from regulars.customers.taking.following import not_after_now
from regulars.customers.taking.saying import Said
from regulars.timeline.actions import who_acts

_Line = tuple[dt.datetime, str, str]  # when, the state, the source


def take_consents(words: Sequence[tuple[int, Said]]) -> None:
    """Add to the ledger what accounts and guests answered, of customers by id."""
    told = [(pk, said, one) for pk, said in words for one in said.record.consents if one.is_given is not None]
    told = [(pk, said, one) for pk, said, one in told if one.channel in Medium.values]
    if not told:
        return
    ledger = _ledger([pk for pk, _said, _one in told])
    lines = []
    for pk, said, one in told:
        line = _line(pk, said, one, ledger[pk, one.channel])
        if line is not None:
            lines.append(line)
            ledger[pk, one.channel].append((line.at, line.state, line.source))
    add_records(lines)


def _ledger(pks: Sequence[int]) -> dict[tuple[int, str], list[_Line]]:
    """Each customer's lines about marketing, by medium: those of all records of the person they are."""
    roots = roots_of(set(pks))
    owner = {pk: root for root, found in records_of(set(roots.values())).items() for pk in found}
    asked: dict[int, list[int]] = defaultdict(list)
    for pk, root in roots.items():
        asked[root].append(pk)
    found: dict[tuple[int, str], list[_Line]] = defaultdict(list)
    rows = ConsentRecord.objects.filter(customer__in=id_list(owner), purpose=MARKETING).order_by("at", "id")
    for pk, medium, at, state, source in rows.values_list("customer_id", "medium", "at", "state", "source"):
        for one in asked[owner[pk]]:
            found[one, medium].append((at, state, source))
    return found


def _line(pk: int, said: Said, one: Told, known: list[_Line]) -> ConsentRecord | None:
    state = ConsentState.AGREED if one.is_given else ConsentState.REFUSED
    source = ConsentRecord.Source.CHANNEL
    at = not_after_now(one.at or said.record.version)
    own = [line for line in known if line[2] == source]
    value = _value(said, one.channel)
    if one.at is not None:
        if (at, state, source) in own:
            return None
    else:
        before = [line for line in own if line[0] <= at]
        if (before and before[-1][1] == state) or (own and own[-1][0] > at):
            return None
        refused = any(line[1] == ConsentState.REFUSED and line[2] != source for line in known)
        if state == ConsentState.AGREED and refused:
            return None
    if state == ConsentState.AGREED and not value:
        return None  # nobody agrees to be reached where nobody can reach them
    more: dict[str, Any] = {"recorded_at": timezone.now(), "actor_id": who_acts().user_id}
    return ConsentRecord(
        customer_id=pk, medium=one.channel, purpose=MARKETING, state=state, value=value, source=source, at=at, **more
    )


def _value(said: Said, medium: str) -> str:
    """Where they agree to be reached."""
    if medium == Medium.EMAIL:
        return said.profile.get("email", "")
    if medium == Medium.POST:
        parts = (said.place.get(name, "") for name in ("line1", "postcode", "city", "country"))
        return ", ".join(part for part in parts if part)[:254]
    return said.profile.get("phone", "")
