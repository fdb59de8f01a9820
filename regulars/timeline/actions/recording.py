"""record(): the only writer of the timeline, and on(): how a room above hears of it."""

from __future__ import annotations

import datetime as dt
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from regulars.core import bulk
from regulars.core.background import Background
from regulars.timeline.facts import Fact
from regulars.timeline.models import Entry, Source

if TYPE_CHECKING:
    from collections.abc import Iterator

Reaction = Callable[[Entry], None]


@dataclass(frozen=True, slots=True)
class Acting:
    """Who acts, and through which door."""

    user_id: int | None = None
    source: str = Source.SYSTEM
    token_id: int | None = None


_NOBODY = Acting()
_acting: ContextVar[Acting] = ContextVar("acting", default=_NOBODY)
_later: dict[type[Fact], dict[str, Reaction]] = defaultdict(dict)
_at_once: dict[type[Fact], dict[str, Reaction]] = defaultdict(dict)


@contextmanager
def acting(user_id: int | None, source: str, *, token_id: int | None = None) -> Iterator[None]:
    """Everything recorded inside is this person's deed, through this door, and with this API token if there is one."""
    token = _acting.set(Acting(user_id, source, token_id))
    try:
        yield
    finally:
        _acting.reset(token)


def act_by_command() -> None:
    """From now on, what nobody else says about in this process was done on the command line."""
    _acting.set(Acting(None, Source.COMMAND))


def who_acts() -> Acting:
    """The person and the door of the current request, job or command."""
    return _acting.get()


def record(
    fact: Fact,
    *,
    customer: models.Model | None = None,
    subject: models.Model | None = None,
    at: dt.datetime | None = None,
) -> Entry:
    """Keep a fact, in the transaction of the change it tells of, and let the reactions to it follow.

    Reactions marked `at_once` run here, before the commit; each other one becomes a background job of its own,
    enqueued in the same transaction: it happens if and only if the change happened, and fails alone.
    """
    now, acting_now = timezone.now(), _acting.get()
    entry = Entry(
        name=fact.name,
        at=at or now,
        recorded_at=now,
        customer_id=customer.pk if customer else None,
        actor_id=acting_now.user_id,
        token_id=acting_now.token_id,
        source=acting_now.source,
        subject_type=subject._meta.label_lower if subject is not None else "",
        subject_id=subject.pk if subject is not None else None,
        data=fact.data(),
    )
    with transaction.atomic():
        entry.save(force_insert=True)
        for reaction in _at_once[type(fact)].values():
            reaction(entry)
        for key in _later[type(fact)]:
            react.later(entry_id=entry.pk, reaction=key)
    return entry


def record_many(
    facts: Iterable[tuple[int, Fact]],
    *,
    subject: type[models.Model],
    at: dt.datetime | Mapping[int, dt.datetime] | None = None,
) -> None:
    """Keep a fact for each of many customers (by id) at once, in the transaction of the changes they tell of.

    `at` is when it happened: one moment for all, or each customer's own. For bulk verbs. Refuses facts that somebody
    reacts to: record those one by one, or one fact for the whole work.
    """
    now, acting_now = timezone.now(), _acting.get()
    moments = at if isinstance(at, Mapping) else {}
    usual = bulk.moment(at if isinstance(at, dt.datetime) else now)
    rows, kinds = [], set()
    told, data = None, ""
    for number, fact in facts:
        if fact is not told:  # one fact is often that of many customers
            told, data = fact, json.dumps(fact.data())
            kinds.add(type(fact))
        happened = bulk.moment(moments[number]) if number in moments else usual
        rows.append((fact.name, happened, number, number, data))
    for kind in kinds:
        if _later[kind] or _at_once[kind]:
            raise ValueError(f"{kind.name} has reactions; record() it, or announce one fact for the whole batch")
    same = {
        "recorded_at": bulk.moment(now),
        "actor_id": acting_now.user_id,
        "token_id": acting_now.token_id,
        "source": str(acting_now.source),
        "subject_type": subject._meta.label_lower,
    }
    bulk.insert(Entry, ("name", "at", "customer_id", "subject_id", "data"), rows, same=same)


def on(fact: type[Fact], *, at_once: bool = False) -> Callable[[Reaction], Reaction]:
    """React to a fact: `@on(OrderPlaced)` in a room's wiring.py.

    The function takes the entry, may run twice, and is written for it. `at_once` is for invariants only.
    """

    def register(reaction: Reaction) -> Reaction:
        key = f"{reaction.__module__}.{reaction.__qualname__}"
        (_at_once if at_once else _later)[fact][key] = reaction
        return reaction

    return register


def _react(*, entry_id: int, reaction: str) -> None:
    """Run one reaction to one entry, as the person who caused it."""
    entry = Entry.objects.select_related("customer").get(pk=entry_id)
    known: dict[str, Reaction] = _later[entry.fact] if entry.fact else {}
    with acting(entry.actor_id, Source.SYSTEM, token_id=entry.token_id):
        known[reaction](entry)


# the path under which jobs name it since the first version
react = Background(
    _react,
    retries=5,
    is_atomic=True,
    label=_("React to what happened"),
    path="regulars.timeline.actions.react",
)


def reactions() -> dict[str, list[str]]:
    """Every reaction by the name of its fact, for the page and the test that list them."""
    found: dict[str, list[str]] = {}
    for registry in (_at_once, _later):
        for fact, reactions_of in registry.items():
            if reactions_of:
                found.setdefault(fact.name, []).extend(reactions_of)
    return found


def forget_reaction(fact: type[Fact], reaction: Reaction) -> None:
    """Take a reaction back (tests)."""
    key = f"{reaction.__module__}.{reaction.__qualname__}"
    _later[fact].pop(key, None)
    _at_once[fact].pop(key, None)
