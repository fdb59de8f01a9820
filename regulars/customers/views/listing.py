"""The customer list: search, filters, columns, pages, and the file of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from html import escape
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlencode

from django.http import Http404, HttpRequest, HttpResponse, QueryDict, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from regulars.core import shop
from regulars.core.errors import Invalid
from regulars.customers import catalogue, columns, exporting, listing_acts, reads
from regulars.customers.bulk import action as actions
from regulars.customers.catalogue import Field, Type
from regulars.customers.conditions import operators_of
from regulars.customers.filters import parse
from regulars.customers.models import Customer, SavedView
from regulars.customers.places import countries
from regulars.customers.privacy.permitting import Purpose, not_for
from regulars.customers.queries import ListRequest, customer_count, customer_list, dropping
from regulars.customers.views import saved_views
from regulars.staff.access import ON_OPENING, requires
from regulars.staff.actions import change_profile

_PAGING = ("after", "before")
_MOST_BOXES = 24  # more choices than these are typed
# these are asked with a box for each operator
_WITHOUT_OPERATOR = {
    Type.AGE, Type.NUMBER, Type.DECIMAL, Type.MONEY, Type.DATE, Type.DAY, Type.BORN, Type.BIRTHDAY, Type.YES_NO,
    Type.LONG_TEXT, Type.EXACT,
}  # fmt: skip
_IN_BAR = 3


@requires("customers.view")
def customers(request: HttpRequest) -> HttpResponse:
    """Everybody, narrowed by what the address says; a filter nobody understands is said, and nothing is shown."""
    return _list(request, data=request.GET)


@requires("customers.view")
def ask_filter(request: HttpRequest, name: str) -> HttpResponse:
    """The question of one filter, over the list; the answer leads back to the list with it."""
    field = catalogue.get(name)
    if field is None or not field.is_filter or not field.is_asked_by(request.user):
        raise Http404(_("There is no such filter."))
    question = _question(request.GET, field)
    if "_go" in request.GET:
        kept: QueryDict = question["kept"].copy()
        try:
            for operator, value in _typed(request.GET):
                parameter = f"{field.name}.{operator}".rstrip(".")
                condition = parse(parameter, value, language=_language(), reader=request.user)
                kept[condition.parameter] = condition.value
        except Invalid as refusal:
            question["problem"] = refusal.sentence
        else:
            return redirect(_address(kept))
    status = HTTPStatus.UNPROCESSABLE_ENTITY if question["problem"] else HTTPStatus.OK
    if request.htmx:  # type: ignore[attr-defined]
        return render(request, "customers/_filter.html", {"question": question}, status=status)
    return _list(request, data=question["listed"], question=question, status=status)


@requires("customers.view")
def choose_columns(request: HttpRequest) -> HttpResponse:
    """Remember which columns this person wants to see, in which order; of a saved view until it is saved again."""
    now = QueryDict(request.POST.get("back", ""), mutable=True)
    if request.method == "POST":
        user: Any = request.user
        known = {column.name for column in columns.available(user)}
        picked = [name for name in dict.fromkeys(request.POST.getlist("column")) if name in known]
        for way, step in (("up", -1), ("down", 1)):
            if (name := request.POST.get(way)) in picked:
                there = min(max(picked.index(name) + step, 0), len(picked) - 1)
                picked.remove(name)
                picked.insert(there, name)
        if "usual" in request.POST:
            picked = []
        if "view" in now:
            # a view keeps its own; what is tried out stands in the address until it is saved
            now["columns"] = ",".join(picked or [column.name for column in columns.usual(user)])
        else:
            change_profile(user, list_columns=picked)
            now.pop("columns", None)
    return redirect(_address(now))


@requires("customers.export", recent=ON_OPENING)
def export(request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
    """The filtered list, or the picked customers, as a file with the chosen columns: asked what for, then streamed."""
    if request.method == "POST":
        data = QueryDict(request.POST.get("query", ""), mutable=True)
        if "all" not in request.POST:
            data.setlist("ids", request.POST.getlist("ids"))
    else:
        data = request.GET.copy()
    picked = [Customer.pk_of(public_id) or 0 for public_id in data.pop("ids", [])]
    first = _first_page(data)
    try:
        wanted = ListRequest.from_query(saved_views.plain(first), language=_language(), reader=request.user)
    except Invalid as refusal:
        return _list(request, data=data, problem=refusal.sentence)
    rows: Iterable[Customer]
    rows = exporting.picked(picked) if picked else exporting.everybody(wanted)
    if "is_marketing" in request.POST:
        objected = set(not_for(Purpose.MARKETING))
        rows = (one for one in rows if one.pk not in objected)
    view = saved_views.opened(request.user, first)
    shown = columns.chosen(request.user, _wanted_columns(first, view))  # type: ignore[arg-type]
    problem = ""
    wish, reason = request.POST.get("format", "csv"), request.POST.get("reason", "")
    if "_go" in request.POST:
        try:
            stream = exporting.export(rows, shown, wish=wish, reason=reason, what=first.urlencode())
        except Invalid as refusal:
            problem = refusal.sentence
        else:
            kind = exporting.FORMATS[wish]
            response = StreamingHttpResponse(stream, content_type=kind.content_type)
            name = f"customers-{shop.today().isoformat()}.{kind.suffix}"
            response["Content-Disposition"] = f'attachment; filename="{name}"'
            return response
    count = None if picked else customer_count(wanted)
    context = {
        "query": first.urlencode(),
        "ids": [Customer(pk=number).public_id for number in picked],
        "is_all": "all" in request.POST,
        "count": len(picked) if count is None else count.number,
        "is_exact": count is None or count.is_exact,
        "heads": columns.heads(shown),
        "formats": exporting.FORMATS.values(),
        "format": wish,
        "reason": reason,
        "problem": problem,
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if problem else HTTPStatus.OK
    return render(request, "customers/export.html", context, status=status)


def _list(
    request: HttpRequest,
    *,
    data: QueryDict,
    question: dict[str, Any] | None = None,
    problem: str = "",
    status: int = HTTPStatus.OK,
) -> HttpResponse:
    user: Any = request.user
    first = _first_page(data)
    views = saved_views.tabs(user, first)
    view = next((tab.view for tab in views if tab.is_open), None)
    shown = columns.chosen(user, _wanted_columns(first, view))
    listed = saved_views.plain(first).urlencode()
    context: dict[str, Any] = {
        "columns": shown,
        "choices": [{"column": column, "is_on": True} for column in shown]
        + [{"column": column, "is_on": False} for column in columns.available(user) if column not in shown],
        "listed": listed,
        "counts_query": urlencode({"query": first.urlencode()}),
        "view": view,
        "is_own_view": view is not None and view.owner_id == user.pk,
        "is_changed_view": any(tab.is_changed for tab in views),
        "is_new_view": not any(tab.is_open for tab in views),
        "density": saved_views.density_of(request, first, view),
        "question": question,
        "problem": problem,
        "search": data.get("q", ""),
        "query": first.urlencode(),
        "kept": [(name, value) for name, values in first.lists() for value in values if name != "q"],
        "filter_menu": _filter_menu([field for field in catalogue.asked_by(user) if field.is_filter], first),
        "views": views,
        "list_acts": listing_acts.acts(user),
        "may_edit": user.may("customers.edit"),
        "may_export": user.may("customers.export"),
        "may_import": user.may("customers.import"),
        "may_delete": user.may("customers.delete"),
    }
    has_boxes = context["may_edit"] or context["may_export"] or context["may_delete"]
    context["has_boxes"] = has_boxes
    try:
        wanted = ListRequest.from_query(data, language=_language(), keep=saved_views.PAGE_ONLY, reader=user)
    except Invalid as refusal:
        context["problem"] = problem or refusal.sentence
        # what is typed into the search comes by htmx, which shows an answer it can use, and drops a bad request
        is_part = request.htmx and not request.htmx.boosted  # type: ignore[attr-defined]
        status = HTTPStatus.UNPROCESSABLE_ENTITY if is_part else HTTPStatus.BAD_REQUEST
        return render(request, "customers/list.html", context, status=status)
    page, count = customer_list(wanted)
    reads.listed(wanted, page.rows, "list")
    here = reverse("customers:list")
    context |= {
        "rows": columns.rows(
            page.rows,
            shown,
            from_list=quote(listed or "sort=name", safe=""),
            has_boxes=has_boxes,
        ),
        "works": _works(user),
        "shown": len(page.rows),
        "count": count,
        "chips": wanted.chips(),
        "next": here + wanted.url(after=page.next_cursor) if page.next_cursor else "",
        "previous": here + wanted.url(before=page.previous_cursor) if page.previous_cursor else "",
        "heads": [_head(wanted, column, here) for column in shown],
        "empty": None if page.rows else _nobody(wanted),
    }
    return render(request, "customers/list.html", context, status=status)


def _head(wanted: ListRequest, column: columns.Column, here: str) -> dict[str, Any]:
    """The head of a column: how it is sorted now, and the link that sorts it, or turns it round."""
    is_sorted = column.field == wanted.sort
    return {
        "column": column,
        "direction": ("descending" if wanted.is_descending else "ascending") if is_sorted else "",
        "href": here + wanted.url_sorted_by(column.field) if column.field and column.sort else "",
    }


def _wanted_columns(data: QueryDict, view: SavedView | None) -> list[str]:
    """The columns that the address asks for, or the open view."""
    if data.get("columns"):
        return [name for name in str(data["columns"]).split(",") if name]
    return list(view.columns) if view else []


def _works(user: Any) -> dict[str, list[actions.Action]]:
    """What can be done with those who are selected: the usual in the bar, the rest behind its dots."""
    found = [one for one in actions.actions(user) if not one.is_for_deleted]
    return {"first": found[:_IN_BAR], "rest": found[_IN_BAR:]}


def _nobody(wanted: ListRequest) -> dict[str, Any]:
    """Why the list is empty: nobody at all yet, or a filter without which there would be people."""
    culprit = dropping(wanted)
    chips = dict(zip(wanted.conditions, wanted.chips(), strict=True))
    return {
        "filters": len(wanted.conditions) + bool(wanted.search),
        "culprit": culprit,
        "chip": chips.get(culprit.condition) if culprit and culprit.condition else None,
        "url_without": wanted.without(culprit.condition).url() if culprit else "",
    }


def _question(data: QueryDict, field: Field) -> dict[str, Any]:
    """What a filter asks, filled with what it says now; `listed` is the list behind it, `kept` that without it."""
    listed = _first_page(data)
    kept = listed.copy()
    now = {}
    for parameter in listed:
        name, operator = catalogue.split(parameter)
        if name == field.name:
            now[operator] = kept.pop(parameter)[-1]
    if "_go" in data:
        now = dict(_typed(data))
    operator, value = next(iter(now.items()), ("", ""))
    choices = field.choices() if field.choices else []
    return {
        "field": field,
        "listed": listed,
        "kept": kept,
        "pairs": [(name, one) for name, values in kept.lists() for one in values],
        "operators": [{"name": name, "words": words} for name, words in operators_of(field).items()],
        "now": now,
        "operator": operator,
        "value": value,
        "chosen": value.split(","),
        "choices": choices,
        "has_many_choices": len(choices) > _MOST_BOXES,
        "asks_filled": [
            (name, words)
            for name, words in operators_of(field).items()
            if name in {"is_set", "is_empty"} and field.type in _WITHOUT_OPERATOR
        ],
        "countries": countries(_language()) if field.type is Type.COUNTRY else (),
        "problem": "",
    }


def _typed(data: QueryDict) -> Iterator[tuple[str, str]]:
    """(operator, value) as a filter's form sends it: one operator and its value, or a value for each operator."""
    if data.get("_op") in {"is_set", "is_empty"}:
        yield str(data["_op"]), "yes"
        return
    value = ",".join(word.strip() for word in data.getlist("_value") if word.strip())
    if value:
        yield data.get("_op", ""), value
    for name in data:
        text = data.get(name, "").strip()
        if name.startswith("_is_") and text:
            yield name.removeprefix("_is_"), text


def _first_page(data: QueryDict) -> QueryDict:
    """The parameters of the same list from its first page, without what was left empty or belongs to a form."""
    kept = QueryDict(mutable=True)
    for name in data:
        filled = [value for value in map(str, data.getlist(name)) if value.strip()]
        if filled and name not in _PAGING and not name.startswith("_"):
            kept.setlist(name, filled)
    return kept


def _address(data: QueryDict) -> str:
    query = data.urlencode()
    return reverse("customers:list") + (f"?{query}" if query else "")


def _filter_menu(fields: Iterable[Field], now: QueryDict) -> SafeString:
    """A link for each filter there is. Some fifty of them are on every list: a template takes ten times as long."""
    behind = escape(f"?{now.urlencode()}" if now else "")
    links = [(f"{_question_address(field.name)}{behind}", escape(str(field.label))) for field in fields]
    return mark_safe(  # noqa: S308 — the query and the labels are escaped
        "".join([f'<a class="item" href="{href}" hx-get="{href}">{label}</a>' for href, label in links])
    )


@lru_cache(maxsize=1024)
def _question_address(name: str) -> str:
    return reverse("customers:filter", args=[name])


def _language() -> str:
    return get_language() or "en"
