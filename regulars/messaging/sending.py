"""The gate: every message of the house goes out here, after it was written down.

    send(…)       write a message down, to leave when it may
    cancel(…)     take one back that has not left
    send_again(…) try one more time what was held, failed, or may not have arrived

What becomes of it is `delivering`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from regulars.core.errors import Refusal
from regulars.customers.models import Customer
from regulars.messaging import accounts, digests, files, gate, headers, reachable
from regulars.messaging.delivering import deliver
from regulars.messaging.gate import MARKETING, SERVICE, BadAddress, MayNotWrite, TooMany
from regulars.messaging.headers import BadHeader
from regulars.messaging.models import Account, Message, Way
from regulars.staff.policy import verb

__all__ = [
    "MARKETING",
    "SERVICE",
    "BadAddress",
    "BadHeader",
    "MayNotWrite",
    "NoMailServer",
    "NotWaiting",
    "TooMany",
    "arrived",
    "cancel",
    "send",
    "send_again",
]

State = Message.State

_LONGEST_SUBJECT: Final = 250
_CAN_GO_AGAIN = frozenset({State.HELD, State.FAILED, State.UNKNOWN})
_CAN_BE_TAKEN_BACK = frozenset({State.PLANNED, State.HELD})


class NoMailServer(Refusal):
    """Nothing can be sent, because nobody said by which account or server."""

    slug = "no-mail-server"


class NotWaiting(Refusal):
    """The message was sent already, or is on its way."""

    slug = "not-waiting"


@verb
def send(
    *,
    cause: str,
    way: str = Way.EMAIL,
    to: str,
    customer: Customer | None = None,
    purpose: str = "",
    subject: str = "",
    text: str,
    html: str = "",
    account: Account | None = None,
    files: Sequence[files.Outgoing] = (),
    headers: Mapping[str, str] | None = None,
    reply_to: str = "",
    mail_id: str = "",
    in_reply_to: str = "",
    references: Sequence[str] = (),
    after: dt.datetime | None = None,
    language: str = "",
    is_fleeting: bool = False,
    is_bulk: bool = False,
    is_answer: bool = False,
    template: Any = None,
) -> Message:
    """Write a message down, to leave after the commit, not before `after`, and not while its person sleeps.

    A second call with the same cause gives the first one. Without an account for its way it is held, until there is one
    and somebody sends it on. Raises MayNotWrite with the reason, BadAddress, BadHeader, TooLarge.

    One that `is_answer` to a question of theirs leaves at night, too, where it rings.

    One that `is_bulk` is never sent twice: where nobody knows whether it arrived, a person decides. Others may go a
    second time, once, with the same id.
    """
    known = Message.objects.filter(cause=cause).first()
    if known is not None:
        return known
    purpose, to = purpose or SERVICE, to.strip()
    more = _headers(headers or {}, reply_to, in_reply_to, references)
    now = timezone.now()
    allowed = gate.check(
        way=way, to=to, customer=customer, purpose=purpose, at=max(after or now, now), is_answer=is_answer
    )
    chosen = accounts.account_for(way, account)
    reachable.check(chosen, to=to, text=text, files=files, headers=more)
    message = Message(
        customer=customer,
        cause=cause,
        way=way,
        account=chosen,
        to=to,
        to_digest=digests.of(way, to),
        subject=_one_line(subject),
        text=text,
        html=html,
        purpose=purpose,
        consent=allowed.consent,
        language=language,
        template=getattr(template, "public_id", "") if template is not None else "",
        headers=more,
        is_fleeting=is_fleeting,
        is_bulk=is_bulk,
        is_answer=is_answer,
        due_at=allowed.due_at,
        counts_at=allowed.due_at if purpose == MARKETING else None,
        state=State.PLANNED if accounts.can_send(way, account) else State.HELD,
    )
    return _written(message, mail_id, files)


@verb
def cancel(message: Message) -> bool:
    """Take a message back that has not left; False where it is too late. What was taken back counts for no limit."""
    return bool(
        Message._base_manager.filter(pk=message.pk, state__in=_CAN_BE_TAKEN_BACK).update(
            state=State.CANCELLED, counts_at=None, updated_at=timezone.now()
        )
    )


@verb
def send_again(message: Message) -> None:
    """Try a message once more that was held, failed, or of which nobody knows whether it arrived.

    The gate is asked anew. Raises NoMailServer, NotWaiting, MayNotWrite.
    """
    current = Message._base_manager.select_for_update(of=("self",)).get(pk=message.pk)
    if not accounts.can_send(current.way, current.account):
        raise NoMailServer(
            _("No sender is set up for this. Add one under “Senders”, or name a server in REGULARS_MAIL.")
        )
    if current.state not in _CAN_GO_AGAIN:
        raise NotWaiting(_("This message was sent already, or is on its way."))
    if current.is_fleeting and not current.text:
        raise NotWaiting(_("The text of this message was forgotten when it left. It has to be asked for anew."))
    now = timezone.now()
    # its own place among the messages of the person is free while it is looked for
    Message._base_manager.filter(pk=current.pk).update(counts_at=None)
    allowed = gate.check(
        way=current.way,
        to=current.to,
        customer=current.customer,
        purpose=current.purpose or SERVICE,
        at=now,
        is_answer=current.is_answer,
    )
    Message._base_manager.filter(pk=current.pk).update(
        state=State.PLANNED,
        problem="",
        attempts=0,
        due_at=allowed.due_at,
        counts_at=allowed.due_at if current.purpose == MARKETING else None,
        consent=allowed.consent,
        updated_at=now,
    )
    _enqueue(current.pk, allowed.due_at, now)


@verb
def arrived(message: Message) -> None:
    """Say of a message of which nobody knew whether it arrived that it did. Raises NotWaiting."""
    now = timezone.now()
    changed = Message._base_manager.filter(pk=message.pk, state=State.UNKNOWN).update(
        state=State.ACCEPTED, sent_at=now, settled_at=now, updated_at=now
    )
    if not changed:
        raise NotWaiting(_("What became of this message is known already."))


def _written(message: Message, mail_id: str, attached: Sequence[files.Outgoing]) -> Message:
    """The message with its id and files, on its way; the one that was there, where another caller was quicker."""
    try:
        with transaction.atomic():
            message.save(force_insert=True)
            message.message_id = headers.checked_id(mail_id) or (
                f"<{message.public_id}@{accounts.domain(message.account)}>" if message.way == Way.EMAIL else ""
            )
            message.save(update_fields=["message_id"])
            files.keep(message, attached)
    except IntegrityError:
        known = Message._base_manager.filter(cause=message.cause).first()
        if known is None:
            raise
        return known
    if message.state == State.PLANNED:
        _enqueue(message.pk, message.due_at, timezone.now())
    return message


def _enqueue(pk: int, due_at: dt.datetime, now: dt.datetime) -> None:
    if due_at > now:
        deliver.at(due_at, message_id=pk)
    else:
        deliver.later(message_id=pk)


def _headers(own: Mapping[str, str], reply_to: str, in_reply_to: str, references: Sequence[str]) -> dict[str, str]:
    found = headers.checked(own) | headers.of_thread(in_reply_to, references)
    if reply_to:
        found["Reply-To"] = headers.checked_line(reply_to, name="Reply-To")
    return found


def _one_line(subject: str) -> str:
    """A subject without line ends: what was one line with a header behind it is one line of words."""
    return headers.checked_line(" ".join(subject.split()), name="Subject")[:_LONGEST_SUBJECT]
