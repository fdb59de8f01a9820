"""The door for deliveries: a shop system posts what happened, we keep it, and only then say that we have it."""

from __future__ import annotations

import math

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from regulars.channels import flood, receiving
from regulars.channels.connectors.protocol import Incoming, NotGenuine
from regulars.channels.models import Connection
from regulars.core.api import problems
from regulars.staff.access import public
from regulars.staff.policy import as_house

LIMIT = 2 * 1024 * 1024
_TRIES = 3


@csrf_exempt
@public
@as_house
def deliver(request: HttpRequest, connection_id: str) -> HttpResponse:
    """Take a delivery in: 202 when it is durable, also for a copy of one that we have."""
    if request.method != "POST":
        return problems.answer(
            request, problems.kind_for(405), detail=_("Deliveries are posted."), headers={"Allow": "POST"}
        )
    address = str(request.META.get("REMOTE_ADDR", ""))
    if wait := flood.wait_of(address):
        return problems.answer(
            request,
            problems.known("too-many-requests"),
            detail=_("Too many deliveries from this address were refused. Wait a moment."),
            headers={"Retry-After": str(math.ceil(wait))},
        )
    response = _delivered(request, connection_id)
    if response.status_code in {401, 404}:
        flood.note_refused(address)
    return response


def _delivered(request: HttpRequest, connection_id: str) -> HttpResponse:
    if settings.SECURE_SSL_REDIRECT and not request.is_secure():
        return _refused(request, "needs-https", _("This shop takes deliveries over HTTPS only."))
    length = str(request.META.get("CONTENT_LENGTH") or "")
    if not length:
        return _refused(request, "length-required", _("Say how long the body is, in “Content-Length”."))
    if not (length.isascii() and length.isdigit()):
        return _refused(request, "bad-request", _("The header “Content-Length” is wrong."))
    if int(length) > LIMIT:
        return _refused(request, "too-large", _("A delivery may have two megabytes."))
    number = Connection.pk_of(connection_id)
    known = receiving.known(number) if number else None
    body = request.read(LIMIT)
    if not body or len(body) != int(length):
        return _refused(request, "bad-request", _("The delivery has no body, or ended too early."))
    headers = {name.lower(): value for name, value in request.headers.items()}
    incoming = Incoming(headers=headers, body=body, at=timezone.now())
    for _try in range(_TRIES):
        if known is None:
            return _refused(request, "not-found", _("Nothing is joined at this address, or it is paused."))
        try:
            receiving.store(known, known.connector.genuine(incoming, known.secrets), body, incoming.at)
        except NotGenuine as refusal:
            newer = receiving.known(known.id, anew=True)
            if newer is None or newer.version == known.version:
                return _not_genuine(request, refusal) if newer else _refused_as_gone(request)
            known = newer
        except receiving.Changed:
            known = receiving.known(known.id, anew=True)
        else:
            return HttpResponse(status=202, headers={"Cache-Control": "no-store"})
    return _refused(request, "busy", _("The connection is being changed. Send this again."), **{"Retry-After": "1"})


def _refused(request: HttpRequest, slug: str, detail: str, **headers: str) -> HttpResponse:
    return problems.answer(request, problems.known(slug), detail=detail, headers=headers)


def _refused_as_gone(request: HttpRequest) -> HttpResponse:
    return _refused(request, "not-found", _("Nothing is joined at this address, or it is paused."))


def _not_genuine(request: HttpRequest, refusal: NotGenuine) -> HttpResponse:
    return _refused(request, "not-genuine", refusal.sentence)
