"""One conversation as it went: what was said, with its files, and between it what happened to it."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from regulars.core import ids
from regulars.core.ui import words
from regulars.customers import mentions
from regulars.customers.people import records
from regulars.inbox import facts
from regulars.inbox.models import Conversation, File, Post, PostKind, Status
from regulars.messaging.models import Message
from regulars.staff.models import User
from regulars.timeline.models import Entry
from regulars.timeline.queries import customer_entries

_MOST_ENTRIES = 300
_SHOWN = (
    facts.InquiryChanged.name,
    facts.InquiryClosed.name,
    facts.InquiryReopened.name,
    facts.InquiryWoken.name,
    facts.InquiriesMerged.name,
    facts.InquiriesUnmerged.name,
    facts.AnswerTakenBack.name,
    facts.ComplaintRaised.name,
    facts.InquiryRated.name,
)
_TIME = re.compile(r"\d{1,2}[:：]\d{2}")
_BAD = frozenset({Message.State.FAILED, Message.State.BOUNCED, Message.State.UNKNOWN})
_WAITS = frozenset({Message.State.PLANNED, Message.State.HELD})


@dataclass(frozen=True, slots=True)
class Said:
    """A post as a page shows it; `drawn` is a note with the names of colleagues marked."""

    at: dt.datetime
    post: Post
    files: Sequence[File] = ()
    drawn: SafeString | str = ""
    template: str = "inbox/_post.html"

    @property
    def is_failed(self) -> bool:
        """Whether it never reached anybody, as far as we know."""
        return self.post.message is not None and self.post.message.state in _BAD

    @property
    def is_waiting(self) -> bool:
        """Whether it has not left yet, so that it can be taken back."""
        return self.post.message is not None and self.post.message.state in _WAITS

    @property
    def css(self) -> str:
        """What it looks like."""
        kind = {PostKind.NOTE: "inote", PostKind.OUT: "out", PostKind.CALL: "call"}.get(PostKind(self.post.kind), "in")
        return f"{kind} failed" if self.is_failed else kind


@dataclass(frozen=True, slots=True)
class Happened:
    """A line between the posts: who did what, when."""

    at: dt.datetime
    icon: str
    sentence: str
    template: str = "inbox/_happened.html"


@dataclass(frozen=True, slots=True)
class Thread:
    """All of it, oldest first."""

    lines: list[Said | Happened] = field(default_factory=list)
    last_post: int = 0


def thread_of(conversation: Conversation) -> Thread:
    """Posts and events of a conversation, and of those merged into it. The number of queries is always the same."""
    posts = list(
        Post.objects.filter(Q(conversation=conversation) | Q(conversation__merged_into=conversation))
        .filter(deleted_at=None)
        .select_related("author", "message")
        .order_by("at", "id")
    )
    files: dict[int, list[File]] = {}
    for file in File.objects.filter(post__in=[post.pk for post in posts]).order_by("pk"):
        files.setdefault(file.post_id, []).append(file)
    people = mentions.colleagues() if any(post.kind == PostKind.NOTE and "@" in post.text for post in posts) else []
    lines: list[Said | Happened] = []
    for post in posts:
        if post.kind == PostKind.AUTO:
            lines.append(_sent_by_itself(post))
            continue
        drawn = mentions.drawn(post.text, people) if post.kind == PostKind.NOTE else ""
        lines.append(Said(post.at, post, files.get(post.pk, ()), drawn))
    lines += _happened(conversation)
    return Thread(sorted(lines, key=lambda line: line.at), posts[-1].pk if posts else 0)


def _sent_by_itself(post: Post) -> Happened:
    at = {"time": words.clock(post.at), "text": _first_line(post.text)}
    if post.message is not None and post.message.state in _BAD:
        return Happened(post.at, "zap-off", _("The acknowledgement did not leave: %(text)s") % {"text": at["text"]})
    return Happened(post.at, "zap", _("Acknowledged by itself at %(time)s: “%(text)s”") % at)


def _first_line(text: str) -> str:
    """The sentence with the time in it, or the first that is more than a greeting."""
    lines = [line.strip() for line in text.splitlines()]
    said = [line for line in lines if _TIME.search(line)] or [line for line in lines if len(line) > 20]
    return said[0][:200] if said else text.strip()[:200]


def _happened(conversation: Conversation) -> list[Happened]:
    entries = [
        entry
        for entry in customer_entries(records(conversation.customer), names=_SHOWN, limit=_MOST_ENTRIES)
        if entry.data.get("conversation") == conversation.public_id
    ]
    wanted = {key for entry in entries for key in _people_in(entry)}
    names = {user.pk: user.name for user in User.objects.filter(pk__in=wanted)} if wanted else {}
    lines = []
    for entry in entries:
        lines += _told(entry, names)
    return lines


def _people_in(entry: Entry) -> list[int]:
    change = entry.data.get("changes", {}).get("assignee", ())
    return [pk for public_id in change if isinstance(public_id, str) and (pk := ids.decode(User.id_prefix, public_id))]


def _told(entry: Entry, names: dict[int, str]) -> list[Happened]:
    who = entry.actor.name.split(" ")[0] if entry.actor else _("A rule") if entry.data.get("rule") else _("Regulars")
    time = words.clock(entry.at)
    said = {"who": who, "time": time}
    if entry.name == facts.InquiryClosed.name:
        return [Happened(entry.at, "check", _("%(who)s closed this at %(time)s") % said)]
    if entry.name == facts.InquiryReopened.name:
        return [Happened(entry.at, "rotate-ccw", _("%(who)s opened this again at %(time)s") % said)]
    if entry.name == facts.InquiryRated.name:
        return [Happened(entry.at, "star", f"{facts.InquiryRated.sentence % entry.data}, {time}")]
    if entry.name != facts.InquiryChanged.name:
        fact = entry.fact
        return [Happened(entry.at, fact.icon, f"{fact.sentence}, {time}")] if fact else []
    return [
        line
        for name, change in entry.data.get("changes", {}).items()
        if (line := _change(entry, name, change, said, names))
    ]


def _change(
    entry: Entry, name: str, change: Sequence[Any], said: dict[str, str], names: dict[int, str]
) -> Happened | None:
    now = change[1] if len(change) > 1 else None
    if name == "assignee":
        pk = ids.decode(User.id_prefix, now) if isinstance(now, str) else None
        if pk is None:
            return Happened(entry.at, "user-round-x", _("%(who)s gave this back at %(time)s") % said)
        if entry.actor and pk == entry.actor.pk:
            return Happened(entry.at, "user-round-pen", _("%(who)s took this at %(time)s") % said)
        sentence = _("%(who)s gave this to %(whom)s at %(time)s")
        return Happened(entry.at, "user-round-pen", sentence % {**said, "whom": names.get(pk, "").split(" ")[0]})
    if name == "topic" and now and entry.actor is None and not entry.data.get("rule"):
        return Happened(entry.at, "tag", _("%(who)s set the topic “%(topic)s” at %(time)s") % {**said, "topic": now})
    if name == "status" and now == Status.LATER:
        return Happened(entry.at, "clock", _("%(who)s put this off at %(time)s") % said)
    if name == "status" and now == Status.WAITING:
        return Happened(entry.at, "hourglass", _("%(who)s waits for the customer since %(time)s") % said)
    if name == "status" and now == Status.SPAM:
        return Happened(entry.at, "shield-x", _("%(who)s said at %(time)s that this is spam") % said)
    return None
