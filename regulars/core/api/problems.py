"""Problem details (RFC 9457): every refusal of the API has a kind with a page that explains it, and one JSON shape."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from regulars.core.errors import Refusal

MEDIA_TYPE = "application/problem+json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of problem: `/problems/<slug>` explains it in `text`."""

    slug: str
    status: int
    title: str | Promise
    text: str | Promise


_KINDS: dict[str, Kind] = {}


class Problem(Refusal):
    """A refusal that the API itself makes; it brings its headers, its reasons and further members of the answer."""

    def __init__(
        self,
        slug: str,
        sentence: str,
        *,
        headers: Mapping[str, str] | None = None,
        errors: Iterable[dict[str, str]] = (),
        **members: Any,
    ) -> None:
        super().__init__(sentence)
        self.kind = _KINDS[slug]
        self.headers = dict(headers or {})
        self.errors = list(errors)
        self.members = members


def describe(slug: str, *, status: int, title: str | Promise, text: str | Promise) -> None:
    """Name a kind of problem and explain it; rooms do so in their api.py for the refusals they may answer with."""
    _KINDS[slug] = Kind(slug=slug, status=status, title=title, text=text)


def kinds() -> list[Kind]:
    """All kinds, by status and slug."""
    return sorted(_KINDS.values(), key=lambda kind: (kind.status, kind.slug))


def kind_of(slug: str) -> Kind | None:
    """The kind of that slug, or None."""
    return _KINDS.get(slug)


def known(slug: str) -> Kind:
    """The kind of a slug that is described for certain."""
    return _KINDS[slug]


def kind_for(status: int) -> Kind:
    """The kind that stands for a bare HTTP status."""
    slug = _BY_STATUS.get(status, "failed" if status >= HTTPStatus.INTERNAL_SERVER_ERROR else "bad-request")
    return _KINDS[slug]


def reason(place: str, field: str, detail: str) -> dict[str, str]:
    """One entry of `errors`: where the field stands (body, query, path, header), which it is, why it was refused."""
    return {"in": place, "field": field, "detail": detail}


def answer(
    request: HttpRequest,
    kind: Kind,
    *,
    detail: str,
    status: int | None = None,
    errors: Iterable[dict[str, str]] = (),
    headers: Mapping[str, str] | None = None,
    **members: Any,
) -> HttpResponse:
    """The response that tells of a problem."""
    status = status or kind.status
    content = {
        "type": f"/problems/{kind.slug}",
        "title": str(kind.title),
        "status": int(status),
        "detail": detail,
        "instance": request.path,
        "errors": list(errors),
        **members,
    }
    return HttpResponse(
        json.dumps(content, ensure_ascii=False).encode("utf-8", errors="replace"),
        status=status,
        content_type=MEDIA_TYPE,
        headers={"Cache-Control": "no-store", **(headers or {})},
    )


