"""What people write over WhatsApp, SMS, Telegram, WeChat and the like, taken into the inbox.

In a chat nobody writes a subject, and everybody goes on where they were: what comes from the same person to the same
account belongs to the conversation they have, unless that was settled a week ago.
"""

from __future__ import annotations

import datetime as dt
from typing import Final

from django.db import transaction
from django.db.models import Max, Q

from regulars.customers.models import Customer
from regulars.inbox import digests
from regulars.inbox.actions.receiving import receive
from regulars.inbox.files import Incoming as IncomingFile
from regulars.inbox.models import Conversation, Post, Status
from regulars.inbox.people import address_of, known_as, sender_of
from regulars.messaging import choices
from regulars.messaging.incoming import Incoming
from regulars.messaging.models import Account, Message
from regulars.staff.policy import unmasked

SETTLED_FOR: Final = dt.timedelta(days=7)
"""For how long a conversation that was closed is still the one that somebody goes on with."""

_OF_CHAT: Final = ("in_reply_to", "user", "kind", "place", "segments", "is_edit", "is_reaction")


@unmasked
def take(message: Incoming) -> None:
    """A message that came in over a provider: a post, and what it says about whether they want more of them.

    Told twice it is one post. Whoever only stopped or began to follow has asked nothing: no conversation begins.
    """
    account = Account.objects.filter(pk=message.account_id).first()
    if account is None:
        return  # it was taken off meanwhile, with all that it reported
    address = address_of(message.way, message.sender)
    with transaction.atomic():
        if Post.objects.filter(cause=message.cause).exists():
            return
        if message.is_notice and not message.text and not message.files:
            _choose(message, known_as(message.way, address), address)
            return
        customer = sender_of(message.way, address, message.sender_name)
        _choose(message, customer, address)
        found, joined_by = _going_on(message, account, address)
        receive(
            cause=message.cause,
            customer=customer,
            by=message.way,
            text=message.text,
            at=message.at,
            people={"from": address, "name": message.sender_name},
            files=[IncomingFile(file.name, file.media_type, file.data) for file in message.files],
            conversation=found,
            joined_by=joined_by,
            account=account,
            mail_id=message.provider_id,
            language=message.language.lower(),
            data={key: value for key, value in _data(message).items() if key in _OF_CHAT},
            wants_answer=_wants_answer(message),
        )


def last_heard(account: Account, address: str) -> dt.datetime | None:
    """When somebody last wrote to an account from an address."""
    digest = digests.of(address_of(account.way, address)) if address.strip() else ""
    rows = Conversation._base_manager.filter(account=account, reply_digest=digest).exclude(reply_digest="")
    found: dt.datetime | None = rows.aggregate(last=Max("last_in_at"))["last"]
    return found


def _going_on(message: Incoming, account: Account, address: str) -> tuple[Conversation | None, str]:
    """The conversation that somebody goes on with, and how we know; none where they begin anew.

    What a message says it answers counts only within conversations of this very sender: nobody joins a stranger's.
    """
    own = Conversation._base_manager.filter(account=account, reply_digest=digests.of(address))
    if message.in_reply_to:
        posts = Post._base_manager.filter(conversation__in=own)
        sent = Message._base_manager.filter(provider_id=message.in_reply_to, account=account)
        answered = posts.filter(Q(message__in=sent) | Q(id_digest=digests.of(message.in_reply_to)))
        found = answered.select_related("conversation").order_by("-at", "-pk").first()
        if found is not None and _is_live(_shown(found.conversation), message.at):
            return _shown(found.conversation), "reply"
    for one in own.order_by("-last_at", "-pk")[:10]:
        if _is_live(_shown(one), message.at):
            return _shown(one), "sender"
    return None, ""


def _shown(conversation: Conversation) -> Conversation:
    """The conversation in which it is shown, where it was merged into another one."""
    while conversation.merged_into is not None:
        conversation = conversation.merged_into
    return conversation


def _is_live(conversation: Conversation, at: dt.datetime) -> bool:
    if conversation.status != Status.CLOSED or conversation.closed_at is None:
        return True
    return at - conversation.closed_at < SETTLED_FOR


def _choose(message: Incoming, customer: Customer | None, address: str) -> None:
    if message.choice:
        choices.choose(
            message.choice,
            customer=customer,
            way=message.way,
            address=address,
            at=message.at,
            said=message.text,
            source=message.provider_id,
        )


def _wants_answer(message: Incoming) -> bool:
    if message.data.get("is_reaction") or message.is_notice:
        return False
    return not (message.choice and choices.is_only_that(message.text))


def _data(message: Incoming) -> dict[str, object]:
    return {**message.data, **({"in_reply_to": message.in_reply_to} if message.in_reply_to else {})}
