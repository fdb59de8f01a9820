"""The editor of a group: a new one, a saved one, what somebody tries meanwhile."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from regulars.core import shop
from regulars.core.errors import Invalid, Refusal, Stale
from regulars.core.ui import words as said
from regulars.core.ui.toasts import toast
from regulars.segments import turned_off
from regulars.segments.actions.groups import change_group, create_group, users_of
from regulars.segments.engine import asking
from regulars.segments.language.completing import completing
from regulars.segments.models import Group
from regulars.segments.queries.joined import lately
from regulars.segments.ready import template
from regulars.segments.views import explaining, picked, trying
from regulars.segments.views.listing import found
from regulars.segments.vocabulary.words import words_for
from regulars.staff.access import check, requires

_MOST_TYPED = 8000
_LONGEST_ADDRESS = 4000


@requires("segments.view")
def new(request: HttpRequest) -> HttpResponse:
    """A group that is not saved yet: from nothing, from a query, from a template, or picked by hand."""
    if request.GET.get("kind") == "picked" or request.POST.get("kind") == "picked":
        return picked.new(request)
    template_name = request.POST.get("template", "") or request.GET.get("template", "")
    ready = template(template_name)
    if request.method == "POST" and request.POST.get("act") != "open":
        return _post(request, group=None)
    text = request.POST.get("text", "") or request.GET.get("query", "") or (ready.query if ready else "")
    work = trying.reckon(trying.of_text(text), request.user)
    name, description = (str(ready.title), str(ready.description)) if ready else ("", "")
    return _page(request, work, name=name, description=description, is_unsaved=bool(text), is_fresh=True)


@requires("segments.view")
def page(request: HttpRequest, public_id: str) -> HttpResponse:
    """A saved group: by rule in the editor, hand-picked with its members."""
    group = found(public_id, request.user)
    if not group.is_by_rule:
        return picked.page(request, group)
    if request.method == "POST":
        return _post(request, group=group)
    work = trying.reckon(trying.of_text(group.query, group=group), request.user)
    return _page(request, work, name=group.name, description=group.description)


@requires("segments.view")
@require_POST
def tried(request: HttpRequest) -> HttpResponse:
    """What somebody types in the editor, read and counted: all parts of the page that change with it."""
    work = _work(request, _group_of(request))
    context = _context(request, work, QueryDict())
    parts = {
        "said": "_said",
        "g-now": "_now",
        "g-reach": "_reach",
        "g-n": "_n",
        "g-people": "_people",
        "g-words": "_words",
        "g-lacks": "_lacks",
        "g-asof": "_asof",
    }
    if work.problem:
        # what was counted last stays, greyed
        parts = {"said": "_said", "g-asof": "_asof"}
    if work.rows is not None:
        parts["g-build"] = "_builder"
    asked = {name: request.POST.get(name, "") for name in ("why", "whynot")}
    if asked["why"]:
        parts["g-why"] = "_why"
    if asked["whynot"]:
        parts["g-notin"] = "_notin"
    return JsonResponse(
        {
            "text": work.text,
            "wrong": work.wrong,
            "list": context["list_address"],
            "lines": render_to_string("segments/_lines.html", context, request) if not work.problem else None,
            "parts": {
                target: render_to_string(f"segments/{name}.html", context, request) for target, name in parts.items()
            },
        }
    )


@requires("segments.view")
@require_GET
def complete(request: HttpRequest) -> HttpResponse:
    """What could stand behind a text."""
    text = request.GET.get("text", "")[-_MOST_TYPED:]
    text = turned_off.blanked(text)
    offered, typed = completing(text, len(text), words_for(request.user))
    items = [{"text": one.text, "label": one.label, "insert": one.insert} for one in offered]
    return JsonResponse({"typed": typed, "items": items})


@requires("customers.view")
@require_GET
def who(request: HttpRequest) -> HttpResponse:
    """The customers that answer what was typed, for the question why somebody is not in."""
    typed = request.GET.get("who", "")
    people = explaining.people(typed, request.user)
    return render(request, "segments/_whofound.html", {"found": people, "typed": typed.strip(), "deed": "whynot"})


def _work(request: HttpRequest, group: Group | None) -> trying.Work:
    return trying.reckon(trying.begin(request.POST, group=group), request.user)


def _group_of(request: HttpRequest) -> Group | None:
    public_id = request.POST.get("group", "")
    return found(public_id, request.user) if public_id else None


def _post(request: HttpRequest, *, group: Group | None) -> HttpResponse:
    work = _work(request, group)
    values: dict[str, Any] = {name: request.POST.get(name, "") for name in ("name", "description")}
    if request.POST.get("act") != "save":
        return _page(request, work, **values, is_unsaved=True)
    check(request.user, "segments.edit")
    problems: dict[str, str] = {}
    status, clash = HTTPStatus.UNPROCESSABLE_ENTITY, None
    if work.problem:
        # it is said where it is wrong
        return _page(request, work, **values, is_unsaved=True, status=status)
    query = turned_off.without(work.text)
    try:
        if group is None:
            kept = create_group(**values, query=query, template=request.POST.get("template", ""), by=request.user)
        else:
            version = request.POST.get("version", "")
            number = int(version) if version.isdecimal() and len(version) < 10 else None
            kept = change_group(group, version=number, **values, query=query, by=request.user)
    except Stale:
        now = found(group.public_id, request.user) if group is not None else None
        clash, status = (
            {"name": now.name if now else "", "text": trying.of_text(now.query).text if now else ""},
            HTTPStatus.CONFLICT,
        )
        work.group = now
    except Invalid as refusal:
        problems = {name: " ".join(reasons) for name, reasons in refusal.fields.items()}
        if not problems.keys() & {"name"}:
            problems["all"] = refusal.sentence
    except Refusal as refusal:
        problems["name" if refusal.field == "name" else "all"] = refusal.sentence
    else:
        toast(request, _("The group “%(name)s” is saved.") % {"name": kept.name})
        return redirect("segments:page", kept.public_id)
    return _page(request, work, **values, is_unsaved=True, problems=problems, clash=clash, status=status)


def _page(
    request: HttpRequest, work: trying.Work, *, name: str, description: str, status: int = HTTPStatus.OK, **more: Any
) -> HttpResponse:
    context = _context(request, work, request.POST) | {"name": name, "description": description} | more
    return render(request, "segments/page.html", context, status=status)


def _context(request: HttpRequest, work: trying.Work, data: QueryDict) -> dict[str, Any]:
    user: Any = request.user
    group, asked = work.group, data or request.POST
    why = explaining.account(work, asked.get("why", "")) if asked.get("why") else None
    typed = asked.get("who", "") if asked.get("act") == "count" and not asked.get("whynot") else ""
    if why is not None:
        for one in work.people:
            one.is_asked = one.customer.pk == why.customer.pk
    return {
        "work": work,
        "group": group,
        "version": group.version if group else "",
        "address": reverse("segments:page", args=[group.public_id]) if group else reverse("segments:new"),
        "list_address": _list_address(work),
        "template_name": asked.get("template", "") or request.GET.get("template", ""),
        "people": work.people,
        "has_rule": True,
        "why": why,
        "notin": explaining.account(work, asked.get("whynot", "")) if asked.get("whynot") else None,
        "who_typed": typed,
        "who_found": explaining.people(typed, user) if typed else None,
        "used_by": users_of(group) if group else [],
        "lately": _lately(group) if group else "",
        "may_edit": user.may("segments.edit"),
        "today": shop.today(),
    }


def _list_address(work: trying.Work) -> str:
    """Where everybody is listed who is in it now; "" where the query cannot be asked."""
    if work.node is None or work.as_of is not None:
        return ""
    if work.group is not None and not work.is_changed:
        asked = {"segment": work.group.public_id}
    else:
        asked = {"query": asking.canonical(work.node)}
    address = f"{reverse('customers:list')}?{urlencode(asked)}"
    return address if len(address) < _LONGEST_ADDRESS else ""


def _lately(group: Group) -> str:
    """How many joined and left in the last month, in a sentence."""
    joined, left = lately(group)
    if not joined and not left:
        return _("Nobody joined or left in the last thirty days.")
    people = ngettext("%(count)s person joined", "%(count)s people joined", joined) % {"count": said.number(joined)}
    gone = ngettext("%(count)s left", "%(count)s left", left) % {"count": said.number(left)}
    return _("In the last thirty days %(joined)s and %(left)s.") % {"joined": people, "left": gone}
