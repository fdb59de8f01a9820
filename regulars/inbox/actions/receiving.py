"""Taking in what a customer says, whichever way it came: the one way into the inbox."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone

from regulars.channels.models import Channel
from regulars.core.text import BadText, clean, clean_lines
from regulars.customers.models import Customer
from regulars.customers.people import are_one
from regulars.inbox import digests, files, searching, turns
from regulars.inbox.actions import changing
from regulars.inbox.facts import InquiryReceived, ReplyReceived
from regulars.inbox.files import Incoming
from regulars.inbox.models import (
    Arrival,
    By,
    Conversation,
    Mailbox,
    Post,
    PostKind,
    SpamSender,
    Status,
)
from regulars.inbox.people import take_turns
from regulars.messaging.models import Account
from regulars.staff.policy import unmasked
from regulars.timeline.actions import record

_LONGEST = 200_000
_LONGEST_SUBJECT = 250
_PREVIEW = 180
_CHINESE = re.compile("[\u4e00-\u9fff]")


@unmasked
def receive(
    *,
    cause: str,
    customer: Customer,
    by: str,
    text: str,
    at: dt.datetime,
    subject: str = "",
    quoted: str = "",
    html: str = "",
    people: Mapping[str, Any] | None = None,
    files: Sequence[Incoming] = (),
    conversation: Conversation | None = None,
    joined_by: str = "",
    confidence: int = 100,
    account: Account | None = None,
    mailbox: Mailbox | None = None,
    channel: Channel | None = None,
    arrival: Arrival | None = None,
    mail_id: str = "",
    language: str = "",
    data: Mapping[str, Any] | None = None,
    wants_answer: bool = True,
    sorted_as: Mapping[str, Any] | None = None,
    is_spam: bool = False,
) -> Post:
    """What a customer said, as a post: of a new conversation, or of `conversation`, which it opens again.

    `sorted_as` says kind, topic and team of a new one where its sender chose them; `is_spam` that it is none to answer.

    A second call with the same cause gives the first post and changes nothing. What is said in a conversation that is
    spam stays spam, as does whatever comes from where spam came from. Nothing is refused: a text that cannot be kept
    as it is, is kept as far as it can be.
    """
    owner = customer.person if conversation is None else _of(conversation, customer)
    stored = _stored(files, owner, cause)
    try:
        with transaction.atomic():
            take_turns(f"post {cause}")
            known = Post.objects.filter(cause=cause).select_related("conversation").first()
            if known is None:
                said = {"subject": _line(subject), "text": _lines(text), "quoted": _lines(quoted), "html": html}
                at = min(at, timezone.now())
                if conversation is None:
                    current = _opened(
                        owner,
                        by=choice_of(by),
                        at=at,
                        said=said,
                        people=people or {},
                        ways={
                            "account": account,
                            "mailbox": mailbox,
                            "channel": channel or (mailbox and mailbox.channel) or (account and account.channel),
                            "team": mailbox.team if mailbox else None,
                            **(sorted_as or {}),
                        },
                        language=language,
                        is_spam=is_spam,
                    )
                else:
                    current = changing.held(conversation)
                post = Post.objects.create(
                    conversation=current,
                    customer=owner,
                    kind=PostKind.IN,
                    by=choice_of(by),
                    at=at,
                    people=dict(people or {}),
                    data={**(data or {}), "version": current.version + 1},
                    cause=cause,
                    id_digest=digests.of(mail_id),
                    mail_id=mail_id[:250],
                    joined_by=joined_by,
                    confidence=confidence,
                    arrival=arrival,
                    **said,
                )
                _attach(post, stored)
                searching.mark(post)
                _heard(current, post, is_new=conversation is None, wants_answer=wants_answer)
                return post
    except BaseException:
        _drop(stored)
        raise
    _drop(stored)
    return known


def choice_of(by: str) -> str:
    """One of the ways; what is none of them came by another way."""
    return by if by in By.values else By.OTHER


def preview_of(text: str) -> str:
    """The beginning of a text, as lists show it."""
    return " ".join(text.split())[:_PREVIEW]


def language_of(text: str, fallback: str = "") -> str:
    """The language that somebody writes in, as far as characters tell; else the one they were known by."""
    if len(_CHINESE.findall(text[:2000])) > 3:
        return "zh-hans"
    return "" if fallback.startswith("zh") and text.isascii() and len(text) > 40 else fallback


def _opened(
    customer: Customer,
    *,
    by: str,
    at: dt.datetime,
    said: Mapping[str, str],
    people: Mapping[str, Any],
    ways: Mapping[str, Any],
    language: str,
    is_spam: bool,
) -> Conversation:
    """A new conversation, in which nothing was said yet."""
    reply_to = str(people.get("reply_to") or people.get("from") or people.get("number") or "").strip()
    digest = digests.of(reply_to)
    is_spam = is_spam or (bool(digest) and SpamSender.objects.filter(digest=digest).exists())
    return Conversation.objects.create(
        customer=customer,
        by=by,
        status=Status.SPAM if is_spam else Status.OPEN,
        reply_to=reply_to,
        reply_digest=digest,
        subject=said["subject"],
        language=language or language_of(said["text"], customer.language),
        began_at=at,
        last_at=at,
        **ways,
    )


def _heard(current: Conversation, post: Post, *, is_new: bool, wants_answer: bool) -> None:
    """Whose turn it is after a word of the customer's, and what the timeline says of it."""
    was, at = current.status, post.at
    before = changing.image(current)
    current.posts_count += 1
    current.last_at = max(current.last_at, at)
    current.last_in_at = max(current.last_in_at or at, at)
    if at >= current.last_at or not current.preview:
        current.preview = preview_of(post.text or post.subject)
    if was != Status.SPAM:
        if was != Status.OPEN:
            changing.set_status(current, Status.OPEN)
        waits = _waited(before)
        current.waiting_since = min(waits or at, at) if wants_answer else waits
    changing.bump(current)
    current.save()
    if is_new:
        fact: InquiryReceived | ReplyReceived = InquiryReceived(
            conversation=current.public_id, post=post.public_id, by=str(post.by)
        )
    else:
        fact = ReplyReceived(
            conversation=current.public_id, post=post.public_id, by=str(post.by), is_reopened=was == Status.CLOSED
        )
    if was == Status.SPAM:
        return  # nothing that anybody has to hear of
    if wants_answer:
        turns.customer_wrote(current, at)
    elif was != Status.OPEN:
        turns.woken(current, at)
    record(fact, customer=current.customer, subject=current, at=at)