describe(
    "bad-request",
    status=HTTPStatus.BAD_REQUEST,
    title=_("The request cannot be read"),
    text=_("The request is not well-formed HTTP for this API: a header, the address or the host is wrong."),
)
describe(
    "malformed-json",
    status=HTTPStatus.BAD_REQUEST,
    title=_("The body is not JSON"),
    text=_("The body of a write is one JSON object in UTF-8. The detail says where reading it stopped."),
)
describe(
    "not-signed-in",
    status=HTTPStatus.UNAUTHORIZED,
    title=_("A valid token is needed"),
    text=_(
        "Every call brings a token in the header “Authorization: Bearer rgl_…”. The token is missing, not known, "
        "expired or revoked, or its owner no longer works here. Make a new one with “regulars token create”."
    ),
)
describe(
    "not-written-down",
    status=HTTPStatus.SERVICE_UNAVAILABLE,
    title=_("It could not be written down that you read this"),
    text=_(
        "Whoever reads a customer is written down before anything is shown. That was not possible now, because the "
        "disk is full or the database has been away for long, and so nothing is shown. Try again later."
    ),
)
describe(
    "not-allowed",
    status=HTTPStatus.FORBIDDEN,
    title=_("The token may not do this"),
    text=_(
        "The token lacks the scope that the member “scope” names, or its owner has lost that permission. Scopes are "
        "fixed when a token is made: make a new one that has it."
    ),
)
describe(
    "needs-https",
    status=HTTPStatus.FORBIDDEN,
    title=_("Calls come over HTTPS"),
    text=_(
        "The call came over an open line, so that everybody on the way could read its token. Nothing was done. Call "
        "“https://…”, and revoke the token if the line was not your own."
    ),
)
describe(
    "not-found",
    status=HTTPStatus.NOT_FOUND,
    title=_("There is no such thing here"),
    text=_("The address is not part of the API, or the id in it belongs to nothing (any more)."),
)
describe(
    "method-not-allowed",
    status=HTTPStatus.METHOD_NOT_ALLOWED,
    title=_("This cannot be done with that address"),
    text=_("The address exists, the method does not. The header “Allow” lists those that do."),
)
describe(
    "refused",
    status=HTTPStatus.CONFLICT,
    title=_("The shop's rules do not allow this"),
    text=_("The request is well-formed, but does not fit what is there. The detail says why and what to do."),
)
describe(
    "conflict",
    status=HTTPStatus.CONFLICT,
    title=_("It clashes with another change"),
    text=_("The same thing was changed or created by somebody else at the same moment. Read it again and retry."),
)
describe(
    "gone",
    status=HTTPStatus.GONE,
    title=_("What this call made has been deleted since"),
    text=_(
        "A call with this Idempotency-Key was carried out, and what it answered told of somebody who has been deleted "
        "since. The stored answer was deleted with them; the call is not repeated."
    ),
)
describe(
    "length-required",
    status=HTTPStatus.LENGTH_REQUIRED,
    title=_("The length of the body must be stated"),
    text=_("Send the header “Content-Length”; bodies in chunks of unknown number are not taken."),
)
describe(
    "changed-meanwhile",
    status=HTTPStatus.PRECONDITION_FAILED,
    title=_("Somebody changed it meanwhile"),
    text=_(
        "The ETag in “If-Match” is not that of the current version, so that nothing was changed. The answer carries "
        "the current ETag: read the resource again, apply your change to it and send that ETag."
    ),
)
describe(
    "too-large",
    status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    title=_("The body is too large"),
    text=_("A body may have one megabyte. Large numbers of customers or orders come in as a file."),
)
describe(
    "not-json",
    status=HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    title=_("The body must be JSON"),
    text=_("Send the header “Content-Type: application/json”, and JSON in UTF-8 with it."),
)
describe(
    "invalid",
    status=HTTPStatus.UNPROCESSABLE_ENTITY,
    title=_("Some fields cannot be used"),
    text=_("Each entry of “errors” names where a field stands, which it is, and in a sentence why it was refused."),
)
describe(
    "key-used-twice",
    status=HTTPStatus.UNPROCESSABLE_ENTITY,
    title=_("The Idempotency-Key belongs to another request"),
    text=_(
        "This key came with a different request before. A key names one request and its repetitions: take a new key "
        "for a new request. Keys are remembered for seven days."
    ),
)
describe(
    "needs-if-match",
    status=HTTPStatus.PRECONDITION_REQUIRED,
    title=_("The header If-Match is needed"),
    text=_(
        "Changes and deletions say which version they mean: send the ETag of your last read in “If-Match”, or "
        "“If-Match: *” to overwrite whatever is there."
    ),
)
describe(
    "too-many-requests",
    status=HTTPStatus.TOO_MANY_REQUESTS,
    title=_("Too many calls"),
    text=_("Wait for as many seconds as the header “Retry-After” says."),
)
describe(
    "failed",
    status=HTTPStatus.INTERNAL_SERVER_ERROR,
    title=_("Something went wrong on our side"),
    text=_("Nothing was changed. The shop's log holds the details; repeat writes with the same Idempotency-Key."),
)
describe(
    "busy",
    status=HTTPStatus.SERVICE_UNAVAILABLE,
    title=_("The shop is busy"),
    text=_("The database is held by other work. Nothing was changed; repeat the call after “Retry-After” seconds."),
)

_BY_STATUS: dict[int, str] = {
    HTTPStatus.BAD_REQUEST: "bad-request",
    HTTPStatus.UNAUTHORIZED: "not-signed-in",
    HTTPStatus.FORBIDDEN: "not-allowed",
    HTTPStatus.NOT_FOUND: "not-found",
    HTTPStatus.METHOD_NOT_ALLOWED: "method-not-allowed",
    HTTPStatus.CONFLICT: "refused",
    HTTPStatus.GONE: "gone",
    HTTPStatus.LENGTH_REQUIRED: "length-required",
    HTTPStatus.PRECONDITION_FAILED: "changed-meanwhile",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "too-large",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "not-json",
    HTTPStatus.UNPROCESSABLE_ENTITY: "invalid",
    HTTPStatus.PRECONDITION_REQUIRED: "needs-if-match",
    HTTPStatus.TOO_MANY_REQUESTS: "too-many-requests",
    HTTPStatus.SERVICE_UNAVAILABLE: "busy",
}
