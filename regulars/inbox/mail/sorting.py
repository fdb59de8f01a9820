"""From the ledger into the inbox: every mail ends as an inquiry, a reply, a bounce, an automatic mail, a copy, or not
understood, with the reason. It is decided in one transaction, and once: whoever comes second finds it done.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.db import InterfaceError, OperationalError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from regulars.core.background import background, every, overview, progress
from regulars.core.errors import Refusal
from regulars.inbox import digests
from regulars.inbox.files import Incoming
from regulars.inbox.mail import raw
from regulars.inbox.mail.fetching import in_the_shops_words
from regulars.inbox.models import Arrival, By, Mailbox, Outcome
from regulars.messaging.models import Account, Message, Way
from regulars.staff.policy import verb

if TYPE_CHECKING:
    from regulars.inbox.reading import Mail
    from regulars.inbox.reading.mail import Address

logger = logging.getLogger(__name__)

_TRIES = 2
_CANDIDATES = 20
_MOST_LEFT_OVER = 2_000


@background(retries=5, label=gettext_lazy("Read mails"))
def read_mails(*, ids: Sequence[int]) -> None:
    """Read mails of the ledger; what was read already stays as it is."""
    with in_the_shops_words():
        for number, pk in enumerate(ids):
            progress(number, len(ids))
            read_mail(pk)


@every(minutes=10, label=gettext_lazy("Read mails that were left over"))
def read_left_over() -> int:
    """Have read what waits though no job is about to read it: a job was stopped, or gave up; how many mails."""
    if overview.waits(read_mails) or overview.running_of(read_mails) is not None:
        return 0
    waiting = Arrival._base_manager.filter(outcome=Outcome.WAITING).order_by("pk")
    ids = list(waiting.values_list("pk", flat=True)[:_MOST_LEFT_OVER])
    for pk in ids:
        # one after which nobody could go on is not tried for ever
        _fail(pk, _("It could not be read to the end."))
    return len(ids)


def read_mail(arrival_id: int) -> None:
    """Read one mail and put it where it belongs. What cannot be read is tried once more, then kept in quarantine."""
    arrival = Arrival._base_manager.filter(pk=arrival_id, outcome=Outcome.WAITING).first()
    if arrival is None:
        return
    from regulars.inbox.reading import read_safely  # noqa: PLC0415 — only what reads mails needs all of that

    try:
        data = raw.read(arrival)
        mail = read_safely(data)
        if mail.failure:
            _fail(arrival_id, _("It could not be read: %(why)s.") % {"why": mail.failure})
        else:
            sort(arrival_id, data, mail)
    except (OperationalError, InterfaceError):
        raise  # the database is away or busy, which is not the mail's fault: the job is tried again
    except Exception as error:
        logger.warning("mail %s of the ledger cannot be read", arrival.public_id, exc_info=error)
        _fail(arrival_id, _said(error))


@verb
def sort(arrival_id: int, data: bytes, mail: Mail) -> None:
    """Put a mail where it belongs, and write in the ledger what became of it."""
    arrival = Arrival._base_manager.select_for_update(of=("self",)).get(pk=arrival_id)
    if arrival.outcome != Outcome.WAITING:
        return
    author = author_of(mail)
    arrival.about = {**arrival.about, **_about(mail, author)}
    arrival.sender_digest = digests.of(author.address) if author else ""
    before = _arrived_before(arrival, data)
    came_back = _came_back(arrival, data) if before is None else None
    if before is not None:
        end(arrival, Outcome.COPY, reason=before.public_id, customer_id=before.customer_id)
        if before.is_erased:
            _erase(arrival)
    elif came_back is not None:
        end(arrival, Outcome.BOUNCE, customer_id=came_back.customer_id)
    elif mail.robot == "bounce":
        end(arrival, Outcome.BOUNCE, reason=_("It does not say which message of ours came back."))
    elif mail.robot:
        end(arrival, Outcome.AUTO, reason=_ROBOTS.get(mail.robot, mail.robot), customer_id=_known(author))
    elif author is None:
        end(arrival, Outcome.QUARANTINE, reason=_("It does not say who wrote it."))
    elif _is_our_own(mail):
        end(arrival, Outcome.AUTO, reason=_("We sent it ourselves."))
    else:
        take_in(arrival, mail, author)


def take_in(arrival: Arrival, mail: Mail, author: Address) -> None:
    """Give a mail to its conversation, or begin one; inside the transaction that ends its row."""
    from regulars.inbox import threading  # noqa: PLC0415 — only what reads mails needs all of that
    from regulars.inbox.actions.receiving import receive  # noqa: PLC0415
    from regulars.inbox.people import sender_of  # noqa: PLC0415

    found = threading.match(mail, mailbox=arrival.mailbox, author=author)
    post = receive(
        cause=f"mail:{arrival.pk}",
        customer=sender_of(Way.EMAIL, author.address, author.name),
        by=By.EMAIL,
        text=mail.visible or mail.text,
        quoted="\n\n".join(part for part in (mail.signature, mail.quoted) if part),
        html=mail.html,
        at=min(arrival.received_at, timezone.now()),
        subject=mail.subject,
        people=_people(mail, author),
        files=[Incoming(one.name, one.media_type, one.data, one.content_id, one.is_inline) for one in mail.files],
        conversation=found.conversation,
        joined_by=found.by,
        confidence=found.confidence,
        account=arrival.account,
        mailbox=arrival.mailbox,
        arrival=arrival,
        mail_id=f"<{mail.mail_id}>" if mail.mail_id else "",
    )
    threading.keep_offers(post, found.offers)
    is_reply = found.conversation is not None
    end(arrival, Outcome.REPLY if is_reply else Outcome.INQUIRY, customer_id=post.customer_id)


def author_of(mail: Mail) -> Address | None:
    """Who wrote it. What a shop's own form sends in our name was written by whom it says to answer."""
    ours = own_addresses()
    if mail.from_ is not None and mail.from_.address.casefold() not in ours:
        return mail.from_
    others = (one for one in mail.reply_to if one.address.casefold() not in ours)
    return next(others, mail.from_)


