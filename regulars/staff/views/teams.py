"""Teams: who looks after customers together."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from regulars.core.errors import Invalid
from regulars.core.ui.toasts import toast
from regulars.staff import queries
from regulars.staff.access import requires
from regulars.staff.actions import change_team, create_team, delete_team
from regulars.staff.forms.people import TeamForm
from regulars.staff.models import Team


@requires("staff.edit")
def teams(request: HttpRequest) -> HttpResponse:
    """All teams, and the form for another one."""
    user: Any = request.user
    form = TeamForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            team = create_team(by=user, name=form.cleaned_data["name"], members=form.chosen_members)
        except Invalid as refusal:
            form.refuse(refusal)
        else:
            toast(request, _("The team “%(name)s” is made.") % {"name": team.name})
            return redirect("staff:teams")
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    return render(request, "staff/teams.html", {"form": form, "teams": queries.team_list()}, status=status)


@requires("staff.edit", recent=True)
def team(request: HttpRequest, public_id: str) -> HttpResponse:
    """One team: its name and its members."""
    user: Any = request.user
    found = _team(public_id)
    form = TeamForm(request.POST or None, team=found)
    if request.method == "POST" and form.is_valid():
        try:
            change_team(found, by=user, name=form.cleaned_data["name"], members=form.chosen_members)
        except Invalid as refusal:
            form.refuse(refusal)
        else:
            toast(request, _("The team is saved."))
            return redirect("staff:teams")
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    return render(request, "staff/team.html", {"form": form, "team": found}, status=status)


@requires("staff.edit", recent=True)
@require_POST
def delete(request: HttpRequest, public_id: str) -> HttpResponse:
    """The team goes, its people stay."""
    user: Any = request.user
    found = _team(public_id)
    delete_team(found, by=user)
    toast(request, _("The team “%(name)s” is deleted.") % {"name": found.name})
    return redirect("staff:teams")


def _team(public_id: str) -> Team:
    found = queries.team_list().filter(pk=Team.pk_of(public_id) or 0).first()
    if found is None:
        raise Http404(_("There is no such team."))
    return found
