"""Routes: how a room states an API operation, and what happens around each one.

The room's function may: it reads or calls one verb, and returns an Answer. Everything else is done here, once: the
transaction, the call that happens only once, the ETag, 304, the Link header, and the documentation of all of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import wraps
from http import HTTPStatus
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja import Router
from ninja.operation import Operation
from pydantic import BaseModel

from regulars.core.api import idempotency
from regulars.core.api.preconditions import as_json, etag, is_known
from regulars.core.api.problems import Problem, reason
from regulars.core.api.schemas import ProblemOut

_ALWAYS = (401, 403, 429, 500, 503)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What an operation gives back.

    `version` makes the ETag that a change must name; `about` is the public id of the person the body tells of, so
    that a stored answer can be forgotten with them.
    """

    body: BaseModel | None = None
    version: int | None = None
    location: str = ""
    about: str = ""
    links: dict[str, str] = field(default_factory=dict)


View = Callable[..., Answer]


def permission_of(operation: Operation) -> str:
    """The permission an operation states."""
    return str(operation.view_func.permission)  # type: ignore[attr-defined]


class Routes(Router):
    """The operations of a room. Each states its permission: a token needs it among its scopes, and its owner, too."""

    def reads(self, path: str, **options: Any) -> Callable[[View], View]:
        """GET. `parameters` documents the query of a list that reads it itself (and refuses what it does not know)."""
        return self._operation("GET", path, HTTPStatus.OK, **options)

    def creates(self, path: str, **options: Any) -> Callable[[View], View]:
        """POST, answered with 201 and a Location."""
        return self._operation("POST", path, HTTPStatus.CREATED, **options)

    def acts(self, path: str, *, status: int = HTTPStatus.OK, **options: Any) -> Callable[[View], View]:
        """POST that does something with what is there already; 202 where the work goes on in the background."""
        return self._operation("POST", path, status, **options)

    def changes(self, path: str, **options: Any) -> Callable[[View], View]:
        """PATCH: fields that are not sent stay as they are. Needs If-Match."""
        return self._operation("PATCH", path, HTTPStatus.OK, **options)

    def removes(self, path: str, **options: Any) -> Callable[[View], View]:
        """DELETE, answered with 204. Needs If-Match."""
        return self._operation("DELETE", path, HTTPStatus.NO_CONTENT, **options)

    def operations(self) -> Iterator[Operation]:
        """All operations of these routes."""
        for path_view in self.path_operations.values():
            yield from path_view.operations

    def guarded_by(self, door: Callable[[str], Any]) -> Routes:
        """Let `door(permission)` decide who comes in: an authentication of the framework, made per operation."""
        for operation in self.operations():
            operation.auth_param = operation.auth_callbacks = [door(permission_of(operation))]
        return self

    def _operation(
        self,
        method: str,
        path: str,
        status: int,
        *,
        permission: str,
        summary: str,
        out: type[BaseModel] | None = None,
        parameters: list[dict[str, Any]] | None = None,
        refusals: tuple[int, ...] = (),
    ) -> Callable[[View], View]:
        def register(view: View) -> View:
            documented = {status: out} | dict.fromkeys(_refusals(method, path, refusals), ProblemOut)
            self.add_api_operation(
                path,
                [method],
                view,
                response=documented,
                by_alias=True,
                operation_id=view.__name__,
                summary=summary,
                openapi_extra={"parameters": [*(parameters or []), *_HEADERS[method]]},
            )
            operation = self.path_operations[path].operations[-1]
            names = {name for model in operation.models for name in model.model_fields} if not parameters else None
            operation.view_func = _around(view, status=status, is_write=method != "GET", query=names)
            operation.view_func.permission = permission  # type: ignore[attr-defined]
            return view

        return register