def own_addresses() -> frozenset[str]:
    """The addresses that the shop itself writes from and is written to."""
    mailboxes = Mailbox.objects.values_list("address", flat=True)
    accounts = Account.objects.filter(way=Way.EMAIL).values_list("address", flat=True)
    return frozenset(address.casefold() for address in (*mailboxes, *accounts) if address)


def _arrived_before(arrival: Arrival, data: bytes) -> Arrival | None:
    """The same mail, which came earlier: the very same bytes, or the same words with the same id by another way."""
    if not arrival.id_digest:
        return None
    earlier = Arrival._base_manager.filter(id_digest=arrival.id_digest, pk__lt=arrival.pk).exclude(outcome=Outcome.COPY)
    for one in earlier.order_by("pk")[:_CANDIDATES]:
        if one.sha256 == arrival.sha256:
            return one
        if one.is_erased or one.is_partial:
            continue
        try:
            if _words(raw.read(one)) == _words(data):
                return one
        except FileNotFoundError:
            continue  # that one cannot be compared with any more
    return None


def _words(data: bytes) -> tuple[bytes, ...]:
    """What is the same in a mail whichever way it went: who wrote it, to whom, when, about what, and all the rest."""
    head, _blank, body = data.replace(b"\r\n", b"\n").partition(b"\n\n")
    names = (b"from:", b"to:", b"cc:", b"date:", b"subject:")
    fields = head.replace(b"\n ", b" ").replace(b"\n\t", b" ").split(b"\n")
    return (*sorted(one for one in fields if one.lower().startswith(names)), body.strip())


def _known(author: Address | None) -> int | None:
    """The customer whose address it is, if there is one: what their robots send is forgotten with them."""
    from regulars.inbox.people import known_as  # noqa: PLC0415 — only what reads mails needs all of that

    found = known_as(Way.EMAIL, author.address) if author is not None and author.address else None
    return found.pk if found is not None else None


def _is_our_own(mail: Mail) -> bool:
    """Whether it is a mail that went out here and came round to us."""
    if not mail.mail_id or mail.from_ is None or mail.from_.address.casefold() not in own_addresses():
        return False
    return Message.objects.filter(message_id=f"<{mail.mail_id}>").exists()


def _came_back(arrival: Arrival, data: bytes) -> Message | None:
    """The message of ours that a mail reports of, whom the gate is told; None for everything else."""
    from regulars.messaging import bounces, receipts  # noqa: PLC0415 — only what reads mails needs all of that

    report = bounces.read(data)
    return None if report is None else receipts.take_bounce(report, cause=f"mail:{arrival.pk}")


def _people(mail: Mail, author: Address) -> dict[str, Any]:
    ours = own_addresses()
    answers_to = next((one.address for one in mail.reply_to if one.address.casefold() not in ours), author.address)
    return {
        "from": author.address,
        "name": author.name,
        "to": [str(one) for one in mail.to],
        "cc": [str(one) for one in mail.cc],
        "reply_to": answers_to,
    }


def _about(mail: Mail, author: Address | None) -> dict[str, str]:
    to = ", ".join(one.address for one in mail.to)
    return {
        "sender": str(author)[:300] if author else "",
        "subject": mail.subject[:300],
        **({"to": to[:500]} if to else {}),
    }


_ROBOTS = {
    "auto-reply": gettext_lazy("An automatic reply."),
    "list": gettext_lazy("It went to a list of many people."),
    "report": gettext_lazy("A report of a mail server."),
}


def end(arrival: Arrival, outcome: Outcome, *, reason: Any = "", customer_id: int | None = None) -> None:
    """Write in the ledger what became of a mail, inside the transaction that made it so."""
    arrival.outcome, arrival.reason, arrival.customer_id = outcome, str(reason)[:500], customer_id
    arrival.read_at = arrival.updated_at = timezone.now()
    arrival.save()


def _erase(arrival: Arrival) -> None:
    """Nothing stays of a mail of somebody who was erased but that it came."""
    key = arrival.key
    arrival.about, arrival.reason, arrival.sender_digest = {}, "", ""
    arrival.is_erased, arrival.customer_id = True, None
    arrival.save()
    transaction.on_commit(lambda: raw.remove([key]))


@verb
def _fail(arrival_id: int, reason: str) -> None:
    """Note that reading failed: tried again once, then in quarantine until somebody looks."""
    arrival = Arrival._base_manager.select_for_update(of=("self",)).get(pk=arrival_id)
    if arrival.outcome != Outcome.WAITING:
        return
    arrival.attempts += 1
    if arrival.attempts >= _TRIES:
        end(arrival, Outcome.QUARANTINE, reason=reason)
        return
    arrival.reason = reason[:500]
    arrival.save()
    read_mails.later(ids=[arrival_id])


def _said(error: Exception) -> str:
    """Why, in words; what is no refusal of ours says its kind, and nothing of the mail's words."""
    if isinstance(error, Refusal):
        return error.sentence
    if isinstance(error, FileNotFoundError):
        return _("The mail is not in the data folder any more.")
    return _("Reading it failed (%(kind)s).") % {"kind": type(error).__name__}
