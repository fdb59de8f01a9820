"""From an exception to its problem: what a room refuses, what did not validate, and what nobody expected."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import IntegrityError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from django.utils.translation import gettext as _
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError

from regulars.core.api import problems
from regulars.core.api.problems import Problem, reason
from regulars.core.errors import Invalid, NotAllowed, Refusal
from regulars.core.unless_busy import is_busy

logger = logging.getLogger("regulars.api")


def install(api: NinjaAPI) -> None:
    """Make an API answer every exception with a problem."""
    for kind, handler in (
        (Refusal, _refused),
        (ValidationError, _invalid),
        (HttpError, _http_error),
        (Http404, _not_found),
        (PermissionDenied, _permission_denied),
        (RequestDataTooBig, _too_large),
        (SuspiciousOperation, _unreadable),
        (UnreadablePostError, _unreadable),
        (IntegrityError, _clash),
        (OperationalError, _database),
        (Exception, _unexpected),
    ):
        api.add_exception_handler(kind, handler)  # type: ignore[arg-type]


def _refused(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    """What a verb or the API itself refused. A kind that nobody described answers with the kind of its status."""
    if isinstance(refusal, Problem):
        return problems.answer(
            request,
            refusal.kind,
            detail=refusal.sentence,
            errors=refusal.errors,
            headers=refusal.headers,
            **refusal.members,
        )
    errors: list[dict[str, str]] = []
    members: dict[str, Any] = {}
    place = "query" if request.method == "GET" else "body"
    if isinstance(refusal, Invalid):
        errors = [reason(place, field, " ".join(map(str, why))) for field, why in refusal.fields.items()]
    elif refusal.field:
        errors = [reason(place, refusal.field, refusal.sentence)]
    if isinstance(refusal, NotAllowed):
        members["scope"] = refusal.permission
    return problems.answer(
        request,
        problems.kind_of(refusal.slug) or problems.kind_for(refusal.status),
        status=int(refusal.status),
        detail=refusal.sentence,
        errors=errors,
        **members,
    )


def _invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    errors = [_in_words(entry) for entry in error.errors]
    return problems.answer(request, problems.known("invalid"), detail=_sentence(errors), errors=errors)


def _sentence(errors: list[dict[str, str]]) -> str:
    if len(errors) == 1:
        return _("“%(field)s” cannot be used: %(why)s") % {"field": errors[0]["field"], "why": errors[0]["detail"]}
    return _("%(count)s fields cannot be used; see “errors”.") % {"count": len(errors)}


def _in_words(entry: dict[str, Any]) -> dict[str, str]:
    """One finding of the validator as place, field and a sentence of ours."""
    place, *path = entry["loc"]
    if place == "body":
        path = path[1:]  # the first step is only what our function calls the body
    field = ".".join(str(step) for step in _own_steps(path)) or place
    return reason(place, field, sentence_for(entry["type"], entry.get("ctx", {}), entry["msg"]))


def _own_steps(path: Iterable[Any]) -> Iterable[Any]:
    """The path without the names of the validator's own functions."""
    return (step for step in path if not (isinstance(step, str) and ("[" in step or "(" in step)))


def sentence_for(kind: str, context: dict[str, Any], fallback: str) -> str:
    """The validator's finding in words for people."""
    wrong_type = {
        "string_type": _("This must be text in quotation marks."),
        "int_type": _("This must be a whole number."),
        "int_from_float": _("This must be a whole number."),
        "bool_type": _("This must be true or false."),
        "list_type": _("This must be a list."),
        "model_type": _("This must be a JSON object."),
        "model_attributes_type": _("This must be a JSON object."),
        "dict_type": _("This must be a JSON object."),
        "missing": _("This is required."),
        "extra_forbidden": _("There is no such field."),
        "string_unicode": _("This is not valid Unicode text."),
        "int_parsing": _("This must be a whole number."),
        "int_parsing_size": _("This number is too large."),
    }
    if kind in wrong_type:
        return wrong_type[kind]
    with_limits = {
        "string_too_long": _("This may have %(max_length)s characters at most."),
        "string_too_short": _("This needs %(min_length)s characters at least."),
        "too_long": _("This may have %(max_length)s entries at most."),
        "too_short": _("This needs %(min_length)s entry at least."),
        "greater_than_equal": _("This must be %(ge)s or more."),
        "less_than_equal": _("This must be %(le)s or less."),
        "literal_error": _("This must be one of: %(expected)s."),
        "string_pattern_mismatch": _("This does not have the form %(pattern)s."),
    }
    if kind in with_limits:
        return with_limits[kind] % context
    if kind == "value_error":
        return str(context.get("error", fallback))
    return fallback


def _http_error(request: HttpRequest, error: HttpError) -> HttpResponse:
    """The framework's own refusals; what our parser refused hangs on them as their cause."""
    if isinstance(error.__cause__, Refusal):
        return _refused(request, error.__cause__)
    return problems.answer(request, problems.kind_for(error.status_code), detail=error.message)


def _not_found(request: HttpRequest, _error: Http404) -> HttpResponse:
    return problems.answer(request, problems.kind_for(404), detail=_("There is nothing at this address."))


def _permission_denied(request: HttpRequest, _error: PermissionDenied) -> HttpResponse:
    return problems.answer(request, problems.kind_for(403), detail=_("This is not allowed."))


def _too_large(request: HttpRequest, _error: RequestDataTooBig) -> HttpResponse:
    return problems.answer(request, problems.kind_for(413), detail=_("The body is larger than one megabyte."))


def _unreadable(request: HttpRequest, _error: Exception) -> HttpResponse:
    return problems.answer(request, problems.kind_for(400), detail=_("The request could not be read."))


def _clash(request: HttpRequest, error: IntegrityError) -> HttpResponse:
    """Two callers passed the verb's own check at the same moment, and the database let one through."""
    logger.warning("%s %s: %s", request.method, request.path, error)
    return problems.answer(
        request,
        problems.known("conflict"),
        detail=_("Somebody else changed the same thing at this moment. Read it again and retry."),
        headers={"Retry-After": "1"},
    )


def _database(request: HttpRequest, error: OperationalError) -> HttpResponse:
    """A lock that did not come in time is no fault; a database that is away is."""
    if not is_busy(error):
        return _unexpected(request, error)
    logger.warning("%s %s: %s", request.method, request.path, error)
    return problems.answer(
        request,
        problems.kind_for(503),
        detail=_("The database is held by other work. Nothing was changed; try again in a moment."),
        headers={"Retry-After": "2"},
    )


def _unexpected(request: HttpRequest, error: Exception) -> HttpResponse:
    logger.error("%s %s", request.method, request.path, exc_info=error)
    return problems.answer(
        request,
        problems.kind_for(500),
        detail=_("Something went wrong that we did not expect. Nothing was changed, and the log has the details."),
    )
