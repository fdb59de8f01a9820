"""Canned answers: which fit what somebody typed, filled for the conversation they answer."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from regulars.core import shop
from regulars.core.money import Money
from regulars.core.text import fold
from regulars.inbox.models import Canned, Conversation
from regulars.messaging import templating
from regulars.messaging.models import Way
from regulars.messaging.templating import values
from regulars.orders.models import Order
from regulars.staff.models import User

_MOST = 8
_GAP = re.compile(r"\{\{[^{}]*\}\}")


@dataclass(frozen=True, slots=True)
class Filled:
    """A canned answer in the customer's language, filled; `missing` names the values that are not there."""

    id: str
    name: str
    shortcut: str
    text: str
    language: str
    missing: str
    values: str


def suggestions(conversation: Conversation, user: User, typed: str) -> list[Filled]:
    """The canned answers whose shortcut or name begins like what was typed, or has it; best first."""
    wanted = fold(typed.strip().lstrip("/"))
    rows = Canned.objects.prefetch_related("texts").select_related("topic")
    if wanted:
        rows = rows.filter(Q(shortcut__contains=wanted) | Q(name__icontains=typed.strip().lstrip("/")))
    found = sorted(rows[:200], key=lambda one: _rank(one, wanted, conversation))[:_MOST]
    things = things_of(conversation, user)
    return [filled(one, conversation, things) for one in found]


def filled(canned: Canned, conversation: Conversation, things: dict[str, Any]) -> Filled:
    """One of them, filled; where values are missing the gaps stand as they are written."""
    language, text = _in_language(canned, conversation)
    missing: tuple[str, ...] = ()
    try:
        shown = templating.render(text, things, way=Way.CHAT, language=language)
    except templating.MissingValues as refusal:
        shown, missing = as_far_as_known(text, things, language), refusal.names
    return Filled(
        id=canned.public_id,
        name=canned.name,
        shortcut=canned.shortcut,
        text=shown,
        language=language,
        missing=", ".join(missing),
        values=" ".join(templating.names_in(text)),
    )


def as_far_as_known(text: str, things: dict[str, Any], language: str) -> str:
    """The values that are there in their places; a text with conditions stays as it is written."""
    if "{%" in text:
        return text

    def known(gap: re.Match[str]) -> str:
        try:
            return templating.render(gap[0], things, way=Way.CHAT, language=language)
        except templating.MissingValues:
            return gap[0]

    return _GAP.sub(known, text)


def written(canned: Canned, conversation: Conversation, user: User | None) -> str:
    """The text of one of them as it can be sent. Raises MissingValues with the names of what is not there."""
    language, text = _in_language(canned, conversation)
    return templating.render(text, things_of(conversation, user), way=Way.CHAT, language=language)


def things_of(conversation: Conversation, user: User | None) -> dict[str, Any]:
    """What texts about this conversation can name: customer, the linked or newest order, agent, inquiry, shop."""
    person = conversation.customer.person
    linked = Order.objects.filter(pk__in=conversation.orders.values("pk")).order_by("-placed_at").first()
    order = linked or Order.objects.filter(customer=person).order_by("-placed_at").first()
    return values.gather(customer=person, agent=user, order=order, conversation=conversation)


def values_of_conversation(conversation: Conversation) -> dict[str, Any]:
    """The values of an inquiry."""
    return {"number": f"#{conversation.pk}", "subject": conversation.subject}


def values_of_order(order: Order) -> dict[str, Any]:
    """The values of an order."""
    lines = [
        {"name": line.title, "quantity": line.quantity, "price": Money(line.total_minor, order.currency)}
        for line in order.lines.all()
    ]
    return {
        "number": order.number,
        "date": order.placed_at.astimezone(shop.zone()).date() if order.placed_at else None,
        "total": order.total,
        "status": order.get_status_display(),
        "first_product": lines[0]["name"] if lines else "",
        "lines": lines,
    }


def _in_language(canned: Canned, conversation: Conversation) -> tuple[str, str]:
    """The text in the language that the customer writes, else in the shop's, else whichever there is."""
    texts = {one.language: one.text for one in canned.texts.all()}
    for wanted in _tried((conversation.language, conversation.customer.language, shop.current().language)):
        for language, text in texts.items():
            if language.lower() == wanted or language.lower().partition("-")[0] == wanted.partition("-")[0]:
                return language, text
    return next(iter(sorted(texts.items())), ("", ""))


def _tried(languages: Iterable[str]) -> list[str]:
    return [one.lower() for one in languages if one]


def _rank(canned: Canned, wanted: str, conversation: Conversation) -> tuple[bool, bool, bool, str]:
    fits = canned.topic_id is not None and canned.topic_id == conversation.topic_id
    return (canned.shortcut != wanted, not canned.shortcut.startswith(wanted), not fits, canned.name)
