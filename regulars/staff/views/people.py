"""Who works here: the list, one person, and letting somebody go."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from regulars.core.errors import Invalid, Refusal
from regulars.core.ui.toasts import toast
from regulars.staff import duties, grants, queries
from regulars.staff.access import check, requires
from regulars.staff.actions import change_colleague, let_go, switch_off, switch_on
from regulars.staff.forms.people import ColleagueForm, LeavingForm
from regulars.staff.models import ApiToken, Invitation, User


@requires("staff.view")
def people(request: HttpRequest) -> HttpResponse:
    """Who works here, in which role and which teams, and who is invited."""
    user: Any = request.user
    everybody = list(queries.people_list())
    context = {
        "people": [person for person in everybody if person.left_at is None],
        "left": [person for person in everybody if person.left_at is not None],
        "invitations": _invited() if user.may("staff.edit") else [],
        "may_edit": user.may("staff.edit"),
    }
    return render(request, "staff/people.html", context)


@requires("staff.view", recent=True)
def person(request: HttpRequest, public_id: str) -> HttpResponse:
    """One of the people; whoever may changes their role and teams here."""
    user: Any = request.user
    found = person_of(public_id)
    why_not = _why_not(user, found)
    if request.method == "POST":
        require_change(user, found)
    form = ColleagueForm(request.POST or None, by=user, initial=ColleagueForm.kept(found))
    if request.method == "POST" and form.is_valid():
        try:
            change_colleague(found, by=user, role=form.cleaned_data["role"], teams=form.chosen_teams)
        except Invalid as refusal:
            form.refuse(refusal)
        else:
            toast(request, _("%(name)s is changed.") % {"name": found.name})
            return redirect("staff:person", public_id=public_id)
    context = {
        "person": found,
        "form": form,
        "why_not": why_not,
        "tokens": ApiToken.objects.filter(user=found, revoked_at=None).count(),
        "browsers": found.sessions.count(),
        "is_self": found.pk == user.pk,
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    return render(request, "staff/person.html", context, status=status)


@requires("staff.edit", recent=True)
@require_POST
def switch(request: HttpRequest, public_id: str) -> HttpResponse:
    """Let somebody in no more, or again."""
    user: Any = request.user
    found = person_of(public_id)
    if request.POST.get("to") == "on":
        switch_on(found, by=user)
        toast(request, _("%(name)s can sign in again.") % {"name": found.name})
    else:
        switch_off(found, by=user)
        toast(request, _("%(name)s is switched off and signed out everywhere.") % {"name": found.name})
    return redirect("staff:person", public_id=public_id)


@requires("staff.edit", recent=True)
def leaving(request: HttpRequest, public_id: str) -> HttpResponse:
    """What ends when somebody leaves the shop; then, what has ended."""
    user: Any = request.user
    found = person_of(public_id)
    require_change(user, found)
    form = LeavingForm(request.POST if request.method == "POST" else None, person=found)
    if request.method == "POST" and form.is_valid():
        try:
            done = let_go(found, by=user, successor=form.colleague)
        except Invalid as refusal:
            form.refuse(refusal)
        else:
            return render(request, "staff/left.html", {"person": found, "done": done})
    context = {
        "person": found,
        "form": form,
        "browsers": found.sessions.count(),
        "tokens": ApiToken.objects.filter(user=found, revoked_at=None).order_by("-pk"),
        "invitations": Invitation.objects.open().filter(invited_by=found),
        "duties": [duty.said(count) for duty in duties.duties() if (count := duty.count(found))],
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    return render(request, "staff/leaving.html", context, status=status)


def person_of(public_id: str) -> User:
    """One of the people, as the list knows them; raises Http404."""
    found = queries.person(public_id)
    if found is None:
        raise Http404(_("Nobody here has this address."))
    return found


def require_change(user: User, person: User) -> None:
    """Refuse whoever may not change this person: by permission, and by what each of them has."""
    check(user, "staff.edit")
    grants.require_power_over(user, person)


def _invited() -> list[dict[str, Any]]:
    titles = queries.role_titles()
    return [
        {"invitation": invitation, "role": titles.get(invitation.role, invitation.role)}
        for invitation in queries.open_invitations()
    ]


def _why_not(user: User, person: User) -> str:
    """Why somebody cannot change this person; empty where they can."""
    if not user.may("staff.edit"):
        return _("You see who works here, and do not change it.")
    try:
        grants.require_power_over(user, person)
    except Refusal as refusal:
        return refusal.sentence
    return ""
