"""The page behind the link of marketing mails: looking changes nothing, the button (or a mail program's POST) does."""

from __future__ import annotations

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import override
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from regulars.core import shop
from regulars.customers.models import Customer
from regulars.messaging import unsubscribing
from regulars.messaging.confirmations import language_for
from regulars.staff.access import public
from regulars.staff.policy import as_house


@never_cache
@csrf_exempt  # the signed link says who it is; a mail program posts without cookies (RFC 8058)
@public
@as_house
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """Say no to marketing by this way. Anybody who has the mail may; the link does nothing else."""
    try:
        said = unsubscribing.read(token)
    except unsubscribing.BadLink as refusal:
        context = {"problem": refusal.sentence}
        return render(request, "messaging/unsubscribe.html", context, status=HTTPStatus.GONE)
    person = Customer.everyone.filter(pk=said.customer_id or 0).first()
    with override(language_for(person.language if person is not None else shop.current().language)):
        if request.method == "POST":
            unsubscribing.refuse(
                said,
                proof={
                    "ip": request.META.get("REMOTE_ADDR", ""),
                    "user_agent": request.headers.get("User-Agent", "")[:250],
                    "is_one_click": request.POST.get("List-Unsubscribe") == "One-Click",
                },
            )
        return render(request, "messaging/unsubscribe.html", {"is_done": unsubscribing.is_refused(said)})
