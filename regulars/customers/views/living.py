"""Who belongs together: the people of a household, and those who work at a company."""

from __future__ import annotations

from http import HTTPStatus

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from regulars.core.errors import Invalid
from regulars.core.ui.toasts import toast
from regulars.customers.actions import (
    change_customer,
    join_household,
    leave_household,
    rename_household,
    return_to_household,
)
from regulars.customers.forms import HouseholdForm
from regulars.customers.models import Customer, Household
from regulars.customers.queries import ListRequest, customer_page
from regulars.customers.views.editing import customer_or_404
from regulars.staff.access import requires


@requires("customers.edit")
def household(request: HttpRequest, public_id: str) -> HttpResponse:
    """Let somebody live with this customer, or give their household a name."""
    customer = customer_or_404(public_id)
    known = customer.household
    form = HouseholdForm(request.POST or None, initial={"name": known.name if known else ""})
    if request.method == "POST" and form.is_valid():
        who, name = form.cleaned_data["who"].strip(), form.cleaned_data["name"]
        try:
            other = _meant(who, customer) if who else None
            if other is not None:
                join_household([customer, other], name=name)
                undo = reverse("customers:household-leave", args=[other.public_id])
                toast(request, _("%(name)s is in the household now.") % {"name": other}, undo=undo)
            elif known is not None:
                rename_household(known, name=name)
                toast(request, _("Saved."))
            else:
                raise _nobody(_("Say who lives there too."))
        except Invalid as refused:
            form.refuse(refused)
        else:
            return redirect("customers:tab", public_id, "profile")
    status = HTTPStatus.UNPROCESSABLE_ENTITY if request.method == "POST" else HTTPStatus.OK
    return render(request, "customers/household.html", {"customer": customer, "form": form}, status=status)


@requires("customers.edit")
def leave(request: HttpRequest, public_id: str) -> HttpResponse:
    """Say that somebody does not live there any more; the step can be taken back."""
    customer = customer_or_404(public_id)
    if request.method == "POST":
        left = leave_household(customer)
        if left is not None:
            undo = reverse("customers:household-return", args=[public_id, left.public_id])
            toast(request, _("%(name)s is not in the household any more.") % {"name": customer}, undo=undo)
    return redirect("customers:tab", public_id, "profile")


@requires("customers.edit")
def come_back(request: HttpRequest, public_id: str, household_id: str) -> HttpResponse:
    """Take a leaving back."""
    customer = customer_or_404(public_id)
    known = Household.objects.filter(pk=Household.pk_of(household_id) or 0).first()
    if known is None:
        raise Http404(_("There is no such household any more."))
    if request.method == "POST":
        return_to_household(customer, known)
        toast(request, _("Put back as it was."))
    return redirect("customers:tab", public_id, "profile")


@requires("customers.edit")
def leave_company(request: HttpRequest, public_id: str) -> HttpResponse:
    """Say that somebody does not work at their company any more."""
    customer = customer_or_404(public_id)
    company = customer.organisation
    if request.method == "POST" and company is not None:
        changed = change_customer(customer, values={"organisation": None})
        entry = changed.entries.filter(name="customer.changed").order_by("-id").first()
        undo = reverse("customers:undo", args=[public_id, entry.pk]) if entry else ""
        sentence = _("%(name)s does not work at %(company)s any more.") % {"name": customer, "company": company}
        toast(request, sentence, undo=undo)
        return redirect("customers:tab", company.public_id, "profile")
    return redirect("customers:tab", public_id, "profile")


def _meant(who: str, customer: Customer) -> Customer:
    """The one customer that was written down: by number, or by what finds exactly one. Raises Invalid."""
    if pk := Customer.pk_of(who):
        found = list(Customer.objects.filter(pk=pk))
    else:
        wanted = ListRequest.from_query({"q": who, "limit": "6"}, language=get_language() or "en")
        found = [one for one in customer_page(wanted).rows if one.pk != customer.pk]
    if not found:
        raise _nobody(_("Nobody is found for “%(who)s”. Create them as a customer first.") % {"who": who[:60]})
    if len(found) > 1:
        numbers = ", ".join(f"{one} {one.public_id}" for one in found[:5])
        raise _nobody(
            _("Several people are found for it. Write the number of one: %(numbers)s.") % {"numbers": numbers}
        )
    return found[0]


def _nobody(sentence: str) -> Invalid:
    return Invalid(sentence, fields={"who": [sentence]})
