"""Invitations: made here, shown once, and the page behind the link."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from regulars.core.errors import Invalid
from regulars.core.ui.toasts import toast
from regulars.staff.access import public, requires
from regulars.staff.actions import accept, find_invitation, invite, invite_again, revoke_invitation
from regulars.staff.actions.invitations import LinkHoldsNoMore, LinkOfNobody
from regulars.staff.actions.sign_in import leave
from regulars.staff.forms.people import AcceptForm, InviteForm
from regulars.staff.models import Invitation
from regulars.staff.queries import role_line
from regulars.staff.views.door import go_on


@requires("staff.edit", recent=True)
@never_cache
def new(request: HttpRequest) -> HttpResponse:
    """Invite somebody. The link stands on the answer to its making alone."""
    user: Any = request.user
    form = InviteForm(request.POST or None, by=user)
    if request.method == "POST" and form.is_valid():
        try:
            made, token = invite(
                by=user,
                email=form.cleaned_data["email"],
                name=form.cleaned_data["name"],
                role=form.cleaned_data["role"],
                teams=form.chosen_teams or (),
            )
        except Invalid as refusal:
            form.refuse(refusal)
        else:
            return _made(request, made, token)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    return render(request, "staff/invite.html", {"form": form}, status=status)


@requires("staff.edit", recent=True)
@require_POST
@never_cache
def again(request: HttpRequest, public_id: str) -> HttpResponse:
    """Another link for the same invitation; the first is worth nothing any more."""
    user: Any = request.user
    made, token = invite_again(_invitation(public_id), by=user)
    return _made(request, made, token)


@requires("staff.edit")
@require_POST
def revoke(request: HttpRequest, public_id: str) -> HttpResponse:
    """The link is worth nothing any more."""
    found = revoke_invitation(_invitation(public_id))
    toast(request, _("The invitation of %(email)s is withdrawn.") % {"email": found.email})
    return redirect("staff:people")


@public
@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters("password")
@never_cache
def accepting(request: HttpRequest, token: str) -> HttpResponse:
    """What the link opens: a name and a password of one's own, then the door. Says plainly why a link holds no more."""
    try:
        found = find_invitation(token)
    except (LinkOfNobody, LinkHoldsNoMore) as refusal:
        context = {"problem": refusal.sentence}
        return render(request, "staff/accept.html", context, status=HTTPStatus(refusal.status))
    form = AcceptForm(request.POST or None, initial={"name": found.name})
    if request.method == "POST" and form.is_valid():
        try:
            person = accept(token, name=form.cleaned_data["name"], password=form.cleaned_data["password"])
        except Invalid as refusal:
            form.refuse(refusal)
        except LinkHoldsNoMore as refusal:
            return render(request, "staff/accept.html", {"problem": refusal.sentence}, status=refusal.status)
        else:
            if request.user.is_authenticated:
                leave(request)  # whoever tries it out in their own browser goes out by it
            return go_on(request, person, how="invitation", stays=False, onward=settings.LOGIN_REDIRECT_URL)
    line = role_line(found.role)
    page = {"form": form, "invitation": found, "role": line.title if line else found.role}
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    return render(request, "staff/accept.html", page, status=status)


def _made(request: HttpRequest, made: Invitation, token: str) -> HttpResponse:
    link = request.build_absolute_uri(reverse("staff:accept", args=[token]))
    context = {"made": made, "link": link, "is_mailed": bool(settings.EMAIL_HOST)}
    return render(request, "staff/invited.html", context)


def _invitation(public_id: str) -> Invitation:
    found = Invitation.objects.filter(pk=Invitation.pk_of(public_id) or 0).first()
    if found is None:
        raise Http404(_("There is no such invitation."))
    return found
