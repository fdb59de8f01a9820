"""How somebody signs in, set by themselves: codes, passkeys, recovery codes, and the browsers they are in with."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import segno
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from regulars.core import ids, sealing
from regulars.core.errors import Invalid
from regulars.core.ui.toasts import toast
from regulars.staff import grants
from regulars.staff.access import ON_OPENING, SIGNED_IN, requires
from regulars.staff.actions.challenges import keep_challenge, take_challenge
from regulars.staff.actions.passkeys import add_passkey, ask_to_add, remove_passkey
from regulars.staff.actions.second_step import (
    add_authenticator,
    address_for_app,
    codes_left,
    make_recovery_codes,
    new_secret,
    remove_authenticator,
    reset_second_step,
)
from regulars.staff.actions.sessions import end_session, end_sessions
from regulars.staff.actions.sign_in import MUST_SET_UP, has_authenticator, needs_second_step
from regulars.staff.forms import FirstCodeForm, PasskeyForm, PasswordForm
from regulars.staff.models import Passkey, User
from regulars.staff.relying_party import party_of
from regulars.staff.signed_in import signed_in

_CANDIDATE = "new_authenticator"


@requires(SIGNED_IN)
@never_cache
def security(request: HttpRequest) -> HttpResponse:
    """All of it on one page."""
    return page(request)


@requires(SIGNED_IN, recent=ON_OPENING, before_set_up=True)
@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters("code")
@never_cache
def set_up_codes(request: HttpRequest) -> HttpResponse:
    """The picture for the app, and the first code typed back. Whose role asks for a second step is sent here."""
    user: Any = request.user
    secret = _candidate(request, user)
    form = FirstCodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            code, session_key = form.cleaned_data["code"], request.session.session_key
            codes = add_authenticator(user, secret=secret, code=code, session_key=session_key)
        except Invalid as refusal:
            form.refuse(refusal)
        else:
            request.session.pop(_CANDIDATE, None)
            request.session.pop(MUST_SET_UP, None)
            said = _("Codes of the app are asked for from now on.")
            return _done(request, said, codes)
    party = party_of(request)
    context = {
        "form": form,
        "passkey_form": PasskeyForm(),
        "has_passkeys": party.is_possible,
        "is_needed": bool(request.session.get(MUST_SET_UP)),
        "picture": _picture(address_for_app(user, secret)),
        "secret": " ".join(secret[at : at + 4] for at in range(0, len(secret), 4)),
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    return render(request, "staff/set_up_codes.html", context, status=status)


@requires(SIGNED_IN, recent=True)
@require_POST
def remove_codes(request: HttpRequest) -> HttpResponse:
    """No codes any more."""
    user: Any = request.user
    if needs_second_step(user) and not user.passkeys.exists():
        return page(request, problem=_("Your role asks for a second step. Add a passkey before you remove the codes."))
    remove_authenticator(user, session_key=request.session.session_key)
    toast(request, _("Codes are not asked for any more."))
    return redirect("staff:security")


@requires(SIGNED_IN, recent=True)
@require_POST
@never_cache
def new_recovery_codes(request: HttpRequest) -> HttpResponse:
    """Ten new codes, on the answer to this alone."""
    user: Any = request.user
    if not (has_authenticator(user) or user.passkeys.exists()):
        return redirect("staff:security")
    return _done(request, _("The old recovery codes hold no more."), make_recovery_codes(user))


@requires(SIGNED_IN, before_set_up=True)
@require_POST
@never_cache
def passkey_options(request: HttpRequest) -> HttpResponse:
    """What the browser needs to make a passkey."""
    user: Any = request.user
    options, challenge = ask_to_add(user, party_of(request))
    keep_challenge(request, challenge, "add")
    return HttpResponse(options, content_type="application/json")


@requires(SIGNED_IN, recent=True, before_set_up=True)
@require_POST
@never_cache
def new_passkey(request: HttpRequest) -> HttpResponse:
    """Keep the passkey that the browser made."""
    user: Any = request.user
    form = PasskeyForm(request.POST)
    if not form.is_valid():
        return page(request, problem=_("The passkey could not be made. Try again."))
    try:
        passkey, codes = add_passkey(
            user,
            name=form.cleaned_data["name"],
            answer=form.cleaned_data["passkey"],
            challenge=take_challenge(request, "add"),
            party=party_of(request),
            session_key=request.session.session_key,
        )
    except Invalid as refusal:
        if request.session.get(MUST_SET_UP):
            toast(request, refusal.sentence)
            return redirect("staff:set-up-codes")
        return page(request, problem=refusal.sentence)
    request.session.pop(MUST_SET_UP, None)
    return _done(request, _("“%(name)s” opens the door from now on.") % {"name": passkey.name}, codes)


@requires(SIGNED_IN, recent=True)
@require_POST
def drop_passkey(request: HttpRequest, public_id: str) -> HttpResponse:
    """One device less."""
    user: Any = request.user
    passkey = Passkey.objects.filter(pk=Passkey.pk_of(public_id) or 0, user=user).select_related("user").first()
    if passkey is None:
        raise Http404(_("There is no such passkey."))
    is_last = not has_authenticator(user) and user.passkeys.count() == 1
    if is_last and needs_second_step(user):
        problem = _("Your role asks for a second step. Set up codes before you remove this passkey.")
        return page(request, problem=problem)
    remove_passkey(passkey, session_key=request.session.session_key)
    toast(request, _("“%(name)s” is removed.") % {"name": passkey.name})
    return redirect("staff:security")


@requires(SIGNED_IN)
@require_POST
def end_one(request: HttpRequest, public_id: str) -> HttpResponse:
    """Sign one browser out."""
    user: Any = request.user
    if end_session(user, public_id):
        toast(request, _("That browser is signed out."))
    return redirect("staff:security")


@requires(SIGNED_IN)
@require_POST
def end_others(request: HttpRequest) -> HttpResponse:
    """Sign out every browser but this one."""
    user: Any = request.user
    count = end_sessions(user, keep=request.session.session_key, why="by hand")
    said = ngettext("%(n)s other browser is signed out.", "%(n)s other browsers are signed out.", count)
    toast(request, said % {"n": count})
    return redirect("staff:security")


@requires("staff.edit", recent=True)
@require_POST
def reset_colleague(request: HttpRequest, public_id: str) -> HttpResponse:
    """Take the second step of a colleague who lost it; whose role asks for one sets it up anew at the next sign-in."""
    person, by = _colleague(public_id), request.user
    reset_second_step(person, by=by)  # type: ignore[arg-type]
    toast(request, _("The second step of %(name)s is reset.") % {"name": person.name})
    return redirect("staff:people")


@requires("staff.edit")
@require_POST
def end_colleague(request: HttpRequest, public_id: str) -> HttpResponse:
    """Sign a colleague out everywhere."""
    person = _colleague(public_id)
    grants.require_power_over(request.user, person)  # type: ignore[arg-type]
    count = end_sessions(person, why="by a colleague")
    said = ngettext("%(name)s is signed out of %(n)s browser.", "%(name)s is signed out of %(n)s browsers.", count)
    toast(request, said % {"name": person.name, "n": count})
    return redirect("staff:people")


def page(request: HttpRequest, *, password_form: PasswordForm | None = None, problem: str = "") -> HttpResponse:
    """The page of one's own security, with what went wrong on it."""
    user: Any = request.user
    authenticator = getattr(user, "authenticator", None)
    form = password_form or PasswordForm()
    context = {
        "problem": problem,
        "password_form": form,
        "passkey_form": PasskeyForm(),
        "authenticator": authenticator,
        "passkeys": list(user.passkeys.all()),
        "codes_left": codes_left(user),
        "has_passkeys": party_of(request).is_possible,
        "sessions": signed_in(user, here=request.session.session_key),
        "identities": list(user.outside_identities.all()),
    }
    is_bad = problem or form.errors
    status = HTTPStatus.UNPROCESSABLE_ENTITY if is_bad else HTTPStatus.OK
    return render(request, "staff/security.html", context, status=status)


