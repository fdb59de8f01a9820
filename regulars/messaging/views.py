"""The page behind the link of a confirmation mail for customers."""

from __future__ import annotations

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import override
from django.views.decorators.cache import never_cache

from regulars.customers.actions.consent import LinkTooOld, confirm, request_of
from regulars.messaging.confirmations import language_for
from regulars.staff.access import public
from regulars.staff.policy import as_house


@never_cache
@public
@as_house
def confirmation(request: HttpRequest, token: str) -> HttpResponse:
    """What the link of a confirmation mail opens. Only the button agrees: programs that read mail follow links too."""
    try:
        asked = request_of(token)
    except LinkTooOld as refusal:
        return _to_customer(request, {"problem": refusal.sentence}, status=HTTPStatus.GONE)
    with override(language_for(asked.customer.language)):
        if request.method == "POST":
            asked = confirm(
                token,
                proof={
                    "ip": request.META.get("REMOTE_ADDR", ""),
                    "user_agent": request.headers.get("User-Agent", "")[:250],
                },
            )
        return _to_customer(request, {"asked": asked, "is_done": asked.confirmed_at is not None})


def _to_customer(request: HttpRequest, context: dict[str, object], *, status: int = HTTPStatus.OK) -> HttpResponse:
    return render(request, "messaging/confirm.html", context, status=status)
