"""The page of mails for staff, and the page behind the link of a confirmation mail for customers."""

from __future__ import annotations

from http import HTTPStatus

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views.decorators.cache import never_cache

from regulars.core.ui.toasts import toast
from regulars.customers.actions.consent import LinkTooOld, confirm, request_of
from regulars.messaging.accounts import has_mail_server
from regulars.messaging.confirmations import language_for
from regulars.messaging.models import Message
from regulars.messaging.sending import send_again
from regulars.staff.access import public, requires
from regulars.staff.policy import as_house

_SHOWN = 50


@requires("shop.edit")
def mails(request: HttpRequest) -> HttpResponse:
    """Through which server mail goes out, and what became of the newest mails."""
    newest = Message.objects.select_related("customer").order_by("-id")
    context = {
        "has_server": has_mail_server(),
        "server": settings.EMAIL_HOST,
        "sender": settings.DEFAULT_FROM_EMAIL,
        "messages_of_late": newest[:_SHOWN],
        "held": Message.objects.filter(state=Message.State.HELD).count(),
        "may_send": {Message.State.HELD, Message.State.FAILED},
    }
    return render(request, "messaging/mails.html", context)


@requires("shop.edit")
def again(request: HttpRequest, public_id: str) -> HttpResponse:
    """Send a mail that was held or failed once more."""
    message = Message.objects.filter(pk=Message.pk_of(public_id) or 0).first()
    if message is None:
        raise Http404(_("There is no such mail."))
    if request.method == "POST":
        send_again(message)
        toast(request, _("The mail to %(to)s is on its way.") % {"to": message.to})
    return redirect("messaging:mails")


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
