"""What a message says: an entry of the timeline as the owner of the address may see it, at the moment it is sent."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import fields
from typing import Any

from django.apps import apps
from django.utils import timezone

from regulars.channels.models import Endpoint
from regulars.core import ids
from regulars.core.api.schemas import written
from regulars.staff.models import User
from regulars.staff.policy import reading_as
from regulars.timeline.facts import Fact, all_facts
from regulars.timeline.models import Entry

TEST = "webhook.test"

# Which permission it takes to be told of a fact, by the first word of its name; of all others, that to see customers.
_TAKES = {
    **dict.fromkeys(("order", "orders", "return", "payment", "product", "products", "checkout"), "orders.view"),
    **dict.fromkeys(("channel", "connection", "delivery"), "channels.view"),
}


def public_facts() -> dict[str, type[Fact]]:
    """Every fact that other systems may be told of, by name."""
    return {name: fact for name, fact in all_facts().items() if fact.is_public}


def facts_for(owner: User) -> dict[str, type[Fact]]:
    """Those of them that somebody may be told of."""
    return {name: fact for name, fact in public_facts().items() if owner.may(permission_for(name))}


def permission_for(fact: str) -> str:
    """What it takes to be told of a fact."""
    return _TAKES.get(fact.partition(".")[0], "customers.view")


def id_of(endpoint: Endpoint, entry_id: int) -> str:
    """The name of the message that tells this address of this entry: the same whenever and however often it is sent."""
    return f"msg_{endpoint.public_id.partition('_')[2]}_{entry_id}"


def message_of(endpoint: Endpoint, entry_id: int) -> bytes | None:
    """The message about an entry; None where there is nothing to tell its owner: of somebody whom they do not see, of
    something they may not see, or of a person who was forgotten meanwhile.
    """
    owner = User.objects.select_related("definition").get(pk=endpoint.owner_id)
    with reading_as(owner):
        entry = Entry.objects.filter(pk=entry_id).first()
        if entry is None or entry.name not in facts_for(owner) or _is_blank(entry):
            return None
        return _written(entry)


def test_message() -> bytes:
    """A message about nothing, to try an address."""
    return _body(TEST, written(timezone.now()), {"hello": "Regulars"})


def _is_blank(entry: Entry) -> bool:
    """Whether what the entry said was taken out: somebody was forgotten, and it says nothing any more."""
    fact = entry.fact
    return fact is None or (not entry.data and (bool(fields(fact)) or entry.customer_id is None))


def _written(entry: Entry) -> bytes:
    said = {
        "sequence": entry.pk,
        "at": written(entry.at),
        "customer": _public_id("customers.customer", entry.customer_id),
        "subject": _subject(entry),
        "by": _public_id("staff.user", entry.actor_id),
        "source": entry.source,
        "fact": entry.data,
    }
    return _body(entry.name, written(entry.recorded_at), said)


def _body(name: str, moment: str, data: dict[str, Any]) -> bytes:
    return json.dumps({"type": name, "timestamp": moment, "data": data}, ensure_ascii=False).encode()


def _subject(entry: Entry) -> dict[str, str] | None:
    number = _public_id(entry.subject_type, entry.subject_id)
    return {"type": entry.subject_type.partition(".")[2], "id": number} if number else None


def _public_id(label: str, pk: int | None) -> str | None:
    """The public id of a row by its table; None where there is no row, or its table has no such ids."""
    if pk is None or not label:
        return None
    try:
        prefix = getattr(apps.get_model(label), "id_prefix", "")
    except LookupError:
        return None  # a table that is gone
    return ids.encode(prefix, pk) if prefix else None


def wanted(endpoint: Endpoint) -> Collection[str]:
    """The names of the facts that an address asked for."""
    known = public_facts()
    return frozenset(endpoint.facts) & known.keys() if endpoint.facts else known.keys()
