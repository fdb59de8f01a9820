"""What mails keep from whom (core/walls.py)."""

from __future__ import annotations

from regulars.core.walls import PLAIN, Contact, Text, Whole, declare, word
from regulars.messaging.models import DeliveryEvent, Message, MessageFile, Suppression

_WRITTEN = Whole(("name", "email", "notes"))

declare(
    Message,
    customer=("customer",),
    protected={"to": Contact(), "subject": _WRITTEN, "text": _WRITTEN, "html": _WRITTEN, "problem": _WRITTEN},
    plain={
        "state": "one of a few words of ours",
        "way": "one of the ways messages go",
        "purpose": "what it was written for, one of a few words",
        "language": "the code of a language",
        "template": "the id of one of the shop's own texts",
    },
    internal=("cause", "message_id", "to_digest", "headers", "provider_id"),
)
declare(
    MessageFile,
    customer=("customer",),
    protected={"name": Text("notes")},
    plain={"media_type": "what sort of file it is"},
    internal=("sha256", "key", "content_id"),
)
declare(
    DeliveryEvent,
    customer=("customer",),
    protected={"detail": _WRITTEN},
    plain={
        "kind": "one of a few words of ours",
        "reason": "one of a few words of ours",
        "status": "the number of an answer of a mail server",
    },
    internal=("event_id", "provider_id"),
)
declare(
    Suppression,
    customer=("customer",),
    protected={"address": Contact(), "note": _WRITTEN, "ended_reason": _WRITTEN},
    plain={
        "way": "one of the ways messages go",
        "reason": "one of four words",
        "purpose": "what nobody is to be written for, one of a few words",
    },
    internal=("digest",),
)
word(PLAIN, "message", "way", "consent", "purpose")
word(_WRITTEN, "about")
word(_WRITTEN, "problem")
