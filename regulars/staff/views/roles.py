"""Roles: what each may do and see, changed by those who have it themselves."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from regulars.core.errors import Invalid, Stale
from regulars.core.ui.toasts import toast
from regulars.staff import grants, queries
from regulars.staff.access import check, requires
from regulars.staff.actions import change_role, create_role, delete_role, give_back_role
from regulars.staff.actions.roles import RoleInUse
from regulars.staff.forms.roles import RoleDeletionForm, RoleForm
from regulars.staff.models import User
from regulars.staff.queries import RoleLine
from regulars.staff.summary import summary


@requires("staff.view")
def roles(request: HttpRequest) -> HttpResponse:
    """All roles, built-in and own, and how many people have each."""
    user: Any = request.user
    lines = [{"role": line, "summary": summary(line.grant)} for line in queries.role_list()]
    return render(request, "staff/roles.html", {"lines": lines, "may_edit": user.may("roles.edit")})


@requires("roles.edit", recent=True)
def new(request: HttpRequest) -> HttpResponse:
    """A role of the shop's own, begun as a copy of another one or of read-only."""
    user: Any = request.user
    source = queries.role_line(request.GET.get("from", "")) or _role("read_only")
    name = _("Copy of %(role)s") % {"role": source.title} if "from" in request.GET else ""
    form = RoleForm(request.POST or None, by=user, initial=RoleForm.kept(source, name=name))
    if request.method == "POST" and form.is_valid():
        try:
            row = create_role(by=user, name=form.cleaned_data["name"], grant=form.grant)
        except (Invalid, grants.TooMuch) as refusal:
            _refuse(form, refusal)
        else:
            toast(request, _("The role “%(name)s” is made.") % {"name": row.name})
            return redirect("staff:roles")
    return _editor(request, form, None)


@requires("staff.view", recent=True)
def role(request: HttpRequest, key: str) -> HttpResponse:
    """One role: what it comes down to, and for whoever may, the editor."""
    user: Any = request.user
    line = _role(key)
    why_not = _why_not(user, line)
    if why_not and request.method != "POST":
        context = {"role": line, "summary": summary(line.grant), "why_not": why_not, "may_copy": user.may("roles.edit")}
        return render(request, "staff/role.html", context)
    check(user, "roles.edit")
    form = RoleForm(request.POST or None, by=user, initial=RoleForm.kept(line))
    if request.method == "POST" and form.is_valid():
        try:
            change_role(
                key,
                by=user,
                name=form.cleaned_data["name"],
                grant=form.grant,
                version=form.cleaned_data["version"],
            )
        except (Invalid, Stale, grants.TooMuch) as refusal:
            _refuse(form, refusal)
        else:
            toast(request, _("The role “%(name)s” is saved.") % {"name": form.cleaned_data["name"]})
            return redirect("staff:roles")
    return _editor(request, form, line)


@requires("roles.edit")
@require_POST
def preview(request: HttpRequest) -> HttpResponse:
    """What the role would come down to as it is ticked now. Nothing is saved."""
    user: Any = request.user
    form = RoleForm(request.POST, by=user)
    form.is_valid()  # what is missing or wrong is said when it is saved
    return render(request, "staff/_summary.html", {"summary": summary(form.grant)})


@requires("roles.edit", recent=True)
@require_POST
def give_back(request: HttpRequest, key: str) -> HttpResponse:
    """A built-in role is again what it was."""
    user: Any = request.user
    line = _role(key)
    give_back_role(key, by=user)
    toast(request, _("The role “%(name)s” is again what it was.") % {"name": line.title})
    return redirect("staff:roles")


@requires("roles.edit", recent=True)
def delete(request: HttpRequest, key: str) -> HttpResponse:
    """A role of the shop's own goes; its people get another one in the same step."""
    user: Any = request.user
    line = _role(key)
    if line.is_built_in:
        raise Http404(_("Only roles of your own can be deleted."))
    offered = [other for other in queries.roles_to_give(user) if other.key != key]
    form = RoleDeletionForm(request.POST if request.method == "POST" else None, offered=offered)
    if request.method == "POST" and form.is_valid():
        try:
            delete_role(key, by=user, move_to=form.cleaned_data["move_to"])
        except Invalid as refusal:
            form.refuse(refusal)
        except RoleInUse as refusal:
            form.add_error("move_to", refusal.sentence)
        else:
            toast(request, _("The role “%(name)s” is deleted.") % {"name": line.title})
            return redirect("staff:roles")
    people = User.objects.filter(role=key).order_by("name")
    context = {"form": form, "role": line, "people": people}
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    return render(request, "staff/role_delete.html", context, status=status)


def _editor(request: HttpRequest, form: RoleForm, line: RoleLine | None) -> HttpResponse:
    grant = form.grant if form.is_bound else _grant_of_initial(form)
    context = {"form": form, "role": line, "summary": summary(grant)}
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    return render(request, "staff/role_edit.html", context, status=status)


def _grant_of_initial(form: RoleForm) -> grants.Grant:
    bound = RoleForm(form.initial, by=form.by)
    bound.is_valid()
    return bound.grant


def _refuse(form: RoleForm, refusal: Invalid | Stale | grants.TooMuch) -> None:
    if isinstance(refusal, Invalid):
        form.refuse(refusal)
    else:
        form.add_error(None, refusal.sentence)


def _why_not(user: User, line: RoleLine) -> str:
    """Why somebody cannot change a role; empty where they can."""
    if not user.may("roles.edit"):
        return _("You see what roles may do, and do not change it.")
    if line.is_owner:
        return _("The owner’s role cannot be changed: somebody must be able to do everything.")
    if line.key == user.role:
        return _("This is your own role. Somebody with another one has to change it.")
    if grants.why_not(user, line.key, line.grant):
        return _("This role may do more than you, so that it is not yours to change.")
    return ""


def _role(key: str) -> RoleLine:
    found = queries.role_line(key)
    if found is None:
        raise Http404(_("There is no such role."))
    return found
