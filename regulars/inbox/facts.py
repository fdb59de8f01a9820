"""What this room announces. No fact says what somebody wrote: that stands with the post alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from regulars.timeline.facts import Fact

KIND = "inquiry"

_LABELS: Mapping[str, Promise] = {
    "status": _("state"),
    "inquiry_kind": _("kind"),
    "priority": _("priority"),
    "topic": _("topic"),
    "assignee": _("assigned to"),
    "team": _("team"),
    "labels": _("labels"),
    "later_until": _("put off until"),
    "follow_up": _("reminder"),
    "orders": _("orders"),
    "products": _("products"),
    "customer": _("customer"),
}


@dataclass(frozen=True, slots=True)
class InquiryReceived(Fact):
    """Somebody asked something new. `conversation` and `post` are public ids, `by` is the way it came."""

    name: ClassVar[str] = "inquiry.received"
    sentence: ClassVar = _("Inquiry received")
    icon: ClassVar[str] = "inbox"
    kind: ClassVar[str] = KIND

    conversation: str = ""
    post: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True)
class ReplyReceived(Fact):
    """Somebody went on with a conversation; `is_reopened` where it had been done."""

    name: ClassVar[str] = "inquiry.reply_received"
    sentence: ClassVar = _("Reply received")
    icon: ClassVar[str] = "reply"
    kind: ClassVar[str] = KIND

    conversation: str = ""
    post: str = ""
    by: str = ""
    is_reopened: bool = False


@dataclass(frozen=True, slots=True)
class InquiryAnswered(Fact):
    """We answered; whether the message reached anybody is told by the message."""

    name: ClassVar[str] = "inquiry.answered"
    sentence: ClassVar = _("Inquiry answered")
    icon: ClassVar[str] = "send"
    kind: ClassVar[str] = KIND

    conversation: str = ""
    post: str = ""
    by: str = ""
    is_automatic: bool = False


@dataclass(frozen=True, slots=True)
class AnswerTakenBack(Fact):
    """An answer was taken back before it left."""

    name: ClassVar[str] = "inquiry.answer_taken_back"
    sentence: ClassVar = _("Answer taken back before it was sent")
    icon: ClassVar[str] = "undo-2"
    kind: ClassVar[str] = KIND
    on_timeline: ClassVar[bool] = False

    conversation: str = ""
    post: str = ""


@dataclass(frozen=True, slots=True)
class AnswerFailed(Fact):
    """An answer did not reach anybody, and the inquiry is open again."""

    name: ClassVar[str] = "inquiry.answer_failed"
    sentence: ClassVar = _("Answer could not be delivered")
    icon: ClassVar[str] = "mail-x"
    kind: ClassVar[str] = KIND

    conversation: str = ""
    post: str = ""


@dataclass(frozen=True, slots=True)
class InquiryNoteWritten(Fact):
    """The team wrote a note into a conversation, which its customer never sees."""

    name: ClassVar[str] = "inquiry.note_written"
    sentence: ClassVar = _("Note written with an inquiry")
    icon: ClassVar[str] = "sticky-note"
    kind: ClassVar[str] = KIND
    on_timeline: ClassVar[bool] = False

    conversation: str = ""
    post: str = ""


@dataclass(frozen=True, slots=True)
class CallNoted(Fact):
    """A call was written down; `outcome` is one of a few words."""

    name: ClassVar[str] = "inquiry.call_noted"
    sentence: ClassVar = _("Call written down")
    icon: ClassVar[str] = "phone"
    kind: ClassVar[str] = KIND

    conversation: str = ""
    post: str = ""
    outcome: str = ""


@dataclass(frozen=True, slots=True)
class InquiryChanged(Fact):
    """How an inquiry is sorted or whose it is was changed; `changes` has the old and the new value of each."""

    name: ClassVar[str] = "inquiry.changed"
    sentence: ClassVar = _("Inquiry sorted")
    icon: ClassVar[str] = "list-filter"
    kind: ClassVar[str] = KIND
    on_timeline: ClassVar[bool] = False
    labels: ClassVar = _LABELS

    conversation: str = ""
    changes: dict[str, list[Any]] = field(default_factory=dict)
    rule: str = ""


@dataclass(frozen=True, slots=True)
class ComplaintRaised(Fact):
    """An inquiry turned out to be a complaint."""

    name: ClassVar[str] = "inquiry.complaint_raised"
    sentence: ClassVar = _("Complained")
    icon: ClassVar[str] = "frown"
    kind: ClassVar[str] = KIND

    conversation: str = ""


@dataclass(frozen=True, slots=True)
class InquiryClosed(Fact):
    """An inquiry is settled."""

    name: ClassVar[str] = "inquiry.closed"
    sentence: ClassVar = pgettext_lazy("timeline", "Inquiry done")
    icon: ClassVar[str] = "circle-check"
    kind: ClassVar[str] = KIND

    conversation: str = ""


@dataclass(frozen=True, slots=True)
class InquiryReopened(Fact):
    """An inquiry that was settled goes on, because one of us says so."""

    name: ClassVar[str] = "inquiry.reopened"
    sentence: ClassVar = _("Inquiry opened again")
    icon: ClassVar[str] = "rotate-ccw"
    kind: ClassVar[str] = KIND

    conversation: str = ""


@dataclass(frozen=True, slots=True)
class InquiryWoken(Fact):
    """An inquiry that was put off came back by the clock."""

    name: ClassVar[str] = "inquiry.woken"
    sentence: ClassVar = _("Inquiry came back to be worked on")
    icon: ClassVar[str] = "alarm-clock"
    kind: ClassVar[str] = KIND
    on_timeline: ClassVar[bool] = False

    conversation: str = ""


@dataclass(frozen=True, slots=True)
class InquiriesMerged(Fact):
    """Two inquiries are one from now on: `merged` is shown in `conversation`."""

    name: ClassVar[str] = "inquiry.merged"
    sentence: ClassVar = _("Two inquiries put together")
    icon: ClassVar[str] = "merge"
    kind: ClassVar[str] = KIND
    on_timeline: ClassVar[bool] = False

    conversation: str = ""
    merged: str = ""


@dataclass(frozen=True, slots=True)
class InquiriesUnmerged(Fact):
    """Two inquiries that were put together are two again."""

    name: ClassVar[str] = "inquiry.unmerged"
    sentence: ClassVar = _("Two inquiries taken apart")
    icon: ClassVar[str] = "split"
    kind: ClassVar[str] = KIND
    on_timeline: ClassVar[bool] = False

    conversation: str = ""
    merged: str = ""


@dataclass(frozen=True, slots=True)
class InquiryRated(Fact):
    """A customer said how they found our answer: 1 to 5."""

    name: ClassVar[str] = "inquiry.rated"
    sentence: ClassVar = _("Rated our answer: %(score)s of 5")
    icon: ClassVar[str] = "star"
    kind: ClassVar[str] = KIND

    conversation: str = ""
    score: int = 0


@dataclass(frozen=True, slots=True)
class InboxWorkDone(Fact):
    """Something was done with several inquiries at once, or taken back; one fact for all of it."""

    name: ClassVar[str] = "inbox.work_done"
    sentence: ClassVar = _("Inquiries worked on together: %(count)s")
    icon: ClassVar[str] = "list-checks"
    kind: ClassVar[str] = KIND
    on_timeline: ClassVar[bool] = False
    is_public: ClassVar[bool] = False

    work: str = ""
    deed: str = "done"
    count: int = 0
    kept: int = 0


@dataclass(frozen=True, slots=True)
class InboxSettingChanged(Fact):
    """A topic, label, canned answer, macro, rule, signature or view was made, changed or removed."""

    name: ClassVar[str] = "inbox.setting_changed"
    sentence: ClassVar = _("Changed: %(what)s %(called)s (%(deed)s)")
    icon: ClassVar[str] = "settings"
    on_timeline: ClassVar[bool] = False
    is_public: ClassVar[bool] = False

    what: str = ""
    deed: str = "changed"
    called: str = ""


@dataclass(frozen=True, slots=True)
class InquiriesLetGo(Fact):
    """A night let go of what is kept no longer: `what` is done (inquiries), spam or raw (mails as they came)."""

    name: ClassVar[str] = "inbox.let_go"
    sentence: ClassVar = _("Old inquiries and mails let go: %(count)s (%(what)s)")
    icon: ClassVar[str] = "trash-2"
    on_timeline: ClassVar[bool] = False
    is_public: ClassVar[bool] = False

    what: str = ""
    count: int = 0
