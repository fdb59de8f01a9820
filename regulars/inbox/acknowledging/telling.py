"""Telling a customer that their inquiry is here, and by when they hear from us: once, and never to a machine."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from regulars.core import shop
from regulars.core.background import background
from regulars.inbox import digests, searching
from regulars.inbox.acknowledging import expecting, texts
from regulars.inbox.models import (
    Acknowledging,
    By,
    Conversation,
    Expectation,
    Mailbox,
    Post,
    PostKind,
    Status,
)
from regulars.messaging import sending
from regulars.messaging.models import Account, Way
from regulars.messaging.quiet import zone_of
from regulars.staff.policy import unmasked, verb
from regulars.timeline.models import Entry, Source

WAYS = (By.EMAIL, By.FORM, By.WHATSAPP, By.SMS, By.TELEGRAM, By.WECHAT)
USUAL_WAYS = (By.EMAIL, By.FORM)
_TOO_OLD = dt.timedelta(hours=24)  # what an outage or a move brings late is not answered in a flood
_MACHINES = re.compile(
    r"(?:no|do[._-]?not|donot)[._-]?reply|mailer-daemon|postmaster|bounces?|abuse|notifications?|list[s]?|.*-(?:bounces|"
    r"request|owner)",
    re.IGNORECASE,
)
_HEADERS = {"Auto-Submitted": "auto-replied", "X-Auto-Response-Suppress": "All", "Precedence": "auto_reply"}


def current() -> Acknowledging:
    """What the shop said about acknowledging; a new shop acknowledges nothing until it says so."""
    return Acknowledging.objects.first() or Acknowledging(ways=list(USUAL_WAYS))


@verb
def hear(entry: Entry) -> None:
    """A reaction to InquiryReceived: expect something of it, and have it acknowledged.

    Unless a colleague made an inquiry of it, of a robot's mail say: they know what it is, and answer it.
    """
    conversation = _conversation(entry)
    if conversation is None:
        return
    expecting.expect(conversation)
    if current().is_on and not (entry.actor_id is not None and entry.source == Source.PAGE):
        acknowledge.later(conversation_id=conversation.pk)


@verb
def compare(entry: Entry) -> None:
    """A reaction to answers, sent and taken back: what was expected meets what was."""
    conversation = _conversation(entry)
    if conversation is not None:
        expecting.learn(conversation)


@background(label=_("Acknowledge an inquiry"), leaves=True)
@unmasked
def acknowledge(*, conversation_id: int) -> bool:
    """Tell them once, if it may be; whether they were told now. What the gate refuses is not told: nothing breaks."""
    try:
        with transaction.atomic():
            return _acknowledge(conversation_id)
    except (sending.MayNotWrite, sending.BadAddress):
        return False
    except IntegrityError:
        # two inquiries of one sender at once: the day is taken, by the constraint of the table
        if _told_today(conversation_id):
            return False
        raise


def may_be_told(conversation: Conversation, rules: Acknowledging, now: dt.datetime) -> bool:
    """Whether nothing speaks against it: robots, lists, ourselves, spam, age, an answer that is there already."""
    if not rules.is_on or conversation.by not in rules.ways or conversation.status == Status.SPAM:
        return False
    if conversation.first_answer_at is not None or conversation.waiting_since is None:
        return False
    if now - conversation.began_at > _TOO_OLD:
        return False
    address = conversation.reply_to.casefold()
    is_machine = "@" in address and bool(_MACHINES.fullmatch(address.partition("@")[0]))
    return not is_machine and address not in _own_addresses()


def _acknowledge(conversation_id: int) -> bool:
    conversation = (
        Conversation.objects.select_for_update(of=("self",)).select_related("customer").get(pk=conversation_id)
    )
    expectation, rules, now = expecting.expect(conversation), current(), timezone.now()
    if expectation.told_at is not None or not may_be_told(conversation, rules, now):
        return False
    way, to = _way_back(conversation)
    if not to:
        return False
    day, sender = shop.today(), digests.of(to)
    if Expectation.objects.filter(sender=sender, told_on=day).exists():
        return False
    _tell(conversation, expectation, rules, way, to)
    Expectation.objects.filter(pk=expectation.pk, told_at__isnull=True).update(told_at=now, told_on=day, sender=sender)
    return True


def _tell(conversation: Conversation, expectation: Expectation, rules: Acknowledging, way: str, to: str) -> None:
    first = conversation.posts.filter(kind=PostKind.IN).order_by("at", "pk").first()
    customer, now = conversation.customer, timezone.now()
    said = first.text if first is not None else ""
    wanted = texts.language_of(said, customer.language, conversation.language)
    language, text = texts.chosen(rules.texts, wanted)
    zone = zone_of(customer.time_zone, shop.zone())
    at = expectation.said_at if expectation.said_at is not None and expectation.said_at > now else None
    values = {
        "by": texts.by_when(at, now, zone, language),
        "subject": conversation.subject,
        "name": customer.name,
        "shop": shop.current().name,
        "number": f"#{conversation.pk}",
    }
    subject, body = texts.filled(text, values, way=way, language=language)
    cause = f"acknowledge:{conversation.public_id}"
    more = _as_mail(conversation, first, subject) if way == Way.EMAIL else {}
    message = sending.send(
        cause=cause,
        way=way,
        to=to,
        customer=customer,
        purpose=sending.SERVICE,
        is_answer=True,
        text=body,
        account=conversation.account,
        language=language,
        **more,
    )
    post = Post.objects.create(
        conversation=conversation,
        customer=customer,
        kind=PostKind.AUTO,
        by=conversation.by,
        at=now,
        subject=subject,
        text=body,
        data={"what": "acknowledgement", "version": conversation.version},
        cause=cause,
        mail_id=message.message_id,
        id_digest=digests.of(message.message_id),
        message=message,
    )
    searching.mark(post)


def _as_mail(conversation: Conversation, first: Post | None, subject: str) -> dict[str, Any]:
    from regulars.inbox import threading  # noqa: PLC0415 — only mails need it

    sender = conversation.mailbox or conversation.account
    heard = first.mail_id if first is not None else ""
    return {
        "subject": subject,
        "headers": _HEADERS,
        "reply_to": threading.reply_address_for(conversation, sender.address) if sender and sender.address else "",
        "mail_id": threading.mail_id_for(conversation, "acknowledgement"),
        "in_reply_to": heard,
        "references": [heard] if heard else [],
    }


def _way_back(conversation: Conversation) -> tuple[str, str]:
    if conversation.by in {By.EMAIL, By.FORM}:
        return Way.EMAIL, conversation.reply_to if "@" in conversation.reply_to else conversation.customer.person.email
    return conversation.by, conversation.reply_to


def _own_addresses() -> set[str]:
    rows = [*Mailbox.objects.values_list("address", flat=True), *Account.objects.values_list("address", flat=True)]
    return {address.casefold() for address in rows if address}


def _told_today(conversation_id: int) -> bool:
    conversation = Conversation.objects.select_related("customer").get(pk=conversation_id)
    _way, to = _way_back(conversation)
    return Expectation.objects.filter(sender=digests.of(to), told_on=shop.today()).exists()


def _conversation(entry: Entry) -> Conversation | None:
    number = Conversation.pk_of(str(entry.data.get("conversation", ""))) or 0
    return Conversation.objects.filter(pk=number).select_related("customer").first()
