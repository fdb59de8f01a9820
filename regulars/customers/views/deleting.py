"""Delete a customer, see who is deleted, bring somebody back, or let them go for good at once."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from regulars.core.errors import Refusal
from regulars.core.ui.toasts import toast
from regulars.customers.actions import delete_customer, erase_customer, restore_customer
from regulars.customers.actions.deleting import goes_at, why_not_back
from regulars.customers.models import Customer
from regulars.customers.queries.deleted import deleted_page, who_deleted
from regulars.customers.views.editing import customer_or_404
from regulars.staff.access import requires


@requires("customers.delete", recent=True)
def delete(request: HttpRequest, public_id: str) -> HttpResponse:
    """Delete a customer for thirty days: it happens at once, and the toast takes it back."""
    customer = customer_or_404(public_id)
    if request.method != "POST":
        return render(request, "customers/delete.html", {"customer": customer})
    if Customer.pk_of(public_id) != customer.pk:
        # merged since the question was asked: it was about a part of whom the page shows now
        return redirect("customers:delete", customer.public_id)
    delete_customer(customer)
    undo = reverse("customers:restore", args=[customer.public_id])
    toast(request, _("%(name)s is deleted.") % {"name": customer}, undo=undo)
    return redirect("customers:list")


@requires("customers.delete")
def restore(request: HttpRequest, public_id: str) -> HttpResponse:
    """Bring a deleted customer back; where something is in the way, their page says what."""
    customer = gone_or_404(public_id)
    if request.method != "POST":
        return redirect("customers:page", public_id)
    try:
        restore_customer(customer)
    except Refusal:
        return gone_page(request, customer, status=HTTPStatus.CONFLICT)
    toast(request, _("%(name)s is back.") % {"name": customer})
    return redirect("customers:page", public_id)


@requires("customers.delete", recent=True)
def erase(request: HttpRequest, public_id: str) -> HttpResponse:
    """Let a deleted customer go for good now; asks for a typed word first, because this cannot be undone."""
    customer = gone_or_404(public_id)
    word = pgettext("the word to type before something is deleted for good", "delete")
    typed = request.POST.get("word", "")
    if request.method == "POST" and typed.strip().casefold() == word.casefold():
        name = str(customer)
        erase_customer(customer)
        toast(request, _("%(name)s is deleted for good.") % {"name": name})
        return redirect("customers:deleted")
    context = {"customer": customer, "word": word, "typed": typed, "is_wrong": request.method == "POST"}
    status = HTTPStatus.UNPROCESSABLE_ENTITY if request.method == "POST" else HTTPStatus.OK
    return render(request, "customers/erase.html", context, status=status)


@requires("customers.view")
def deleted(request: HttpRequest) -> HttpResponse:
    """Everybody who is deleted and can still come back, the latest first, page by page."""
    rows, following = deleted_page(_cursor(request.GET.get("after", "")))
    deeds = who_deleted([customer.pk for customer in rows])
    context = {
        "lines": [
            {"customer": customer, "goes_at": goes_at(customer), "by": deeds.get(customer.pk, "")} for customer in rows
        ],
        "after": f"{following[0].isoformat()}~{following[1]}" if following else "",
        "may_delete": request.user.may("customers.delete"),  # type: ignore[union-attr]
    }
    return render(request, "customers/deleted.html", context)


def gone_or_404(public_id: str) -> Customer:
    """A deleted customer who can still come back."""
    customer = Customer.everyone.filter(pk=Customer.pk_of(public_id) or 0, deleted_at__isnull=False).first()
    if customer is None:
        raise Http404(_("There is no such customer. Perhaps they were deleted for good, or brought back."))
    return customer


def gone_page(request: HttpRequest, customer: Customer, *, status: int = HTTPStatus.OK) -> HttpResponse:
    """The page of a deleted customer: who deleted them, until when they can come back, and what is in the way."""
    context: dict[str, Any] = {
        "customer": customer,
        "by": who_deleted([customer.pk]).get(customer.pk, ""),
        "goes_at": goes_at(customer),
        "problem": why_not_back(customer),
        "may_delete": request.user.may("customers.delete"),  # type: ignore[union-attr]
    }
    return render(request, "customers/gone.html", context, status=status)


def _cursor(text: str) -> tuple[Any, int] | None:
    if not text:
        return None
    at, _tilde, number = text.partition("~")
    try:
        moment = parse_datetime(at)
        place = int(number)
    except ValueError as bad:
        raise BadRequest from bad
    if moment is None or moment.tzinfo is None or not 0 < place < 2**63:
        raise BadRequest
    return moment, place
