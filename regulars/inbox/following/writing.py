"""Writing by itself: a reminder, or a last word before an inquiry is done, and a note of what was done."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from regulars.core import shop
from regulars.inbox import digests, searching, threading
from regulars.inbox.actions import answering, changing
from regulars.inbox.facts import InquiryNoteWritten
from regulars.inbox.models import Canned, Conversation, Post, PostKind
from regulars.inbox.queries import canned as filling
from regulars.inbox.queries import signatures
from regulars.inbox.telling import tell
from regulars.messaging import sending, templating
from regulars.messaging.models import Way
from regulars.staff.models import User
from regulars.timeline.actions import record

REFUSALS = (
    sending.MayNotWrite,
    sending.BadAddress,
    templating.MissingValues,
    templating.BadTemplate,
    answering.NoWayBack,
)
"""Why something is not written by itself, and left to people instead."""

_HEADERS = {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"}


def write(current: Conversation, *, text: Canned, user: User | None, cause: str) -> Post:
    """Send a canned text in a held conversation, in the customer's language. Raises one of REFUSALS."""
    way, to = answering.way_back(current)
    said = filling.written(text, current, user)
    post = Post(
        conversation=current,
        customer=current.customer,
        kind=PostKind.AUTO,
        by=current.by,
        at=timezone.now(),
        text=said,
        cause=cause,
        data={"what": "follow_up", "version": current.version + 1},
    )
    if way != Way.CHAT:  # whoever chats sees the post itself
        more: dict[str, Any] = {}
        if way == Way.EMAIL:
            signature = signatures.below(current, user)
            post.quoted = f"-- \n{signature}" if signature else ""
            more = _as_mail(current, cause)
        message = sending.send(
            cause=cause,
            way=way,
            to=to,
            customer=current.customer.person,
            purpose=sending.SERVICE,
            text=f"{said}\n\n{post.quoted}" if post.quoted else said,
            account=current.account,
            language=current.language,
            **more,
        )
        post.message, post.mail_id, post.id_digest = message, message.message_id, digests.of(message.message_id)
    _stand(current, post)
    tell(current.public_id, "written")
    return post


def note(current: Conversation, text: str) -> Post:
    """Write a note in a held conversation that says what was done by itself."""
    post = Post(
        conversation=current,
        customer=current.customer,
        kind=PostKind.NOTE,
        by=current.by,
        at=timezone.now(),
        text=text,
        data={"what": "follow_up", "version": current.version + 1},
    )
    _stand(current, post)
    fact = InquiryNoteWritten(conversation=current.public_id, post=post.public_id)
    record(fact, customer=current.customer, subject=current)
    return post


def _stand(current: Conversation, post: Post) -> None:
    post.save()
    searching.mark(post)
    current.posts_count += 1
    changing.bump(current)
    current.save(update_fields=["posts_count", "version", "updated_at"])


def _as_mail(current: Conversation, cause: str) -> dict[str, Any]:
    subject = current.subject or _("Your message to %(shop)s") % {"shop": shop.current().name}
    ids = Post.objects.filter(conversation=current, deleted_at=None).exclude(mail_id="").order_by("at", "pk")
    earlier = list(ids.values_list("mail_id", flat=True))
    sender = current.mailbox or current.account
    return {
        "subject": subject if subject.lower().startswith(("re:", "aw:")) else f"Re: {subject}",
        "reply_to": threading.reply_address_for(current, sender.address) if sender and sender.address else "",
        "mail_id": threading.mail_id_for(current, cause.replace(" ", "-")),
        "headers": _HEADERS,
        "in_reply_to": earlier[-1] if earlier else "",
        "references": earlier[-20:],
    }
