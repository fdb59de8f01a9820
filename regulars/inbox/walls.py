"""What the inbox keeps from whom (core/walls.py): what people write is shown to whoever sees notes and contacts."""

from __future__ import annotations

from regulars.core.walls import PLAIN, Contact, Json, Text, Whole, declare, word
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

declare(
    models.Draft,
    customer=("conversation__customer",),
    protected={"text": _SAID},
)
declare(models.PostMention, customer=("post__customer",))

word(
    *(PLAIN, "conversation", "post", "by", "is_reopened", "is_automatic", "inquiry_kind", "priority", "topic"),
    *("assignee", "team", "labels", "later_until", "follow_up", "orders", "products", "customer", "outcome", "work"),
    *("what", "called", "rule"),
)
declare(
    models.Arrival,
    customer=("customer",),
    protected={"about": Json({"sender": Contact(), "to": Contact(), "subject": _SAID}), "reason": _SAID},
    plain={"source": "one of four words", "outcome": "one of a few words"},
    internal=("key", "sha256", "id_digest", "sender_digest"),
)
declare(
    models.Deadline,
    customer=("conversation__customer",),
    plain={"kind": "one of three words", "promise_name": "what the shop calls a promise"},
)
declare(
    models.Expectation,
    customer=("conversation__customer",),
    plain={"by": _WAY, "source": "one of two words"},
    internal=("sender",),
)
declare(
    models.ThreadOffer,
    customer=("post__customer", "conversation__customer"),
    plain={"by": "one of the ways mails are put together", "decided": "one of two words"},
)
declare(models.FollowUp, customer=("conversation__customer",))
declare(
    models.Rating,
    customer=("customer",),
    protected={"comment": _SAID},
)
declare(
    models.ChatVisitor,
    customer=("customer",),
    protected={"email": Contact()},
    plain={"language": "the code of a language"},
    internal=("digest",),
)
declare(
    models.Guess,
    customer=("conversation__customer",),
    plain={"state": "one of six words"},
)
declare(models.CannedGuess, customer=("conversation__customer",))
word(PLAIN, "score", "promise", "promised")
word(PLAIN, "article", "slug")
