"""What people do with a mail of the ledger: have it read again, make an inquiry of it, say that it is spam."""

from __future__ import annotations

from email import message_from_bytes
from email.header import decode_header, make_header
from email.utils import parseaddr
from http import HTTPStatus
from typing import ClassVar

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from regulars.core import quarantine
from regulars.core.background import background
from regulars.core.errors import Refusal
from regulars.core.sealing import Damaged
from regulars.inbox import digests
from regulars.inbox.files import Incoming
from regulars.inbox.mail import ledger, raw, sorting
from regulars.inbox.mail.facts import MailsSorted
from regulars.inbox.mail.fetching import in_the_shops_words, signed_in
from regulars.inbox.models import Arrival, By, Outcome, Post, SpamSender
from regulars.messaging.models import Way
from regulars.staff.policy import verb
from regulars.timeline.actions import record

_AT_ONCE = 500
_AGAIN = (Outcome.QUARANTINE, Outcome.AUTO, Outcome.BOUNCE, Outcome.WAITING)
"""What can be read again; what became a post stays one."""


class NotThisMail(Refusal):
    """With this mail it cannot be done; the sentence says why."""

    slug: ClassVar[str] = "not-this-mail"
    status: ClassVar[int] = HTTPStatus.CONFLICT


@verb
def read_again(mails: QuerySet[Arrival]) -> int:
    """Have mails read once more, after a fix say; how many. What became a post, a copy or nobody's is left out."""
    rows = mails.filter(outcome__in=_AGAIN, is_erased=False, is_partial=False)
    ids = list(rows.order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(ids), _AT_ONCE):
        part = Arrival._base_manager.filter(pk__in=ids[start : start + _AT_ONCE], outcome__in=_AGAIN)
        part.update(outcome=Outcome.WAITING, attempts=0, reason="", updated_at=timezone.now())
    if ids:
        ledger.read_soon(ids)
        record(MailsSorted(deed="again", count=len(ids)))
    return len(ids)


@verb
def make_inquiry(mail: Arrival) -> Post:
    """Take a mail into the inbox as what somebody asks, whatever we thought it was. One that cannot be read comes as a
    file. Raises NotThisMail.
    """
    current = _held(mail)
    known = Post._base_manager.filter(arrival=current).first()
    if known is not None:
        return known
    if current.outcome == Outcome.COPY:
        raise NotThisMail(_("The same mail came before, and was taken in then."))
    from regulars.inbox.reading import read_safely  # noqa: PLC0415 — only what reads mails needs all of that

    try:
        data = raw.read(current)
    except (FileNotFoundError, Damaged):
        raise NotThisMail(_("What it said is not kept any more.")) from None
    parsed = None if current.is_partial else read_safely(data)
    author = sorting.author_of(parsed) if parsed is not None and not parsed.failure else None
    if parsed is None or author is None:
        post = _as_file(current, data)
        sorting.end(current, Outcome.INQUIRY, customer_id=post.customer_id)
    else:
        sorting.take_in(current, parsed, author)
        post = Post._base_manager.get(arrival=current)
    record(MailsSorted(deed="inquiry"))
    return post


@verb
def mark_as_spam(mail: Arrival) -> Arrival:
    """Say that a mail is spam: it is nobody's inquiry, and what comes from there again is spam. Raises NotThisMail."""
    current = _held(mail)
    if Post._base_manager.filter(arrival=current).exists():
        raise NotThisMail(_("It is in the inbox already. Say there that it is spam."))
    if current.sender_digest:
        SpamSender.objects.get_or_create(digest=current.sender_digest)
    sorting.end(current, Outcome.AUTO, reason=_("Spam, as a colleague said."))
    record(MailsSorted(deed="spam"))
    return current


@verb
def ask_for_whole(mail: Arrival) -> Arrival:
    """Have a mail fetched that was too large to be fetched by itself. Raises NotThisMail."""
    current = _held(mail)
    if not current.is_partial or current.mailbox_id is None:
        raise NotThisMail(_("This mail is here as a whole."))
    fetch_whole.later(arrival_id=current.pk)
    record(MailsSorted(deed="fetched"))
    return current


@background(retries=3, label=gettext_lazy("Fetch a large mail"))
def fetch_whole(*, arrival_id: int) -> None:
    """Fetch all of a mail of which only the headers are here, piece by piece, and have it read."""
    mail = Arrival._base_manager.filter(pk=arrival_id, is_partial=True).select_related("mailbox").first()
    if mail is None or mail.mailbox is None or mail.uid is None:
        return
    quarantine.check()
    with in_the_shops_words(), signed_in(mail.mailbox) as line:
        is_there = line.uid_validity == mail.uid_validity and bool(line.look([mail.uid]))
        kept = raw.keep(line.pieces(mail.uid)) if is_there else None
        _take_whole(arrival_id, kept)


@verb
def _take_whole(arrival_id: int, kept: raw.Kept | None) -> None:
    mail = Arrival._base_manager.select_for_update(of=("self",)).get(pk=arrival_id)
    if not mail.is_partial or mail.is_erased:
        return
    if kept is None:
        Arrival._base_manager.filter(pk=arrival_id).update(reason=_("The server does not have this mail any more."))
        return
    # the headers alone stay on the disk until the sweep of the night
    mail.key, mail.size, mail.sha256, mail.is_partial = kept.key, kept.size, kept.sha256, False
    mail.outcome, mail.reason, mail.attempts, mail.updated_at = Outcome.WAITING, "", 0, timezone.now()
    mail.save()
    ledger.read_soon([arrival_id])


def _held(mail: Arrival) -> Arrival:
    current = Arrival._base_manager.select_for_update(of=("self",)).get(pk=mail.pk)
    if current.is_erased:
        raise NotThisMail(_("Who wrote it was erased, and with them what it said."))
    return current


def _as_file(mail: Arrival, data: bytes) -> Post:
    """A mail that we cannot read, as a file of an inquiry whose text says so."""
    from regulars.inbox.actions.receiving import receive  # noqa: PLC0415 — see above
    from regulars.inbox.people import sender_of  # noqa: PLC0415

    head = message_from_bytes(data[: 256 * 1024])
    name, address = parseaddr(str(head.get("From", "")))
    if not address:
        raise NotThisMail(_("It does not say who wrote it. Answer it from where it was sent."))
    try:
        subject = str(make_header(decode_header(str(head.get("Subject", "")))))
    except (LookupError, ValueError, UnicodeError):
        subject = ""
    post: Post = receive(
        cause=f"mail:{mail.pk}",
        customer=sender_of(Way.EMAIL, address, name),
        by=By.EMAIL,
        text=_("This mail could not be read. It is here as a file, as it came."),
        at=mail.received_at,
        subject=subject,
        people={"from": address, "name": name, "reply_to": address},
        files=[Incoming(f"{mail.public_id}.eml", "message/rfc822", data)],
        account=mail.account,
        mailbox=mail.mailbox,
        arrival=mail,
    )
    mail.sender_digest = digests.of(address)
    return post
