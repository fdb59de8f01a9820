"""The page behind the five links of a mail, and the setting that has them sent."""

from __future__ import annotations

import datetime as dt
from http import HTTPStatus
from typing import Any

from django import forms
from django.db.models import Avg, Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from regulars.core.errors import Invalid
from regulars.core.forms import PageForm
from regulars.core.ui.toasts import toast
from regulars.inbox.models import Rating
from regulars.inbox.rating import asking, saying
from regulars.messaging.confirmations import language_for
from regulars.staff.access import public, requires
from regulars.staff.policy import as_house

_LATELY = dt.timedelta(days=90)
_SHOWN = 20


class AskingForm(PageForm):
    """Whether, and how long after."""

    is_on = forms.BooleanField(label=gettext_lazy("Ask how the answer was"), required=False)
    after_hours = forms.IntegerField(label=gettext_lazy("Hours after it is done"), min_value=0, max_value=240)


@never_cache
@csrf_exempt  # the signed link says who it is, and the page sends itself
@public
@as_house
def rate(request: HttpRequest, token: str, score: int) -> HttpResponse:
    """Looking keeps nothing, because mail programs look at links; the page sends itself, or the button does."""
    try:
        rating = asking.read(token)
    except asking.BadLink as refusal:
        return render(request, "inbox/rate.html", {"problem": refusal.sentence}, status=HTTPStatus.GONE)
    with override(language_for(rating.conversation.language or rating.customer.language)):
        if request.method == "POST":
            try:
                chosen = int(request.POST.get("score", "")[:2]) if request.POST.get("score", "").isdecimal() else score
                rating = saying.rate(rating, score=chosen, comment=request.POST.get("comment"))
            except Invalid as refusal:
                told = {"problem": refusal.sentence}
                return render(request, "inbox/rate.html", told, status=HTTPStatus.UNPROCESSABLE_ENTITY)
        is_kept = rating.score is not None and request.method == "POST"
        context: dict[str, Any] = {
            "score": rating.score if is_kept else min(max(score, 1), 5),
            "scores": range(1, 6),
            "comment": rating.comment,
            "is_kept": is_kept,
            "script": static("core/js/rate.js"),
        }
        return render(request, "inbox/rate.html", context)


@requires("inbox.setup")
def settings(request: HttpRequest) -> HttpResponse:
    """On or off, and what customers said lately."""
    rules = asking.current()
    form = AskingForm(request.POST or None, initial={"is_on": rules.is_on, "after_hours": rules.after_hours})
    if request.method == "POST" and form.is_valid():
        saying.change(is_on=form.cleaned_data["is_on"], after_hours=form.cleaned_data["after_hours"])
        toast(request, _("Saved."))
        return redirect("rating:settings")
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    return render(request, "inbox/rating.html", {"form": form, "said": _said()}, status=status)


def _said() -> dict[str, Any]:
    since = timezone.now() - _LATELY
    asked = Rating.objects.filter(asked_at__gt=since)
    found = asked.aggregate(asked=Count("pk"), answered=Count("score"), average=Avg("score"))
    rows = asked.filter(score__isnull=False).select_related("conversation", "customer").order_by("-rated_at")[:_SHOWN]
    average = number_format(round(found["average"], 1), 1) if found["average"] is not None else ""
    return {**found, "average": average, "rows": rows}
