"""Which conversation a mail belongs to: told by signs that only we can make, then by ids, then by subject and sender.

Outgoing mails carry two signs: their Message-ID, and the address to answer to. Both say the conversation's number and
a keyed hash of it, so that nobody can make one for another conversation. Yet a sign can be passed on, and an id can be
copied: a mail joins only where its sender is known to the conversation. Everything else is offered to people, who see
both and decide. What leads here is told in docs/decisions/0038.
"""

from __future__ import annotations

import base64
import datetime as dt
import hmac
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from django.db.models import Q
from django.utils import timezone

from regulars.core import datakeys
from regulars.core.text import fold
from regulars.customers.models import ContactPoint, Customer
from regulars.customers.people import emails_of, records_of_person
from regulars.inbox import digests
from regulars.inbox.models import By, Conversation, Mailbox, Post, PostKind, Status, ThreadOffer

if TYPE_CHECKING:
    from regulars.inbox.reading import Mail
    from regulars.inbox.reading.mail import Address

JOINED: Final = 70
"""From this confidence on, in hundredths, a mail joins by itself; below it is offered."""

ADDRESS, MESSAGE_ID, IN_REPLY_TO, REFERENCES, SUBJECT = "address", "message-id", "in-reply-to", "references", "subject"

_KEY = "inbox-threads"
_LETTERS = 16  # of a sign: 80 bits
_LONGEST_NUMBER = 15
_SIGNED_ADDRESS = re.compile(rf"\+(?:[^@+]{{0,40}}\+)?(\d{{1,{_LONGEST_NUMBER}}})-([a-z2-7]{{{_LETTERS}}})@")
_SIGNED_ID = re.compile(rf"([\w-]{{1,60}})\.(\d{{1,{_LONGEST_NUMBER}}})\.([a-z2-7]{{{_LETTERS}}})@")
_SURE = {ADDRESS: 100, MESSAGE_ID: 98, IN_REPLY_TO: 95, REFERENCES: 90}
_MOST_IDS, _MOST_POSTS, _MOST_OFFERS, _MOST_CANDIDATES = 60, 500, 3, 50
_FRESH, _CLOSED_FRESH = dt.timedelta(days=60), dt.timedelta(days=21)
_REPLY = re.compile(
    r"\s*(?:(?:re|aw|antw|antwort|sv|vs|ref|r|rif|res|resp|odp|ynt|vá|atb|tr|fw|fwd|wg|enc|rv|doorst|vb|vl|"
    r"回复|回覆|答复|转发|轉寄|返信|转寄|회신|전달|ответ|отв)(?:\s?\[\d{1,4}\]|\s?\(\d{1,4}\)|\*\d{1,3})?\s?[:：])",
    re.IGNORECASE,
)
_FORWARD = re.compile(r"\s*(?:tr|fw|fwd|wg|enc|rv|doorst|vb|vl|转发|轉寄|转寄|전달)\s?[:：]", re.IGNORECASE)
_SHORTEST_SUBJECT = 4


@dataclass(frozen=True, slots=True)
class Offer:
    """A conversation that a mail may belong to."""

    conversation: Conversation
    by: str
    confidence: int


@dataclass(frozen=True, slots=True)
class Match:
    """Where a mail goes: into `conversation`, or into a new one; `offers` are for people to decide."""

    conversation: Conversation | None = None
    by: str = ""
    confidence: int = 100
    offers: tuple[Offer, ...] = ()


def mail_id_for(conversation: Conversation, nonce: str) -> str:
    """A Message-ID for a mail of a conversation, in angle brackets; `nonce` makes it this mail's own."""
    plain = re.sub(r"[^\w-]", "", nonce, flags=re.ASCII)[:60] or "0"
    number = conversation.pk
    sign = _sign(f"id\0{number}\0{plain.lower()}", _keys()[-1])
    return f"<{plain}.{number}.{sign}@{_domain_of(conversation)}>"


def reply_address_for(conversation: Conversation, address: str) -> str:
    """The address that answers shall go to: the one given, with the conversation's sign behind a plus."""
    local, _at, domain = address.rpartition("@")
    number = conversation.pk
    sign = _sign(f"address\0{number}", _keys()[-1])
    signed = f"{local}+{number}-{sign}@{domain}"
    # a mailbox whose server knows no plus addresses, and names longer than servers take, go without
    is_plain = conversation.mailbox is not None and conversation.mailbox.options.get("has_no_plus")
    return address if is_plain or not local or len(signed.rpartition("@")[0]) > 64 else signed


