"""Settings: what is done where customers stay silent, and how long inquiries are kept."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from regulars.core.errors import Invalid
from regulars.core.ui.toasts import toast
from regulars.inbox.following import silence
from regulars.inbox.forms.calendar import KeepingForm, SilenceForm
from regulars.inbox.keeping import letting_go
from regulars.inbox.models import Silence
from regulars.staff.access import requires


@requires("inbox.setup")
def silences(request: HttpRequest) -> HttpResponse:
    """Reminding customers, and closing what they leave; how many that would be now is said before it is saved."""
    rules = silence.current()
    names = ("remind_after", "remind_with", "close_after", "close_with")
    form = SilenceForm(request.POST or None, initial={name: getattr(rules, name) for name in names})
    seen: dict[str, int] | None = None
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        if "look" in request.POST:
            asked, now = Silence(**said), timezone.now()
            seen = {
                "reminded": silence.to_be_reminded(asked, now).count(),
                "closed": silence.to_be_closed(asked, now).count(),
            }
        else:
            try:
                silence.change(**said)
            except Invalid as refused:
                form.refuse(refused)
            else:
                toast(request, _("Saved."))
                return redirect("sorting:silence")
    return render(request, "inbox/silence.html", {"form": form, "seen": seen}, status=_status(form))


@requires("inbox.setup")
def keeping(request: HttpRequest) -> HttpResponse:
    """How long inquiries, spam and mails are kept; what would go now is said before it is switched on."""
    rules = letting_go.current()
    form = KeepingForm(request.POST or None, initial={name: getattr(rules, name) for name in KeepingForm.base_fields})
    seen: Any = None
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        if "look" in request.POST:
            seen = letting_go.would(**said)
        else:
            letting_go.change(**said)
            toast(request, _("Saved."))
            return redirect("sorting:keeping")
    return render(request, "inbox/keeping.html", {"form": form, "seen": seen, "rules": rules}, status=_status(form))


def _status(form: Any) -> int:
    return HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
