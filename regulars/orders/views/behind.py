"""The rows behind a number of the purchases tab."""

from __future__ import annotations

from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from regulars.customers import reads
from regulars.customers.models import Customer
from regulars.orders.purchases import days_of
from regulars.orders.queries.behind import behind
from regulars.orders.queries.book import Book
from regulars.staff.access import requires

_ROWS = 200


@requires("orders.view")
def rows(request: HttpRequest, public_id: str) -> HttpResponse:
    """The orders, lines or returns that a number of a customer's purchases was made of, and what they come to."""
    known = Customer.objects.filter(pk=Customer.pk_of(public_id) or 0, deleted_at__isnull=True)
    customer = next((one.person for one in known.select_related("merged_into")), None)
    days = days_of(request.GET)
    found = (
        behind(Book(customer, days.stretch), show=request.GET.get("show", ""), of=request.GET.get("of", ""))
        if customer
        else None
    )
    if customer is None or found is None:
        raise Http404(_("There is no such list. Go back to the customer's purchases, and open the number again."))
    reads.opened([customer.pk], "orders")
    page = Paginator(found.rows, _ROWS).get_page(request.GET.get("page"))
    query = {name: value for name, value in request.GET.items() if name != "page"}
    tab = reverse("customers:tab", args=[customer.public_id, "purchases"])
    context = {
        "customer": customer,
        "found": found,
        "page": page,
        "days": days,
        "back": f"{tab}?{urlencode(days.query)}" if days.query else tab,
        "next": f"?{urlencode({**query, 'page': page.next_page_number()})}" if page.has_next() else "",
        "previous": f"?{urlencode({**query, 'page': page.previous_page_number()})}" if page.has_previous() else "",
    }
    return render(request, "orders/behind.html", context)
