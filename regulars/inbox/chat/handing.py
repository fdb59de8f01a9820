"""How an answer gets to a visitor: through the gate like every message, and then it stands where they fetch it.

It is accepted once it is stored for them, and has arrived when they fetched it. What they did not fetch in two minutes
is mailed, where they left an address: see `mailing`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Final

from django.utils import timezone
from django.utils.translation import gettext as _

from regulars.core import live, quarantine
from regulars.core.errors import Invalid
from regulars.inbox.actions.leaving import left
from regulars.inbox.chat import mailing
from regulars.inbox.chat.saying import topic_of
from regulars.inbox.models import Conversation, Post
from regulars.messaging import sending
from regulars.messaging.delivering import deliver
from regulars.messaging.models import Account, Message, Way
from regulars.messaging.transports import Transport

_SOON: Final = dt.timedelta(minutes=1)  # nobody waits for ten seconds that an answer could be taken back in


def hand_in(current: Conversation, post: Post, *, to: str, has_files: bool, after: dt.datetime | None) -> None:
    """Send an answer to a visitor: at once, or when it was put off to. Raises Invalid, and what the gate refuses."""
    if has_files:
        sentence = _("A chat takes no files. Send them by mail, or put a link into your answer.")
        raise Invalid(sentence, fields={"files": [sentence]})
    now = timezone.now()
    is_now = after is None or after - now <= _SOON
    message = sending.send(
        cause=f"inbox:{post.public_id}",
        way=Way.CHAT,
        to=to,
        customer=current.customer.person,
        purpose=sending.SERVICE,
        text=post.text,
        after=None if is_now else after,
        language=current.language,
    )
    post.message = message
    post.save(update_fields=["message"])
    if is_now and not quarantine.is_on():
        deliver(message_id=message.pk)
        left(Message.objects.get(pk=message.pk))
        post.refresh_from_db()


def hand_over(message: Message, account: Account | None, journal: Callable[[], None]) -> str:  # noqa: ARG001
    """The transport of chats: the visitor hears that there is something, and fetches it."""
    journal()
    live.tell(topic_of(message.to), {"said": "answer"})
    mailing.look_after(message.to)
    return f"chat {message.public_id}"


def transport() -> Transport:
    """What the gate hands messages of chats to."""
    return hand_over
