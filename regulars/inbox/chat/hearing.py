"""What a visitor may read: their own words, and answers that were addressed to their token. Nothing else, ever.

A conversation also holds notes, mails, and words of other people who were put together with it. None of these have
this token as sender or receiver, so that none is found here, whatever was merged.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, Final

from django.utils import timezone

from regulars.core import live, shop
from regulars.customers.people import records_of_person
from regulars.inbox.chat.saying import cause_of, topic_of
from regulars.inbox.models import By, ChatVisitor, Conversation, Post, PostKind
from regulars.messaging import digests as message_digests
from regulars.messaging import receipts
from regulars.messaging.models import DeliveryEvent, Message, Way
from regulars.staff.models import User
from regulars.staff.policy import verb

State = Message.State
MOST: Final = 200
_GONE_OUT: Final = (State.HANDED, State.ACCEPTED, State.DELIVERED)
_NOTED_AFTER: Final = dt.timedelta(seconds=30)


def posts_of(visitor: ChatVisitor) -> list[Post]:
    """What this visitor said and was answered, oldest first, the last 200."""
    own = Post.objects.filter(
        customer__in=records_of_person(visitor.customer.person.pk),
        kind=PostKind.IN,
        by=By.CHAT,
        cause__startswith=cause_of(visitor.digest, ""),
        deleted_at=None,
    )
    said = [*own.order_by("-pk")[:MOST], *answers_to(visitor).order_by("-pk")[:MOST]]
    return sorted(said, key=lambda post: (post.at, post.pk))[-MOST:]


def answers_to(visitor: ChatVisitor) -> Any:
    """The answers that were addressed to this visitor."""
    rows = Post.objects.filter(kind=PostKind.OUT, deleted_at=None, message__way=Way.CHAT)
    found = rows.filter(message__to_digest__in=message_digests.all_of(Way.CHAT, visitor.digest))
    return found.filter(message__state__in=_GONE_OUT).select_related("author", "message")


def email_of_visitor(conversation: Conversation) -> str:
    """The address that the visitor of a conversation typed, as far as the reader may see it; empty for none."""
    visitor = ChatVisitor.objects.filter(conversation=conversation).first()
    return visitor.email if visitor is not None else ""


def tell_typing(conversation: Conversation, user: User) -> None:
    """Let the visitor see that an answer is being written, and by whom where the shop shows names."""
    visitor = ChatVisitor.objects.select_related("chat").filter(conversation=conversation).first()
    if visitor is not None:
        who = user.name.split(" ")[0] if visitor.chat.shows_names else shop.current().name
        live.tell(topic_of(visitor.digest), {"typing": who})


@verb
def seen(visitor: ChatVisitor, posts: Sequence[Post]) -> None:
    """They have these in front of them: answers have arrived, and nobody mails what was read."""
    now = timezone.now()
    if visitor.seen_at is None or now - visitor.seen_at > _NOTED_AFTER:
        ChatVisitor.objects.filter(pk=visitor.pk).update(seen_at=now)
    for post in posts:
        if post.kind == PostKind.OUT and post.message is not None and post.message.state == State.ACCEPTED:
            receipts.apply(
                receipts.Receipt(
                    kind=DeliveryEvent.Kind.READ,
                    at=now,
                    event_id=f"{post.message.provider_id} seen",
                    provider_id=post.message.provider_id,
                )
            )
