"""The API's description: OpenAPI 3.1, made from the operations themselves."""

from __future__ import annotations

import json
from functools import cache
from http import HTTPStatus
from typing import Any

from django.utils import translation
from ninja.openapi.schema import get_schema

from regulars.channels.connectors.push import documenting as pushing
from regulars.channels.outgoing import documenting
from regulars.config.api import api, permissions
from regulars.core.api import problems

PREFIX = "/api/v1"


@cache
def schema() -> dict[str, Any]:
    """The OpenAPI document. What the framework cannot know is added: problems, headers, scopes, 304, examples."""
    with translation.override("en"):
        return _schema()


def _schema() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(json.dumps(get_schema(api, path_prefix=f"{PREFIX}/")))
    document["info"] |= {
        "summary": "Customers, orders and returns of a shop.",
        "description": _DESCRIPTION,
        "license": {"name": "AGPL-3.0-or-later", "identifier": "AGPL-3.0-or-later"},
    }
    document["paths"] = dict(sorted(document["paths"].items()))
    document["servers"] = [{"url": "/"}]
    document["tags"] = [{"name": name, "description": text} for name, text in _TAGS.items()]
    document["components"]["securitySchemes"] = {
        "token": {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "rgl_<public part>_<secret>",
            "description": "A token made in the shop. Its scopes are permissions; each operation names its own.",
        }
    }
    document["components"]["schemas"]["ProblemOut"]["example"] = _PROBLEM_EXAMPLE
    for shape in document["components"]["schemas"].values():
        for details in shape.get("properties", {}).values():
            if details.get("default", "") is None and not _may_be_null(details):
                del details["default"]  # it stands for “not sent”
    schemas = document["components"]["schemas"]
    document["webhooks"] = {**documenting.webhooks(schemas), pushing.ADDRESS: pushing.delivery(schemas)}
    needed = permissions()
    for address, operations in document["paths"].items():
        for method, operation in operations.items():
            _complete(operation, method=method, address=address, permission=needed[operation["operationId"]])
    return document


def _complete(operation: dict[str, Any], *, method: str, address: str, permission: str) -> None:
    operation["security"] = [{"token": [permission]}]
    operation["x-permission"] = permission
    operation["description"] = f"{operation.get('description', '')}\n\nNeeds the scope `{permission}`.".strip()
    for parameter in operation["parameters"]:
        if parameter["in"] == "path":
            parameter.setdefault("description", f"The id of the {parameter['name'].removesuffix('_id')}.")
    answers = operation["responses"]
    for status, response in answers.items():
        if int(status) >= HTTPStatus.BAD_REQUEST:
            response["content"] = {problems.MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemOut"}}}
            response["description"] = str(problems.kind_for(int(status)).title)
            response["headers"] = {name: _HEADERS[name] for name in _ERROR_HEADERS.get(int(status), ())}
        else:
            response["description"] = _DONE[method]
            response["headers"] = {name: _HEADERS[name] for name in _DONE_HEADERS[method]}
            if method == "get" and not address.endswith("}"):
                response["headers"]["Link"] = _HEADERS["Link"]
    if method == "get":
        answers["304"] = {
            "description": "You have the current answer already.",
            "headers": {"ETag": _HEADERS["ETag"]},
        }
    operation["responses"] = dict(sorted(answers.items()))


def _may_be_null(details: dict[str, Any]) -> bool:
    return any(option.get("type") == "null" for option in details.get("anyOf", []))


_DESCRIPTION = """\
Programs read and change the shop's customers, orders and returns here.

**Tokens.** Every call brings `Authorization: Bearer rgl_…`. A token acts for its owner; its scopes are permissions.

**Two people at once.** Reads bring an `ETag`. Changes and deletions send it back in `If-Match`; when somebody was
faster, nothing is changed and the answer is 412 with the current ETag. Without `If-Match` the answer is 428.

**Once only.** Send an `Idempotency-Key` with each write. Repeating the request with the same key brings the stored
answer, with the header `Idempotent-Replayed: true`, and does nothing a second time. Keys are kept for seven days.

**Lists** come in pages of `limit` entries (50, and 250 at most). `next` and `previous` are the addresses of the pages
beside this one, null where there is none; the header `Link` repeats them.

**Money** is an amount as text and its currency. **Moments** are RFC 3339 in UTC.

**Errors** are problem details (RFC 9457), `application/problem+json`; their `type` is the address of a page that
explains them.
"""
_TAGS = {
    "Customers": "Who buys here: profiles, their purchase figures, their ids in the channels, their addresses.",
    "Orders": "What they bought, and what came back.",
    "Channels": "Where the shop sells.",
    "Webhooks": "Other systems that are told what happens here.",
}
_PROBLEM_EXAMPLE = {
    "type": "/problems/invalid",
    "title": "Some fields cannot be used",
    "status": 422,
    "detail": "“email” cannot be used: There is no @ in this e-mail address.",
    "instance": "/api/v1/customers",
    "errors": [{"in": "body", "field": "email", "detail": "There is no @ in this e-mail address."}],
}
_DONE = {
    "get": "What was asked for.",
    "post": "It was created.",
    "patch": "It was changed; this is how it is now.",
    "delete": "It was deleted.",
}


def _header(text: str) -> dict[str, Any]:
    return {"description": text, "schema": {"type": "string"}}


_HEADERS = {
    "ETag": _header("Which version this is; for If-Match and If-None-Match."),
    "Location": _header("The address of what was created."),
    "Link": _header("The pages beside this one, as RFC 8288 has it."),
    "Idempotent-Replayed": _header("“true” where the answer is that of an earlier call with the same key."),
    "WWW-Authenticate": _header("How to sign in, and which scope is missing."),
    "Retry-After": _header("After how many seconds to try again."),
}
_DONE_HEADERS = {
    "get": ("ETag",),
    "post": ("ETag", "Location", "Idempotent-Replayed"),
    "patch": ("ETag", "Idempotent-Replayed"),
    "delete": ("Idempotent-Replayed",),
}
_ERROR_HEADERS = {
    401: ("WWW-Authenticate",),
    403: ("WWW-Authenticate",),
    412: ("ETag",),
    428: ("ETag",),
    503: ("Retry-After",),
}
