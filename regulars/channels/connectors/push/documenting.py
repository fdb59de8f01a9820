"""What may be pushed, as the API's description tells it: the address, the headers, the body and examples."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter

from regulars.channels.connectors.push.shapes import DELIVERY

ADDRESS = "/hooks/{connection}"
_PREFIX = "Push"
_EXAMPLE = {
    "type": "order",
    "id": "counter-2026-000417",
    "updated_at": "2026-03-12T09:42:00Z",
    "number": "K-417",
    "placed_at": "2026-03-12T09:42:00Z",
    "currency": "EUR",
    "status": "paid",
    "lines": [{"sku": "TEA-ASSAM-250", "title": "Assam, 250 g", "quantity": 2, "unit_price": "12.50"}],
    "customer": {"id": "card-88", "name": "Li Na", "email": "li.na@example.com"},
}
_RETURN = {
    "type": "return",
    "id": "R-12",
    "order_id": "counter-2026-000417",
    "updated_at": "2026-03-14T10:00:00Z",
    "at": "2026-03-14T10:00:00Z",
    "currency": "EUR",
    "refund": "12.50",
}
_ANSWERS = {
    "202": "It is kept for certain, or was already.",
    "400": "There is no body, or it was cut short.",
    "401": "The signature is missing, wrong, or more than five minutes old.",
    "404": "Nothing is joined at this address, or it is paused.",
    "411": "The body has no length.",
    "413": "The body is larger than two megabytes.",
    "429": "Too many deliveries from this address were refused.",
    "503": "The connection is being changed; send this again.",
}


def delivery(schemas: dict[str, Any], adapter: TypeAdapter[Any] = DELIVERY) -> dict[str, Any]:
    """The path item of deliveries in our own format; its shapes are added to the document's `schemas`."""
    shape = adapter.json_schema(ref_template=f"#/components/schemas/{_PREFIX}{{model}}")
    for name, one in shape.pop("$defs").items():
        schemas[f"{_PREFIX}{name}"] = _without_defaults_of_null(one)
    record = shape["items"]
    return {
        "post": {
            "operationId": "push_records",
            "tags": ["Channels"],
            "summary": "Push records of your own",
            "description": (
                f"Post this to `{ADDRESS}` of the shop: a record, or a list of up to 500, each the whole state of one "
                "thing. Of two states the one with the later `updated_at` stands, whichever arrives first. The headers "
                "are those of Standard Webhooks; the same `webhook-id` is taken once."
            ),
            "security": [],
            "parameters": [
                _header("webhook-id", "Your number of this message, the same when you send it again."),
                _header("webhook-timestamp", "The seconds since 1970, within five minutes of now."),
                _header("webhook-signature", "`v1,` and the base 64 of HMAC-SHA256 over `id.timestamp.body`."),
            ],
            "requestBody": {
                "required": True,
                "content": {
                    "application/json": {
                        "schema": {"anyOf": [record, shape]},
                        "examples": {
                            "sale": {"summary": "A sale at the counter", "value": _EXAMPLE},
                            "return": {"summary": "A return, in a list", "value": [_RETURN]},
                        },
                    }
                },
            },
            "responses": {status: {"description": text} for status, text in _ANSWERS.items()},
        }
    }


def _header(name: str, text: str) -> dict[str, Any]:
    return {"name": name, "in": "header", "required": True, "description": text, "schema": {"type": "string"}}


def _without_defaults_of_null(shape: dict[str, Any]) -> dict[str, Any]:
    """A default of null stands for “not sent”."""
    for details in shape.get("properties", {}).values():
        if details.get("default", "") is None:
            del details["default"]
    return shape
