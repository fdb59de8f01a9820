"""Lists of inquiries for programs: every filter at once, the newest first, page by page without offsets."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass, field

from django.db.models import Exists, OuterRef, QuerySet

from regulars.inbox.models import Conversation, File
from regulars.inbox.queries.searching import found_by


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a list is narrowed to; what is empty narrows nothing. `is_unanswered` are those whose customer waits."""

    words: str = ""
    statuses: Collection[str] = ()
    kinds: Collection[str] = ()
    ways: Collection[str] = ()
    customer_ids: Collection[int] = ()
    assignee_id: int | None = None
    team_id: int | None = None
    topic_id: int | None = None
    label_id: int | None = None
    mailbox_id: int | None = None
    channel_codes: Collection[str] = ()
    since: dt.datetime | None = None
    until: dt.datetime | None = None
    has_files: bool | None = None
    is_unanswered: bool | None = None
    after: int | None = None
    size: int = 50


@dataclass(frozen=True, slots=True)
class Page:
    """The rows of a page, and the key behind which the next one begins."""

    rows: list[Conversation] = field(default_factory=list)
    next_after: int | None = None


def page_of(wanted: Wanted) -> Page:
    """A page of the inquiries that fit; two queries more than there are searched words, however many rows."""
    rows = narrowed(wanted).order_by("-pk")
    if wanted.after is not None:
        rows = rows.filter(pk__lt=wanted.after)
    rows = rows.select_related("customer", "topic", "channel", "assignee", "team", "mailbox", "merged_into")
    found = list(rows.prefetch_related("labels", "orders", "products")[: wanted.size + 1])
    return Page(found[: wanted.size], found[wanted.size - 1].pk if len(found) > wanted.size else None)


def narrowed(wanted: Wanted) -> QuerySet[Conversation]:
    """The inquiries that fit, in no order; those that are shown in another one are left out."""
    rows = Conversation.objects.filter(merged_into=None)
    several = {
        "status__in": wanted.statuses,
        "kind__in": wanted.kinds,
        "by__in": wanted.ways,
        "customer__in": wanted.customer_ids,
        "channel__code__in": wanted.channel_codes,
    }
    one = {
        "assignee": wanted.assignee_id,
        "team": wanted.team_id,
        "topic": wanted.topic_id,
        "labellings__label": wanted.label_id,
        "mailbox": wanted.mailbox_id,
        "began_at__gte": wanted.since,
        "began_at__lt": wanted.until,
    }
    conditions: dict[str, object] = {name: value for name, value in several.items() if value}
    conditions |= {name: value for name, value in one.items() if value is not None}
    rows = rows.filter(**conditions)
    if wanted.is_unanswered is not None:
        rows = rows.filter(waiting_since__isnull=not wanted.is_unanswered)
    if wanted.has_files is not None:
        files = Exists(File.objects.filter(post__conversation=OuterRef("pk"), post__deleted_at=None, is_inline=False))
        rows = rows.filter(files if wanted.has_files else ~files)
    return found_by(rows, wanted.words) if wanted.words else rows
