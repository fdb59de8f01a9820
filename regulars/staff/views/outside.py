"""To the sign-in service of the house, and back."""

from __future__ import annotations

from dataclasses import asdict

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from regulars.core.ui.toasts import toast
from regulars.staff.access import public
from regulars.staff.actions.outside import person_at_service
from regulars.staff.actions.sign_in import note_failure
from regulars.staff.forms import SignInForm
from regulars.staff.models import User
from regulars.staff.openid import Proof, Question, ServiceRefused, address_to_ask, proof_of, service
from regulars.staff.recent import mark_recent
from regulars.staff.relying_party import party_of
from regulars.staff.views.door import door_page, go_on, let_in, safe_next

_ASKED = "service"
_SECONDS = 600
_JUST_NOW = 300


@public
@require_safe
@never_cache
def begin(request: HttpRequest) -> HttpResponse:
    """Send the browser to the service, with a question that only this browser can bring the answer to."""
    _require_service()
    question, is_again = Question.new(), request.user.is_authenticated
    try:
        address = address_to_ask(question, back=_back(request), is_again=is_again)
    except ServiceRefused as refusal:
        return door_page(request, SignInForm(), problem=refusal.sentence, status=refusal.status)
    request.session[_ASKED] = {
        **asdict(question),
        "at": timezone.now().timestamp(),
        "next": safe_next(request),
        "is_again": is_again,
    }
    return redirect(address)


@public
@require_safe
@never_cache
def come_back(request: HttpRequest) -> HttpResponse:
    """Back from the service: in, or in words why not. A question is answered once."""
    _require_service()
    asked = request.session.pop(_ASKED, None)
    try:
        proof = _answered(request, asked)
        person = person_at_service(proof)
        if request.user.is_authenticated:
            return _again(request, person, proof, asked["next"])
    except ServiceRefused as refusal:
        note_failure(email="", how="service", address=request.META.get("REMOTE_ADDR", ""))
        if request.user.is_authenticated:
            toast(request, refusal.sentence)
            return redirect(settings.LOGIN_REDIRECT_URL)
        return door_page(request, SignInForm(), problem=refusal.sentence, status=refusal.status)
    if proof.has_two_steps:
        return let_in(request, person, how="service", second_step="service", stays=False, onward=asked["next"])
    return go_on(request, person, how="service", stays=False, onward=asked["next"])


def _answered(request: HttpRequest, asked: dict[str, object] | None) -> Proof:
    """What the service answered to the question of this browser. Raises ServiceRefused."""
    state = request.GET.get("state", "")
    is_ours = (
        asked is not None
        and timezone.now().timestamp() - float(str(asked["at"])) < _SECONDS
        and constant_time_compare(str(asked["state"]), state)
        and request.GET.get("iss", service().issuer) == service().issuer
    )
    if not is_ours or asked is None:
        raise ServiceRefused(_("This sign-in was begun in another browser, or too long ago. Begin it anew."))
    if "error" in request.GET:
        raise ServiceRefused(
            _("%(service)s did not let you in: %(why)s")
            % {
                "service": service().name,
                "why": (request.GET.get("error_description") or request.GET["error"])[:200],
            }
        )
    question = Question(state=str(asked["state"]), nonce=str(asked["nonce"]), verifier=str(asked["verifier"]))
    return proof_of(question, code=request.GET.get("code", ""), back=_back(request))


def _again(request: HttpRequest, person: User, proof: Proof, onward: str) -> HttpResponse:
    """Somebody who is in proved anew who they are. Raises ServiceRefused."""
    is_now = proof.proved_at is not None and timezone.now().timestamp() - proof.proved_at < _JUST_NOW
    if person != request.user or not is_now:
        raise ServiceRefused(_("That was somebody else, or too long ago. Nothing has changed."))
    mark_recent(request)
    toast(request, _("It is you. What you were about to do waits in the other tab."))
    return redirect(onward)


def _back(request: HttpRequest) -> str:
    return party_of(request).origin + reverse("staff:service-back")


def _require_service() -> None:
    if settings.OIDC is None:
        raise Http404(_("This shop has no sign-in service."))