def _waited(before: changing.Image) -> dt.datetime | None:
    """Since when the customer waited already."""
    return dt.datetime.fromisoformat(before["waiting_since"]) if before["waiting_since"] else None


def _of(conversation: Conversation, customer: Customer) -> Customer:
    """Whose the words are: the record that the conversation has, unless somebody else speaks in it."""
    shown = conversation.merged_into or conversation
    return shown.customer if are_one(shown.customer, customer) else customer.person


def _stored(incoming: Sequence[Incoming], customer: Customer, cause: str) -> list[files.Stored]:
    if not incoming or Post.objects.filter(cause=cause).exists():
        return []
    return files.store(incoming, customer_id=customer.person.pk)


def _attach(post: Post, stored: Sequence[files.Stored]) -> None:
    files.attach(post, stored)


def _drop(stored: Sequence[files.Stored]) -> None:
    files.remove(one.key for one in stored)


def _line(text: str) -> str:
    try:
        return clean(text.replace("\0", "")[: 4 * _LONGEST_SUBJECT], limit=4 * _LONGEST_SUBJECT)[:_LONGEST_SUBJECT]
    except BadText:
        return ""


def _lines(text: str) -> str:
    """The text as it is kept; one that is longer than anybody reads is cut, for the raw mail has all of it."""
    try:
        return clean_lines(text.replace("\0", "")[:_LONGEST], limit=_LONGEST)
    except BadText:
        return "".join(character for character in text[:_LONGEST] if character.isprintable() or character == "\n")
