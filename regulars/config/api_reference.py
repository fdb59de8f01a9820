"""The API's reference as pages: every operation with a call to copy, and what each kind of problem means."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from regulars.config.api_schema import schema
from regulars.core.api import problems
from regulars.core.api.preconditions import etag
from regulars.staff.access import public
from regulars.staff.roles import PERMISSIONS


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
        "about": _paragraphs(schema()["info"]["description"]),
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
                "paragraphs": _paragraphs(operation["description"]),
                "permission": operation["x-permission"],
                "parameters": [{**one, "text": _paragraphs(one["description"])[0]} for one in operation["parameters"]],
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


def _paragraphs(text: str) -> list[SafeString]:
    """The little Markdown that descriptions have: paragraphs, `code` and **bold**."""
    return [
        format_html_join("", "{}", ([_marked(piece)] for piece in re.split(r"(`[^`]+`|\*\*[^*]+\*\*)", paragraph)))
        for paragraph in text.strip().split("\n\n")
    ]


def _marked(piece: str) -> SafeString:
    if piece.startswith("`"):
        return format_html("<code>{}</code>", piece.strip("`"))
    if piece.startswith("**"):
        return format_html("<b>{}</b>", piece.strip("*"))
    return format_html("{}", piece)


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
