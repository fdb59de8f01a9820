"""Forgotten: ask for a link, and choose a new password behind it."""

from __future__ import annotations

from http import HTTPStatus

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from regulars.core.errors import Invalid
from regulars.core.ui.toasts import toast
from regulars.staff.access import public
from regulars.staff.actions.passwords import (
    PasswordLinkTooOld,
    ask_for_link,
    has_mail,
    person_of,
    set_password,
)
from regulars.staff.actions.throttle import Paused
from regulars.staff.forms import ForgottenForm, NewPasswordForm


@public
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def forgotten(request: HttpRequest) -> HttpResponse:
    """Ask for a link by mail. The answer is the same whoever asks; without a mail server it says whom to ask."""
    form = ForgottenForm(request.POST or None)
    status, is_sent = HTTPStatus.OK, False
    if request.method == "POST" and has_mail():
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        if form.is_valid():
            try:
                ask_for_link(email=form.cleaned_data["email"], address=request.META.get("REMOTE_ADDR", ""))
            except Paused as refusal:
                status = HTTPStatus(refusal.status)
                form.add_error("email", refusal.sentence)
            else:
                status, is_sent = HTTPStatus.OK, True
    context = {
        "form": form,
        "is_sent": is_sent,
        "has_mail": has_mail(),
        "email": form.cleaned_data["email"] if is_sent else "",
    }
    return render(request, "staff/forgotten.html", context, status=status)


@public
@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters("new")
@never_cache
def new_password(request: HttpRequest, token: str) -> HttpResponse:
    """What the link opens. Only the button uses it up: programs that read mail follow links, too."""
    form = NewPasswordForm(request.POST or None)
    try:
        person = person_of(token)
        if request.method == "POST" and form.is_valid():
            set_password(token, new=form.cleaned_data["new"])
            toast(request, _("The new password holds. Sign in with it."))
            return redirect(settings.LOGIN_URL)
    except PasswordLinkTooOld as refusal:
        context = {"problem": refusal.sentence, "form": form}
        return render(request, "staff/new_password.html", context, status=refusal.status)
    except Invalid as refusal:
        form.refuse(refusal)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    return render(request, "staff/new_password.html", {"form": form, "person": person}, status=status)
