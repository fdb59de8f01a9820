"""The customer list becomes a group: what its filters say as a query, and what no query says."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.views.decorators.http import require_GET

from regulars.core.errors import Invalid
from regulars.customers.queries import ListRequest
from regulars.customers.views.saved_views import PAGE_ONLY
from regulars.segments.laying import laid_out
from regulars.segments.queries.from_list import from_list
from regulars.staff.access import requires


@requires("segments.edit")
@require_GET
def begin(request: HttpRequest) -> HttpResponse:
    """Lead to the editor with the list's query; where it leaves something out, say what, and ask first."""
    here = f"{reverse('customers:list')}?{request.GET.urlencode()}"
    try:
        wanted = ListRequest.from_query(
            request.GET, language=get_language() or "en", keep=PAGE_ONLY, reader=request.user
        )
    except Invalid:
        return redirect(here)
    said = from_list(wanted, reader=request.user)
    goes_on = f"{reverse('segments:new')}?{urlencode({'query': said.query})}"
    if said.is_whole and not said.notes:
        return redirect(goes_on)
    context = {"said": said, "laid_out": laid_out(said.node), "goes_on": goes_on, "back": here}
    return render(request, "segments/from_list.html", context)
