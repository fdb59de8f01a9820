"""What people set for themselves."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.contrib.auth import update_session_auth_hash
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters

from regulars.core.errors import Invalid
from regulars.core.ui.toasts import toast
from regulars.staff.access import SIGNED_IN, requires
from regulars.staff.actions import Paused, change_password, change_profile
from regulars.staff.forms import PasswordForm, ProfileForm
from regulars.staff.models import User
from regulars.staff.recent import mark_recent
from regulars.staff.views import security


@requires(SIGNED_IN)
def settings_home(request: HttpRequest) -> HttpResponse:  # noqa: ARG001
    """Settings begin with one's own."""
    return redirect("staff:profile")


@requires(SIGNED_IN)
def profile(request: HttpRequest) -> HttpResponse:
    """Name, language, theme and keys."""
    user: Any = request.user
    kept = {name: getattr(user, name) for name in ProfileForm.base_fields}
    form = ProfileForm(request.POST or None, initial=kept)
    if request.method == "POST" and form.is_valid():
        try:
            change_profile(user, **form.cleaned_data)
        except Invalid as refusal:
            form.refuse(refusal)
        else:
            with translation.override(user.language or translation.get_language()):
                toast(request, _("Your profile is saved."))
            return redirect("staff:profile")
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    return render(request, "staff/profile.html", {"form": form}, status=status)


@requires(SIGNED_IN)
@sensitive_post_parameters()
def password(request: HttpRequest) -> HttpResponse:
    """A new password; this browser stays signed in, all others go out."""
    user: Any = request.user
    form = PasswordForm(request.POST or None)
    if request.method != "POST":
        return redirect("staff:security")
    if form.is_valid():
        try:
            change_password(
                user,
                current=form.cleaned_data["current"],
                new=form.cleaned_data["new"],
                session_key=request.session.session_key,
            )
        except Invalid as refusal:
            form.refuse(refusal)
        except Paused as refusal:
            form.add_error("current", refusal.sentence)
        else:
            update_session_auth_hash(request, user)
            mark_recent(request)
            toast(request, _("The new password holds. Other browsers are signed out."))
            return redirect("staff:security")
    return security.page(request, password_form=form)


@requires("staff.view")
def people(request: HttpRequest) -> HttpResponse:
    """Who works here, and in which role."""
    return render(request, "staff/people.html", {"people": User.objects.order_by("-is_active", "name")})
