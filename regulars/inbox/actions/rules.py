"""Rules: what is done with a new inquiry by itself, and what they would have done with the last ones."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from regulars.core import shop
from regulars.core.errors import Invalid
from regulars.core.text import fold
from regulars.inbox.actions import steps
from regulars.inbox.actions.changing import held, image, settle
from regulars.inbox.models import Conversation, Post, PostKind, Rule, Status
from regulars.staff.policy import verb
from regulars.timeline.models import Entry

TRIED = 200
Condition = Mapping[str, Any]

CONDITIONS: Mapping[str, Promise] = {
    "by": gettext_lazy("Came by"),
    "mailbox": gettext_lazy("Mailbox"),
    "channel": gettext_lazy("Sales channel"),
    "topic": gettext_lazy("Topic"),
    "language": gettext_lazy("Language"),
    "category": gettext_lazy("Category of the customer"),
    "kind": gettext_lazy("Kind"),
    "words": gettext_lazy("Has one of the words"),
    "hours": gettext_lazy("Came between the hours"),
    "weekdays": gettext_lazy("Came on the weekdays"),
}
_MOST_WORDS = 50


@dataclass(frozen=True, slots=True)
class Tried:
    """What a rule would have done with an inquiry of the past."""

    conversation: Conversation
    fits: bool


def checked(conditions: Iterable[Condition]) -> list[dict[str, Any]]:
    """Conditions as they are kept: `{"on": "by", "is": ["email", "form"]}`. Raises Invalid."""
    found = []
    for one in conditions:
        on = str(one.get("on", ""))
        values = [str(value).strip() for value in one.get("is", ()) if str(value).strip()][:_MOST_WORDS]
        if on not in CONDITIONS or not values or (on == "hours" and not _are_hours(values)):
            sentence = _("A rule cannot ask for this: %(what)s.") % {"what": on[:40] or "—"}
            raise Invalid(sentence, fields={"conditions": [sentence]})
        found.append({"on": on, "is": values})
    return found


def follow(entry: Entry) -> None:
    """React to a new inquiry: let the rules see it."""
    conversation = Conversation.objects.filter(pk=entry.subject_id or 0).first()
    if conversation is not None:
        run_rules(conversation)


@verb
def run_rules(conversation: Conversation) -> list[Rule]:
    """Do what the rules that are on say for an inquiry, in their order; which of them fitted."""
    rules = list(Rule.objects.filter(is_on=True))
    if not rules:
        return []
    current = held(conversation)
    if current.status == Status.SPAM:
        return []
    text, fitted = _text_of(current), []
    for rule in rules:
        if not fits(rule.conditions, current, text):
            continue
        fitted.append(rule)
        before = image(current)
        for step in rule.steps:
            steps.apply(current, step, is_rule=True)
        settle(current, before, rule=rule.name)
        if rule.stops:
            break
    return fitted


def try_out(conditions: Sequence[Condition], *, count: int = TRIED) -> list[Tried]:
    """Which of the last inquiries a rule fits; nothing is written. Raises Invalid."""
    wanted = checked(conditions)
    rows = Conversation.objects.filter(merged_into=None).select_related("customer__category", "customer__merged_into")
    last = list(rows.order_by("-pk")[:count])
    texts: dict[int, str] = {}
    posts = Post.objects.filter(conversation__in=last, kind=PostKind.IN).order_by("-pk")
    if any(one["on"] == "words" for one in wanted):
        for post in posts.only("conversation_id", "customer_id", "subject", "text"):
            texts[post.conversation_id] = f"{post.subject}\n{post.text}"  # the first one stays
    return [Tried(one, fits(wanted, one, texts.get(one.pk, ""))) for one in last]


def fits(conditions: Sequence[Condition], conversation: Conversation, text: str) -> bool:
    """Whether all conditions hold for an inquiry whose first words are `text`."""
    return all(_holds(one["on"], one["is"], conversation, text) for one in conditions)


def _holds(on: str, values: Sequence[str], conversation: Conversation, text: str) -> bool:
    match on:
        case "by" | "kind":
            return str(getattr(conversation, on)) in values
        case "mailbox" | "channel" | "topic":
            return str(getattr(conversation, f"{on}_id")) in values
        case "language":
            language = (conversation.language or conversation.customer.language or shop.current().language).lower()
            return any(language.partition("-")[0] == value.lower().partition("-")[0] for value in values)
        case "category":
            category = conversation.customer.person.category
            return category is not None and category.key in values
        case "words":
            folded = fold(text)
            return any(fold(value) in folded for value in values)
    at = conversation.began_at.astimezone(shop.zone())
    if on == "weekdays":
        return str(at.isoweekday()) in values
    start, end = (dt.time.fromisoformat(value) for value in values[:2])
    now = at.time()
    return start <= now < end if start <= end else now >= start or now < end


def _are_hours(values: Sequence[str]) -> bool:
    try:
        return len([dt.time.fromisoformat(value) for value in values]) == 2
    except ValueError:
        return False


def _text_of(conversation: Conversation) -> str:
    post = Post.objects.filter(conversation=conversation, kind=PostKind.IN).order_by("pk").first()
    return f"{post.subject}\n{post.text}" if post else conversation.subject
