"""What is true once an answer has left the house, and what where it did not arrive."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone

from regulars.inbox import turns
from regulars.inbox.actions import changing
from regulars.inbox.actions.changing import held, image, settle
from regulars.inbox.facts import AnswerFailed, InquiryAnswered
from regulars.inbox.models import Conversation, Post, PostKind, Status
from regulars.messaging.models import Message
from regulars.staff.policy import verb
from regulars.timeline.actions import acting, record
from regulars.timeline.models import Entry, Source


@verb
def left(message: Message) -> Post | None:
    """A message of ours left the house: we answered, and the promise of it is kept. Happens once for each answer."""
    post = Post.objects.select_for_update(of=("self",)).filter(message=message, deleted_at=None).first()
    if post is None or post.kind != PostKind.OUT or post.data.get("left"):
        return None
    answered(held(post.conversation), post, message.sent_at or timezone.now())
    return post


@verb
def failed(message: Message) -> Post | None:
    """A message of ours did not arrive: the conversation is open again, and the customer waits as before."""
    post = Post.objects.select_for_update(of=("self",)).filter(message=message, deleted_at=None).first()
    if post is None or post.kind != PostKind.OUT or post.data.get("failed"):
        return None
    current = held(post.conversation)
    was_left = bool(post.data.get("left"))
    post.data = {**post.data, "failed": True, "left": False}
    post.save(update_fields=["data"])
    if current.status == Status.SPAM:
        return post
    waited = post.data.get("waited")
    before = image(current)
    changing.set_status(current, Status.OPEN)
    if current.waiting_since is None and waited:
        current.waiting_since = dt.datetime.fromisoformat(waited)
    settle(current, before, is_told=False)
    if was_left and current.waiting_since is not None:
        turns.customer_wrote(current, timezone.now())
    fact = AnswerFailed(conversation=current.public_id, post=post.public_id)
    record(fact, customer=current.customer, subject=current)
    return post


def answered(current: Conversation, post: Post, at: dt.datetime) -> None:
    """What is true once an answer has left: they wait no longer, unless they wrote again meanwhile."""
    before = image(current)
    current.answers_count += 1
    current.last_out_at = max(current.last_out_at or at, at)
    current.first_answer_at = current.first_answer_at or at
    wrote = Post.objects.filter(conversation=current, kind=PostKind.IN, created_at__gt=post.created_at, deleted_at=None)
    again = wrote.order_by("at").values_list("at", flat=True).first()
    current.waiting_since = again
    turns.we_answered(current, at, is_automatic=False)
    then = post.data.get("then", Status.OPEN)
    if again is None and then != Status.OPEN and current.status != Status.SPAM:
        changing.set_status(current, then)
    elif again is not None:
        turns.customer_wrote(current, again)
    settle(current, before, at=at)
    current.save(
        update_fields=["answers_count", "last_out_at", "first_answer_at", "waiting_since", "status", "version"]
    )
    post.data = {**post.data, "left": True}
    post.save(update_fields=["data"])
    fact = InquiryAnswered(conversation=current.public_id, post=post.public_id, by=str(post.by))
    with acting(post.author_id, Source.SYSTEM):
        record(fact, customer=current.customer, subject=current, at=at)


def message_left(entry: Entry) -> None:
    """React to a message that was sent."""
    message = _message_of(entry)
    if message is not None:
        left(message)


def message_failed(entry: Entry) -> None:
    """React to a message that did not arrive."""
    message = _message_of(entry)
    if message is not None:
        failed(message)


def _message_of(entry: Entry) -> Message | None:
    return Message.objects.filter(pk=Message.pk_of(str(entry.data.get("message", ""))) or 0).first()
