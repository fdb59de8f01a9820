"""Whether somebody is there to answer now, and by when an answer is due."""

from __future__ import annotations

import datetime as dt

from regulars.customers.models import Customer
from regulars.inbox.models import By, Chat, Conversation, Expectation
from regulars.inbox.promises import calendars, clock, deciding
from regulars.staff.models import User


def is_here(chat: Chat, now: dt.datetime) -> bool:
    """Inside the hours of the chat, and with somebody who may answer signed in and about."""
    if not clock.is_open(calendars.of(chat.calendar), now):
        return False
    if not chat.away_after:
        return True
    since = now - dt.timedelta(minutes=chat.away_after)
    about = User.objects.filter(is_active=True, sessions__seen_at__gte=since).select_related("definition").distinct()
    return any(user.may("inbox.edit") for user in about)


def due(chat: Chat, conversation: Conversation | None, now: dt.datetime) -> dt.datetime | None:
    """By when an answer is due: as was worked out, else as promised; None where that is over, or nothing was."""
    if conversation is None:
        return _for_a_new_one(chat, now)
    if conversation.waiting_since is None:
        return None
    expected = Expectation.objects.filter(conversation=conversation).first()
    said = expected.said_at if expected is not None and conversation.first_answer_at is None else None
    at = said or conversation.due_at
    return at if at is not None and at > now else None


def _for_a_new_one(chat: Chat, now: dt.datetime) -> dt.datetime | None:
    asked = Conversation(customer=Customer(), by=By.CHAT, topic=chat.topic, channel=chat.channel, mailbox=chat.mailbox)
    promise = deciding.fitting(asked)
    if promise is None or promise.first_minutes is None:
        return None
    try:
        return clock.due(calendars.of(promise.calendar), now, promise.first_minutes)
    except clock.NeverOpen:
        return None
