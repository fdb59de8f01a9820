"""What is expected of an inquiry: worked out when it comes, and compared with what came of it."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.core.cache import cache
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from regulars.core import shop
from regulars.core.background import every
from regulars.inbox.acknowledging import estimating, moments
from regulars.inbox.models import Conversation, Deadline, Expectation, Kept, Post, PostKind, Status
from regulars.inbox.promises import calendars, clock, deciding
from regulars.messaging.quiet import zone_of
from regulars.staff.models import User
from regulars.staff.policy import unmasked, verb
from regulars.staff.queries import roles_with

HISTORY, PROMISE, AFTERWARDS = "history", "promise", "after"
_LEARNS_FROM = 1000
_SEEN_WITHIN = dt.timedelta(minutes=30)
_OLDEST = dt.timedelta(days=180)
_AT_ONCE = 500
_KEY, _SECONDS = "inbox.learned", 60


@dataclass(frozen=True, slots=True)
class _Learned:
    """What there is to work with: kept for a minute, because a full mailbox brings thousands in that time."""

    count: int
    estimator: estimating.Estimator | None
    level: float
    keeps_promises: bool


@verb
def expect(conversation: Conversation) -> Expectation:
    """Work out by when the first answer should be there, and keep it; a second call gives the first one."""
    known = Expectation.objects.filter(conversation=conversation).first()
    if known is not None:
        return known
    promise = Deadline.objects.filter(conversation=conversation, kind=Kept.FIRST).select_related("calendar").first()
    calendar, now = calendars.of(promise.calendar if promise else None), timezone.now()
    case = case_of(conversation)
    row = Expectation(
        conversation=conversation,
        topic_id=case.topic,
        by=case.by,
        came_at=conversation.began_at,
        hour=case.hour,
        queue=case.queue,
        people=case.people,
        source=PROMISE,
        promised_minutes=promise.minutes if promise else None,
        promised_at=(promise.due_at or promise.missed_at) if promise else None,
    )
    learned = _learned(now)
    row.learned_from, row.said_at = learned.count, row.promised_at
    if learned.estimator is not None:
        _work_out(row, case, learned, calendar, zone_of(conversation.customer.time_zone, shop.zone()))
    return Expectation.objects.get_or_create(conversation=conversation, defaults=_values(row))[0]


@verb
def learn(conversation: Conversation) -> None:
    """Write down how long the first answer took, or that there is none after all. It may be called again."""
    row = Expectation.objects.select_for_update(of=("self",)).filter(conversation=conversation).first()
    if row is None or row.answered_at == conversation.first_answer_at:
        return
    row.answered_at, row.took = conversation.first_answer_at, None
    if row.answered_at is not None:
        row.took = clock.worked(_calendar_of(conversation), row.came_at, row.answered_at)
    row.topic_id = conversation.topic_id
    row.save(update_fields=["answered_at", "took", "topic"])


def for_anybody(conversation: Conversation) -> dt.datetime | None:
    """By when the first answer is there for anybody who asks this, whoever they are; it is kept nowhere.

    The conversation need not be saved. None where there is neither a promise nor enough to learn from.
    """
    promise = deciding.fitting(conversation)
    calendar = calendars.of(promise.calendar if promise else None)
    minutes = deciding.minutes_of(promise, Kept.FIRST) if promise else None
    case, learned, zone = case_of(conversation), _learned(timezone.now()), shop.zone()
    try:
        promised = clock.due(calendar, conversation.began_at, minutes) if minutes is not None else None
        if learned.estimator is None:
            return promised
        return moments.told(
            calendar=calendar,
            came=conversation.began_at,
            minutes=learned.estimator.minutes(case, learned.level),
            promised=promised,
            keeps_promises=learned.keeps_promises,
            zone=zone,
        )
    except clock.NeverOpen:
        return None


def case_of(conversation: Conversation) -> estimating.Case:
    """What is known of it now: what it is about, who waits before it, who is here."""
    now = timezone.now()
    ahead = Conversation.objects.filter(status=Status.OPEN, waiting_since__lt=conversation.began_at)
    here = User.objects.filter(
        is_active=True, role__in=roles_with("inbox.edit"), sessions__seen_at__gte=now - _SEEN_WITHIN
    )
    return estimating.Case(
        topic=conversation.topic_id,
        by=conversation.by,
        hour=conversation.began_at.astimezone(shop.zone()).hour,
        queue=ahead.exclude(pk=conversation.pk).count(),
        people=here.distinct().count(),
    )


def history(now: dt.datetime) -> list[estimating.Answer]:
    """The latest answers there were, to learn from."""
    rows = Expectation.objects.filter(answered_at__isnull=False, answered_at__gte=now - _OLDEST, took__isnull=False)
    columns = ("topic_id", "by", "hour", "queue", "people", "took", "answered_at")
    return [
        estimating.Answer(
            estimating.Case(topic, by, hour, queue, people), took, (now - answered) / dt.timedelta(days=1)
        )
        for topic, by, hour, queue, people, took, answered in rows.order_by("-answered_at").values_list(*columns)[
            :_LEARNS_FROM
        ]
    ]


def learned_from() -> int:
    """How many answers there are to learn from."""
    return Expectation.objects.filter(answered_at__isnull=False, took__isnull=False).count()


def outcomes(now: dt.datetime) -> list[bool]:
    """Of the moments that were worked out and have come, the oldest first: whether the answer was later."""
    rows = Expectation.objects.filter(source=HISTORY, said_at__isnull=False).filter(decided(now))
    latest = rows.order_by("-came_at").values_list("answered_at", "said_at")[:_LEARNS_FROM]
    return [answered is None or (said is not None and answered > said) for answered, said in reversed(latest)]


def decided(now: dt.datetime) -> Q:
    """Of which it is known whether the moment held: those answered, and those past it while somebody still waits."""
    waits = Q(conversation__waiting_since__isnull=False) & ~Q(conversation__status__in=[Status.SPAM, Status.CLOSED])
    return Q(answered_at__isnull=False) | (Q(said_at__lt=now) & waits)


def promises_are_kept() -> bool:
    """Whether the last promises of a first answer were kept."""
    ended = Deadline.objects.filter(kind=Kept.FIRST, ended_at__isnull=False).order_by("-ended_at")
    return moments.are_kept([missed is None for missed in ended.values_list("missed_at", flat=True)[: moments.LATELY]])


@every("03:50", label=_("Learn how long answers take"))
@unmasked
def catch_up() -> int:
    """Learn from inquiries that were answered and never expected, imported ones say; how many there were."""
    since, count = timezone.now() - _OLDEST, 0
    waits = list(
        Conversation.objects.filter(began_at__gte=since).order_by("began_at").values_list("began_at", "first_answer_at")
    )
    came = [began for began, _answered in waits]
    gone = sorted(answered for _began, answered in waits if answered is not None)
    # of those that one of us began, nobody waited for the first word
    asked = Post.objects.filter(conversation=OuterRef("pk"), kind=PostKind.IN, at__lte=OuterRef("first_answer_at"))
    missing = Conversation.objects.filter(
        Exists(asked), began_at__gte=since, first_answer_at__gte=F("began_at"), expectation__isnull=True
    ).exclude(status=Status.SPAM)
    while rows := list(missing.order_by("pk")[:_AT_ONCE]):
        _learn_many(rows, came, gone)
        count += len(rows)
    return count


@transaction.atomic
def _learn_many(rows: Sequence[Conversation], came: Sequence[dt.datetime], gone: Sequence[dt.datetime]) -> None:
    """Who waited before each is counted from when all came and went; who was here, nobody knows any more."""
    zone, calendar = shop.zone(), calendars.of(None)
    Expectation.objects.bulk_create(
        Expectation(
            conversation=row,
            topic_id=row.topic_id,
            by=row.by,
            came_at=row.began_at,
            hour=row.began_at.astimezone(zone).hour,
            queue=max(bisect_left(came, row.began_at) - bisect_left(gone, row.began_at), 0),
            people=0,
            source=AFTERWARDS,
            answered_at=row.first_answer_at,
            took=clock.worked(calendar, row.began_at, row.first_answer_at or row.began_at),
        )
        for row in rows
    )


def _learned(now: dt.datetime) -> _Learned:
    kept: _Learned | None = cache.get(_KEY)
    if kept is None:
        answers = history(now)
        estimator = estimating.Estimator(answers) if len(answers) >= estimating.ENOUGH else None
        kept = _Learned(len(answers), estimator, estimating.level(outcomes(now)), promises_are_kept())
        cache.set(_KEY, kept, _SECONDS)
    return kept


def _work_out(
    row: Expectation,
    case: estimating.Case,
    learned: _Learned,
    calendar: clock.Calendar,
    zone: ZoneInfo,
) -> None:
    if learned.estimator is None:
        return
    row.source, row.level = HISTORY, learned.level
    minutes = learned.estimator.minutes(case, row.level)
    try:
        row.said_at = moments.told(
            calendar=calendar,
            came=row.came_at,
            minutes=minutes,
            promised=row.promised_at,
            keeps_promises=learned.keeps_promises,
            zone=zone,
        )
    except clock.NeverOpen:
        row.source = PROMISE
        return
    row.minutes = minutes


def _calendar_of(conversation: Conversation) -> clock.Calendar:
    first = Deadline.objects.filter(conversation=conversation, kind=Kept.FIRST).select_related("calendar").first()
    return calendars.of(first.calendar if first else None)


def _values(row: Expectation) -> dict[str, object]:
    return {field.attname: getattr(row, field.attname) for field in Expectation._meta.concrete_fields}