def _around(view: View, *, status: int, is_write: bool, query: set[str] | None) -> Callable[..., HttpResponse]:
    """Run an operation; `query` are the parameters it takes, None where it looks at them itself."""

    @wraps(view)
    def run(request: HttpRequest, **arguments: Any) -> HttpResponse:
        _check_query(request, query)
        if not is_write:
            response, _about = _respond(view(request, **arguments), status)
            return _not_modified(response) if is_known(request, response["ETag"]) else response
        with transaction.atomic():
            call = idempotency.begin(request, caller_id=request.auth.pk)  # type: ignore[attr-defined]
            if call is not None and call.is_answered:
                return idempotency.replay(call)
            response, about = _respond(view(request, **arguments), status)
            if call is not None:
                idempotency.finish(call, response, about=about)
        return response

    return run


def _check_query(request: HttpRequest, known: set[str] | None) -> None:
    """A parameter nobody reads is a mistake that would go unseen; a NUL is nothing a database can look for."""
    errors = [
        reason("query", name, _("There is no such parameter."))
        for name in request.GET
        if known is not None and name not in known
    ]
    errors += [
        reason("query", name.replace("\0", ""), _("Text may not hold NUL characters."))
        for name, values in request.GET.lists()
        if any("\0" in text for text in (name, *values))
    ]
    if errors:
        raise Problem("invalid", _("The query cannot be used; see “errors”."), errors=errors)


def _respond(answer: Answer, status: int) -> tuple[HttpResponse, str]:
    headers = {"Cache-Control": "private, no-store"}
    if answer.body is None:
        response = HttpResponse(status=status, headers=headers)
        del response["Content-Type"]
        return response, answer.about
    body = as_json(answer.body)
    headers["ETag"] = etag(body, version=answer.version)
    if answer.location:
        headers["Location"] = answer.location
    if answer.links:
        headers["Link"] = ", ".join(f'<{address}>; rel="{name}"' for name, address in answer.links.items())
    return HttpResponse(body, status=status, headers=headers, content_type="application/json"), answer.about


def _not_modified(response: HttpResponse) -> HttpResponse:
    headers = {name: response[name] for name in ("ETag", "Cache-Control", "Link") if name in response}
    empty = HttpResponse(status=HTTPStatus.NOT_MODIFIED, headers=headers)
    del empty["Content-Type"]
    return empty


def _refusals(method: str, path: str, further: tuple[int, ...]) -> list[int]:
    """The statuses an operation may refuse with, for its documentation."""
    statuses = {*_ALWAYS, *further, 422}
    if "{" in path:
        statuses.add(404)
    if method in {"POST", "PATCH"}:
        statuses |= {400, 409, 411, 413, 415}
    if method in {"PATCH", "DELETE"}:
        statuses |= {409, 412, 428}
    return sorted(statuses)


_KEY = {
    "in": "header",
    "name": "Idempotency-Key",
    "required": False,
    "description": (
        "Your name for this request. Repeating the request with it within seven days brings the stored answer and "
        "does nothing a second time."
    ),
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": r"^[!-~]([ -~]*[!-~])?$"},
}
_IF_MATCH = {
    "in": "header",
    "name": "If-Match",
    "required": True,
    "description": (
        "The ETag of your last read. When somebody changed the resource since, nothing is changed and 412 brings the "
        "current ETag. The part before the hyphen decides. `*` overwrites whatever is there."
    ),
    "schema": {"type": "string", "examples": ['"7-2f1c90a4d3b85e66"', "*"]},
}
_IF_NONE_MATCH = {
    "in": "header",
    "name": "If-None-Match",
    "required": False,
    "description": "An ETag you have. While it is still right, the answer is 304 without a body.",
    "schema": {"type": "string"},
}
_HEADERS: dict[str, list[dict[str, Any]]] = {
    "GET": [_IF_NONE_MATCH],
    "POST": [_KEY],
    "PATCH": [_IF_MATCH, _KEY],
    "DELETE": [_IF_MATCH, _KEY],
}
