"""What a customer agreed to: the page where staff write it down, and the words that people agree to."""

from __future__ import annotations

from http import HTTPStatus

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from regulars.core.errors import Invalid, Refusal
from regulars.core.ui.toasts import toast
from regulars.customers import consents
from regulars.customers.actions.consent import add_wording, ask_to_confirm, record_consent
from regulars.customers.forms import ShopForm
from regulars.customers.models import ConsentRecord, ConsentState, Customer, Medium, Wording
from regulars.customers.people import records
from regulars.customers.views.editing import customer_or_404
from regulars.staff.access import requires

_SHOWN = 200
_LANGUAGES = [("en", "English"), ("zh-hans", "简体中文")]


class ConsentForm(ShopForm):
    """What a customer told staff."""

    medium = forms.ChoiceField(label=gettext_lazy("Channel"), choices=Medium.choices)
    state = forms.ChoiceField(
        label=gettext_lazy("The customer"),
        choices=[
            (ConsentState.AGREED, gettext_lazy("agrees to be written to or called")),
            (ConsentState.REFUSED, gettext_lazy("does not want it")),
        ],
    )
    reason = forms.CharField(
        label=gettext_lazy("How they told you"),
        help_text=gettext_lazy("At the counter, by phone, in a letter. It is kept with the date and your name."),
        max_length=250,
    )


class WordingForm(ShopForm):
    """New words for people to agree to."""

    language = forms.ChoiceField(label=gettext_lazy("Language"), choices=_LANGUAGES)
    text = forms.CharField(
        label=gettext_lazy("What people agree to"), widget=forms.Textarea(attrs={"rows": 4}), max_length=2000
    )


@requires("customers.view")
def consent(request: HttpRequest, public_id: str) -> HttpResponse:
    """How a customer stands to each channel, every line of the ledger, and a form for what they tell staff."""
    form = ConsentForm(initial={"medium": request.GET.get("medium", Medium.EMAIL), "state": ConsentState.REFUSED})
    return _page(request, customer_or_404(public_id), form)


@requires("customers.edit")
def write_down(request: HttpRequest, public_id: str) -> HttpResponse:
    """Write down what a customer said."""
    customer = customer_or_404(public_id)
    form = ConsentForm(request.POST)
    if form.is_valid():
        try:
            record_consent(customer, source=ConsentRecord.Source.STAFF, **form.cleaned_data)
        except Invalid as refusal:
            form.refuse(refusal)
        else:
            toast(request, _("Written down."))
            return redirect("customers:consent", public_id)
    return _page(request, customer, form, status=HTTPStatus.UNPROCESSABLE_ENTITY)


@requires("customers.edit")
def ask(request: HttpRequest, public_id: str) -> HttpResponse:
    """Send the mail that asks whether we may write."""
    customer = customer_or_404(public_id)
    if request.method == "POST":
        try:
            ask_to_confirm(customer)
        except Refusal as refusal:
            form = ConsentForm(initial={"medium": Medium.EMAIL})
            return _page(request, customer, form, status=refusal.status, problem=refusal.sentence)
        toast(request, _("A mail asks %(email)s to confirm.") % {"email": customer.email})
    return redirect("customers:consent", public_id)


@requires("shop.edit")
def wordings(request: HttpRequest) -> HttpResponse:
    """The words people agree to, by language, with every version there was."""
    form = WordingForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            add_wording(**form.cleaned_data)
        except Invalid as refusal:
            form.refuse(refusal)
        else:
            toast(request, _("People are shown the new words from now on."))
            return redirect("customers:wordings")
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    versions = Wording.objects.filter(purpose=consents.MARKETING).order_by("language", "-number")
    context = {
        "form": form,
        "versions": [(dict(_LANGUAGES).get(one.language, one.language), one) for one in versions],
    }
    return render(request, "customers/wordings.html", context, status=status)


def _page(
    request: HttpRequest, customer: Customer, form: ConsentForm, *, status: int = HTTPStatus.OK, problem: str = ""
) -> HttpResponse:
    ids = records(customer)
    may_edit = request.user.may("customers.edit")  # type: ignore[union-attr]
    context = {
        "customer": customer,
        "stands": consents.stands(ids),
        "history": [(consents.LABELS[consents.WORDS[one.state]], one) for one in consents.history(ids)[:_SHOWN]],
        "form": form if may_edit else None,
        "may_ask": may_edit and bool(customer.email),
        "problem": problem,
    }
    return render(request, "customers/consent.html", context, status=status)
