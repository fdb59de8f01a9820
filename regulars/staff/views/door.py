"""In and out, and how pages look before anybody is in: language and theme."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.contrib.auth import login, logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from regulars.core.context import THEMES
from regulars.staff.access import public
from regulars.staff.actions import Paused, change_profile, try_sign_in
from regulars.staff.actions.sign_in import wrong_password
from regulars.staff.forms import SignInForm

_A_YEAR = 365 * 24 * 3600


@public
@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters("password")
@never_cache
def sign_in(request: HttpRequest) -> HttpResponse:
    """The door. A person who is in already goes on to where they wanted to go."""
    onward = safe_next(request)
    if request.user.is_authenticated:
        return redirect(onward)
    form = SignInForm(request.POST or None)
    if form.is_bound:  # whoever mistyped goes on with the password
        form.fields["email"].widget.attrs.pop("autofocus")
        form.fields["password"].widget.attrs["autofocus"] = True
    status = HTTPStatus.OK
    if request.method == "POST":
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        if form.is_valid():
            try:
                answer = try_sign_in(
                    request,
                    email=form.cleaned_data["email"],
                    password=form.cleaned_data["password"],
                    address=request.META.get("REMOTE_ADDR", ""),
                )
            except Paused as refusal:
                status = HTTPStatus(refusal.status)
                form.add_error("password", refusal.sentence)
            else:
                if answer.user is not None:
                    login(request, answer.user)
                    request.session.set_expiry(settings.SESSION_COOKIE_AGE if form.cleaned_data["stays"] else 0)
                    return redirect(onward)
                form.add_error("password", wrong_password(answer.tries_left))
    return render(request, "staff/sign_in.html", {"form": form, "next": request.GET.get("next", "")}, status=status)


@public
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """Out, back to the door."""
    logout(request)
    return redirect(settings.LOGIN_URL)


@public
@require_POST
def look(request: HttpRequest) -> HttpResponse:
    """Another language or theme, at once: for the person who is in, and for this browser's door."""
    response = redirect(safe_next(request))
    chosen: dict[str, Any] = {}
    language = request.POST.get("language")
    if language in dict(settings.LANGUAGES):
        chosen["language"] = language
        _keep(response, settings.LANGUAGE_COOKIE_NAME, language)
    theme = request.POST.get("theme")
    if theme is not None and theme in {"", *THEMES}:
        chosen["theme"] = theme
        _keep(response, "theme", theme)
    user: Any = request.user
    if chosen and user.is_authenticated:
        change_profile(user, **chosen)
    return response


def safe_next(request: HttpRequest) -> str:
    """Where somebody wanted to go, as long as it is a page of ours."""
    wanted = request.POST.get("next") or request.GET.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if is_ours else settings.LOGIN_REDIRECT_URL


def _keep(response: HttpResponse, name: str, value: str) -> None:
    response.set_cookie(name, value, max_age=_A_YEAR, secure=settings.IS_HTTPS, httponly=True, samesite="Lax")
