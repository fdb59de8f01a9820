"""Saved views of the customer list: the tabs above it, and what is done with them."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from django.core import signing
from django.core.cache import cache
from django.db.models import Q, Sum
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from regulars.core import shop
from regulars.core.errors import Invalid
from regulars.core.sight import current
from regulars.core.ui.toasts import toast
from regulars.customers import catalogue
from regulars.customers.actions.saved_views import DENSITIES, change_view, delete_view, move_view, save_view
from regulars.customers.models import Customer, SavedView
from regulars.customers.queries import ListRequest, customer_count, customer_ids
from regulars.customers.queries.pages import COUNTED
from regulars.customers.standings import id_list
from regulars.staff.access import requires

PAGE_ONLY = ("view", "columns", "density")
"""Parameters of the page itself, which say nothing about who is in the list."""

_COUNTS_KEPT = 60  # seconds
_SALT = "customers.saved_view"


@dataclass(frozen=True, slots=True)
class Tab:
    """One view above the list: those that everybody has, one's own, and those that colleagues share."""

    id: str
    label: str
    query: str
    view: SavedView | None = None
    is_open: bool = False
    is_changed: bool = False
    number: int = 0

    @property
    def href(self) -> str:
        """Its address."""
        kept = QueryDict(self.query, mutable=True)
        if self.view is not None:
            kept["view"] = self.view.public_id
        query = kept.urlencode()
        return reverse("customers:list") + (f"?{query}" if query else "")


def tabs(user: Any, now: QueryDict) -> list[Tab]:
    """Every view this person sees, in one query; `now` is the list that is open."""
    here = plain(now)
    wanted = now.get("view", "")
    found = []
    for name, label, query in _built_in():
        is_open = not wanted and _same(query, here, is_sorted=False)
        found.append(Tab(f"n-{name}", label, query, is_open=is_open))
    for view in seen_by(user):
        is_open = view.public_id == wanted
        is_changed = is_open and (
            not _same(view.query, here) or any(now.get(name) for name in ("columns", "density") if name in now)
        )
        found.append(Tab(f"n-{view.public_id}", view.name, view.query, view, is_open, is_changed))
    return [
        Tab(tab.id, tab.label, tab.query, tab.view, tab.is_open, tab.is_changed, number)
        for number, tab in enumerate(found, start=1)
    ]


def seen_by(user: Any) -> list[SavedView]:
    """One's own views in one's own order, then those that colleagues share, as far as one may see what they ask for.

    A view names the fields it asks for and the values they have to have: neither is told to whom they are hidden from.
    """
    rows = SavedView.objects.filter(Q(owner=user) | Q(is_shared=True)).select_related("owner")
    found = [view for view in rows if view.owner_id == user.pk or _asks_only_seen(view, user)]
    return sorted(found, key=lambda view: (view.owner_id != user.pk, view.position, view.pk))


def opened(user: Any, data: QueryDict) -> SavedView | None:
    """The view that an address names, if this person sees it."""
    number = SavedView.pk_of(data.get("view", ""))
    if not number:
        return None
    return next((view for view in seen_by(user) if view.pk == number), None)


def plain(data: QueryDict) -> QueryDict:
    """Who is in the list and in what order, without what belongs to the page and without what was left empty."""
    kept = QueryDict(mutable=True)
    for name in data:
        filled = [value for value in map(str, data.getlist(name)) if value.strip()]
        if filled and name not in PAGE_ONLY:
            kept.setlist(name, filled)
    return kept


@requires("customers.view")
def views(request: HttpRequest) -> HttpResponse:
    """Rename, share, move and delete one's saved views."""
    return _manage(request)


