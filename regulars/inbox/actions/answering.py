"""Answering: what we say in a conversation, by the way the customer spoke, and what becomes of it.

An answer is a post and a message. The post stands at once; that we answered is true when the message has left, and
only then a promise is kept (inbox/actions/leaving.py).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, Final

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from regulars.core import shop
from regulars.core.errors import Invalid, Refusal
from regulars.core.text import BadText, clean_lines
from regulars.customers import mentions
from regulars.customers.models import Customer
from regulars.inbox import digests, files, searching, threading, turns
from regulars.inbox.actions import changing
from regulars.inbox.actions.changing import held, image, settle
from regulars.inbox.actions.leaving import answered
from regulars.inbox.actions.receiving import choice_of, preview_of
from regulars.inbox.chat import handing
from regulars.inbox.facts import AnswerTakenBack, CallNoted, InquiryNoteWritten
from regulars.inbox.files import Incoming, Stored
from regulars.inbox.models import By, Canned, ChatVisitor, Conversation, Draft, Post, PostKind, PostMention, Status
from regulars.inbox.queries import signatures
from regulars.inbox.telling import tell
from regulars.messaging import sending
from regulars.messaging.models import Way
from regulars.staff.models import User
from regulars.staff.policy import unmasked, verb
from regulars.timeline.actions import record

LONGEST: Final = 50_000
UNDO: Final = dt.timedelta(seconds=10)
"""How long an answer of a person waits before it leaves, so that it can be taken back."""

OUTCOMES: Final = ("answered", "open", "later", "nobody")
_SOON: Final = dt.timedelta(minutes=1)
_THEN: Final = frozenset({Status.WAITING, Status.OPEN, Status.CLOSED})
_SAID: Final = (PostKind.IN, PostKind.OUT, PostKind.CALL)
_AS_MAIL: Final = frozenset({By.EMAIL, By.FORM, By.API, By.STORE, By.PHONE})
_MOST_REFERENCES: Final = 20


class AnswersCross(Refusal):
    """Something new came in since the writer looked; `posts` are what came."""

    slug = "answers-cross"

    def __init__(self, posts: Sequence[Post]) -> None:
        super().__init__(_("Something new was said here since you began to write. Read it, then send your answer."))
        self.posts = list(posts)


class NoWayBack(Refusal):
    """Nobody knows where an answer could go."""

    slug = "no-way-back"


class TooLate(Refusal):
    """The answer has left, and cannot be taken back."""

    slug = "too-late"


@unmasked
def answer(
    conversation: Conversation,
    *,
    author: User,
    text: str,
    files: Sequence[Incoming] = (),
    after: dt.datetime | None = None,
    then: str = "waiting",
    cause: str | None = None,
    seen_version: int | None = None,
    seen: int | None = None,
    canned: str = "",
) -> Post:
    """Answer by the way the customer spoke, not before `after`; `then` it waits, stays open, or closes.

    With `seen_version`, the version its writer had in front of them, or `seen`, the key of the last post they saw, it
    refuses where something was said since. A second call with the same cause gives the first post. Raises
    AnswersCross, NoWayBack, Invalid, BadFile, and what the gate refuses (MayNotWrite). `canned` is the id of the canned
    answer that the text came from.
    """
    if then not in _THEN:
        sentence = _("After an answer an inquiry waits, stays open, or is done.")
        raise Invalid(sentence, fields={"then": [sentence]})
    said = _text(text, has_files=bool(files))
    known = Post.objects.filter(cause=cause).first() if cause else None
    if known is not None:
        return known
    stored = _store(files, conversation)
    try:
        with transaction.atomic():
            current = held(conversation)
            _refuse_crossing(current, author, seen_version, seen)
            more: Any = {"cause": cause, "after": after, "then": then, "canned": canned}
            post = _written(current, author=author, text=said, stored=stored, **more)
            _sent(current, post, files, after)
            Draft.objects.filter(conversation=current, user=author, is_note=False).delete()
            tell(current.public_id, "written")  # the fact comes when it has left
    except BaseException:
        _drop(stored)
        raise
    return post


@unmasked
def note(conversation: Conversation, *, author: User, text: str, files: Sequence[Incoming] = ()) -> Post:
    """Write a note that only the team sees; colleagues named in it with @ find it. Raises Invalid, BadFile."""
    said = _text(text, has_files=bool(files))
    stored = _store(files, conversation)
    try:
        with transaction.atomic():
            current = held(conversation)
            post = _post(current, PostKind.NOTE, author=author, text=said)
            _attach(post, stored)
            current.posts_count += 1
            changing.bump(current)
            current.save(update_fields=["posts_count", "version", "updated_at"])
            _mention(post)
            Draft.objects.filter(conversation=current, user=author, is_note=True).delete()
            fact = InquiryNoteWritten(conversation=current.public_id, post=post.public_id)
            record(fact, customer=current.customer, subject=current)
    except BaseException:
        _drop(stored)
        raise
    return post


@unmasked
def begin(
    customer: Customer,
    *,
    author: User,
    subject: str,
    text: str,
    files: Sequence[Incoming] = (),
    after: dt.datetime | None = None,
    cause: str | None = None,
) -> Post:
    """Write to a customer first, by mail. Raises NoWayBack, Invalid, BadFile, and what the gate refuses."""
    person = customer.person
    if not person.email:
        raise NoWayBack(_("Nobody knows where an answer could go. Give the customer an e-mail address first."))
    known = Post.objects.filter(cause=cause).first() if cause else None
    if known is not None:
        return known
    with transaction.atomic():
        current = _opened(person, by=By.EMAIL, author=author, subject=subject, reply_to=person.email)
        return answer(current, author=author, text=text, files=files, after=after, cause=cause)


@verb
def write_call(
    customer: Customer,
    *,
    author: User,
    text: str,
    by: str = By.PHONE,
    subject: str = "",
    minutes: int = 0,
    outcome: str = "open",
    follow_up: dt.datetime | None = None,
    at: dt.datetime | None = None,
    cause: str | None = None,
    conversation: Conversation | None = None,
) -> Post:
    """Write down what somebody said on the phone or in the store: what became of it, and when we call back.

    `answered` is done, `open` is our turn, `later` and `nobody` come back at `follow_up`. Raises Invalid.
    """
    if outcome not in OUTCOMES:
        raise Invalid(
            _("This cannot have come of a call."), fields={"outcome": [_("This cannot have come of a call.")]}
        )
    known = Post.objects.filter(cause=cause).first() if cause else None
    if known is not None:
        return known
    said, person = _text(text, has_files=False), customer.person
    current = (
        held(conversation)
        if conversation is not None
        else _opened(person, by=by, author=author, subject=subject or preview_of(said)[:80], reply_to=person.phone)
    )
    before = image(current)
    data = {"minutes": max(0, min(minutes, 600)), "outcome": outcome}
    post = _post(current, PostKind.CALL, author=author, text=said, cause=cause, data=data)
    if at is not None and at < post.at:
        post.at = at
        post.save(update_fields=["at"])
    current.posts_count += 1
    current.preview, current.last_at = preview_of(said), max(current.last_at, post.at)
    current.last_in_at = max(current.last_in_at or post.at, post.at)
    if outcome == "open":
        current.waiting_since = current.waiting_since or post.at
        turns.customer_wrote(current, post.at)
    settle(current, before, is_told=False)
    changing.bump(current)
    current.save()
    fact = CallNoted(conversation=current.public_id, post=post.public_id, outcome=outcome)
    record(fact, customer=current.customer, subject=current, at=post.at)
    _after_call(current, outcome, follow_up)
    return post


def _after_call(current: Conversation, outcome: str, follow_up: dt.datetime | None) -> None:
    before = image(current)
    if outcome == "answered":
        changing.set_status(current, Status.CLOSED)
    elif follow_up is not None and follow_up > timezone.now():
        changing.set_status(current, Status.LATER, until=follow_up)
    settle(current, before)


@verb
def undo(post: Post) -> Post:
    """Take back an answer that has not left: its text is the draft of whoever wrote it again. Raises TooLate."""
    gone = Post.objects.select_for_update(of=("self",)).select_related("message").get(pk=post.pk)
    if gone.deleted_at is not None:
        return gone
    if gone.message is None or not sending.cancel(gone.message):
        raise TooLate(_("This answer has left already."))
    current = held(gone.conversation)
    gone.deleted_at = timezone.now()
    gone.save(update_fields=["deleted_at"])
    current.posts_count = max(current.posts_count - 1, 0)
    current.save(update_fields=["posts_count"])
    _back(current, gone)
    if gone.author is not None:
        Draft.objects.update_or_create(
            conversation=current,
            user=gone.author,
            is_note=False,
            defaults={"customer": gone.customer, "text": gone.text, "updated_at": timezone.now()},
        )
    fact = AnswerTakenBack(conversation=current.public_id, post=gone.public_id)
    record(fact, customer=current.customer, subject=current)
    return gone


@verb
def send_again(post: Post, *, author: User | None = None) -> Post:
    """Try once more an answer that was not delivered. Raises what the gate refuses (NotWaiting, MayNotWrite)."""
    again = Post.objects.select_related("message").get(pk=post.pk)
    if again.message is None or again.deleted_at is not None:
        raise TooLate(_("There is no message to be sent again."))
    sending.send_again(again.message)
    if author is not None and again.author is None:
        again.author = author
    again.data = {name: value for name, value in again.data.items() if name not in {"left", "failed"}}
    again.save(update_fields=["data", "author"])
    return again


def newer_than(current: Conversation, version: int, author: User | None) -> list[Post]:
    """What was said since a version of the conversation, by the customer or by colleagues; the oldest first."""
    return [post for post in _latest(current, author) if post.data.get("version", 0) > version]


def way_back(current: Conversation) -> tuple[str, str]:
    """By which way and to which address an answer goes; by chat it needs none. Raises NoWayBack."""
    if current.by == By.CHAT:
        return Way.CHAT, current.reply_to
    if current.by in _AS_MAIL:
        address = current.reply_to if "@" in current.reply_to else current.customer.person.email
        if address:
            return Way.EMAIL, address
    elif current.reply_to:
        return current.by, current.reply_to
    raise NoWayBack(_("Nobody knows where an answer could go. Give the customer an e-mail address first."))


def _refuse_crossing(current: Conversation, author: User, seen_version: int | None, seen: int | None) -> None:
    came: list[Post] = []
    if seen is not None:
        came = [post for post in _latest(current, author) if post.pk > seen]
    elif seen_version is not None and current.version > seen_version:
        came = newer_than(current, seen_version, author)
    if came:
        raise AnswersCross(came)


def _latest(current: Conversation, author: User | None) -> list[Post]:
    """What the customer and colleagues said last, the oldest first."""
    rows = Post.objects.filter(conversation=current, kind__in=_SAID, deleted_at=None).select_related("author")
    found = list(rows.order_by("-pk")[:30])
    return [post for post in reversed(found) if author is None or post.author_id != author.pk]


def _written(
    current: Conversation,
    *,
    author: User,
    text: str,
    cause: str | None,
    stored: Sequence[Stored],
    after: dt.datetime | None,
    then: str,
    canned: str,
) -> Post:
    """The post, and how the conversation stands until it has left."""
    before = image(current)
    data: dict[str, Any] = {"then": str(then), "was": before["status"], "waited": before["waiting_since"]}
    if canned and Canned.objects.filter(pk=Canned.pk_of(canned) or 0).exists():
        data["canned"] = canned
    post = _post(current, PostKind.OUT, author=author, text=text, cause=cause, data=data)
    _attach(post, stored)
    current.posts_count += 1
    current.last_at = max(current.last_at, post.at)
    current.preview = preview_of(text)
    if current.assignee_id is None:
        current.assignee = author  # whoever answers looks after it
    if then != Status.OPEN and (after is None or after - timezone.now() <= _SOON):
        # it is nobody's turn while the message is on its way; what is to be closed is closed when it has left
        current.status, current.later_until, current.closed_at = Status.WAITING, None, None
    if not settle(current, before, is_told=False):
        changing.bump(current)
    current.save()
    return post


def _sent(current: Conversation, post: Post, attached: Sequence[Incoming], after: dt.datetime | None) -> None:
    way, to = way_back(current)
    if way == Way.CHAT:
        if ChatVisitor.objects.filter(digest=to).exists():
            handing.hand_in(current, post, to=to, has_files=bool(attached), after=after)
        else:  # a chat that another program holds, and answers in
            answered(current, post, post.at)
        return
    text, headers = post.text, {}
    if way == Way.EMAIL:
        signature = signatures.below(current, post.author)
        if signature:
            post.quoted = f"-- \n{signature}"
            text = f"{text}\n\n{post.quoted}"
        headers = _as_mail(current, post)
    message = sending.send(
        cause=f"inbox:{post.public_id}",
        way=way,
        to=to,
        customer=current.customer.person,
        purpose=sending.SERVICE,
        is_answer=current.last_in_at is not None,
        text=text,
        account=current.account,
        files=attached,
        after=after,
        language=current.language,
        **headers,
    )
    post.message = message
    post.mail_id, post.id_digest = message.message_id, digests.of(message.message_id)
    post.save(update_fields=["message", "mail_id", "id_digest", "quoted"])


def _as_mail(current: Conversation, post: Post) -> dict[str, Any]:
    """Subject and headers by which mail programs, and we ourselves, know what a mail belongs to."""
    subject = current.subject or _("Your message to %(shop)s") % {"shop": shop.current().name}
    ids = Post.objects.filter(conversation=current, deleted_at=None).exclude(mail_id="").exclude(pk=post.pk)
    earlier = list(ids.order_by("at", "pk").values_list("mail_id", "kind"))
    heard = [mail_id for mail_id, kind in earlier if kind == PostKind.IN]
    sender = current.mailbox.address if current.mailbox else current.account.address if current.account else ""
    return {
        "subject": subject if subject.lower().startswith(("re:", "aw:")) else f"Re: {subject}",
        "reply_to": threading.reply_address_for(current, sender) if sender else "",
        "mail_id": threading.mail_id_for(current, post.public_id),
        "headers": {"Auto-Submitted": "no"},
        "in_reply_to": heard[-1] if heard else "",
        "references": [mail_id for mail_id, _kind in earlier[-_MOST_REFERENCES:]],
    }


def _back(current: Conversation, post: Post) -> None:
    """The state before an answer that was taken back, where nobody changed it since."""
    before = image(current)
    if current.status == Status.WAITING and post.data.get("was") not in {None, Status.SPAM, Status.LATER}:
        current.status = post.data["was"]
    settle(current, before, is_told=False)


def _post(
    current: Conversation,
    kind: str,
    *,
    author: User,
    text: str,
    cause: str | None = None,
    data: dict[str, Any] | None = None,
) -> Post:
    post = Post.objects.create(
        conversation=current,
        customer=current.customer,
        kind=kind,
        by=current.by,
        author=author,
        at=timezone.now(),
        text=text,
        cause=cause,
        data={**(data or {}), "version": current.version + 1},
    )
    searching.mark(post)
    return post


def _opened(person: Customer, *, by: str, author: User, subject: str, reply_to: str) -> Conversation:
    """A conversation that one of us begins, which is theirs."""
    now = timezone.now()
    return Conversation.objects.create(
        customer=person,
        by=choice_of(by),
        status=Status.OPEN,
        assignee=author,
        subject=" ".join(subject.split())[:250],
        reply_to=reply_to,
        reply_digest=digests.of(reply_to),
        language=person.language,
        began_at=now,
        last_at=now,
    )


def _mention(post: Post) -> None:
    named = {user.pk for user in mentions.named_in(post.text) if user.may("inbox.view")} - {post.author_id}
    PostMention.objects.bulk_create([PostMention(post=post, user_id=user) for user in sorted(named)])


def _text(text: str, *, has_files: bool) -> str:
    try:
        kept = clean_lines(text, limit=LONGEST)
    except BadText as problem:
        raise Invalid(str(problem), fields={"text": [str(problem)]}) from problem
    if not kept and not has_files:
        sentence = _("There is nothing in it. Write something, or add a file.")
        raise Invalid(sentence, fields={"text": [sentence]})
    return kept


def _store(incoming: Sequence[Incoming], conversation: Conversation) -> list[Stored]:
    files.require_sendable(incoming)
    shown = conversation.merged_into or conversation
    return files.store(incoming, customer_id=shown.customer_id)


def _attach(post: Post, stored: Sequence[Stored]) -> None:
    files.attach(post, stored)


def _drop(stored: Sequence[Stored]) -> None:
    files.remove(one.key for one in stored)
