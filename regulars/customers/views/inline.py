"""One field of the profile, changed where it stands: on the profile tab, or on a page of its own without scripts."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from regulars.core.errors import Invalid
from regulars.core.ui.toasts import toast
from regulars.customers.about import Known, more, parts
from regulars.customers.actions import EmailTaken, change_customer
from regulars.customers.forms import Clash, CustomerForm, as_text, base_of, merged
from regulars.customers.forms.profile import hidden_fields
from regulars.customers.models import Customer
from regulars.customers.views.editing import customer_or_404, told_by
from regulars.staff.access import requires
from regulars.timeline.queries import customer_entries

# What the head of the page shows as well: the whole page is drawn anew.
_IN_HEAD = frozenset(
    {"kind", "title", "given_name", "family_name", "language", "time_zone", "category", "looked_after_by", "is_guest",
     "preferred_channels", "contact_times"}
)  # fmt: skip


@requires("customers.edit")
def field(request: HttpRequest, public_id: str, name: str) -> HttpResponse:
    """Ask for one field, and write it; whoever changed it meanwhile is not overwritten without a question."""
    customer = customer_or_404(public_id)
    if name not in CustomerForm.base_fields or name in hidden_fields():
        raise Http404(_("There is no such field."))
    initial = CustomerForm.initial_of(customer)
    if request.method != "POST":
        if "keep" in request.GET:
            return _fact(request, customer, name)
        return _ask(request, customer, CustomerForm(initial=initial), name)
    form = CustomerForm(_with(initial, name, request.POST), initial=initial)
    clash = _clash(request.POST, name, initial)
    if clash is not None:
        return _ask(request, customer, form, name, clash=clash)
    if form.is_valid():
        values = {key: value for key, value in form.values().items() if key == name}
        try:
            with told_by(form):
                changed = change_customer(customer, values=values)
        except (Invalid, EmailTaken):
            pass
        else:
            return _saved(request, customer, changed, name)
    return _ask(request, customer, form, name)


def _with(initial: dict[str, Any], name: str, sent: QueryDict) -> QueryDict:
    """The whole form as it stands, with one field as it was sent."""
    data = QueryDict(mutable=True)
    for key, value in initial.items():
        if key == name:
            if key in sent:
                data.setlist(key, sent.getlist(key))
        elif isinstance(value, list):
            data.setlist(key, value)
        elif value is not False:
            data[key] = "on" if value is True else value
    return data


def _clash(sent: QueryDict, name: str, now: dict[str, Any]) -> Clash | None:
    """The two values, where somebody else changed the field since it was read."""
    form = CustomerForm()
    form.fields = {name: form.fields[name]}
    _values, clashes, _theirs = merged(sent, form=form, now=now)
    return clashes[0] if clashes else None


def _ask(
    request: HttpRequest, customer: Customer, form: CustomerForm, name: str, *, clash: Clash | None = None
) -> HttpResponse:
    now = CustomerForm.initial_of(customer)
    context = {
        "customer": customer,
        "field": form[name],
        "clash": clash,
        "others": [error for key, errors in form.errors.items() if key != name for error in errors],
        "base": base_of({name: now[name]}),
    }
    template = "customers/_inline.html" if request.htmx else "customers/inline.html"  # type: ignore[attr-defined]
    status = HTTPStatus.UNPROCESSABLE_ENTITY if request.method == "POST" else HTTPStatus.OK
    return render(request, template, context, status=status)


def _saved(request: HttpRequest, before: Customer, changed: Customer, name: str) -> HttpResponse:
    if changed.version != before.version:
        entry = next(iter(customer_entries(changed.pk, names=("customer.changed",), limit=1)), None)
        undo = reverse("customers:undo", args=[changed.public_id, entry.pk]) if entry else ""
        toast(request, _("Saved."), undo=undo)
    if request.htmx and name not in _IN_HEAD:  # type: ignore[attr-defined]
        # the rail tells of it, too
        customer = customer_or_404(changed.public_id)
        context = {"customer": customer, "fact": _known(customer, name), "this": more(request, customer)}
        return render(request, "customers/_fact_saved.html", context)
    if request.htmx:  # type: ignore[attr-defined]
        return HttpResponse(status=HTTPStatus.NO_CONTENT, headers={"HX-Refresh": "true"})
    return redirect("customers:tab", changed.public_id, "profile")


def _fact(request: HttpRequest, customer: Customer, name: str) -> HttpResponse:
    if not request.htmx:  # type: ignore[attr-defined]
        return redirect("customers:tab", customer.public_id, "profile")
    return render(
        request, "customers/_fact.html", {"customer": customer, "fact": _known(customer, name), "is_inline": True}
    )


def _known(customer: Customer, name: str) -> Known:
    """The fact as the profile tells it; one that is not known any more is told as empty."""
    known = (fact for part in parts(customer) for fact in part.facts if fact.field == name)
    return next(known, None) or Known("", as_text(CustomerForm.initial_of(customer)[name]), name)
