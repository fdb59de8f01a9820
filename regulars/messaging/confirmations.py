"""The mail that asks whether we may write, in the customer's language."""

from __future__ import annotations

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override

from regulars.core import shop
from regulars.customers.actions.consent import token_of
from regulars.customers.models import ConfirmationRequest
from regulars.customers.privacy.permitting import Purpose
from regulars.messaging.models import Message
from regulars.messaging.sending import send
from regulars.timeline.models import Entry


def ask_by_mail(entry: Entry) -> None:
    """Write the confirmation mail of a request; asked twice, it is one mail."""
    number = entry.data.get("request")
    request = ConfirmationRequest.objects.select_related("customer", "wording").filter(pk=number).first()
    if request is not None and request.confirmed_at is None:
        write_confirmation(request)


def write_confirmation(request: ConfirmationRequest) -> Message:
    """The mail of a request, written and on its way."""
    language = language_for(request.customer.language)
    with override(language):
        context = {
            "shop": shop.current(),
            "customer": request.customer,
            "wording": request.wording,
            "link": settings.PUBLIC_URL + reverse("messaging:confirm", args=[token_of(request)]),
            "until": request.expires_at,
            "language": language,
        }
        return send(
            cause=f"confirmation {request.pk}",
            customer=request.customer,
            to=request.value,
            subject=_("May %(shop)s write to you?") % {"shop": shop.current().name},
            text=render_to_string("messaging/mail/confirm.txt", context).strip() + "\n",
            html=render_to_string("messaging/mail/confirm.html", context),
            purpose=Purpose.QUESTION,
        )


def language_for(language: str) -> str:
    """The language of ours that comes nearest to a customer's: Chinese for Chinese, English for the rest."""
    return "zh-hans" if language.lower().startswith("zh") else "en"
