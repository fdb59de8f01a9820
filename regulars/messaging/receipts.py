"""What became of messages that had left: told by providers and mail servers, in any order, and more than once.

Each thing that is told is kept once. A message's state only rises: sent, arrived, came back, marked as spam; whatever
comes late or twice changes nothing. Only what nobody will ever read is not written to again: an address that a server
does not know, or one from which mail came back so often that it makes no difference.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy

from regulars.core.background import every
from regulars.customers.actions.consent import record_consent
from regulars.customers.actions.contact_points import mark_bounced
from regulars.customers.models import Consent, ConsentRecord, ConsentState, Medium
from regulars.messaging import digests, receipting
from regulars.messaging.facts import MessageBounced, MessageComplained, MessageFailed
from regulars.messaging.gate import MARKETING
from regulars.messaging.models import DeliveryEvent, Message, Suppression
from regulars.messaging.suppressing import suppress
from regulars.staff.policy import verb
from regulars.timeline.actions import record

if TYPE_CHECKING:
    from regulars.messaging.bounces import BounceReport, Recipient

State = Message.State
Kind = DeliveryEvent.Kind

SOFT_IN_A_ROW: Final = 5  # so many messages that came back, and none between them that arrived
PATIENCE: Final = dt.timedelta(days=2)  # how long an event waits for a message that nobody knows

_RANK: Final = {
    State.UNKNOWN: 0,
    State.ACCEPTED: 1,
    State.DELIVERED: 2,
    State.FAILED: 3,
    State.BOUNCED: 3,
    State.COMPLAINED: 4,
}
_BECOMES: Final = {
    Kind.ACCEPTED: State.ACCEPTED,
    Kind.DELIVERED: State.DELIVERED,
    Kind.OPENED: State.DELIVERED,
    Kind.CLICKED: State.DELIVERED,
    Kind.READ: State.DELIVERED,
    Kind.FAILED: State.FAILED,
    Kind.BOUNCED: State.BOUNCED,
    Kind.COMPLAINED: State.COMPLAINED,
}
_LEAVING: Final = (State.CLAIMED, State.HANDED)
_ARRIVED: Final = (Kind.DELIVERED, Kind.OPENED, Kind.CLICKED, Kind.READ)


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """One thing that was told of a message, found by the name its provider gave it, by its Message-ID or its ENVID.

    `event_id` is the same each time it is told. `recipient` is whom a bounce is about, `is_hard`: nobody is there.
    """

    kind: str
    at: dt.datetime
    event_id: str
    provider_id: str = ""
    account_id: int | None = None
    mail_id: str = ""
    envelope_id: str = ""
    recipient: str = ""
    is_hard: bool = False
    reason: str = ""
    status: str = ""
    detail: str = ""


@verb
def apply(receipt: Receipt) -> Message | None:
    """Keep a receipt, and let its message become what it tells; the message, or None while nobody knows it.

    Told again it changes nothing. What comes before its message is known waits for it, for two days.
    """
    message = _message_of(receipt)
    event, is_new = DeliveryEvent._base_manager.get_or_create(
        event_id=receipt.event_id[:250],
        defaults={
            "message": message,
            "customer_id": message.customer_id if message else None,
            "provider_id": (receipt.provider_id or receipt.mail_id or receipt.envelope_id)[:250],
            "kind": receipt.kind,
            "is_hard": receipt.is_hard and _is_theirs(receipt.recipient, message),
            "reason": receipt.reason[:40],
            "status": receipt.status[:12],
            "detail": receipt.detail[:1_000],
            "at": min(receipt.at, timezone.now()),
        },
    )
    if message is not None and (is_new or event.applied_at is None):
        _take_effect(event, message)
    return message


def take_bounce(report: BounceReport, *, cause: str) -> Message | None:
    """Take in a mail that reports of another one; the message it is about, or None where it is none of ours.

    `cause` names the mail, so that one that is read twice counts once. Only who got a message knows its ids; a made-up
    report does nothing.
    """
    kind = {
        "bounce": Kind.BOUNCED,
        "complaint": Kind.COMPLAINED,
        "delayed": Kind.DELAYED,
        "success": Kind.DELIVERED,
    }.get(report.kind)
    if kind is None or not (report.mail_id or report.envelope_id):
        return None
    receipt = Receipt(
        kind=kind, at=timezone.now(), event_id=cause, mail_id=report.mail_id, envelope_id=report.envelope_id
    )
    message = _message_of(receipt)
    if message is None:
        return None
    one = _meant(report.recipients, message)
    if one is None:
        return apply(receipt)
    return apply(
        Receipt(
            kind=kind,
            at=receipt.at,
            event_id=cause,
            mail_id=report.mail_id,
            envelope_id=report.envelope_id,
            recipient=one.original or one.address,
            is_hard=one.is_hard,
            reason=one.reason,
            status=one.status,
            detail=one.said,
        )
    )


@every(minutes=5, label=gettext_lazy("Look for the messages that receipts came too early for"))
def apply_waiting() -> int:
    """Give receipts that came before their message was known to it; how many found theirs."""
    since = timezone.now() - PATIENCE
    waiting = DeliveryEvent._base_manager.filter(applied_at__isnull=True, heard_at__gt=since).order_by("heard_at", "pk")
    return sum(_found_later(event) for event in waiting[:1_000])


@verb
def _found_later(event: DeliveryEvent) -> bool:
    current = DeliveryEvent._base_manager.select_for_update(of=("self",)).get(pk=event.pk)
    message = current.message or _named(current.provider_id)
    if message is None or current.applied_at is not None:
        return False
    current.message, current.customer_id = message, message.customer_id
    current.save(update_fields=["message", "customer"])
    return _take_effect(current, message)


def _take_effect(event: DeliveryEvent, message: Message) -> bool:
    """Let the message become what the event says; False while it is on its way out, whose worker has the word."""
    current = Message._base_manager.select_for_update(of=("self",)).get(pk=message.pk)
    if current.state in _LEAVING:
        return False
    DeliveryEvent._base_manager.filter(pk=event.pk).update(applied_at=timezone.now())
    becomes = _BECOMES.get(Kind(event.kind))
    rises = becomes is not None and current.state in _RANK and _RANK[becomes] > _RANK[State(current.state)]
    if rises:
        sent_at = current.sent_at or event.at
        Message._base_manager.filter(pk=current.pk).update(
            state=becomes, sent_at=sent_at, settled_at=event.at, updated_at=timezone.now()
        )
    if event.kind == Kind.BOUNCED:
        _came_back(event, current, is_told=rises)
    elif event.kind == Kind.COMPLAINED:
        _complained(current, event)
    elif event.kind == Kind.FAILED and rises:
        fact = MessageFailed(message=current.public_id, about=current.subject, problem=event.detail)
        record(fact, customer=current.customer, subject=current)
    return True


def _came_back(event: DeliveryEvent, message: Message, *, is_told: bool) -> None:
    if is_told:
        fact = MessageBounced(
            message=message.public_id,
            about=message.subject,
            reason=event.reason,
            is_hard=event.is_hard,
            consent=receipting.line_of(message),
        )
        record(fact, customer=message.customer, subject=message)
    if event.is_hard and message.customer is not None:
        mark_bounced(message.customer, value=message.to, reason=event.detail, at=event.at)
    if event.is_hard or _in_a_row(message) >= SOFT_IN_A_ROW:
        suppress(
            way=message.way,
            address=message.to,
            reason=Suppression.Reason.BOUNCE,
            note=event.detail,
            message=message,
            customer=message.customer,
        )


def _complained(message: Message, event: DeliveryEvent) -> None:
    """Whoever says “spam” agrees to nothing: the ledger says so, and no marketing goes there."""
    known = DeliveryEvent._base_manager.filter(message=message, kind=Kind.COMPLAINED).exclude(pk=event.pk).exists()
    if known:
        return
    fact = MessageComplained(message=message.public_id, about=message.subject, consent=receipting.line_of(message))
    record(fact, customer=message.customer, subject=message)
    suppress(
        way=message.way,
        address=message.to,
        reason=Suppression.Reason.COMPLAINT,
        purpose=MARKETING,
        message=message,
        customer=message.customer,
    )
    customer = message.customer
    if customer is None or message.way not in Medium.values:
        return
    held = Consent.objects.filter(customer=customer.person, medium=message.way, purpose=MARKETING).first()
    if held is None or held.state != ConsentState.REFUSED:
        record_consent(
            customer,
            medium=message.way,
            state=ConsentState.REFUSED,
            source=ConsentRecord.Source.BOUNCE,
            value=message.to[:254],
            proof={"message": message.public_id, "event": "complaint"},
        )


def _in_a_row(message: Message) -> int:
    """How many of the newest messages to this address came back, without one between them that arrived."""
    rows = (
        DeliveryEvent._base_manager.filter(
            message__to_digest=message.to_digest, message__way=message.way, kind__in=(Kind.BOUNCED, *_ARRIVED)
        )
        .order_by("-at", "-pk")
        .values_list("message_id", "kind")[: 4 * SOFT_IN_A_ROW]
    )
    came_back: set[int | None] = set()
    for message_id, kind in rows:
        if kind != Kind.BOUNCED:
            break
        came_back.add(message_id)
    return len(came_back) if message.to_digest else 0


def _message_of(receipt: Receipt) -> Message | None:
    rows = Message._base_manager
    if receipt.envelope_id:
        found = rows.filter(pk=Message.pk_of(receipt.envelope_id) or 0).first()
        if found is not None:
            return found
    if receipt.mail_id:
        found = rows.filter(message_id=_bracketed(receipt.mail_id)).first()
        if found is not None:
            return found
    if not receipt.provider_id:
        return None
    named = rows.filter(provider_id=receipt.provider_id)
    if receipt.account_id is not None:
        named = named.filter(account_id=receipt.account_id)
    return named.order_by("-pk").first()


def _named(name: str) -> Message | None:
    """The message of a receipt that waited, by whichever name it had."""
    if not name:
        return None
    names = Q(provider_id=name) | Q(message_id=_bracketed(name))
    return Message._base_manager.filter(names).order_by("-pk").first()


def _meant(recipients: tuple[Recipient, ...], message: Message) -> Recipient | None:
    """Of all that a report speaks of the one that we wrote to; else the only one there is."""
    for one in recipients:
        if any(_is_theirs(address, message) for address in (one.original, one.address) if address):
            return one
    return recipients[0] if len(recipients) == 1 else None


def _is_theirs(recipient: str, message: Message | None) -> bool:
    """Whether a bounce is about the address we wrote to, and not one that mail was passed on to."""
    if message is None or not recipient:
        return True
    return message.to_digest in digests.all_of(message.way, recipient)


def _bracketed(mail_id: str) -> str:
    return mail_id if mail_id.startswith("<") else f"<{mail_id}>"
