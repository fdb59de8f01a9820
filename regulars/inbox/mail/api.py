"""Mailboxes and the ledger of mails, for programs: how each goes, what became of each mail, and deciding it anew."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from django.http import HttpRequest
from django.utils.translation import gettext as _
from pydantic import ConfigDict, Field

from regulars.core.api.listing import Query, neighbours, parameter
from regulars.core.api.problems import Problem, reason
from regulars.core.api.routes import Answer, Routes
from regulars.core.api.schemas import In, Moment, Out, PublicId
from regulars.inbox.actions.mails import make_inquiry, mark_as_spam, read_again
from regulars.inbox.models import Arrival, Mailbox, Outcome, Post
from regulars.inbox.queries.mails import Listed, listed, mails

routes = Routes(tags=["Mails"])

_SETUP = "inbox.setup"
_ONE = "/mails/{mail_id}"


class MailboxOut(Out):
    """A mailbox that is read, and how that goes."""

    id: PublicId
    name: str
    address: str
    is_on: bool
    state: Annotated[Literal["on", "bad", "quiet", "off"], Field(description="quiet: it was not fetched yet.")]
    problem: Annotated[str, Field(description="Why it cannot be read, in a sentence; else empty.")]
    checked_at: Moment | None
    mails: int
    waiting: int
    quarantined: int
    missing: Annotated[int, Field(description="Mails of the server that the last count did not find here.")]


class MailboxesOut(Out):
    """All mailboxes, by name."""

    items: list[MailboxOut]


class MailOut(Out):
    """A mail of the ledger, and what became of it."""

    id: PublicId
    source: Literal["imap", "lmtp", "provider", "file"]
    mailbox: PublicId | None
    uid_validity: int | None
    uid: int | None
    outcome: Literal["waiting", "inquiry", "reply", "bounce", "auto", "copy", "quarantine"]
    reason: Annotated[str, Field(description="Why; of a copy the id of the mail that came first.")]
    sender: str
    subject: str
    size: int
    is_erased: bool
    received_at: Moment
    read_at: Moment | None
    conversation: PublicId | None


class MailsOut(Out):
    """A page of the ledger, the latest first."""

    items: list[MailOut]
    next: str | None


class MailsAgainIn(In):
    """Which mails to read again: those that this became of, in one mailbox or in all."""

    model_config = ConfigDict(json_schema_extra={"example": {"outcome": "quarantine"}})

    outcome: Literal["quarantine", "auto", "bounce"]
    mailbox: Annotated[str | None, Field(default=None, max_length=40)]


class MailsAgainOut(Out):
    """How many mails are read again."""

    count: int


@routes.reads("/mailboxes", permission=_SETUP, summary="List mailboxes", out=MailboxesOut)
def list_mailboxes(request: HttpRequest) -> Answer:  # noqa: ARG001 — every operation takes it
    """All mailboxes, by name. There are few, so that the list is not paged."""
    return Answer(body=MailboxesOut(items=[_mailbox_out(one) for one in listed()]))


@routes.reads(
    "/mails",
    permission=_SETUP,
    summary="List mails",
    out=MailsOut,
    parameters=[
        parameter("outcome", "Only what this became of: waiting, inquiry, reply, bounce, auto, copy or quarantine."),
        parameter("mailbox", "Only mails of this mailbox."),
        parameter("limit", "How many, from 1 to 250; 50 where nothing is said."),
        parameter("after", "The last mail of the page before."),
    ],
)
def list_mails(request: HttpRequest) -> Answer:
    """Every mail that ever came, the latest first, with what became of it."""
    query = Query(request)
    outcomes, box = query.choices("outcome", Outcome.values), query.text("mailbox")
    limit, after = query.limit(), query.text("after")
    query.refuse_rest()
    rows = mails()
    if outcomes:
        rows = rows.filter(outcome__in=outcomes)
    if box:
        rows = rows.filter(mailbox=_mailbox(box, "query"))
    if after:
        number = Arrival.pk_of(after)
        if number is None:
            detail = _("This is no mail of the page before.")
            raise Problem("invalid", detail, errors=[reason("query", "after", detail)])
        rows = rows.filter(pk__lt=number)
    found = list(rows[: limit + 1])
    following = found[limit - 1].public_id if len(found) > limit else ""
    links = neighbours(request, next_cursor=following, previous_cursor="")
    items = _mails_out(found[:limit])
    return Answer(body=MailsOut(items=items, next=links.get("next")), links=links)


@routes.acts("/mails/again", permission=_SETUP, summary="Read mails again", out=MailsAgainOut)
def read_mails_again(request: HttpRequest, again: MailsAgainIn) -> Answer:  # noqa: ARG001
    """Have read once more what was not understood, say, after a fix."""
    rows = Arrival.objects.filter(outcome=again.outcome)
    if again.mailbox is not None:
        rows = rows.filter(mailbox=_mailbox(again.mailbox, "body"))
    return Answer(body=MailsAgainOut(count=read_again(rows)))


@routes.reads(_ONE, permission=_SETUP, summary="Read a mail's row", out=MailOut)
def get_mail(request: HttpRequest, mail_id: str) -> Answer:  # noqa: ARG001
    """One mail of the ledger."""
    return _answer(_found(mail_id))


@routes.acts(f"{_ONE}/again", permission=_SETUP, summary="Read a mail again", out=MailOut)
def read_mail_again(request: HttpRequest, mail_id: str) -> Answer:  # noqa: ARG001
    """Have one mail read once more; what became a post stays one."""
    found = _found(mail_id)
    read_again(Arrival.objects.filter(pk=found.pk))
    return _answer(_found(mail_id))


@routes.acts(f"{_ONE}/inquiry", permission=_SETUP, summary="Make an inquiry of a mail", out=MailOut)
def make_mail_inquiry(request: HttpRequest, mail_id: str) -> Answer:  # noqa: ARG001
    """Take a mail into the inbox, whatever it was thought to be. A second call changes nothing."""
    make_inquiry(_found(mail_id))
    return _answer(_found(mail_id))


@routes.acts(f"{_ONE}/spam", permission=_SETUP, summary="Say that a mail is spam", out=MailOut)
def mark_mail_as_spam(request: HttpRequest, mail_id: str) -> Answer:  # noqa: ARG001
    """It is nobody's inquiry, and what comes from there again is spam, too."""
    mark_as_spam(_found(mail_id))
    return _answer(_found(mail_id))


