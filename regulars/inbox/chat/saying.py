"""What a visitor says: an inquiry of a guest, begun with their first word, and nothing before that.

An address they type is a claim. It is kept beside their token and leads to nobody: it finds no customer, joins no
conversation, and what the shop knows under it is never shown. Answers that they did not fetch are mailed there, and
once a mail comes back from it, the inquiry goes on by mail; what the token says next is a new one.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import ClassVar, Final
from urllib.parse import urlsplit

from django.utils import timezone
from django.utils.translation import gettext as _

from regulars.core import live
from regulars.core.contact import BadContact, parse_email
from regulars.core.errors import Invalid, Refusal
from regulars.core.text import BadText, clean, clean_lines
from regulars.inbox import digests
from regulars.inbox.actions.receiving import receive
from regulars.inbox.models import By, Chat, ChatVisitor, Conversation, Post, SpamSender, Status
from regulars.inbox.people import sender_of, take_turns
from regulars.messaging.models import Way
from regulars.staff.policy import verb

LONGEST: Final = 4_000
SETTLED_FOR: Final = dt.timedelta(days=7)
"""For how long a conversation that was closed is still the one a visitor goes on with."""

_LONGEST_NAME: Final = 80
_LONGEST_PAGE: Final = 300
_ID: Final = re.compile(r"[A-Za-z0-9_-]{8,64}")


class ChatClosed(Refusal):
    """Nothing is taken from this visitor any more, because what they wrote is spam."""

    slug: ClassVar[str] = "chat-closed"
    status: ClassVar[int] = HTTPStatus.FORBIDDEN


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One thing a visitor says; `id` is made where they write, so that a second try is the same thing."""

    id: str
    text: str
    name: str = ""
    email: str = ""
    page: str = ""
    language: str = ""


@verb
def say(chat: Chat, *, digest: str, said: Said) -> Post:
    """Take in what a visitor says; said again it is the post that is there. Raises Invalid, ChatClosed."""
    text, name, email = _text(said.text), _name(said.name), checked_email(said.email)
    if not _ID.fullmatch(said.id):
        raise _refused("id", _("This message has no name of its own. Load the page anew."))
    take_turns(f"chat {digest}")
    cause = cause_of(digest, said.id)
    known = Post.objects.filter(cause=cause).first()
    if known is not None:
        return known
    if SpamSender.objects.filter(digest=digests.of(digest)).exists():
        raise ChatClosed(_("This chat is closed."))
    visitor = ChatVisitor.objects.select_for_update(of=("self",)).filter(digest=digest).first()
    if visitor is None:
        customer = sender_of(Way.CHAT, digest, name)
        visitor = ChatVisitor.objects.create(chat=chat, customer=customer, digest=digest)
    current = going_on(visitor)
    post = receive(
        cause=cause,
        customer=visitor.customer,
        by=By.CHAT,
        text=text,
        at=timezone.now(),
        quoted=_page(chat, said.page),
        people={"from": digest, "name": name},
        conversation=current,
        mailbox=chat.mailbox,
        channel=chat.channel,
        sorted_as={name: row for name, row in (("team", chat.team), ("topic", chat.topic)) if row is not None},
        language=said.language,
    )
    visitor.conversation, visitor.language = post.conversation, said.language
    visitor.email, visitor.seen_at = email or visitor.email, timezone.now()
    visitor.save()
    live.tell(topic_of(digest), {"said": "own"})
    return post


@verb
def claim(visitor: ChatVisitor, *, email: str) -> None:
    """Keep an address that a visitor types after they wrote. Raises Invalid."""
    address = checked_email(email)
    if not address:
        raise _refused("email", _("Write your e-mail address."))
    current = ChatVisitor.objects.select_for_update(of=("self",)).get(pk=visitor.pk)
    current.email = address
    current.save(update_fields=["email", "updated_at"])


def going_on(visitor: ChatVisitor) -> Conversation | None:
    """The conversation that a visitor goes on with: their own, still of the chat, and not settled long ago."""
    row = visitor.conversation
    if row is None or row.merged_into_id is not None or row.by != By.CHAT:
        return None
    is_settled = row.status == Status.CLOSED and row.closed_at is not None
    return None if is_settled and row.closed_at and timezone.now() - row.closed_at > SETTLED_FOR else row


def cause_of(digest: str, said_id: str) -> str:
    """What makes one thing said one post."""
    return f"chat {digest} {said_id}"


def topic_of(digest: str) -> str:
    """Where a visitor is told that there is something new."""
    return f"chat.{digest}"


def checked_email(text: str) -> str:
    """An address as it is kept. Raises Invalid where it is none."""
    try:
        return parse_email(text.strip()[:254])
    except BadContact as problem:
        raise _refused("email", str(problem)) from problem


def _text(text: str) -> str:
    try:
        kept = clean_lines(text, limit=LONGEST)
    except BadText as problem:
        raise _refused("text", str(problem)) from problem
    if not kept.strip():
        raise _refused("text", _("There is nothing in it. Write something."))
    return kept


def _name(name: str) -> str:
    try:
        return clean(" ".join(name.split()), limit=_LONGEST_NAME)
    except BadText as problem:
        raise _refused("name", str(problem)) from problem


def _page(chat: Chat, page: str) -> str:
    """The page they wrote on, where the shop keeps that: without what stands behind its path, which may name them."""
    if not chat.keeps_page:
        return ""
    try:
        parts = urlsplit(page[:2_000])
    except ValueError:
        return ""
    origin = f"{parts.scheme}://{parts.netloc}"
    if origin not in chat.origins:
        return ""
    return _("Written on %(page)s") % {"page": f"{origin}{parts.path}"[:_LONGEST_PAGE]}


def _refused(field: str, sentence: str) -> Invalid:
    return Invalid(sentence, fields={field: [sentence]})
