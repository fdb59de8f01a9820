"""The door of message services: they ask whether the address is ours (GET), and report (POST).

A report is kept, sealed as it came, before anybody is told that we have it. Of what nobody signed, nothing is kept.
"""

from __future__ import annotations

import math
from http import HTTPStatus

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from regulars.channels import flood
from regulars.core.api import problems
from regulars.core.sealing import Damaged
from regulars.messaging import reports
from regulars.messaging.models import Account
from regulars.messaging.providers import transport
from regulars.messaging.providers.base import Knock, Link, NotGenuine, Provider
from regulars.messaging.providers.registry import provider_of
from regulars.staff.access import public
from regulars.staff.policy import as_house

LIMIT = 2 * 1024 * 1024
_KEPT_HEADERS = ("content-type",)


@csrf_exempt
@public
@as_house
def hook(request: HttpRequest, account_id: str) -> HttpResponse:
    """Take in what a service reports: 200 when it is durable, also for a copy of what we have."""
    if request.method not in {"GET", "POST"}:
        return problems.answer(
            request, problems.kind_for(405), detail=_("Reports are posted."), headers={"Allow": "GET, POST"}
        )
    address = str(request.META.get("REMOTE_ADDR", ""))
    if wait := flood.wait_of(address):
        return problems.answer(
            request,
            problems.known("too-many-requests"),
            detail=_("Too many reports from this address were refused. Wait a moment."),
            headers={"Retry-After": str(math.ceil(wait))},
        )
    response = _answered(request, account_id)
    if response.status_code in {401, 403, 404}:
        flood.note_refused(address)
    response.headers.setdefault("Cache-Control", "no-store")
    return response


def _answered(request: HttpRequest, account_id: str) -> HttpResponse:
    if settings.SECURE_SSL_REDIRECT and not request.is_secure():
        return _refused(request, "needs-https", _("This shop takes reports over HTTPS only."))
    number = Account.pk_of(account_id)
    account = Account.objects.filter(pk=number, is_on=True).first() if number else None
    provider = provider_of(account.provider) if account is not None else None
    if account is None or provider is None:
        return _refused(request, "not-found", _("No message service reports at this address, or it is switched off."))
    try:
        link = transport.link_of(account)
    except Damaged:
        return _refused(request, "not-found", _("The keys of this account do not open. Enter them anew."))
    if request.method == "GET":
        return _challenged(request, provider, link)
    return _reported(request, account, provider, link)


def _challenged(request: HttpRequest, provider: Provider, link: Link) -> HttpResponse:
    said = provider.challenge(_knock(request, b""), link)
    if said is None:
        return _refused(request, "report-not-genuine", _("The token is not that of this account."))
    return HttpResponse(said, content_type="text/plain; charset=utf-8", headers={"X-Content-Type-Options": "nosniff"})


def _reported(request: HttpRequest, account: Account, provider: Provider, link: Link) -> HttpResponse:
    length = str(request.META.get("CONTENT_LENGTH") or "")
    if not length:
        return _refused(request, "length-required", _("Say how long the body is, in “Content-Length”."))
    if not (length.isascii() and length.isdigit()):
        return _refused(request, "bad-request", _("The header “Content-Length” is wrong."))
    if int(length) > LIMIT:
        return _refused(request, "too-large", _("A report may have two megabytes."))
    body = request.read(LIMIT)
    if not body or len(body) != int(length):
        return _refused(request, "bad-request", _("The report has no body, or ended too early."))
    knock = _knock(request, body)
    try:
        provider.genuine(knock, link)
    except NotGenuine as refusal:
        return _refused(request, "report-not-genuine", refusal.sentence)
    headers = {name: knock.headers[name][:200] for name in _KEPT_HEADERS if name in knock.headers}
    reports.store(account, body, headers=headers, at=knock.at)
    kind, words = provider.thanks
    return HttpResponse(words, content_type=kind, status=HTTPStatus.OK)


def _knock(request: HttpRequest, body: bytes) -> Knock:
    path = request.get_full_path()
    return Knock(
        headers={name.lower(): value for name, value in request.headers.items()},
        query={name: str(value) for name, value in request.GET.items()},
        body=body,
        urls=tuple(dict.fromkeys([settings.PUBLIC_URL + path, request.build_absolute_uri()])),
        at=timezone.now(),
    )


def _refused(request: HttpRequest, slug: str, detail: str) -> HttpResponse:
    return problems.answer(request, problems.known(slug), detail=detail)
