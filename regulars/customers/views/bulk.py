"""Work on many customers: what is asked, the plan, how far it is, and the log with the way back."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from regulars.core.errors import Invalid, Refusal
from regulars.core.ui import words
from regulars.core.ui.toasts import toast
from regulars.customers.actions import bulk as verbs
from regulars.customers.bulk import action as actions
from regulars.customers.bulk import reading
from regulars.customers.bulk.action import Action, Params
from regulars.customers.bulk.selection import Selection
from regulars.customers.models import ChangeSet, Customer
from regulars.customers.views import saved_views
from regulars.staff.access import check, requires
from regulars.staff.recent import require_recent

State = ChangeSet.State
_UNDER_WAY = {State.PLANNING, State.APPLYING, State.UNDOING}
_MOST_IDS = 1000


@requires("customers.edit")
def bulk(request: HttpRequest) -> HttpResponse:
    """Ask what the chosen work needs to know, then make its plan. The selection comes and goes with the form."""
    if request.method != "POST":
        return redirect("customers:list")
    action = actions.get(request.POST.get("action", ""))
    if action is None:
        raise Http404(_("There is no such work."))
    check(request.user, action.permission)
    try:
        selection = _selection(request.POST)
    except Invalid as refusal:
        toast(request, refusal.sentence)
        return redirect(_list_address(request.POST.get("query", "")))
    data = request.POST if "_plan" in request.POST else None
    form = action.form(data, reader=request.user, initial={"field": request.POST.get("field")})
    has_questions = bool(form.fields)
    problem = ""
    if ("_plan" in request.POST and form.is_valid()) or not has_questions:
        try:
            params = form.params() if has_questions else {}
        except Invalid as refusal:
            form.refuse(refusal)
        else:
            try:
                return redirect("customers:change", _planned(request, action, params, selection).public_id)
            except Invalid as refusal:
                problem = refusal.sentence
    status = HTTPStatus.UNPROCESSABLE_ENTITY if "_plan" in request.POST else HTTPStatus.OK
    context = {
        "action": action,
        "form": form,
        "problem": problem,
        "ids": request.POST.getlist("ids") if selection.query is None else [],
        "query": request.POST.get("query", ""),
        "is_all": selection.query is not None,
        "count": selection.count(reader=request.user, language=_language()),
    }
    return render(request, "customers/bulk.html", context, status=status)


@requires("customers.view")
def changes(request: HttpRequest) -> HttpResponse:
    """The log: every piece of work on many customers, newest first, with the way back."""
    before = request.GET.get("before", "")
    found, following = reading.change_sets(before=int(before) if _is_number(before) else None)
    context = {
        "lines": [
            {
                "change_set": change_set,
                "title": reading.title_of(change_set),
                "icon": _icon(change_set),
                "href": _address(change_set),
                "sentence": reading.sentence(change_set),
                "done": _done(change_set.counts),
                "may_undo": _may_undo(request, change_set),
            }
            for change_set in found
        ],
        "before": following,
    }
    return render(request, "customers/changes.html", context)


@requires("customers.view")
def change(request: HttpRequest, change_id: str) -> HttpResponse:
    """One change set: its plan, how far it is, or what became of it, line by line."""
    change_set = _change_set(change_id)
    own = reading.elsewhere(change_set)
    if own is not None:
        return redirect(own.url(change_set))
    return _page(request, change_set)


@requires("customers.edit")
@require_POST
def apply(request: HttpRequest, change_id: str) -> HttpResponse:
    """Do what was planned. Few are done at once, and the list says so; many in the background, and their page tells."""
    change_set = _change_set(change_id)
    action = _allowed(request, change_set)
    if action.permission == "customers.delete" and (asks := require_recent(request)) is not None:
        return asks
    try:
        change_set = verbs.apply(change_set, reason=request.POST.get("reason", ""))
    except Invalid as refusal:
        return _page(request, change_set, problem=refusal.sentence, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    except Refusal as refusal:
        return _page(request, change_set, problem=refusal.sentence, status=HTTPStatus.CONFLICT)
    if change_set.state != State.APPLIED or change_set.counts.get("left_out"):
        return redirect("customers:change", change_id)
    count = change_set.counts.get("applied", 0)
    done = ngettext("%(title)s: %(count)s customer.", "%(title)s: %(count)s customers.", count)
    toast(
        request,
        done % {"title": action.title(change_set.params), "count": words.number(count)},
        undo=reverse("customers:change-undo", args=[change_id]),
    )
    return redirect(_list_address(change_set.selection.get("back", "")))


@requires("customers.edit")
@require_POST
def undo(request: HttpRequest, change_id: str) -> HttpResponse:
    """Take a change set back."""
    change_set = _change_set(change_id)
    _allowed(request, change_set)
    try:
        change_set = verbs.undo(change_set)
    except Refusal as refusal:
        return _page(request, change_set, problem=refusal.sentence, status=HTTPStatus.CONFLICT)
    if change_set.state == State.UNDONE and not change_set.counts.get("kept"):
        toast(request, _("Taken back: %(title)s.") % {"title": reading.title_of(change_set)})
        return redirect(_list_address(change_set.selection.get("back", "")))
    return redirect("customers:change", change_id)


@requires("customers.edit")
@require_POST
def stop(request: HttpRequest, change_id: str) -> HttpResponse:
    """Stop what is under way; what is done stays, and can be taken back."""
    change_set = _change_set(change_id)
    _allowed(request, change_set)
    try:
        verbs.stop(change_set)
    except Refusal as refusal:
        return _page(request, change_set, problem=refusal.sentence, status=HTTPStatus.CONFLICT)
    return redirect("customers:change", change_id)


@requires("customers.edit")
@require_POST
def discard(request: HttpRequest, change_id: str) -> HttpResponse:
    """Throw a plan away that nobody wants any more."""
    change_set = _change_set(change_id)
    _allowed(request, change_set)
    back = _list_address(change_set.selection.get("back", ""))
    try:
        verbs.discard(change_set)
    except Refusal as refusal:
        return _page(request, change_set, problem=refusal.sentence, status=HTTPStatus.CONFLICT)
    return redirect(back)


def _page(
    request: HttpRequest, change_set: ChangeSet, *, problem: str = "", status: int = HTTPStatus.OK
) -> HttpResponse:
    known = actions.get(change_set.action)
    tabs = reading.tabs(change_set) if change_set.state != State.PLANNING else []
    wanted = request.GET.get("show", "")
    tab = next((one for one in tabs if one.name == wanted), tabs[0] if tabs else None)
    after = request.GET.get("after", "")
    start = int(after) if _is_number(after) else 0
    lines, following = reading.lines(tab, change_set, after=start, reader=request.user)
    counts = change_set.counts
    context: dict[str, Any] = {
        "change_set": change_set,
        "title": reading.title_of(change_set),
        "icon": _icon(change_set),
        "action": known,
        "tabs": tabs,
        "tab": tab,
        "lines": lines,
        "has_reasons": any(line.change.reason for line in lines),
        "after": following,
        "is_continued": _is_number(after),
        "problem": problem,
        "reason": request.POST.get("reason", change_set.reason),
        "is_under_way": change_set.state in _UNDER_WAY,
        "share": min(1.0, change_set.done / change_set.total) if change_set.total else 0.0,
        "to_change": int(counts.get("changed", 0)) - int(counts.get("applied", 0)) - int(counts.get("left_out", 0)),
        "applied": counts.get("applied", 0),
        "same": counts.get("same", 0),
        "refused": counts.get("refused", 0),
        "undone": counts.get("undone", 0),
        "kept": counts.get("kept", 0),
        "left_out": counts.get("left_out", 0),
        "may_act": known is not None and request.user.may(known.permission),  # type: ignore[union-attr]
        "may_undo": _may_undo(request, change_set),
        "back": _list_address(change_set.selection.get("back", "")),
    }
    return render(request, "customers/change.html", context, status=status)


def _planned(request: HttpRequest, action: Action, params: Params, selection: Selection) -> ChangeSet:
    return verbs.plan(action=action, params=params, selection=selection, back=request.POST.get("query", ""))


def _selection(data: QueryDict) -> Selection:
    """Whom the form means. Raises Invalid where that is nobody."""
    if "all" in data:
        return Selection(query=saved_views.plain(QueryDict(data.get("query", ""))).urlencode())
    numbers = [Customer.pk_of(public_id) for public_id in data.getlist("ids")[:_MOST_IDS]]
    found = tuple(number for number in numbers if number)
    if not found:
        sentence = _("Nobody is selected.")
        raise Invalid(sentence, fields={"ids": [sentence]})
    return Selection(ids=found)


def _allowed(request: HttpRequest, change_set: ChangeSet) -> Action:
    action = verbs.action_of(change_set)
    check(request.user, action.permission)
    return action


def _may_undo(request: HttpRequest, change_set: ChangeSet) -> bool:
    known = actions.get(change_set.action)
    return known is not None and request.user.may(known.permission) and verbs.may_undo(change_set)  # type: ignore[union-attr]


def _change_set(public_id: str) -> ChangeSet:
    found = ChangeSet.objects.select_related("made_by").filter(pk=ChangeSet.pk_of(public_id) or 0).first()
    if found is None:
        raise Http404(_("There is no such change. Perhaps its plan was thrown away."))
    return found


def _done(counts: Mapping[str, Any]) -> int:
    """How many customers were changed, or made by an import."""
    return int(counts.get("applied", 0)) or int(counts.get("created", 0)) + int(counts.get("updated", 0))


def _address(change_set: ChangeSet) -> str:
    own = reading.elsewhere(change_set)
    return own.url(change_set) if own else reverse("customers:change", args=[change_set.public_id])


def _icon(change_set: ChangeSet) -> str:
    own, known = reading.elsewhere(change_set), actions.get(change_set.action)
    return own.icon if own else known.icon if known else "list-checks"


def _list_address(query: str) -> str:
    kept = QueryDict(query).urlencode()
    return reverse("customers:list") + (f"?{kept}" if kept else "")


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 19


def _language() -> str:
    return get_language() or "en"
