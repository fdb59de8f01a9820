"""The list of the inbox: what is due first, whose it is, and how many there are of each sort."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode

from django.core.cache import cache
from django.db.models import Count, Q, QuerySet
from django.http import QueryDict

from regulars.core.sight import current
from regulars.inbox.models import Conversation, ConversationLabel, Deadline, Kind, PostMention, Priority, Status
from regulars.inbox.models.conversations import By
from regulars.staff.models import User

STEP = 50
_MOST = 500
_WAITING = 30
_SECONDS = 5
_NAMED = 12
OPEN, MINE, NOBODY, DONE, LATER, SPAM = "open", "mine", "nobody", "done", "later", "spam"
TABS = (OPEN, MINE, NOBODY, DONE, LATER, SPAM)
_STATUS = {OPEN: Status.OPEN, MINE: Status.OPEN, NOBODY: Status.OPEN, DONE: Status.CLOSED, LATER: Status.LATER,
           SPAM: Status.SPAM}  # fmt: skip
_CHOICES: Mapping[str, frozenset[str]] = {
    "by": frozenset(By.values),
    "kind": frozenset(Kind.values),
    "priority": frozenset(str(value) for value in Priority.values),
}
FILTERS = ("by", "kind", "priority", "topic", "label", "assignee", "team")
_NUMBERS = frozenset({"topic", "label", "assignee", "team"})


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxRequest:
    """What somebody asks the list for: a tab, filters, words to look for, and how many rows."""

    tab: str = OPEN
    filters: tuple[tuple[str, str], ...] = ()
    words: str = ""
    size: int = STEP

    @classmethod
    def from_query(cls, query: QueryDict | Mapping[str, str]) -> InboxRequest:
        """What an address asks for; what is no filter of ours is left out."""
        tab = query.get("tab", OPEN)
        size = query.get("n", "")
        found = [(name, value) for name in FILTERS if (value := query.get(name, "")) and _fits(name, value)]
        return cls(
            tab=tab if tab in TABS else OPEN,
            filters=tuple(found),
            words=query.get("q", "").strip()[:200],
            size=min(int(size), _MOST) if size.isascii() and size.isdigit() and int(size) else STEP,
        )

    @property
    def query(self) -> str:
        """The same as the query of an address."""
        said = dict(self.filters)
        if self.tab != OPEN:
            said = {"tab": self.tab, **said}
        if self.words:
            said["q"] = self.words
        return urlencode(said)

    def with_tab(self, tab: str) -> InboxRequest:
        """The same filters under another tab."""
        return replace(self, tab=tab, size=STEP)

    def longer(self) -> InboxRequest:
        """The same with more rows."""
        return replace(self, size=min(self.size + STEP, _MOST))


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the list: the conversation, and the promise that is due next."""

    conversation: Conversation
    deadline: Deadline | None


@dataclass(frozen=True, slots=True)
class InboxPage:
    """The rows in order, those that wait for the customer below them, and the counts of the tabs."""

    rows: list[Row]
    waiting: list[Row]
    waiting_count: int
    has_more: bool
    counts: dict[str, int] = field(default_factory=dict)


def inbox_page(asked: InboxRequest, user: User) -> InboxPage:
    """One look at the inbox: the number of queries does not grow with the rows."""
    base = _narrowed(asked)
    mine = _of_tab(base, asked.tab, user)
    found = _ordered(mine, asked)
    shown = found[: asked.size]
    waiting: list[Conversation] = []
    waiting_count = 0
    if asked.tab in {OPEN, MINE}:
        quiet = base.filter(status=Status.WAITING)
        if asked.tab == MINE:
            quiet = quiet.filter(assignee=user)
        waiting_count = quiet.count()
        waiting = list(quiet.order_by("-last_at", "-id")[:_WAITING]) if waiting_count else []
    due = _deadlines([one.pk for one in shown])
    return InboxPage(
        rows=[Row(one, due.get(one.pk)) for one in shown],
        waiting=[Row(one, None) for one in waiting],
        waiting_count=waiting_count,
        has_more=len(found) > asked.size,
        counts=counts(user),
    )


def due_first(most: int) -> list[Row]:
    """What is promised and due first, of everybody's."""
    rows = Conversation.objects.filter(status=Status.OPEN, merged_into=None, due_at__isnull=False)
    shown = list(rows.select_related("customer__category", "customer__merged_into").order_by("due_at", "-id")[:most])
    due = _deadlines([one.pk for one in shown])
    return [Row(one, due.get(one.pk)) for one in shown]


def counts(user: User) -> dict[str, int]:
    """How many are open, mine, and nobody's."""
    told: dict[str, int] = Conversation.objects.filter(status=Status.OPEN, merged_into=None).aggregate(
        open=Count("id"),
        mine=Count("id", filter=Q(assignee=user)),
        nobody=Count("id", filter=Q(assignee=None)),
    )
    return told


