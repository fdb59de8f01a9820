"""Settings > Message limits: how much is too much, when people sleep, and addresses that are not written to."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from regulars.core.errors import Invalid
from regulars.core.ui.toasts import toast
from regulars.messaging import digests, gate, limiting, suppressing
from regulars.messaging.models import Suppression, Way
from regulars.messaging.pages.forms import LimitsForm, SuppressionForm
from regulars.staff.access import requires
from regulars.staff.policy import require_full

_SHOWN = 50


@requires("messages.setup")
def limits(request: HttpRequest) -> HttpResponse:
    """The limits, and the list of addresses. Posted to, the limits are changed."""
    form = LimitsForm(request.POST if request.method == "POST" else None, instance=gate.limits())
    if request.method == "POST" and form.is_valid():
        limiting.set_limits(**form.cleaned_data)
        toast(request, _("Saved."))
        return redirect("messaging:limits")
    return _page(request, form=form)


@requires("messages.setup")
@require_POST
def suppress(request: HttpRequest) -> HttpResponse:
    """Put an address on the list, by hand."""
    form = SuppressionForm(request.POST)
    if form.is_valid():
        try:
            suppressing.suppress(reason=Suppression.Reason.BY_HAND, **form.cleaned_data)
        except Invalid as refusal:
            form.refuse(refusal)
        else:
            toast(request, _("This address is not written to any more."))
            return redirect("messaging:limits")
    return _page(request, adding=form)


@requires("messages.setup")
@require_POST
def lift(request: HttpRequest, suppression_id: str) -> HttpResponse:
    """Take an address off the list, with a reason."""
    row = Suppression.objects.filter(pk=Suppression.pk_of(suppression_id) or 0).first()
    if row is None:
        raise Http404(_("There is no such address on the list."))
    try:
        suppressing.lift(row, reason=request.POST.get("reason", ""))
    except Invalid as refusal:
        return _page(request, problem=refusal.sentence)
    toast(request, _("This address may be written to again."))
    return redirect("messaging:limits")


def _page(
    request: HttpRequest, *, form: LimitsForm | None = None, adding: SuppressionForm | None = None, problem: str = ""
) -> HttpResponse:
    asked = request.GET.get("address", "").strip()[:254]
    is_past = bool(request.GET.get("past"))
    rows = Suppression.objects.select_related("customer", "message", "made_by", "ended_by")
    rows = rows.filter(ended_at__isnull=not is_past).order_by("-id")
    if asked:
        require_full("email", "phone")  # that somebody is found by an address tells the address
        rows = rows.filter(digest__in=[one for way in Way.values for one in digests.all_of(way, asked)])
    if before := request.GET.get("before", ""):
        rows = rows.filter(pk__lt=Suppression.pk_of(before) or 0)
    shown = list(rows[: _SHOWN + 1])
    context: dict[str, Any] = {
        "form": form or LimitsForm(instance=gate.limits()),
        "adding": adding or SuppressionForm(),
        "rows": shown[:_SHOWN],
        "following": shown[_SHOWN - 1].public_id if len(shown) > _SHOWN else "",
        "asked": asked,
        "is_past": is_past,
        "problem": problem,
    }
    is_bad = problem or (form and form.errors) or (adding and adding.errors)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if is_bad else HTTPStatus.OK
    return render(request, "messaging/limits.html", context, status=status)
