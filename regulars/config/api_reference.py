"""The API's description: OpenAPI 3.1 for programs, and the same as pages for people."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from http import HTTPStatus
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from ninja.openapi.schema import get_schema

from regulars.config.api import api, permissions
from regulars.core.api import problems
from regulars.core.api.preconditions import etag
from regulars.staff.access import public
from regulars.staff.roles import PERMISSIONS

PREFIX = "/api/v1"
METHODS = ("get", "post", "patch", "delete")


@public
def openapi(request: HttpRequest) -> HttpResponse:
    """The OpenAPI document; anyone may read it, it tells nothing of the shop."""
    body = json.dumps(schema(), ensure_ascii=False).encode()
    tag = etag(body)
    if request.headers.get("If-None-Match", "") == tag:
        return HttpResponse(status=HTTPStatus.NOT_MODIFIED, headers={"ETag": tag})
    return HttpResponse(body, content_type="application/json", headers={"ETag": tag, "Cache-Control": "no-cache"})


@public
def docs(request: HttpRequest) -> HttpResponse:
    """The reference as a page: every operation with its parameters, fields, refusals, and a call to copy."""
    context = {
        "groups": list(_groups(request.build_absolute_uri("/").rstrip("/"))),
        "shapes": list(_shapes()),
        "kinds": problems.kinds(),
        "scopes": PERMISSIONS.items(),
    }
    return render(request, "api/docs.html", context)


@public
def problems_page(request: HttpRequest) -> HttpResponse:
    """All kinds of problems."""
    return render(request, "api/problems.html", {"kinds": problems.kinds()})


@public
def problem_page(request: HttpRequest, slug: str) -> HttpResponse:
    """What a kind of problem means and what to do; the `type` of each problem leads here."""
    kind = problems.kind_of(slug)
    if kind is None:
        raise Http404(_("There is no such kind of problem."))
    return render(request, "api/problem.html", {"kind": kind, "phrase": HTTPStatus(kind.status).phrase})


@cache
def schema() -> dict[str, Any]:
    """The OpenAPI document. What the framework cannot know is added: problems, headers, scopes, 304, examples."""
    document: dict[str, Any] = json.loads(json.dumps(get_schema(api, path_prefix=f"{PREFIX}/")))
    document["info"] |= {
        "summary": "Customers, orders and returns of a shop.",
        "description": _DESCRIPTION,
        "license": {"name": "AGPL-3.0-or-later", "identifier": "AGPL-3.0-or-later"},
    }
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


def _groups(origin: str) -> Iterator[dict[str, Any]]:
    """The operations by tag, as the page shows them."""
    document = schema()
    for tag in document["tags"]:
        operations = [
            {
                "id": operation["operationId"],
                "method": method.upper(),
                "address": address,
                "summary": operation["summary"],
                "paragraphs": operation["description"].split("\n\n"),
                "permission": operation["x-permission"],
                "parameters": operation["parameters"],
                "takes": _shape_of(operation.get("requestBody", {})),
                "answers": [
                    {"status": status, "text": response["description"], "shape": _shape_of(response)}
                    for status, response in operation["responses"].items()
                ],
                "curl": _curl(origin, method, address, operation),
            }
            for address, operations in document["paths"].items()
            for method, operation in operations.items()
            if tag["name"] in operation.get("tags", [])
        ]
        yield {"name": tag["name"], "text": tag["description"], "operations": operations}


def _shapes() -> Iterator[dict[str, Any]]:
    """The schemas with their fields, as the page shows them."""
    for name, shape in sorted(schema()["components"]["schemas"].items()):
        yield {
            "name": name,
            "text": shape.get("description", ""),
            "example": json.dumps(shape["example"], indent=2, ensure_ascii=False) if "example" in shape else "",
            "fields": [
                {
                    "name": field,
                    "type": _type_of(details),
                    "shape": _ref_of(details),
                    "text": details.get("description", ""),
                    "is_required": field in shape.get("required", []),
                }
                for field, details in shape.get("properties", {}).items()
            ],
        }


def _curl(origin: str, method: str, address: str, operation: dict[str, Any]) -> str:
    """A call to copy."""
    lines = [f"curl {origin}{address}" if method == "get" else f"curl -X {method.upper()} {origin}{address}"]
    lines.append('-H "Authorization: Bearer $REGULARS_TOKEN"')
    names = {parameter["name"] for parameter in operation["parameters"] if parameter["in"] == "header"}
    if "If-Match" in names:
        lines.append("-H 'If-Match: \"7-2f1c90a4d3b85e66\"'")
    if "Idempotency-Key" in names:
        lines.append('-H "Idempotency-Key: $(uuidgen)"')
    if shape := _shape_of(operation.get("requestBody", {})):
        example = schema()["components"]["schemas"][shape].get("example", {})
        lines += ['-H "Content-Type: application/json"', f"-d '{json.dumps(example, ensure_ascii=False)}'"]
    return " \\\n  ".join(lines)


def _shape_of(holder: dict[str, Any]) -> str:
    """The name of the schema of a body, or nothing."""
    for media in holder.get("content", {}).values():
        return _ref_of(media.get("schema", {}))
    return ""


def _ref_of(details: dict[str, Any]) -> str:
    for candidate in (details, details.get("items", {}), *details.get("anyOf", [])):
        if "$ref" in candidate:
            return str(candidate["$ref"]).rsplit("/", 1)[-1]
    return ""


def _type_of(details: dict[str, Any]) -> str:
    """A field's type in a few words."""
    if "anyOf" in details:
        return " | ".join(_type_of(option) for option in details["anyOf"])
    if "$ref" in details:
        return _ref_of(details)
    if "enum" in details:
        return " | ".join(f'"{value}"' for value in details["enum"])
    if "const" in details:
        return f'"{details["const"]}"'
    if details.get("type") == "array":
        return _("list of %(what)s") % {"what": _type_of(details.get("items", {}))}
    return str(details.get("format") or details.get("type", ""))


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
