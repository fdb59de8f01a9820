"""The list of abandoned checkouts."""

from __future__ import annotations

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from regulars.core.sight import current
from regulars.customers import reads
from regulars.orders.queries.checkouts import CheckoutPage, CheckoutRequest, checkout_page, found
from regulars.orders.queries.lists import BadCursor
from regulars.staff.access import requires

_KNOWN = frozenset({"state", "after", "before"})


@requires("orders.view")
def checkouts(request: HttpRequest) -> HttpResponse:
    """What was left in baskets, newest first, or what was bought in the end."""
    states = {"abandoned": _("Abandoned"), "recovered": _("Bought in the end"), "open": _("Under way")}
    state = request.GET.get("state") or "abandoned"
    problems = [_("There is no filter “%(name)s”.") % {"name": name[:40]} for name in request.GET if name not in _KNOWN]
    if state not in states:
        problems.append(_("There is no filter “%(name)s”.") % {"name": state[:40]})
    asked = CheckoutRequest(state=state, after=request.GET.get("after", ""), before=request.GET.get("before", ""))
    shown, count = CheckoutPage(), 0
    if not problems:
        try:
            shown = checkout_page(asked)
            count = found(asked).count()
        except BadCursor as bad:
            problems.append(bad.sentence)
    reads.opened([row.customer_id for row in shown.rows if row.customer_id], "checkouts")
    context = {
        "rows": [(row, row.lines[:3], max(0, len(row.lines) - 3)) for row in shown.rows],
        "count": count,
        "state": state,
        "states": states.items(),
        "problems": problems,
        "sees_links": current().shows("email"),
        "next": f"?state={state}&after={shown.next_cursor}" if shown.next_cursor else "",
        "previous": f"?state={state}&before={shown.previous_cursor}" if shown.previous_cursor else "",
    }
    status = HTTPStatus.BAD_REQUEST if problems else HTTPStatus.OK
    return render(request, "orders/checkouts.html", context, status=status)
