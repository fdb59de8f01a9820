"""What the inbox keeps from whom (core/walls.py): what people write is shown to whoever sees notes and contacts."""

from __future__ import annotations

from regulars.core.walls import Contact, Text, Whole, declare
from regulars.inbox import models

_SAID = Whole(("name", "email", "notes"))
_WAY = "one of the ways somebody speaks by"

declare(
    models.Conversation,
    customer=("customer",),
    protected={"subject": _SAID, "preview": _SAID, "reply_to": Contact()},
    plain={
        "kind": "one of five words",
        "status": "one of five words",
        "by": _WAY,
        "language": "the code of a language",
    },
    internal=("reply_digest",),
)
declare(models.ConversationLabel, customer=("conversation__customer",))
declare(models.ConversationOrder, customer=("conversation__customer", "order__customer"))
declare(models.ConversationProduct, customer=("conversation__customer",))
declare(
    models.Post,
    customer=("customer",),
    protected={"subject": _SAID, "text": _SAID, "quoted": _SAID, "html": _SAID, "people": _SAID},
    plain={
        "kind": "one of five words",
        "by": _WAY,
        "data": "minutes and outcomes of calls, no words of anybody",
        "joined_by": "one of the ways mails are put together",
    },
    internal=("cause", "id_digest", "mail_id"),
)
declare(
    models.File,
    customer=("customer",),
    protected={"name": Text("notes")},
    plain={"media_type": "what sort of file it is"},
    internal=("sha256", "key", "content_id"),
)
