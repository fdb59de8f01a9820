"""The page behind a payment link: for whoever has its address, in the customer's language, and for nobody else."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views.decorators.http import require_safe

from regulars.core.money import Money
from regulars.customers.models import Customer
from regulars.orders.actions.links import link_of, note_opened, still_to_pay
from regulars.orders.models import Order, PaymentLink, Status
from regulars.orders.paying import Way, provider
from regulars.staff.access import public
from regulars.staff.actions.throttle import ADDRESS, Count, Paused, count_try, network_of
from regulars.staff.policy import as_house

# No script runs on it, no page of anybody else learns its address, and no search engine keeps it.
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; frame-ancestors 'none'; "
    "base-uri 'none'; form-action 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
}


@public
@as_house
@require_safe
def pay(request: HttpRequest, secret: str) -> HttpResponse:
    """What is to be paid and how, while the link lasts; afterwards one sentence. It changes nothing."""
    link = link_of(secret)
    if link is None:
        return _unknown(request)
    with override(language_for(link.order.customer)):
        note_opened(link)
        problem = _over(link)
        if problem:
            return _page(request, {"link": link, "title": problem[0], "sentence": problem[1]}, status=problem[2])
        order = link.order
        lines = list(order.lines.all())
        owed = still_to_pay(order)
        found = provider(link.provider)
        context = {
            "link": link,
            "order": order,
            "lines": lines,
            "goods": Money(sum(line.total_minor for line in lines), order.currency),
            "paid": Money(order.total_minor - owed, order.currency),
            "owed": Money(owed, order.currency),
            "way": found.way(link) if found else Way(),
        }
        return _page(request, context)


def language_for(customer: Customer | None) -> str:
    """The language of ours that comes nearest to a customer's: Chinese for Chinese, English for the rest."""
    language = customer.person.language if customer is not None else ""
    return "zh-hans" if language.lower().startswith("zh") else "en"


def _over(link: PaymentLink) -> tuple[str, str, int] | None:
    """Why there is nothing to pay here any more: a heading, a sentence, and the status."""
    order: Order = link.order
    if link.paid_at is not None or order.status in (Status.PAID, Status.PART_REFUNDED, Status.REFUNDED):
        return _("Thank you, this is paid"), _("Order %(number)s is paid.") % {"number": order.number}, HTTPStatus.OK
    if order.status == Status.CANCELLED:
        sentence = _("Order %(number)s was cancelled. Please do not pay it.") % {"number": order.number}
        return _("There is nothing to pay"), sentence, HTTPStatus.GONE
    if link.is_revoked:
        return _("This link does not work any more"), _("Ask the shop for a new one."), HTTPStatus.GONE
    if link.ends_at <= timezone.now():
        return _("This link is too old"), _("Ask the shop for a new one."), HTTPStatus.GONE
    return None


def _unknown(request: HttpRequest) -> HttpResponse:
    """An address that nobody made. Who tries many of them waits."""
    network = network_of(request.META.get("REMOTE_ADDR", ""))
    status = HTTPStatus.NOT_FOUND
    try:
        count_try([Count(ADDRESS, f"pay {network}")], called=network)
    except Paused:
        status = HTTPStatus.TOO_MANY_REQUESTS
    sentence = _("Look whether the address is whole, or ask the shop for a new one.")
    return _page(request, {"title": _("There is nothing to pay here"), "sentence": sentence}, status=status)


def _page(request: HttpRequest, context: dict[str, Any], *, status: int = HTTPStatus.OK) -> HttpResponse:
    response = render(request, "orders/pay.html", context, status=status)
    for name, value in _HEADERS.items():
        response.headers[name] = value
    return response
