"""What a platform says was sold on a day beside what our books say, and each order that differs, with its fix."""

from __future__ import annotations

import datetime as dt
from http import HTTPStatus
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from regulars.channels.actions.pulling import can_pull
from regulars.channels.actions.reconciling import mend, reconcile, reconcile_soon
from regulars.channels.forms import DaysForm
from regulars.channels.models import Comparison, Connection, Difference
from regulars.channels.views.finding import connection_at
from regulars.core import ids, shop
from regulars.core.background import overview
from regulars.core.errors import Refusal
from regulars.core.ui.toasts import toast
from regulars.staff.access import requires
from regulars.staff.policy import current

_PAGE = 60
_MOST_DIFFERENCES = 500
_USUALLY = 14


@requires("channels.view")
@require_safe
def compare(request: HttpRequest, connection_id: str) -> HttpResponse:
    """The days that were compared, the newest first; of those that differ, each order."""
    return _page(request, connection_at(connection_id))


@requires("channels.edit")
@require_POST
def begin(request: HttpRequest, connection_id: str) -> HttpResponse:
    """Compare some days, in the background."""
    found, form = connection_at(connection_id), DaysForm(request.POST)
    if form.is_valid():
        try:
            reconcile_soon(found, **form.cleaned_data)
        except Refusal as refusal:
            form.add_error("until", refusal.sentence)
        else:
            toast(request, _("The days are being compared."))
            return redirect("compare", connection_id)
    return _page(request, found, form=form)


@requires("channels.edit")
@require_POST
def fix(request: HttpRequest, connection_id: str, difference_id: str) -> HttpResponse:
    """Take the order in again as the platform has it, and compare its day anew."""
    found = connection_at(connection_id)
    number = (
        int(difference_id) if difference_id.isascii() and difference_id.isdigit() and len(difference_id) < 19 else 0
    )
    difference = Difference.objects.select_related("comparison").filter(comparison__connection=found, pk=number).first()
    if difference is None:
        raise Http404(_("This difference is not there any more."))
    try:
        day = mend(difference)
    except Refusal as refusal:
        return _page(request, found, problem=refusal.sentence)
    toast(request, _("The day agrees now.") if day.is_equal else _("The day was compared anew."))
    return redirect("compare", connection_id)


def _page(request: HttpRequest, found: Connection, *, form: DaysForm | None = None, problem: str = "") -> HttpResponse:
    user: Any = request.user
    only_wrong = request.GET.get("show") == "different"
    rows = Comparison.objects.filter(connection=found).order_by("-on")
    if before := _day(request.GET.get("before", "")):
        rows = rows.filter(on__lt=before)
    days = list(rows[: _PAGE + 1])
    following = days[_PAGE - 1].on.isoformat() if len(days) > _PAGE else ""
    days = days[:_PAGE]
    differences: dict[int, list[dict[str, Any]]] = {}
    for one in Difference.objects.filter(comparison__in=days)[:_MOST_DIFFERENCES]:
        order = ids.encode("ord", one.order_id) if one.order_id else ""
        differences.setdefault(one.comparison_id, []).append({"row": one, "order": order})
    until = shop.today() - dt.timedelta(days=1)
    initial = {"since": until - dt.timedelta(days=_USUALLY - 1), "until": until}
    context = {
        "connection": found,
        "days": [
            {"day": day, "differences": differences.get(day.pk, [])}
            for day in days
            if not (only_wrong and day.is_equal)
        ],
        "following": following,
        "only_wrong": only_wrong,
        "form": form or DaysForm(initial=initial),
        "problem": problem,
        "is_comparing": overview.running_of(reconcile) is not None or overview.waits(reconcile),
        "may_compare": can_pull(found),
        "may_edit": user.may("channels.edit"),
        "sees_amounts": current().shows("spend"),
        "sees_orders": user.may("orders.view"),
    }
    is_bad = bool(problem) or (form is not None and bool(form.errors))
    is_part = request.headers.get("HX-Target") == "days" and request.method == "GET"
    template = "channels/_days.html" if is_part else "channels/compare.html"
    return render(request, template, context, status=HTTPStatus.UNPROCESSABLE_ENTITY if is_bad else HTTPStatus.OK)


def _day(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return None
