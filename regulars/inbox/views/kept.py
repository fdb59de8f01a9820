"""The page “Promised and kept”."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from regulars.inbox.acknowledging import estimating, expecting, keeping
from regulars.staff.access import requires


@requires("inbox.view")
@require_safe
def kept(request: HttpRequest) -> HttpResponse:
    """What customers were told, and whether it held, per week, with how sure that is."""
    weeks, total, undecided = keeping.weeks()
    context = {
        "weeks": weeks,
        "total": total,
        "undecided": undecided,
        "target": estimating.TARGET,
        "enough": estimating.ENOUGH,
        "learned": expecting.learned_from(),
    }
    return render(request, "inbox/kept.html", context)
