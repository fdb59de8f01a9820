"""Settings: the contact forms, what each asks, where it stands, and the line to copy into a page."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from regulars.core.errors import Invalid
from regulars.core.ui.toasts import toast
from regulars.inbox.contact import embedding, setting_up
from regulars.inbox.forms.contact import ContactFormForm
from regulars.inbox.models import Asks, ContactForm
from regulars.staff.access import requires


@requires("inbox.setup")
def listing(request: HttpRequest) -> HttpResponse:
    """The forms there are; with none, one button makes the usual one."""
    if request.method == "POST":
        made = setting_up.set_up_usual()
        toast(request, _("Saved."))
        return redirect("contact:form", made.public_id)
    lines = [
        {
            "row": row,
            "asks": [Asks(one).label for one in row.asks],
            "address": reverse("contact:contact-page", args=[row.public_id]),
        }
        for row in ContactForm.objects.select_related("channel", "team")
    ]
    return render(request, "inbox/contact/forms.html", {"lines": lines})


@requires("inbox.setup")
def one(request: HttpRequest, public_id: str = "") -> HttpResponse:
    """One form, or a new one."""
    row = _row(public_id) if public_id else None
    form = ContactFormForm(request.POST or None, contact_form=row)
    if request.method == "POST" and form.is_valid():
        try:
            saved = setting_up.save(**form.values(), is_on=row.is_on if row else True, form=row)
        except Invalid as refused:
            form.refuse(refused)
        else:
            toast(request, _("Saved."))
            return redirect("contact:form", saved.public_id)
    context: dict[str, Any] = {"form": form, "row": row}
    if row is not None:
        context |= {
            "address": settings.PUBLIC_URL + reverse("contact:contact-page", args=[row.public_id]),
            "path": reverse("contact:contact-page", args=[row.public_id]),
            "snippet": embedding.snippet(row),
            "frame": embedding.plain_frame(row),
        }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    return render(request, "inbox/contact/form.html", context, status=status)


@requires("inbox.setup")
@require_POST
def switch(request: HttpRequest, public_id: str) -> HttpResponse:  # noqa: ARG001
    """Into use, or out of it."""
    row = _row(public_id)
    setting_up.switch(row, is_on=not row.is_on)
    return redirect("contact:forms")


@requires("inbox.setup")
@require_POST
def remove(request: HttpRequest, public_id: str) -> HttpResponse:
    """Let go of a form."""
    setting_up.remove(_row(public_id))
    toast(request, _("Removed."))
    return redirect("contact:forms")


def _row(public_id: str) -> ContactForm:
    row = ContactForm.objects.filter(pk=ContactForm.pk_of(public_id) or 0).first()
    if row is None:
        raise Http404(_("There is nothing of this name any more."))
    return row
