"""In and out, and how pages look before anybody is in: language and theme."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from regulars.core.context import THEMES
from regulars.core.errors import Invalid
from regulars.staff import browsers
from regulars.staff.access import public
from regulars.staff.actions import Paused, change_profile, try_sign_in
from regulars.staff.actions.challenges import keep_challenge, take_challenge
from regulars.staff.actions.passkeys import ask_to_prove, use_passkey
from regulars.staff.actions.second_step import try_code
from regulars.staff.actions.sign_in import (
    enter,
    has_authenticator,
    has_second_step,
    leave,
    note_failure,
    pending,
    wait_for_second_step,
    wrong_password,
)
from regulars.staff.actions.throttle import ADDRESS, Count, count_try, forgive, network_of
from regulars.staff.forms import CodeForm, SignInForm
from regulars.staff.models import User
from regulars.staff.relying_party import party_of

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
    if request.method == "POST" and request.POST.get("passkey"):
        try:
            return _by_passkey(request, onward)
        except (Invalid, Paused) as refusal:
            return door_page(request, SignInForm(), problem=refusal.sentence, status=refusal.status)
    status = HTTPStatus.OK
    if request.method == "POST":
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        if form.is_valid():
            email = form.cleaned_data["email"].strip().lower()
            try:
                answer = try_sign_in(
                    request,
                    email=email,
                    password=form.cleaned_data["password"],
                    address=request.META.get("REMOTE_ADDR", ""),
                    browser=browsers.known_as(request, email),
                )
            except Paused as refusal:
                status = HTTPStatus(refusal.status)
                form.add_error("password", refusal.sentence)
            else:
                if answer.user is not None:
                    return go_on(request, answer.user, how="password", stays=form.cleaned_data["stays"], onward=onward)
                form.add_error("password", wrong_password(answer.tries_left))
    return door_page(request, form, status=status)


@public
@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters("code")
@never_cache
def second_step(request: HttpRequest) -> HttpResponse:
    """The page after the password: a code, a passkey, or a recovery code."""
    waiting = pending(request)
    if waiting is None:
        return redirect(settings.LOGIN_URL)
    form = CodeForm(request.POST or None)
    status = HTTPStatus.OK
    if request.method == "POST":
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        try:
            if used := _second_step_of(request, waiting.user, form):
                return let_in(
                    request,
                    waiting.user,
                    how=waiting.how,
                    second_step=used,
                    stays=waiting.stays,
                    onward=safe_next(request),
                )
        except Paused as refusal:
            status = HTTPStatus(refusal.status)
            form.add_error("code", refusal.sentence)
        except Invalid as refusal:
            form.add_error("code", refusal.sentence)
    user = waiting.user
    context = {
        "form": form,
        "person": user,
        "next": request.GET.get("next", ""),
        "has_code": has_authenticator(user),
        "has_passkey": user.passkeys.exists() and party_of(request).is_possible,
    }
    return render(request, "staff/second_step.html", context, status=status)


@public
@require_POST
@never_cache
def passkey_options(request: HttpRequest) -> HttpResponse:
    """What the browser needs to use a passkey: at the door any, at the second step and when proving anew one's own."""
    waiting = pending(request)
    user, purpose = (waiting.user, "second step") if waiting else (None, "sign-in")
    if isinstance(request.user, User):
        user, purpose = request.user, "again"
    options, challenge = ask_to_prove(party_of(request), user)
    keep_challenge(request, challenge, purpose)
    return HttpResponse(options, content_type="application/json")


@public
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """Out, back to the door."""
    leave(request)
    return redirect(settings.LOGIN_URL)


def go_on(request: HttpRequest, user: User, *, how: str, stays: bool, onward: str) -> HttpResponse:
    """The first step is done: to the second one where there is one, else in."""
    if has_second_step(user):
        wait_for_second_step(request, user, how=how, stays=stays)
        return redirect(with_next(reverse("staff:second-step"), onward))
    return let_in(request, user, how=how, stays=stays, onward=onward)


def let_in(
    request: HttpRequest, user: User, *, how: str, stays: bool, onward: str, second_step: str = ""
) -> HttpResponse:
    """In, and this browser is known from now on."""
    enter(request, user, how=how, second_step=second_step, stays=stays)
    response = redirect(onward)
    browsers.remember(response, request, user.email)
    return response


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
    # what does not begin like an address would be taken for the name of a page, and looked up
    is_address = wanted.startswith(("/", f"{request.scheme}://"))
    return wanted if is_ours and is_address else settings.LOGIN_REDIRECT_URL


def with_next(path: str, onward: str) -> str:
    """An address that knows where to go afterwards."""
    return path if onward == settings.LOGIN_REDIRECT_URL else f"{path}?{urlencode({'next': onward})}"


def _by_passkey(request: HttpRequest, onward: str) -> HttpResponse:
    """Let somebody in by a passkey, which is both steps in one: a thing one has, opened by what one is or knows.

    Raises Invalid and Paused.
    """
    counts = [Count(ADDRESS, network_of(request.META.get("REMOTE_ADDR", "")))]
    count_try(counts, called=_("this address"))
    try:
        passkey = use_passkey(
            answer=request.POST["passkey"],
            challenge=take_challenge(request, "sign-in"),
            party=party_of(request),
            user=None,
        )
    except Invalid:
        note_failure(email="", how="passkey", address=request.META.get("REMOTE_ADDR", ""))
        raise
    forgive(counts)
    stays = bool(request.POST.get("stays"))
    return let_in(request, passkey.user, how="passkey", second_step="passkey", stays=stays, onward=onward)


def _second_step_of(request: HttpRequest, user: User, form: CodeForm) -> str:
    """How the second step was done; empty where it was not. Raises Invalid and Paused."""
    if request.POST.get("passkey"):
        challenge = take_challenge(request, "second step")
        use_passkey(answer=request.POST["passkey"], challenge=challenge, party=party_of(request), user=user)
        return "passkey"
    if not form.is_valid():
        return ""
    used = try_code(
        user,
        code=form.cleaned_data["code"],
        address=request.META.get("REMOTE_ADDR", ""),
        browser=browsers.known_as(request, user.email),
    )
    if not used:
        form.add_error("code", _("This code does not fit. Each code is good once; wait for the next one."))
    return used


def door_page(
    request: HttpRequest, form: SignInForm, *, problem: str = "", status: int = HTTPStatus.OK
) -> HttpResponse:
    """The page of the door, with what went wrong before it."""
    context = {
        "form": form,
        "problem": problem,
        "next": request.GET.get("next", "") or request.POST.get("next", ""),
        "has_passkeys": party_of(request).is_possible,
        "service": settings.OIDC,
    }
    return render(request, "staff/sign_in.html", context, status=status)


def _keep(response: HttpResponse, name: str, value: str) -> None:
    response.set_cookie(name, value, max_age=_A_YEAR, secure=settings.IS_HTTPS, httponly=True, samesite="Lax")
