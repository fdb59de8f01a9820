"""Bringing in what was said before: conversations of another desk, as they went, with nothing sent anew."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext as _

from regulars.channels.models import Channel
from regulars.core.errors import Invalid
from regulars.customers.models import Customer
from regulars.inbox import searching
from regulars.inbox.actions import changing, receiving
from regulars.inbox.actions.leaving import answered
from regulars.inbox.facts import ComplaintRaised, InquiryClosed
from regulars.inbox.models import Conversation, Kind, Label, Post, PostKind, Priority, Status, Topic
from regulars.orders.models import Order
from regulars.staff.models import User
from regulars.staff.policy import verb
from regulars.timeline.actions import record


@dataclass(frozen=True, slots=True)
class Said:
    """One thing that was said: by the customer (no author), or by one of us, as an answer or as a note."""

    at: dt.datetime
    text: str
    author: User | None = None
    is_note: bool = False


@verb
def remember(
    customer: Customer,
    *,
    cause: str,
    by: str,
    said: Sequence[Said],
    subject: str = "",
    sender: str = "",
    status: str = Status.CLOSED,
    later_until: dt.datetime | None = None,
    kind: str = Kind.INQUIRY,
    priority: int = Priority.NORMAL,
    topic: Topic | None = None,
    assignee: User | None = None,
    labels: Collection[Label] = (),
    orders: Collection[Order] = (),
    channel: Channel | None = None,
) -> Conversation:
    """A conversation as it went, the oldest word first, the customer's; afterwards it stands in `status`.

    Answers count as given when they were given, and promises as kept or broken by that; nothing is sent. A second call
    with the same cause gives the first conversation. Raises Invalid where the customer did not begin, or the times do
    not rise.
    """
    known = Post.objects.filter(cause=f"{cause}:0").select_related("conversation").first()
    if known is not None:
        return known.conversation
    _require_order(said)
    first = receiving.receive(
        cause=f"{cause}:0",
        customer=customer,
        by=by,
        at=said[0].at,
        subject=subject,
        text=said[0].text,
        people={"from": sender} if "@" in sender else {"number": sender} if sender else None,
        channel=channel,
    )
    current = changing.held(first.conversation)
    before = changing.image(current)
    current.kind, current.priority, current.topic, current.assignee = kind, priority, topic, assignee
    changing.relink(current, "labels", [label.pk for label in labels])
    changing.relink(current, "orders", [order.pk for order in orders])
    changing.settle(current, before, at=said[0].at, is_told=False)
    if kind == Kind.COMPLAINT:
        record(
            ComplaintRaised(conversation=current.public_id), customer=current.customer, subject=current, at=said[0].at
        )
    for number, one in enumerate(said[1:], start=1):
        if one.author is None:
            receiving.receive(
                cause=f"{cause}:{number}", customer=customer, by=by, at=one.at, text=one.text, conversation=current
            )
        else:
            _ours(current, one, cause=f"{cause}:{number}")
        current = changing.held(current)
    before = changing.image(current)
    changing.set_status(current, status, until=later_until)
    if status == Status.CLOSED:
        current.closed_at = said[-1].at
        record(
            InquiryClosed(conversation=current.public_id), customer=current.customer, subject=current, at=said[-1].at
        )
    changing.settle(current, before, at=said[-1].at, is_told=False)
    return current


def _ours(current: Conversation, one: Said, *, cause: str) -> None:
    """Something one of us said then."""
    post = Post.objects.create(
        conversation=current,
        customer=current.customer,
        kind=PostKind.NOTE if one.is_note else PostKind.OUT,
        by=current.by,
        author=one.author,
        at=one.at,
        text=one.text,
        cause=cause,
        data={"then": str(Status.WAITING), "version": current.version + 1},
    )
    searching.mark(post)
    current.posts_count += 1
    fields = ["posts_count"]
    if not one.is_note:
        current.last_at, current.preview = max(current.last_at, one.at), receiving.preview_of(one.text)
        fields += ["last_at", "preview"]
    changing.bump(current)
    current.save(update_fields=[*fields, "version", "updated_at"])
    if not one.is_note:
        answered(current, post, one.at)


def _require_order(said: Sequence[Said]) -> None:
    sentence = ""
    moments = [one.at for one in said]
    if not said or said[0].author is not None:
        sentence = _("A conversation begins with a word of the customer’s.")
    elif moments != sorted(moments) or moments[-1] > timezone.now():
        sentence = _("What was said stands in the order of time, and none of it in the future.")
    if sentence:
        raise Invalid(sentence, fields={"said": [sentence]})
