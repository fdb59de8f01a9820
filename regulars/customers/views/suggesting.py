"""What a form offers while somebody types: companies to work at, people to live with."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language

from regulars.core.errors import Invalid
from regulars.core.text import sort_key
from regulars.core.walls import is_shown
from regulars.customers import reads
from regulars.customers.models import Customer, Kind
from regulars.customers.queries import ListRequest, customer_page
from regulars.staff.access import requires

_OFFERED = 8


@requires("customers.view")
def companies(request: HttpRequest) -> HttpResponse:
    """The companies whose name begins like what was typed."""
    # who sees names in part cannot try their beginnings
    typed = sort_key(request.GET.get("organisation", "")[:120]) if is_shown(Customer, "sort_name") else ""
    found = Customer.objects.filter(kind=Kind.COMPANY, sort_name__gte=typed, sort_name__lt=f"{typed}\U0010ffff")
    names = list(found.order_by("sort_name", "id")[:_OFFERED]) if typed else []
    if typed:
        reads.searched(f"company={typed}", names, "suggestions")
    options = [(str(company), company.city) for company in names]
    return render(request, "customers/_options.html", {"options": options})


@requires("customers.view")
def persons(request: HttpRequest) -> HttpResponse:
    """The customers that answer what was typed, by their numbers."""
    return render(request, "customers/_options.html", {"options": _found(request.GET.get("who", ""))})


def _found(typed: str) -> list[tuple[str, str]]:
    if not typed.strip():
        return []
    try:
        wanted = ListRequest.from_query({"q": typed, "limit": str(_OFFERED)}, language=get_language() or "en")
    except Invalid:
        return []
    found = [one for one in customer_page(wanted).rows if not one.is_company]
    reads.listed(wanted, found, "suggestions")
    return [(one.public_id, " · ".join(filter(None, (str(one), one.email, one.city)))) for one in found]
