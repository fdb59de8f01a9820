"""What pages show of suggestions: the topic beside an inquiry, answers above the form, and how well it goes."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import Count, Q
from django.utils import timezone

from regulars.inbox.guessing import examples
from regulars.inbox.models import Canned, CannedGuess, Conversation, Guess, Topic
from regulars.inbox.queries.canned import Filled, filled, things_of
from regulars.staff.models import User

LATELY = dt.timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Lately:
    """The last thirty days: topics suggested, taken, taken otherwise or dismissed; inquiries with answers, and used."""

    topics: int
    accepted: int
    declined: int
    by_itself: int
    answers: int
    used: int


@dataclass(frozen=True, slots=True)
class Missing:
    """What is there to learn topics from, and how many inquiries are missing; by topic, those with too few."""

    count: int
    missing: int
    topics: list[tuple[str, int, int]]
    is_enough: bool


def guess_of(conversation: Conversation) -> Guess | None:
    """The topic that stands to be decided: suggested while there is none, or set by itself and still set."""
    one = Guess.objects.filter(conversation=conversation).select_related("topic").first()
    if one is None or one.topic.is_archived:
        return None
    if one.state == Guess.State.OFFERED and conversation.topic_id is None:
        return one
    return one if one.state == Guess.State.SET and conversation.topic_id == one.topic_id else None


def answers_for(conversation: Conversation, user: User) -> list[Filled]:
    """The canned answers that are suggested, filled for this conversation, the likeliest first."""
    rows = CannedGuess.objects.filter(conversation=conversation, used_at=None).order_by("place")
    keys = list(rows.values_list("canned_id", flat=True))
    if not keys:
        return []
    found = {one.pk: one for one in Canned.objects.filter(pk__in=keys).prefetch_related("texts")}
    things = things_of(conversation, user)
    return [filled(found[key], conversation, things) for key in keys if key in found]


def lately() -> Lately:
    """How often suggestions were right, in the eyes of those who decided."""
    since = timezone.now() - LATELY
    topics = Guess.objects.filter(made_at__gte=since).aggregate(
        topics=Count("pk"),
        accepted=Count("pk", filter=Q(state=Guess.State.ACCEPTED)),
        declined=Count("pk", filter=Q(state__in=[Guess.State.DISMISSED, Guess.State.OTHER, Guess.State.TAKEN_BACK])),
        by_itself=Count("pk", filter=Q(state=Guess.State.SET)),
    )
    offered = CannedGuess.objects.filter(made_at__gte=since)
    answers = offered.values("conversation").distinct().count()
    used = offered.filter(used_at__isnull=False).values("conversation").distinct().count()
    return Lately(**topics, answers=answers, used=used)


def missing(stock: examples.Stock) -> Missing:
    """What is missing until topics can be learned; topics that nobody uses yet are named as well."""
    rows = Topic.objects.filter(is_archived=False).order_by("name").values_list("pk", "name")
    few = [
        (name, stock.topics.get(pk, 0), examples.LEAST_EACH - stock.topics.get(pk, 0))
        for pk, name in rows
        if stock.topics.get(pk, 0) < examples.LEAST_EACH
    ]
    return Missing(stock.count, max(0, examples.LEAST - stock.count), few, stock.is_enough)