@requires("customers.view")
@require_POST
def save(request: HttpRequest) -> HttpResponse:
    """Save the list that is open under a new name."""
    user: Any = request.user
    now = QueryDict(request.POST.get("query", ""), mutable=True)
    base = opened(user, now)
    try:
        view = save_view(
            owner=user,
            name=request.POST.get("name", ""),
            query=plain(now).urlencode(),
            columns=_columns(now, base, user),
            density=now.get("density") or (base.density if base else "") or request.session.get("density", ""),
            is_shared="is_shared" in request.POST,
        )
    except Invalid as refusal:
        return _manage(request, problem=refusal.sentence)
    toast(request, _("Saved as “%(name)s”.") % {"name": view.name})
    return redirect(_address_of(view))


@requires("customers.view")
@require_POST
def change(request: HttpRequest, view_id: str) -> HttpResponse:
    """Rename a view, share it, move it, or let it be what the list shows now."""
    user: Any = request.user
    view = _view(user, view_id)
    data = request.POST
    if "move" in data:
        move_view(view, by=user, steps=-1 if data["move"] == "up" else 1)
        return redirect("customers:views")
    if "query" in data:
        now = QueryDict(data["query"], mutable=True)
        density = now.get("density") or view.density
        query = plain(now).urlencode()
        try:
            change_view(view, by=user, query=query, columns=_columns(now, view, user), density=density)
        except Invalid as refusal:
            return _manage(request, problem=refusal.sentence)
        toast(request, _("“%(name)s” is this list from now on.") % {"name": view.name})
        return redirect(_address_of(SavedView.objects.get(pk=view.pk)))
    try:
        change_view(view, by=user, name=data.get("name", view.name), is_shared="is_shared" in data)
    except Invalid as refusal:
        return _manage(request, problem=refusal.sentence)
    toast(request, _("Saved."))
    return redirect("customers:views")


@requires("customers.view")
@require_POST
def remove(request: HttpRequest, view_id: str) -> HttpResponse:
    """Delete a view; the toast takes it back."""
    user: Any = request.user
    view = _view(user, view_id)
    said = signing.dumps({**delete_view(view, by=user), "owner": user.pk}, salt=_SALT, compress=True)
    undo = reverse("customers:view-restore", args=[said])
    toast(request, _("The view “%(name)s” is deleted.") % {"name": view.name}, undo=undo)
    return redirect("customers:views")


@requires("customers.view")
@require_POST
def restore(request: HttpRequest, said: str) -> HttpResponse:
    """Take the deletion of a view back."""
    user: Any = request.user
    try:
        kept = signing.loads(said, salt=_SALT, max_age=24 * 3600)
    except signing.BadSignature as bad:
        raise Http404(_("This view cannot be brought back any more.")) from bad
    if kept.pop("owner", None) != user.pk:
        raise Http404
    try:
        view = save_view(owner=user, **kept)
    except Invalid as refusal:
        return _manage(request, problem=refusal.sentence)
    return redirect(_address_of(view))


@requires("customers.view")
def counts(request: HttpRequest) -> HttpResponse:
    """How many each view has, and what those of the open list have spent: asked for when the page is there."""
    user: Any = request.user
    now = QueryDict(request.GET.get("query", ""))
    found = [{"id": tab.id, "count": _count(tab.query, user), "is_open": tab.is_open} for tab in tabs(user, now)]
    context = {"tabs": [one for one in found if one["count"] is not None], "spent": _spent(now, user)}
    return render(request, "customers/_view_counts.html", context)


@requires("customers.view")
@require_POST
def density(request: HttpRequest) -> HttpResponse:
    """How close the rows stand: for a saved view in its address until it is saved, else for this person."""
    wanted = request.POST.get("density", "")
    now = QueryDict(request.POST.get("back", ""), mutable=True)
    if wanted in DENSITIES:
        if "view" in now:
            now["density"] = wanted
        else:
            request.session["density"] = wanted
    return redirect(_list(now))


def density_of(request: HttpRequest, data: QueryDict, view: SavedView | None) -> str:
    """How close the rows stand: as the address says, or the view, or this person."""
    wanted = data.get("density") or (view.density if view else "") or request.session.get("density", "")
    return wanted if wanted in DENSITIES else DENSITIES[0]