def _done(request: HttpRequest, said: str, codes: list[str]) -> HttpResponse:
    """On with it; where recovery codes were made they stand on this answer, and never again."""
    if not codes:
        toast(request, said)
        return redirect("staff:security")
    return render(request, "staff/recovery_codes.html", {"said": said, "codes": codes})


def _candidate(request: HttpRequest, user: User) -> str:
    """The secret that is being set up: kept sealed in the session until its first code was typed back."""
    place = f"{_CANDIDATE}/{user.pk}"
    kept = request.session.get(_CANDIDATE)
    if kept:
        try:
            return sealing.open_secret(kept, place)
        except sealing.Damaged:  # another key by now: begin anew
            request.session.pop(_CANDIDATE)
    secret = new_secret()
    request.session[_CANDIDATE] = sealing.seal_secret(secret, place)
    return secret


def _picture(address: str) -> SafeString:
    """The address as a QR code, drawn into the page: no picture to fetch, no style, no script."""
    drawn = segno.make(address, error="m", micro=False).svg_inline(
        scale=4, border=3, dark="#000", light="#fff", svgclass=None, lineclass=None, omitsize=True
    )
    return mark_safe(drawn)  # noqa: S308 — drawn by us from a code, it holds no text


def _colleague(public_id: str) -> User:
    person = User.objects.select_related("definition").filter(pk=ids.decode(User.id_prefix, public_id) or 0).first()
    if person is None:
        raise Http404(_("Nobody of that name works here."))
    return person
