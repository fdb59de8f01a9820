"""By when somebody hears from us who sent a form, as it is told on the page that thanks them.

Whoever sends a form has not shown that the address is theirs. So the page says what it would say to anybody: what is
promised to some customers alone is told by mail, to the address itself.
"""

from __future__ import annotations

import datetime as dt

from django.utils import timezone
from django.utils.translation import get_language

from regulars.core import shop
from regulars.customers.models import Customer
from regulars.inbox.acknowledging import expecting, telling, texts
from regulars.inbox.models import By, Conversation


def answer_by(conversation: Conversation) -> str:
    """The moment in words of the page's language, in the shop's time; empty where there is none to tell."""
    now = timezone.now()
    at = expecting.for_anybody(
        Conversation(
            customer=Customer(),
            topic_id=conversation.topic_id,
            by=conversation.by,
            channel_id=conversation.channel_id,
            began_at=conversation.began_at,
        )
    )
    if at is None or at <= now or at - now > _FARTHEST:
        return ""
    return texts.by_when(at, now, shop.zone(), get_language() or "en")


def is_confirmed() -> bool:
    """Whether a mail follows that says it has arrived."""
    rules = telling.current()
    return rules.is_on and By.FORM in rules.ways


_FARTHEST = dt.timedelta(days=31)