def _manage(request: HttpRequest, *, problem: str = "") -> HttpResponse:
    user: Any = request.user
    found = seen_by(user)
    context = {
        "mine": [view for view in found if view.owner_id == user.pk],
        "others": [view for view in found if view.owner_id != user.pk],
        "problem": problem,
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if problem else HTTPStatus.OK
    return render(request, "customers/views.html", context, status=status)


def _built_in() -> list[tuple[str, str, str]]:
    """Lists that everybody has: plain filters, so that each can be changed at once."""
    last_month = shop.today().replace(day=1) - dt.timedelta(days=1)
    return [
        ("everyone", _("Everyone"), ""),
        ("orders", _("With orders"), "number_of_orders.min=1"),
        ("new", _("New this month"), f"customer_added_date.after={last_month.isoformat()}"),
        ("back", _("Came back"), "number_of_orders.min=2"),
        ("silent", _("Silent for 90 days"), "number_of_orders.min=1&last_order_date.older_than=90"),
    ]


def _same(query: str, now: QueryDict, *, is_sorted: bool = True) -> bool:
    """Whether a list is this one; of those that everybody has the order is left open."""
    kept, here = dict(QueryDict(query).lists()), dict(now.lists())
    if not is_sorted:
        here.pop("sort", None)
    return kept == here


def _columns(now: QueryDict, base: SavedView | None, user: Any) -> list[str]:
    if now.get("columns"):
        return [name for name in str(now["columns"]).split(",") if name]
    return list(base.columns if base else user.list_columns)


def _count(query: str, user: Any) -> dict[str, Any] | None:
    """How many a list has, at most a minute old; None where it is not understood any more."""
    seen_as = hashlib.sha256(current().key.encode()).hexdigest()
    key = f"customers.view.{user.role}.{seen_as}.{hashlib.sha256(query.encode()).hexdigest()}"
    known: dict[str, Any] | None = cache.get(key)
    if known is None:
        try:
            count = customer_count(ListRequest.from_query(QueryDict(query), reader=user))
        except Invalid:
            return None
        known = {"number": count.number, "is_exact": count.is_exact}
        cache.set(key, known, _COUNTS_KEPT)
    return known


def _spent(now: QueryDict, user: Any) -> Any:
    """What everybody of the open list has spent together, where they are few enough to add up."""
    wanted = plain(now)
    if not wanted or not current().shows("spend"):
        return None
    try:
        request = ListRequest.from_query(wanted, reader=user, language=get_language() or "en")
    except Invalid:
        return None
    count = customer_count(request)
    if not count.is_exact or count.number > COUNTED:
        return None
    people = Customer.objects.filter(pk__in=id_list(customer_ids(request)))
    minor = people.aggregate(sum=Sum("spent_minor"))["sum"] or 0
    return Customer(spent_minor=minor).spent


def _view(user: Any, view_id: str) -> SavedView:
    number = SavedView.pk_of(view_id) or 0
    found = next((view for view in seen_by(user) if view.pk == number), None)
    if found is None:
        raise Http404(_("There is no such view."))
    return found


def _asks_only_seen(view: SavedView, user: Any) -> bool:
    """Whether every field that a view filters and sorts by is there, and one that the person may see."""
    query = QueryDict(view.query)
    names = {catalogue.split(parameter)[0] for parameter in query if parameter not in {"q", "sort", "limit"}}
    if query.get("sort"):
        names.add(str(query["sort"]).removeprefix("-"))
    asked = [catalogue.get(name) for name in names]
    is_telling = any(field is not None and (field.rules or field.give) for field in asked)
    if not current().is_open and (query.get("q") or is_telling):
        return False  # what a colleague asked for may be of somebody, or something, that this one does not see
    return all(field is not None and field.is_asked_by(user) for field in asked)


def _address_of(view: SavedView) -> str:
    return Tab("", view.name, view.query, view).href


def _list(now: QueryDict) -> str:
    query = now.urlencode()
    return reverse("customers:list") + (f"?{query}" if query else "")
