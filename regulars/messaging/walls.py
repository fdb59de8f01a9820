"""What mails keep from whom (core/walls.py)."""

from __future__ import annotations

from regulars.core.walls import PLAIN, Contact, Whole, declare, word
from regulars.messaging.models import Message

_WRITTEN = Whole(("name", "email", "notes"))

declare(
    Message,
    customer=("customer",),
    protected={"to": Contact(), "text": _WRITTEN, "html": _WRITTEN, "problem": _WRITTEN},
    plain={"subject": "the subject of one of the house's own mails", "state": "one of a few words of ours"},
    internal=("cause", "message_id"),
)
word(PLAIN, "message", "about")
word(_WRITTEN, "problem")
