"""What a customer has, how it came to be, and giving or taking at a desk in two steps: look, then do."""

from __future__ import annotations

import re
import secrets
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from regulars.core import shop
from regulars.core.errors import Invalid, Refusal
from regulars.core.ui.toasts import toast
from regulars.customers.models import Customer
from regulars.customers.views.editing import customer_or_404
from regulars.staff.access import requires
from regulars.wallet.actions.correcting import correct
from regulars.wallet.forms.giving import GivingForm
from regulars.wallet.models import POINTS, Posting
from regulars.wallet.queries.statement import Balance, balances, history, in_words, of_sort
from regulars.wallet.writing import Cause

_DESK = Cause(kind="desk")
_KEY = re.compile(r"desk [0-9a-f]{24}")  # as `look` makes them


@requires("wallet.view")
def statement(request: HttpRequest, public_id: str) -> HttpResponse:
    """Balances and history of a customer, and the form for who may give and take."""
    return _page(request, customer_or_404(public_id))


@requires("wallet.edit")
@require_POST
def look(request: HttpRequest, public_id: str) -> HttpResponse:
    """Old balance, change and new balance of what somebody typed, with the button that does it."""
    customer = customer_or_404(public_id)
    have = balances(customer)
    form = GivingForm(request.POST, currencies=_sorts(have))
    if not form.is_valid():
        return _page(request, customer, form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    now, change = of_sort(have, form.cleaned_data["sort"]), form.cleaned_data["change"]
    # what they owe is paid first; what is taken cannot be more than there is
    gained = max(change - now.owed, 0) if change > 0 else change
    if now.usable + gained < 0:
        form.add_error("amount", _("There is not that much to take away."))
        return _page(request, customer, form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    seen = {
        "is_given": change > 0,
        "before": now,
        "change": Balance(currency=now.currency, usable=change),
        "after": Balance(currency=now.currency, usable=now.usable + gained),
        "pays": Balance(currency=now.currency, usable=change - gained) if change > 0 else None,
        "key": f"desk {secrets.token_hex(12)}",
    }
    return _page(request, customer, form, seen=seen)


@requires("wallet.edit")
@require_POST
def give(request: HttpRequest, public_id: str) -> HttpResponse:
    """Do what was looked at; pressed twice it happens once. What nobody looked at is shown first."""
    key = request.POST.get("key", "")
    if not _KEY.fullmatch(key):
        return look(request, public_id)
    customer = customer_or_404(public_id)
    form = GivingForm(request.POST, currencies=_sorts(balances(customer)))
    if not form.is_valid():
        return _page(request, customer, form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    data = form.cleaned_data
    try:
        done = correct(
            customer,
            change=data["change"],
            currency=data["sort"],
            key=key,
            reason=data["reason"],
            cause=_DESK,
            expires_at=data["ends_on"] if data["change"] > 0 else None,
        )
    except Invalid as refusal:
        form.refuse(refusal)
    except Refusal as refusal:
        form.add_error("amount", refusal.sentence)
    else:
        if done.is_new:
            said = _("%(who)s has %(amount)s now.")
            toast(request, said % {"who": customer, "amount": in_words(done.after, data["sort"])})
        return redirect("wallet:customer", public_id)
    return _page(request, customer, form, status=HTTPStatus.UNPROCESSABLE_ENTITY)


def _sorts(have: list[Balance]) -> list[str]:
    """What can be given: credit in the shop's currency, points, and what the person has in other currencies."""
    home = shop.current().currency
    return [home, *(one.currency for one in have if one.currency not in {home, POINTS}), POINTS]


def _page(
    request: HttpRequest,
    customer: Customer,
    form: GivingForm | None = None,
    *,
    seen: dict[str, Any] | None = None,
    status: int = HTTPStatus.OK,
) -> HttpResponse:
    have = balances(customer)
    typed = request.GET.get("before", "")
    before = Posting.pk_of(typed) if typed else None
    steps, has_more = history(customer, before=before)
    may_edit = request.user.may("wallet.edit")  # type: ignore[union-attr]
    context = {
        "customer": customer,
        "balances": have,
        "steps": steps,
        "older": steps[-1].posting.public_id if has_more else "",
        "is_first": before is None,
        "form": (form or GivingForm(currencies=_sorts(have))) if may_edit else None,
        "seen": seen,
    }
    return render(request, "wallet/customer.html", context, status=status)
