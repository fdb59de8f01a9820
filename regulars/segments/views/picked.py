"""Hand-picked groups: who is in, putting people in and taking them out; and who joined and left any group."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Any

from django.core import signing
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from regulars.core.errors import Invalid, Refusal, Stale
from regulars.core.ui import words as said
from regulars.core.ui.toasts import toast
from regulars.customers import reads
from regulars.customers.models import Customer
from regulars.customers.standings import id_list
from regulars.segments import curves
from regulars.segments.actions.groups import change_group, create_group, users_of
from regulars.segments.actions.picking import pick, unpick
from regulars.segments.bits import unpacked
from regulars.segments.models import Group
from regulars.segments.queries.joined import moves
from regulars.segments.queries.shelf import sizes
from regulars.segments.views import explaining, trying
from regulars.segments.views.listing import found
from regulars.staff.access import check, requires

_ON_A_PAGE = 50
_MOST_PASTED = 1000
_NAMED = 3
_TAKEN = "segments.taken"
_SECONDS = 3600
_BETWEEN = re.compile(r"[\n\r\t;,]+")


def new(request: HttpRequest) -> HttpResponse:
    """A hand-picked group that is not saved yet: it takes a name first."""
    values: dict[str, Any] = {name: request.POST.get(name, "") for name in ("name", "description")}
    if request.method != "POST":
        return _page(request, None, **values)
    check(request.user, "segments.edit")
    problems: dict[str, str]
    try:
        group = create_group(**values, by=request.user)
    except Invalid as refusal:
        problems = {name: " ".join(reasons) for name, reasons in refusal.fields.items()}
    except Refusal as refusal:
        problems = {"name": refusal.sentence}
    else:
        toast(request, _("The group “%(name)s” is saved.") % {"name": group.name})
        return redirect("segments:page", group.public_id)
    return _page(request, None, **values, problems=problems, status=HTTPStatus.UNPROCESSABLE_ENTITY)


def page(request: HttpRequest, group: Group) -> HttpResponse:
    """A hand-picked group; what is sent changes its name and description."""
    values: dict[str, Any] = {"name": group.name, "description": group.description}
    if request.method != "POST":
        return _page(request, group, **values)
    check(request.user, "segments.edit")
    values = {"name": request.POST.get("name", ""), "description": request.POST.get("description", "")}
    version = request.POST.get("version", "")
    try:
        number = int(version) if version.isdecimal() and len(version) < 10 else None
        changed = change_group(group, version=number, **values, by=request.user)
    except Stale:
        now = found(group.public_id, request.user)
        clash = {"name": now.name, "text": None}
        return _page(request, now, **values, clash=clash, status=HTTPStatus.CONFLICT)
    except Refusal as refusal:
        problems = {"name" if refusal.field in {"name", None} else "all": refusal.sentence}
        return _page(request, group, **values, problems=problems, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    toast(request, _("The group “%(name)s” is saved.") % {"name": changed.name})
    return redirect("segments:page", group.public_id)


@requires("segments.edit")
@require_POST
def change(request: HttpRequest, public_id: str) -> HttpResponse:
    """Put people in (one, or a pasted list), or take one out."""
    group = _by_hand(request, public_id)
    if one := request.POST.get("remove"):
        return _take_out(request, group, Customer.pk_of(one) or 0)
    if one := request.POST.get("add"):
        customers = set(Customer.objects.filter(pk=Customer.pk_of(one) or 0).values_list("pk", flat=True))
        unknown: list[str] = []
    else:
        customers, unknown = _pasted(request.POST.get("pasted", ""))
    joined = pick(group, customers=customers) if customers else ()
    if unknown:
        problem = _unknown(unknown, len(joined))
        return _page(
            request, found(public_id, request.user), name=group.name, description=group.description,
            problems={"pasted": problem}, pasted="\n".join(unknown), status=HTTPStatus.UNPROCESSABLE_ENTITY,
        )  # fmt: skip
    sentence = ngettext("%(count)s person was put in.", "%(count)s people were put in.", len(joined))
    undo = _undo(group, "out", sorted(joined)) if joined else ""
    toast(request, sentence % {"count": said.number(len(joined))}, undo=undo)
    return redirect("segments:page", public_id)


@requires("segments.edit")
@require_POST
def put_back(request: HttpRequest, deed: str) -> HttpResponse:
    """Take back what a toast told of."""
    try:
        number, way, customers = signing.loads(deed, salt=_TAKEN, max_age=_SECONDS)
    except signing.BadSignature:
        raise Http404(_("This cannot be undone any more.")) from None
    group = found(Group(pk=number).public_id, request.user)
    (pick if way == "in" else unpick)(group, customers=customers)
    return redirect("segments:page", group.public_id)


@requires("customers.view")
@require_GET
def offered(request: HttpRequest) -> HttpResponse:
    """The customers that answer what was typed, to be put in."""
    typed = request.GET.get("who", "")
    people = explaining.people(typed, request.user)
    return render(request, "segments/_whofound.html", {"found": people, "typed": typed.strip(), "deed": "add"})


@requires("segments.view")
@require_GET
def history(request: HttpRequest, public_id: str) -> HttpResponse:
    """Who joined a group and left it lately, newest first."""
    group = found(public_id, request.user)
    may_see = request.user.may("customers.view")  # type: ignore[union-attr]
    points = sizes([group])[group.pk]
    context = {
        "group": group,
        "moves": moves(group) if may_see else [],
        "points": points,
        "curve_says": curves.sentence(points),
    }
    return render(request, "segments/history.html", context)


def _page(
    request: HttpRequest, group: Group | None, *, name: str, description: str, status: int = HTTPStatus.OK, **more: Any
) -> HttpResponse:
    user: Any = request.user
    rows: list[trying.Shown] = []
    pages = None
    count = 0
    if group is not None and user.may("customers.view"):
        members = Customer.objects.filter(pk__in=id_list(list(unpacked(group.members))))
        pages = Paginator(members.order_by("sort_name", "id"), _ON_A_PAGE).get_page(request.GET.get("page"))
        rows, count = trying.shown(list(pages), user), pages.paginator.count
    points = sizes([group])[group.pk] if group is not None else []
    work = trying.Work(group=group, count=count, points=points)
    context = {
        "group": group,
        "version": group.version if group else "",
        "address": reverse("segments:page", args=[group.public_id]) if group else reverse("segments:new"),
        "list_address": f"{reverse('customers:list')}?segment={group.public_id}" if group else "",
        "name": name,
        "description": description,
        "work": work,
        "people": rows,
        "pages": pages,
        "has_rule": False,
        "used_by": users_of(group) if group else [],
        "may_edit": user.may("segments.edit"),
        "is_unsaved": bool(more.get("problems", {}).get("name")),
    }
    return render(request, "segments/picked.html", context | more, status=status)


def _by_hand(request: HttpRequest, public_id: str) -> Group:
    group = found(public_id, request.user)
    if group.is_by_rule:
        raise Http404(_("Who is in this group says its rule."))
    return group


def _take_out(request: HttpRequest, group: Group, customer: int) -> HttpResponse:
    gone = unpick(group, customers=[customer])
    if gone:
        toast(request, _("One person was taken out."), undo=_undo(group, "in", sorted(gone)))
    return redirect("segments:page", group.public_id)


def _undo(group: Group, way: str, customers: list[int]) -> str:
    return reverse("segments:put-back", args=[signing.dumps((group.pk, way, customers), salt=_TAKEN, compress=True)])


def _pasted(text: str) -> tuple[set[int], list[str]]:
    """The customers that lines name, each by an e-mail, a number of ours or a name that only one has; and the lines
    that name nobody, or several.
    """
    lines = list(dict.fromkeys(line.strip() for line in _BETWEEN.split(text) if line.strip()))[:_MOST_PASTED]
    emails = [line.lower() for line in lines if "@" in line]
    by_email: dict[str, set[int]] = {}
    if emails:
        for email, pk in Customer.objects.filter(email__in=emails).values_list("email", "pk"):
            by_email.setdefault(email, set()).add(pk)
    numbers = {Customer.pk_of(line) or 0 for line in lines}
    known = set(Customer.objects.filter(pk__in=numbers - {0}).values_list("pk", flat=True))
    customers, unknown = set[int](), list[str]()
    for line in lines:
        one = by_email.get(line.lower(), set()) | ({Customer.pk_of(line) or 0} & known)
        if len(one) == 1:
            customers |= one
        else:
            unknown.append(line)
    if customers:
        reads.searched(" ".join(lines), list(Customer.objects.filter(pk__in=customers)), "group")
    return customers, unknown


def _unknown(lines: list[str], joined: int) -> str:
    names = ", ".join(f"“{line[:40]}”" for line in lines[:_NAMED])
    if len(lines) > _NAMED:
        names += " …"
    return _(
        "%(joined)s were put in. These name nobody, or more than one: %(lines)s. Write e-mails or customer numbers."
    ) % {
        "joined": said.number(joined),
        "lines": names,
    }
