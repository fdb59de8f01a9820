"""The 360° page: a frame that the panels of all rooms fill."""

from __future__ import annotations

import datetime as dt
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from regulars.core import shop
from regulars.core.errors import Invalid
from regulars.customers import mentions, panels, preferences
from regulars.customers.actions.notes import see_mentions
from regulars.customers.actions.tags import tags_of
from regulars.customers.forms.note import NoteForm
from regulars.customers.models import Customer
from regulars.customers.places import country_name, language_name, time_of
from regulars.customers.queries import ListRequest, neighbours
from regulars.customers.queries.contact_points import contact_points
from regulars.customers.views.deleting import gone_or_404, gone_page
from regulars.customers.views.editing import customer_or_404
from regulars.staff.access import requires


@requires("customers.view")
def page(request: HttpRequest, public_id: str, slug: str = "timeline") -> HttpResponse:
    """One customer with one tab open; each tab is an address of its own. Notes that name the reader are seen then."""
    try:
        customer = customer_or_404(public_id)
    except Http404:
        return gone_page(request, gone_or_404(public_id))
    if customer.public_id != public_id:
        return redirect(_tab_address(request, customer, slug))
    user: Any = request.user
    if slug == "timeline" and mentions.waiting(user) and see_mentions(customer, user=user):
        mentions.forget_waiting(user.pk, user)
    return shown(request, customer, slug)


def shown(
    request: HttpRequest,
    customer: Customer,
    slug: str,
    *,
    composer: NoteForm | None = None,
    status: int = HTTPStatus.OK,
) -> HttpResponse:
    """The page of a customer with one tab open, and in the timeline the note that was refused, to be mended."""
    tab = panels.tab(slug)
    if tab is None or not request.user.may(tab.permission):  # type: ignore[union-attr]
        raise Http404(_("There is no such page."))
    context = {
        **frame(request, customer),
        **_in_list(request, customer),
        "tab": tab,
        "tab_context": tab.context(request, customer),
        "tabs": [
            {
                "panel": panel,
                "number": number,
                "count": panel.count(customer),
                "is_open": panel.slug == slug,
                "href": _tab_address(request, customer, panel.slug),
            }
            for number, panel in enumerate(_allowed(request, panels.Place.TAB), start=1)
        ],
    }
    if composer is not None:
        context["tab_context"]["composer"] = {"form": composer, "colleagues": mentions.colleagues()}
    return render(request, "customers/page.html", context, status=status)


@requires("customers.view")
def peek(request: HttpRequest, public_id: str) -> HttpResponse:
    """A short look from the list: who it is, the figures, the rhythm."""
    customer = customer_or_404(public_id)
    template = "customers/_peek.html" if request.htmx else "customers/peek.html"  # type: ignore[attr-defined]
    return render(request, template, frame(request, customer))


def frame(request: HttpRequest, customer: Customer) -> dict[str, Any]:
    """Head, figures and rhythm: what stands above every tab, and in a peek."""
    return {
        "customer": customer,
        "country": country_name(customer.country) if customer.country else "",
        "language": language_name(customer.language) if customer.language else "",
        "time_there": _time_there(customer),
        "prefers": preferences.sentence(customer),
        "warned": {point.value: point for point in contact_points(customer) if not point.is_usable},
        "figures": _drawn(request, customer, panels.Place.FIGURES),
        "rhythm": _drawn(request, customer, panels.Place.RHYTHM),
        "rail": _drawn(request, customer, panels.Place.RAIL),
        "actions": _drawn(request, customer, panels.Place.ACTION),
        "ways": _drawn(request, customer, panels.Place.WRITE),
        "tags": tags_of(customer),
        "may_edit": request.user.may("customers.edit"),  # type: ignore[union-attr]
        "may_delete": request.user.may("customers.delete"),  # type: ignore[union-attr]
        "may_merge": request.user.may("customers.merge"),  # type: ignore[union-attr]
    }


def _time_there(customer: Customer) -> dt.datetime | None:
    """The time where they are, where it is not the shop's own."""
    there = time_of(customer) if customer.time_zone or customer.country != shop.current().country else None
    return there if there and there.utcoffset() != there.astimezone(shop.zone()).utcoffset() else None


def _tab_address(request: HttpRequest, customer: Customer, slug: str) -> str:
    """Where a tab lives; the first one is the page itself. The list it was opened from stays known."""
    first = panels.at(panels.Place.TAB)[0].slug
    address = (
        reverse("customers:page", args=[customer.public_id])
        if slug == first
        else reverse("customers:tab", args=[customer.public_id, slug])
    )
    query = request.GET.get("list", "")
    return f"{address}?{urlencode({'list': query})}" if query else address


def _in_list(request: HttpRequest, customer: Customer) -> dict[str, Any]:
    """Who stands before and after in the list this page was opened from; nobody where it was not opened from one."""
    query = request.GET.get("list", "")
    if not query:
        return {}
    try:
        wanted = ListRequest.from_query(QueryDict(query), language=get_language() or "en", reader=request.user)
    except Invalid:
        return {}  # an old bookmark: the customer is shown all the same
    before, after = neighbours(wanted, customer)
    links = [
        f"{reverse('customers:page', args=[one.public_id])}?{urlencode({'list': query})}" if one else ""
        for one in (before, after)
    ]
    return {"previous": links[0], "next": links[1], "list_query": query}


def _drawn(request: HttpRequest, customer: Customer, place: panels.Place) -> list[dict[str, Any]]:
    return [
        {"template": panel.template, "context": panel.context(request, customer)} for panel in _allowed(request, place)
    ]


def _allowed(request: HttpRequest, place: panels.Place) -> list[panels.Panel]:
    return [panel for panel in panels.at(place) if request.user.may(panel.permission)]  # type: ignore[union-attr]