def _answer(found: Arrival) -> Answer:
    return Answer(body=_mails_out([found])[0])


def _found(mail_id: str) -> Arrival:
    number = Arrival.pk_of(mail_id)
    found = mails().filter(pk=number).first() if number else None
    if found is None:
        raise Problem("not-found", _("There is no mail “%(id)s”.") % {"id": mail_id})
    return found


def _mailbox(public_id: str, where: str) -> Mailbox:
    found = Mailbox.objects.filter(pk=Mailbox.pk_of(public_id) or 0).first()
    if found is None:
        detail = _("There is no mailbox “%(id)s”.") % {"id": public_id}
        raise Problem("invalid", detail, errors=[reason(where, "mailbox", detail)])
    return found


def _mailbox_out(one: Listed) -> MailboxOut:
    box, count = one.mailbox, one.last_count
    return MailboxOut(
        id=box.public_id,
        name=box.name,
        address=box.address,
        is_on=box.is_on,
        state=one.light,  # type: ignore[arg-type]  # one of the four words
        problem=box.problem if box.is_on else "",
        checked_at=box.checked_at,
        mails=one.mails,
        waiting=one.waiting,
        quarantined=one.quarantined,
        missing=count.left if count is not None else 0,
    )


def _mails_out(rows: list[Arrival]) -> list[MailOut]:
    posts = Post.objects.filter(arrival__in=rows).select_related("conversation")
    shown: dict[Any, Post] = {post.arrival_id: post for post in posts}
    return [
        MailOut(
            id=row.public_id,
            source=row.source,  # type: ignore[arg-type]  # one of its choices, as is the outcome
            mailbox=row.mailbox.public_id if row.mailbox else None,
            uid_validity=row.uid_validity,
            uid=row.uid,
            outcome=row.outcome,  # type: ignore[arg-type]
            reason=row.reason,
            sender=row.about.get("sender", ""),
            subject=row.about.get("subject", ""),
            size=row.size,
            is_erased=row.is_erased,
            received_at=row.received_at,
            read_at=row.read_at,
            conversation=shown[row.pk].conversation.public_id if row.pk in shown else None,
        )
        for row in rows
    ]
