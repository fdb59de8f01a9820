"""The messages to other systems in the API's description: one webhook, whose `type` is any public fact."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import ConfigDict, Field

from regulars.channels.outgoing import messages
from regulars.core.api.schemas import Moment, Out, PublicId

_REFERENCE = "#/components/schemas/{model}"


class MessageSubject(Out):
    """The row that a fact is about."""

    type: str
    id: PublicId


class MessageData(Out):
    """A fact of the log, as the owner of the address sees it when the message is sent."""

    sequence: Annotated[int, Field(description="The place of the fact in the log. A later fact has a higher one.")]
    at: Annotated[Moment, Field(description="When it happened.")]
    customer: PublicId | None
    subject: MessageSubject | None
    by: Annotated[PublicId | None, Field(description="The colleague who did it; null where nobody of the shop did.")]
    source: Annotated[str, Field(description="page, api, import, channel, system or command")]
    fact: Annotated[dict[str, Any], Field(description="What the fact says; each has its own fields.")]


class Message(Out):
    """What is posted to another system."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "type": "order.placed",
                "timestamp": "2026-03-12T09:42:00Z",
                "data": {
                    "sequence": 48213,
                    "at": "2026-03-12T09:41:58Z",
                    "customer": "cus_1v5y0z9k2m4qh",
                    "subject": {"type": "order", "id": "ord_7c2k9x0m1v4ze"},
                    "by": None,
                    "source": "channel",
                    "fact": {"number": "HH-48213", "total_minor": 11850, "currency": "EUR"},
                },
            }
        }
    )

    type: str
    timestamp: Annotated[Moment, Field(description="When we learned of it.")]
    data: MessageData


def webhooks(shapes: dict[str, Any]) -> dict[str, Any]:
    """The section `webhooks` of the description; the shapes of the body are added to those of the document."""
    made = Message.model_json_schema(ref_template=_REFERENCE, mode="serialization")
    shapes |= made.pop("$defs")
    made["properties"]["type"]["enum"] = [*messages.public_facts(), messages.TEST]
    shapes["Message"] = made
    return {
        "fact": {
            "post": {
                "operationId": "fact",
                "tags": ["Webhooks"],
                "summary": "A fact is told",
                "description": (
                    "Signed as Standard Webhooks has it: `v1,` and the HMAC-SHA256 of `<webhook-id>."
                    "<webhook-timestamp>.<body>` in base 64, one for each living secret, separated by blanks. "
                    "Sent at least once, in the order of the log; a refused message is tried again for three days."
                ),
                "security": [],
                "parameters": [
                    _header("webhook-id", "The name of the message: the same whenever and however often it is sent."),
                    _header("webhook-timestamp", "When it was sent, in seconds since 1970."),
                    _header("webhook-signature", "One signature, or two while the secret is changed."),
                ],
                "requestBody": {
                    "required": True,
                    "content": {"application/json": {"schema": {"$ref": _REFERENCE.format(model="Message")}}},
                },
                "responses": {
                    "2XX": {"description": "Taken. Answer within ten seconds."},
                    "410": {"description": "Nothing is to be sent here any more: the webhook is switched off."},
                },
            }
        }
    }


def _header(name: str, description: str) -> dict[str, Any]:
    return {"in": "header", "name": name, "required": True, "description": description, "schema": {"type": "string"}}