def match(mail: Mail, *, mailbox: Mailbox | None, author: Address | None = None) -> Match:
    """The conversation that a mail belongs to, the surest sign first.

    It joins where the sign holds and the sender (`author`, else the mail's) is known to that conversation: an address
    of its customer, or one that was written to or copied in it. Where not, it is offered and the next sign is tried.
    """
    sender = author or mail.from_
    offers: dict[int, Offer] = {}
    if sender is None:
        return Match()
    is_doubtful = "dmarc=fail" in mail.headers.get("authentication-results", "").lower()
    for found in _found(mail, sender.address, mailbox):
        current = found.conversation
        is_known = found.by == SUBJECT or knows(current, sender.address)
        if is_known and not is_doubtful and found.confidence >= JOINED:
            offers.pop(current.pk, None)
            return Match(current, found.by, found.confidence, tuple(offers.values())[:_MOST_OFFERS])
        confidence = found.confidence if is_known else min(found.confidence, JOINED - 10)
        offers.setdefault(current.pk, Offer(current, found.by, min(confidence, JOINED - 1)))
    return Match(offers=tuple(offers.values())[:_MOST_OFFERS])


def keep_offers(post: Post, offers: Iterable[Offer]) -> None:
    """Keep what a post was offered to, for people to decide; a second call changes nothing."""
    rows = [
        ThreadOffer(post=post, conversation=one.conversation, by=one.by, confidence=one.confidence)
        for one in offers
        if one.conversation.pk != post.conversation_id
    ]
    ThreadOffer.objects.bulk_create(rows, ignore_conflicts=True)


def knows(conversation: Conversation, address: str) -> bool:
    """Whether an address is of a conversation: its customer's, where answers go, or of somebody in its mails."""
    asked = address.strip().casefold()
    if not asked:
        return False
    if conversation.reply_digest and hmac.compare_digest(conversation.reply_digest, digests.of(asked)):
        return True
    customer = Customer.everyone.get(pk=conversation.customer_id).person
    emails = {customer.email or "", *emails_of([customer.pk])[customer.pk]}
    if asked in {email.casefold() for email in emails if email}:
        return True
    said = Q(conversation=conversation) | Q(conversation__merged_into=conversation)
    rows = Post._base_manager.filter(said, kind__in=[PostKind.IN, PostKind.OUT], deleted_at=None)
    return any(asked in _people_of(post) for post in rows.only("people", "customer_id").order_by("-pk")[:_MOST_POSTS])


def _people_of(post: Post) -> set[str]:
    """The addresses that a post names: who wrote it, and to whom."""
    found: set[str] = set()
    for name in ("from", "reply_to", "to", "cc"):
        given = post.people.get(name) or []
        for one in [given] if isinstance(given, str) else given:
            plain = one.rpartition("<")[2].rstrip("> ") if isinstance(one, str) else ""
            found.add(plain.strip().casefold())
    return found - {""}


def _found(mail: Mail, sender: str, mailbox: Mailbox | None) -> Iterator[Offer]:
    """Every conversation that something leads to, the surest sign first."""
    answered = [*reversed(mail.in_reply_to)][:_MOST_IDS]
    referred = [one for one in reversed(mail.references) if one not in answered][:_MOST_IDS]
    received = [*(one.address for one in (*mail.to, *mail.cc)), *mail.delivered_to][:_MOST_IDS]
    for number in _numbers_in_addresses(received):
        yield from _shown([number], ADDRESS)
    for number in _numbers_in_ids([*answered, *referred]):
        yield from _shown([number], MESSAGE_ID)
    yield from _shown(_with_ids(answered), IN_REPLY_TO)
    yield from _shown(_with_ids(referred), REFERENCES)
    yield from _by_subject(mail, sender, mailbox)


def _numbers_in_addresses(addresses: Iterable[str]) -> Iterator[int]:
    """The conversations that addresses with our sign name."""
    for address in addresses:
        found = _SIGNED_ADDRESS.search(address.lower())
        if found and _is_signed(f"address\0{int(found[1])}", found[2]):
            yield int(found[1])


