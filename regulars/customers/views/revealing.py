"""Masked values, shown for a while."""

from __future__ import annotations

from http import HTTPStatus

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from regulars.core.errors import Invalid
from regulars.core.sight import GROUPS
from regulars.customers import revealed
from regulars.customers.actions.revealing import maskable
from regulars.customers.actions.revealing import reveal as write_down
from regulars.customers.views.editing import customer_or_404
from regulars.staff.access import requires


@never_cache
@requires("customers.reveal")
def reveal(request: HttpRequest, public_id: str, group: str) -> HttpResponse:
    """Ask for the reason; once it is written down, show one group of one customer, and go back by itself."""
    customer = customer_or_404(public_id)
    if group not in maskable():
        raise Http404(_("There is nothing masked here that could be shown."))
    here = reverse("customers:page", args=[customer.public_id])
    context = {"customer": customer, "group": group, "label": GROUPS[group], "minutes": revealed.MINUTES, "back": here}
    status = HTTPStatus.OK
    if request.method == "POST":
        try:
            write_down(customer, group=group, reason=request.POST.get("reason", ""))
        except Invalid as refused:
            context |= {"problem": refused.sentence, "reason": request.POST.get("reason", "")}
            status = HTTPStatus.UNPROCESSABLE_ENTITY
        else:
            context["facts"] = revealed.facts(customer, group)
    name = "customers/_reveal.html" if request.htmx else "customers/reveal.html"  # type: ignore[attr-defined]
    response = render(request, name, context, status=status)
    if "facts" in context and not request.htmx:  # type: ignore[attr-defined]
        response["Refresh"] = f"{revealed.MINUTES * 60}; url={here}"
    return response


@never_cache
@requires("customers.reveal")
def masked(request: HttpRequest, public_id: str) -> HttpResponse:
    """The panel as it was before something was shown."""
    customer = customer_or_404(public_id)
    context = {"customer": customer, "this": revealed.panel(request, customer)}
    return render(request, "customers/_rail_masked.html", context)
