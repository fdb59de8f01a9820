"""When a visitor is gone: answers they did not fetch go to the address they left, and their reply comes back here.

The mail carries the inquiry's signs, so that a reply by mail finds it. From then on the address is proven, the inquiry
goes on by mail, and nothing of that is shown to the token, which anybody could have who typed somebody's address.
"""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from regulars.core import shop
from regulars.core.background import background
from regulars.inbox import digests, threading
from regulars.inbox.actions import leaving
from regulars.inbox.chat.hearing import answers_to
from regulars.inbox.models import By, ChatVisitor, Conversation, Post
from regulars.messaging import sending
from regulars.messaging.confirmations import language_for
from regulars.messaging.models import Message, Way
from regulars.staff.policy import verb
from regulars.timeline.models import Entry

GONE_AFTER: Final = dt.timedelta(minutes=2)
"""For how long an answer waits to be fetched before it is mailed."""

_AWAY: Final = dt.timedelta(minutes=5)  # a page that is open asks more often than that
_CAUSE: Final = "chat mail "
_AT_ONCE: Final = 50


def look_after(digest: str) -> None:
    """An answer stands there now: see to it that it is mailed where nobody fetches it."""
    visitor = ChatVisitor.objects.filter(digest=digest).first()
    if visitor is None:
        return
    now = timezone.now()
    if visitor.seen_at is None or now - visitor.seen_at > _AWAY:
        mail_unseen.later(visitor_id=visitor.pk)
    else:
        mail_unseen.at(now + GONE_AFTER, visitor_id=visitor.pk)


@background(label=gettext_lazy("Mail what a visitor did not fetch"), leaves=True)
@verb
def mail_unseen(*, visitor_id: int) -> bool:
    """Mail a visitor the answers they did not fetch, as one; whether there was one. The gate may refuse it."""
    visitor = ChatVisitor.objects.select_for_update(of=("self",)).filter(pk=visitor_id).first()
    if visitor is None or not visitor.email:
        return False
    rows = answers_to(visitor).filter(message__state=Message.State.ACCEPTED).order_by("pk")
    posts = [post for post in rows[:_AT_ONCE] if not post.data.get("mailed")]
    if not posts or posts[-1].conversation.by != By.CHAT:
        return False
    try:
        message = _mail(visitor, posts)
    except (sending.MayNotWrite, sending.BadAddress):
        return False
    for post in posts:
        post.data = {**post.data, "mailed": True}
        post.people = {**post.people, "to": [visitor.email]}
    posts[-1].mail_id, posts[-1].id_digest = message.message_id, digests.of(message.message_id)
    for post in posts:
        post.save(update_fields=["data", "people", "mail_id", "id_digest"])
    return True


@verb
def goes_on_by_mail(entry: Entry) -> None:
    """A reaction to replies: one by mail to what was a chat proves the address, and the inquiry goes on there."""
    if entry.data.get("by") != By.EMAIL:
        return
    number = Conversation.pk_of(str(entry.data.get("conversation", ""))) or 0
    current = Conversation.objects.select_for_update(of=("self",)).filter(pk=number, by=By.CHAT).first()
    post = Post.objects.filter(pk=Post.pk_of(str(entry.data.get("post", ""))) or 0).first()
    if current is None or post is None:
        return
    current.by = By.EMAIL
    current.reply_to = str(post.people.get("reply_to") or post.people.get("from") or "")
    current.reply_digest = digests.of(current.reply_to)
    current.save(update_fields=["by", "reply_to", "reply_digest"])
    ChatVisitor.objects.filter(conversation=current).update(conversation=None)


def mail_failed(entry: Entry) -> None:
    """A reaction to mails that did not arrive: the answer in it reached nobody, and the inquiry is open again."""
    message = Message.objects.filter(pk=Message.pk_of(str(entry.data.get("message", ""))) or 0).first()
    if message is None or not message.cause.startswith(_CAUSE):
        return
    number = Post.pk_of(message.cause.removeprefix(_CAUSE)) or 0
    post = Post.objects.select_related("message").filter(pk=number).first()
    if post is not None and post.message is not None:
        leaving.failed(post.message)


def _mail(visitor: ChatVisitor, posts: list[Post]) -> Message:
    last, current = posts[-1], posts[-1].conversation
    account = current.mailbox.account if current.mailbox else None
    sender = current.mailbox.address if current.mailbox else ""
    with override(language_for(visitor.language or current.language)):
        subject = _("Your chat with %(shop)s") % {"shop": shop.current().name}
        intro = _("You asked us in the chat on our page. This is our answer; reply to this mail to go on.")
    more: dict[str, Any] = {"reply_to": threading.reply_address_for(current, sender)} if sender else {}
    return sending.send(
        cause=f"{_CAUSE}{last.public_id}",
        way=Way.EMAIL,
        to=visitor.email,
        customer=current.customer.person,
        purpose=sending.SERVICE,
        subject=subject,
        text="\n\n".join([intro, *(post.text for post in posts)]) + "\n",
        account=account,
        mail_id=threading.mail_id_for(current, last.public_id),
        headers={"Auto-Submitted": "no"},
        language=current.language,
        **more,
    )
