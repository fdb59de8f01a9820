"""Privacy requests: who asks for what until when, how we made sure who they are, and what was answered."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from regulars.core import shop
from regulars.core.errors import Invalid
from regulars.core.ui.toasts import toast
from regulars.customers.actions.privacy import answer_request, ask_for_right, check_identity, put_off
from regulars.customers.forms import ShopForm
from regulars.customers.models import Customer, PrivacyRequest
from regulars.customers.privacy import laws, queries
from regulars.customers.privacy.forms import AnswerForm, CheckForm, PutOffForm, RequestForm, request_initial
from regulars.staff.access import requires

State = PrivacyRequest.State


@requires("privacy.view")
def requests(request: HttpRequest) -> HttpResponse:
    """Who waits for an answer, the earliest due first; and what was answered, the newest first."""
    shows = "answered" if request.GET.get("show") == "answered" else State.OPEN
    before = request.GET.get("before", "")
    if before and not (before.isdecimal() and len(before) < 19):
        raise BadRequest
    rows = queries.requests(state=State.OPEN if shows == State.OPEN else "", before=int(before or 0))
    if shows != State.OPEN:
        rows = rows.exclude(state=State.OPEN)
    found = list(rows[: queries.PAGE + 1])
    context = {
        "requests": found[: queries.PAGE],
        "shows": shows,
        "before": found[queries.PAGE - 1].pk if shows != State.OPEN and len(found) > queries.PAGE else None,
        "today": shop.today(),
        "waiting": queries.waiting(),
        "may_edit": request.user.may("privacy.edit"),  # type: ignore[union-attr]
    }
    return render(request, "customers/privacy/requests.html", context)


@requires("privacy.edit")
def new(request: HttpRequest) -> HttpResponse:
    """Write down what somebody asks for; from their page the customer is known."""
    customer = _customer(request.GET.get("customer", ""))
    kind = request.GET.get("kind", "")
    form = RequestForm(request.POST or None, initial=request_initial() | {"kind": kind})
    if request.method == "POST" and form.is_valid():
        try:
            asked = ask_for_right(customer, **form.cleaned_data)
        except Invalid as refusal:
            form.refuse(refusal)
        else:
            toast(request, _("Written down. The answer is due on %(day)s.") % {"day": asked.due_on.isoformat()})
            return redirect("privacy:request", asked.public_id)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if request.method == "POST" else HTTPStatus.OK
    return render(request, "customers/privacy/new.html", {"form": form, "customer": customer}, status=status)


@requires("privacy.view")
def one(request: HttpRequest, request_id: str) -> HttpResponse:
    """One request, and what can be done about it."""
    return _page(request, _asked(request_id))


@requires("privacy.edit")
@require_POST
def check(request: HttpRequest, request_id: str) -> HttpResponse:
    """Write down how we made sure who asks."""
    asked = _asked(request_id)
    form = CheckForm(request.POST)
    if form.is_valid():
        try:
            customer = _named(form.cleaned_data["customer"])
            check_identity(asked, check=form.cleaned_data["check_made"], customer=customer)
        except Invalid as refusal:
            form.refuse(refusal)
        else:
            toast(request, _("Written down."))
            return redirect("privacy:request", request_id)
    return _page(request, asked, check_form=form)


@requires("privacy.edit")
@require_POST
def later(request: HttpRequest, request_id: str) -> HttpResponse:
    """Put an answer off, with the reason that the person is told."""
    asked = _asked(request_id)
    form = PutOffForm(request.POST)
    if form.is_valid():
        try:
            put_off(asked, due_on=form.cleaned_data["due_on"], reason=form.cleaned_data["extension"])
        except Invalid as refusal:
            form.refuse(refusal)
        else:
            toast(request, _("Written down. Tell the person why it takes longer."))
            return redirect("privacy:request", request_id)
    return _page(request, asked, later_form=form)


@requires("privacy.edit")
@require_POST
def answer(request: HttpRequest, request_id: str) -> HttpResponse:
    """Close a request with what was answered."""
    asked = _asked(request_id)
    form = AnswerForm(request.POST)
    if form.is_valid():
        try:
            answer_request(asked, **form.cleaned_data)
        except Invalid as refusal:
            form.refuse(refusal)
        else:
            toast(request, _("Answered and closed."))
            return redirect("privacy:requests")
    return _page(request, asked, answer_form=form)


def _page(
    request: HttpRequest,
    asked: PrivacyRequest,
    *,
    check_form: ShopForm | None = None,
    later_form: ShopForm | None = None,
    answer_form: ShopForm | None = None,
) -> HttpResponse:
    customer = asked.customer.person if asked.customer else None
    is_wrong = any(form is not None for form in (check_form, later_form, answer_form))
    context: dict[str, Any] = {
        "asked": asked,
        "customer": customer,
        "is_open": asked.state == State.OPEN,
        "is_checked": asked.check_made != PrivacyRequest.Check.NOT_YET,
        "is_late": asked.state == State.OPEN and asked.due_on < shop.today(),
        "longest": laws.longest(asked.law, asked.asked_on),
        "check_form": check_form or CheckForm(initial={"check_made": asked.check_made}),
        "later_form": later_form or PutOffForm(initial={"due_on": asked.due_on}),
        "answer_form": answer_form or AnswerForm(),
        "erasures": asked.erasures.order_by("pk"),
        "may_edit": request.user.may("privacy.edit"),  # type: ignore[union-attr]
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if is_wrong else HTTPStatus.OK
    return render(request, "customers/privacy/request.html", context, status=status)


def _asked(request_id: str) -> PrivacyRequest:
    rows = PrivacyRequest.objects.select_related("customer", "customer__merged_into", "made_by", "answered_by")
    found = rows.filter(pk=PrivacyRequest.pk_of(request_id) or 0).first()
    if found is None:
        raise Http404(_("There is no such request."))
    return found


def _customer(public_id: str) -> Customer | None:
    if not public_id:
        return None
    found = Customer.everyone.filter(pk=Customer.pk_of(public_id) or 0).first()
    if found is None:
        raise Http404(_("There is no such customer. Perhaps it was deleted."))
    return found.person


def _named(text: str) -> Customer | None:
    """The customer of an id or an e-mail. Raises Invalid."""
    text = text.strip()
    if not text:
        return None
    rows = (
        Customer.objects.filter(email=text.lower())
        if "@" in text
        else Customer.objects.filter(pk=Customer.pk_of(text) or 0)
    )
    found = rows.first()
    if found is None:
        sentence = _("There is no customer “%(id)s”.") % {"id": text[:40]}
        raise Invalid(sentence, fields={"customer": [sentence]})
    return found
