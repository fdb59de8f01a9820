"""The list of groups: folders, search, order, and what is done with a group from its row."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from regulars.core.errors import Invalid, Refusal
from regulars.core.text import fold
from regulars.core.ui.toasts import toast
from regulars.segments import curves
from regulars.segments.actions.folders import make_folder
from regulars.segments.actions.groups import (
    archive_group,
    change_group,
    copy_group,
    delete_group,
    remove_folder,
    rename_folder,
    restore_group,
)
from regulars.segments.language.errors import QueryError
from regulars.segments.language.parsing import parse
from regulars.segments.language.tree import Node
from regulars.segments.language.words import Words
from regulars.segments.models import Folder, Group
from regulars.segments.phrasing import sentence
from regulars.segments.queries import leaning
from regulars.segments.queries.seeing import sees
from regulars.segments.queries.shelf import SORTS, Shelf, shelf
from regulars.segments.vocabulary.words import words_for
from regulars.staff.access import requires

_UNDO = "segments.undo"
_UNDO_SECONDS = 3600


@requires("segments.view")
def groups(request: HttpRequest) -> HttpResponse:
    """All groups in their folders, with how large they are and how they grew."""
    return _list(request)


@requires("segments.edit")
@require_POST
def folders(request: HttpRequest) -> HttpResponse:
    """Make a folder."""
    try:
        folder = make_folder(name=request.POST.get("name", ""))
    except Invalid as refusal:
        return _list(request, folder_problem=refusal.sentence, folder_typed=request.POST.get("name", ""))
    toast(request, _("The folder “%(name)s” is there.") % {"name": folder.name})
    return redirect("segments:list")


@requires("segments.edit")
@require_POST
def folder(request: HttpRequest, public_id: str) -> HttpResponse:
    """Rename a folder, or remove it."""
    row = Folder.objects.filter(pk=Folder.pk_of(public_id) or 0).first()
    if row is None:
        raise Http404(_("There is no such folder."))
    if request.POST.get("act") == "remove":
        remove_folder(row)
        toast(request, _("The folder “%(name)s” is removed.") % {"name": row.name})
        return redirect("segments:list")
    try:
        rename_folder(row, name=request.POST.get("name", ""))
    except Invalid as refusal:
        return _list(request, problem=refusal.sentence, open_folder=public_id)
    return redirect("segments:list")


@requires("segments.edit")
@require_POST
def move(request: HttpRequest, public_id: str) -> HttpResponse:
    """Put a group into a folder, or into none."""
    group = found(public_id, request.user)
    target = Folder.objects.filter(pk=Folder.pk_of(request.POST.get("folder", "")) or 0).first()
    before = group.folder.name if group.folder else ""
    change_group(group, folder=target.name if target else "", by=request.user)
    said = _("“%(name)s” is in “%(folder)s” now.") if target else _("“%(name)s” is in no folder now.")
    words = {"name": group.name, "folder": target.name if target else ""}
    toast(request, said % words, undo=_undo("move", group, before))
    return redirect("segments:list")


@requires("segments.edit")
@require_POST
def copy(request: HttpRequest, public_id: str) -> HttpResponse:
    """The same group once more, open to be changed."""
    group = found(public_id, request.user)
    try:
        made = copy_group(group, by=request.user)
    except Refusal as refusal:
        return _list(request, problem=refusal.sentence)
    toast(request, _("This is a copy of “%(name)s”.") % {"name": group.name})
    return redirect("segments:page", made.public_id)


@requires("segments.edit")
@require_POST
def archive(request: HttpRequest, public_id: str) -> HttpResponse:
    """Put a group away, or take it out again."""
    group, is_archived = found(public_id, request.user), request.POST.get("act") != "restore"
    try:
        archive_group(group, is_archived=is_archived)
    except Refusal as refusal:
        return _list(request, problem=refusal.sentence)
    said = _("“%(name)s” is put away.") if is_archived else _("“%(name)s” is followed again.")
    toast(request, said % {"name": group.name}, undo=_undo("restore" if is_archived else "archive", group))
    return redirect("segments:list")


@requires("segments.edit")
@require_POST
def delete(request: HttpRequest, public_id: str) -> HttpResponse:
    """Delete a group; for thirty days it can be brought back."""
    group = found(public_id, request.user)
    try:
        delete_group(group)
    except Refusal as refusal:
        return _list(request, problem=refusal.sentence)
    toast(request, _("“%(name)s” is deleted.") % {"name": group.name}, undo=_undo("undelete", group))
    return redirect("segments:list")


@requires("segments.edit")
@require_POST
def undo(request: HttpRequest, deed: str) -> HttpResponse:
    """Take back what a toast told of."""
    try:
        what, number, more = signing.loads(deed, salt=_UNDO, max_age=_UNDO_SECONDS)
    except signing.BadSignature:
        raise Http404(_("This cannot be undone any more.")) from None
    group = Group.everything.filter(pk=number).first()
    if group is None:
        raise Http404(_("There is no such group."))
    try:
        match what:
            case "move":
                change_group(group, folder=more, by=request.user)
            case "restore" | "archive":
                archive_group(group, is_archived=what == "archive")
            case "undelete":
                restore_group(group)
    except Refusal as refusal:
        return _list(request, problem=refusal.sentence)
    return redirect("segments:list")


def found(public_id: str, reader: Any) -> Group:
    """The group of an address, if this reader may know who is in it."""
    group = Group.objects.select_related("folder").filter(pk=Group.pk_of(public_id) or 0).first()
    if group is None or not sees(group, reader):
        raise Http404(_("There is no such group."))
    return group


def _undo(what: str, group: Group, more: str = "") -> str:
    return reverse("segments:undo", args=[signing.dumps((what, group.pk, more), salt=_UNDO, compress=True)])


def _list(request: HttpRequest, *, problem: str = "", **more: Any) -> HttpResponse:
    user: Any = request.user
    search, sort = request.GET.get("q", "").strip(), request.GET.get("sort", "name")
    found_groups = shelf(search=search, sort=sort, reader=user)
    _tell(found_groups, user)
    context = {
        "shelf": found_groups,
        "search": search,
        "sort": sort,
        "heads": _heads(search, sort),
        "may_edit": user.may("segments.edit"),
        "problem": problem,
        **more,
    }
    is_refused = bool(problem or more.get("folder_problem"))
    status = HTTPStatus.UNPROCESSABLE_ENTITY if is_refused else HTTPStatus.OK
    return render(request, "segments/list.html", context, status=status)


def _tell(found_groups: Shelf, reader: Any) -> None:
    """Say every rule in words, and which groups use which. The vocabulary is read once for all of them."""
    words = words_for(reader)
    every = [one for drawer in found_groups.drawers for one in drawer.groups] + found_groups.archived
    by_key: dict[str, list[Group]] = {}
    for one in every:
        one.curve_label = curves.sentence(one.points)
        if not one.group.is_by_rule:
            one.sentence = one.group.description or _("Picked by hand.")
            continue
        node = _readable(one.group.query, words)
        if node is None:
            # it asks for what this reader does not see
            one.sentence = one.group.description
            continue
        one.sentence = one.group.description or sentence(node, words)
        for key in leaning.names_in(node):
            by_key.setdefault(key, []).append(one.group)
    for one in every:
        one.used_by = by_key.get(fold(one.group.name), [])


def _readable(text: str, words: Words) -> Node | None:
    try:
        return parse(text, words)
    except QueryError:
        return None


def _heads(search: str, sort: str) -> Sequence[dict[str, Any]]:
    """The heads of the columns; those that sort are links."""
    columns = (
        (_("Group"), "name", ""),
        (_("People"), "size", "num"),
        (_("Three months"), "", "d2"),
        (_("In a month"), "change", "num"),
        (_("Kind"), "", "d2"),
        (_("Used by"), "", "d3"),
        (_("Counted"), "counted", "d3"),
    )
    here = reverse("segments:list")
    return [
        {
            "label": label,
            "css": css,
            "is_on": key == sort and key in SORTS,
            "direction": "ascending" if key == "name" else "descending",
            "icon": "arrow-up" if key == "name" else "arrow-down",
            "href": f"{here}?sort={key}" + (f"&q={search}" if search else "") if key else "",
        }
        for label, key, css in columns
    ]