def waiting_for_us(_user: User) -> int:
    """How many inquiries are open, as the reader sees them: for the side bar, some seconds old at most."""
    key = f"inbox.open.{current().key}"
    count = cache.get(key)
    if count is None:
        count = Conversation.objects.filter(status=Status.OPEN, merged_into=None).count()
        cache.set(key, count, _SECONDS)
    return int(count)


def found_shortly(typed: str, most: int) -> list[Conversation]:
    """Inquiries for the palette, by their number or what was said in them, the newest first."""
    from regulars.inbox.queries.searching import found_by  # noqa: PLC0415 — brings numpy, which an idle shop is spared

    rows = Conversation.objects.filter(merged_into=None).select_related("customer__merged_into")
    return list(found_by(rows, typed).order_by("-last_at", "-id")[:most])


def label_names(conversations: list[int]) -> dict[int, list[str]]:
    """The labels of some conversations, by their keys: one query."""
    found: dict[int, list[str]] = {}
    rows = ConversationLabel.objects.filter(conversation__in=conversations).order_by("label__name")
    for key, name in rows.values_list("conversation", "label__name"):
        found.setdefault(key, []).append(name)
    return found


def _narrowed(asked: InboxRequest) -> QuerySet[Conversation]:
    rows = Conversation.objects.filter(merged_into=None).select_related(
        "customer__category", "customer__merged_into", "assignee", "topic"
    )
    for name, value in asked.filters:
        if name == "assignee" and value == "0":
            rows = rows.filter(assignee=None)
        elif name == "label":
            rows = rows.filter(labellings__label=int(value))
        else:
            rows = rows.filter(**{name: value})
    if asked.words:
        from regulars.inbox.queries.searching import found_by  # noqa: PLC0415 — brings numpy, which an idle shop is spared

        rows = found_by(rows, asked.words)
    return rows


def _of_tab(rows: QuerySet[Conversation], tab: str, user: User) -> QuerySet[Conversation]:
    rows = rows.filter(status=_STATUS[tab])
    if tab == MINE:
        return rows.filter(assignee=user)
    return rows.filter(assignee=None) if tab == NOBODY else rows


def _ordered(rows: QuerySet[Conversation], asked: InboxRequest) -> list[Conversation]:
    """What is due first, the pressing before others; then what nothing is promised for, newest first.

    Two queries, as both databases walk an index for each, and sort everything for one that says “empty ones last”.
    """
    if asked.tab == LATER:
        return list(rows.order_by("later_until", "-id")[: asked.size + 1])
    if asked.tab in {DONE, SPAM}:
        return list(rows.order_by("-last_at", "-id")[: asked.size + 1])
    first = list(rows.filter(due_at__isnull=False).order_by("due_at", "-last_at", "-id")[: asked.size + 1])
    room = asked.size + 1 - len(first)
    rest = rows.filter(due_at__isnull=True).order_by("-last_at", "-id")
    return first + (list(rest[:room]) if room > 0 else [])


def _deadlines(keys: list[int]) -> dict[int, Deadline]:
    """The promise of each conversation that is due first."""
    found: dict[int, Deadline] = {}
    rows = Deadline.objects.filter(conversation__in=keys, ended_at__isnull=True, due_at__isnull=False)
    for row in rows.order_by("due_at"):
        found.setdefault(row.conversation_id, row)
    return found


def _fits(name: str, value: str) -> bool:
    if name in _NUMBERS:
        return value.isascii() and value.isdigit() and len(value) < 19
    return value in _CHOICES[name]


def choices(user: Any) -> dict[str, Any]:
    """What the list can be narrowed by: topics, labels, colleagues and teams."""
    from regulars.inbox.models import Label, Topic  # noqa: PLC0415
    from regulars.staff.models import Team  # noqa: PLC0415

    del user
    return {
        "topics": list(Topic.objects.filter(is_archived=False)),
        "labels": list(Label.objects.all()),
        "colleagues": colleagues(),
        "teams": list(Team.objects.order_by("name")),
        "kinds": Kind.choices,
        "priorities": Priority.choices,
        "ways": By.choices,
    }


def named_in_notes(user: User) -> list[PostMention]:
    """The notes of inquiries that name somebody who has not seen them, newest first."""
    rows = PostMention.objects.filter(user=user, seen_at=None, post__deleted_at=None)
    told = rows.select_related("post__author", "post__conversation__customer__merged_into")
    return list(told.order_by("-post__at", "-pk")[:_NAMED])


def colleagues() -> list[User]:
    """Who can be given an inquiry: everybody who works here and may answer."""
    people = User.objects.select_related("definition").filter(is_active=True).order_by("name")
    return [one for one in people if one.may("inbox.edit")]
