"""The order list."""

from __future__ import annotations

from http import HTTPStatus
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from regulars.customers import reads
from regulars.orders.forms import read
from regulars.orders.queries import OrderPage, order_page
from regulars.orders.queries.lists import BadCursor, order_count
from regulars.staff.access import requires


@requires("orders.view")
def orders(request: HttpRequest) -> HttpResponse:
    """All orders, newest first, narrowed by what the address says."""
    asked = read(request.GET)
    found, count = OrderPage(), None
    if asked.customer is not None:
        reads.opened([asked.customer.pk], "orders")
    if asked.request is not None:
        try:
            found = order_page(asked.request)
            count = order_count(asked.request)
        except BadCursor as bad:
            asked.problems.append(bad.sentence)
    context = {
        "asked": asked,
        "tabs": _tabs(request),
        "may_edit": request.user.may("orders.edit"),  # type: ignore[union-attr]
        "orders": found.rows,
        "count": count,
        "has_fulfilment": any(order.fulfilment for order in found.rows),
        "has_methods": any(order.payment_method for order in found.rows),
        "next": _beside(asked.query, "after", found.next_cursor),
        "previous": _beside(asked.query, "before", found.previous_cursor),
        "sorts": {
            column: {"direction": direction, "href": _sorted_by(request, target)}
            for column in ("placed_at", "total")
            for direction, target in [_turn(asked.sort, column)]
        },
    }
    status = HTTPStatus.BAD_REQUEST if asked.problems else HTTPStatus.OK
    return render(request, "orders/list.html", context, status=status)


def _tabs(request: HttpRequest) -> list[dict[str, object]]:
    """The lists people come back to, each an address like any other."""
    address, asked = reverse("orders:list"), {name: request.GET.getlist(name) for name in request.GET}
    views: tuple[tuple[str, dict[str, list[str]]], ...] = (
        (_("All"), {}),
        (_("Drafts"), {"status": ["draft"]}),
        (pgettext("order state", "Open"), {"status": ["open"]}),
        (_("To be sent"), {"fulfilment": ["unfulfilled"]}),
    )
    return [
        {
            "label": label,
            "href": f"{address}?{urlencode(wanted, doseq=True)}" if wanted else address,
            "is_open": asked == wanted,
        }
        for label, wanted in views
    ]


def _beside(query: str, name: str, cursor: str) -> str:
    return "?" + "&".join(part for part in (query, f"{name}={cursor}") if part) if cursor else ""


def _turn(sort: str, column: str) -> tuple[str, str]:
    """How a column is sorted now, and what its head asks for: first from the top, then the other way round."""
    if sort == f"-{column}":
        return "descending", column
    return ("ascending" if sort == column else ""), f"-{column}"


def _sorted_by(request: HttpRequest, sort: str) -> str:
    data = request.GET.copy()
    for name in ("after", "before"):
        data.pop(name, None)
    data["sort"] = sort
    return f"?{data.urlencode()}"