def _numbers_in_ids(ids: Iterable[str]) -> Iterator[int]:
    """The conversations that ids with our sign name."""
    for one in ids:
        found = _SIGNED_ID.match(one.lower().strip("<> "))
        if found and _is_signed(f"id\0{int(found[2])}\0{found[1]}", found[3]):
            yield int(found[2])


def _with_ids(ids: Iterable[str]) -> list[int]:
    """The conversations of the posts that are mails with these ids, in the order of the ids."""
    wanted = [digests.of(form) for one in ids for form in (f"<{one}>", one)]
    rows = Post._base_manager.filter(id_digest__in=[digest for digest in wanted if digest], deleted_at=None)
    known: dict[str, list[int]] = {}
    for digest, number in rows.order_by("-pk").values_list("id_digest", "conversation")[:_MOST_CANDIDATES]:
        known.setdefault(digest, []).append(number)
    return list(dict.fromkeys(number for digest in wanted for number in known.get(digest, ())))


def _shown(numbers: Iterable[int], by: str) -> Iterator[Offer]:
    """Conversations by their numbers, those that were merged as what they were merged into."""
    for number in numbers:
        row = Conversation._base_manager.select_related("merged_into", "customer").filter(pk=number).first()
        if row is not None:
            yield Offer(row.merged_into or row, by, _SURE[by])


def _by_subject(mail: Mail, sender: str, mailbox: Mailbox | None) -> Iterator[Offer]:
    """What this sender asked lately under the same subject. It joins where the mail says that it is an answer."""
    subject = bare_subject(mail.subject)
    is_answer = bool(_REPLY.match(mail.subject)) and not _FORWARD.match(mail.subject)
    if len(subject) < _SHORTEST_SUBJECT:
        return
    now = timezone.now()
    rows = Conversation._base_manager.filter(_of_sender(sender), by__in=[By.EMAIL, By.FORM], merged_into=None)
    rows = rows.filter(last_at__gte=now - _FRESH).exclude(status=Status.SPAM).select_related("customer")
    rows = rows.exclude(status=Status.CLOSED, closed_at__lt=now - _CLOSED_FRESH)
    for row in rows.order_by("-last_at")[:_MOST_CANDIDATES]:
        if bare_subject(row.subject) != subject:
            continue
        is_same_box = mailbox is None or row.mailbox_id in {None, mailbox.pk}
        yield Offer(row, SUBJECT, (80 if is_answer else 50) - (0 if is_same_box else 15))


def _of_sender(address: str) -> Q:
    """The conversations of somebody with this address: theirs, and those whose answers go there."""
    asked = address.strip().casefold()
    owners = Customer.everyone.filter(email=asked).values_list("pk", flat=True)
    further = ContactPoint._base_manager.filter(kind=ContactPoint.Kind.EMAIL, value=asked)
    people = {*owners, *further.values_list("customer", flat=True)}
    records = {record for person in people for record in records_of_person(person)}
    return Q(reply_digest=digests.of(asked)) | Q(customer__in=records)


def bare_subject(subject: str) -> str:
    """A subject without what mail programs put before it, to be compared."""
    rest = subject[:1_000]
    while found := _REPLY.match(rest):
        rest = rest[found.end() :]
    return " ".join(fold(rest).split())


def _domain_of(conversation: Conversation) -> str:
    """The domain that a conversation's mails come from."""
    for owner in (conversation.mailbox, conversation.account):
        domain = owner.address.rpartition("@")[2] if owner is not None else ""
        if domain and re.fullmatch(r"[A-Za-z0-9.-]{1,200}", domain):
            return domain.lower()
    return "regulars.invalid"


def _keys() -> list[bytes]:
    """The keys that signs are made with, the newest last; older ones hold, because mails are answered for years."""
    generations = datakeys.named(_KEY).generations
    return [generations[number] for number in sorted(generations)]


def _sign(text: str, key: bytes) -> str:
    return base64.b32encode(hmac.digest(key, text.encode(), "sha256")).decode().lower()[:_LETTERS]


def _is_signed(text: str, sign: str) -> bool:
    matches = [hmac.compare_digest(_sign(text, key).encode(), sign.encode()) for key in _keys()]
    return any(matches)
