"""The customer list: search, filters, columns, pages, and the file of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import lru_cache
from http import HTTPStatus
from io import StringIO
from itertools import islice
from typing import Any
from urllib.parse import quote

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, QueryDict, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from regulars.core import shop
from regulars.core.errors import Invalid
from regulars.core.tabular_out import SafeWriter
from regulars.customers import catalogue, columns
from regulars.customers.catalogue import Field, Type
from regulars.customers.filters import operators_of, parse
from regulars.customers.models import Customer
from regulars.customers.places import countries
from regulars.customers.queries import ListRequest, customer_list, customer_page, dropping
from regulars.staff.access import requires

_PAGING = ("after", "before")
_EXPORT_PAGE = 250
_MOST_BOXES = 24  # more choices than these are typed
# these are asked with a box for each operator
_WITHOUT_OPERATOR = {
    Type.AGE, Type.NUMBER, Type.DECIMAL, Type.MONEY, Type.DATE, Type.DAY, Type.BIRTHDAY, Type.YES_NO, Type.LONG_TEXT,
}  # fmt: skip
_BYTE_ORDER_MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"


@requires("customers.view")
def customers(request: HttpRequest) -> HttpResponse:
    """Everybody, narrowed by what the address says; a filter nobody understands is said, and nothing is shown."""
    return _list(request, data=request.GET)


@requires("customers.view")
def ask_filter(request: HttpRequest, name: str) -> HttpResponse:
    """The question of one filter, over the list; the answer leads back to the list with it."""
    field = catalogue.get(name)
    if field is None or not field.is_filter or not field.is_seen_by(request.user):
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
    """Remember which columns this person wants to see."""
    if request.method == "POST":
        user: Any = request.user
        known = {column.name for column in columns.available(user)}
        picked = [name for name in request.POST.getlist("column") if name in known]
        user.list_columns = [] if "usual" in request.POST else picked
        user.save(update_fields=["list_columns"])
    return redirect(_address(QueryDict(request.POST.get("back", ""))))


@requires("customers.export")
def export(request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
    """The filtered list, or the picked customers, as a CSV file with the chosen columns."""
    data = request.GET.copy()
    picked = [Customer.pk_of(public_id) or 0 for public_id in data.pop("ids", [])]
    try:
        wanted = ListRequest.from_query(_first_page(data), language=_language(), reader=request.user)
    except Invalid as refusal:
        return _list(request, data=data, problem=refusal.sentence)
    rows: Iterable[Customer]
    rows = _picked(picked) if picked else _everybody(wanted)
    shown = columns.chosen(request.user)  # type: ignore[arg-type]
    response = StreamingHttpResponse(_csv(rows, shown), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="customers-{shop.today().isoformat()}.csv"'
    return response


def _list(
    request: HttpRequest,
    *,
    data: QueryDict,
    question: dict[str, Any] | None = None,
    problem: str = "",
    status: int = HTTPStatus.OK,
) -> HttpResponse:
    user: Any = request.user
    shown = columns.chosen(user)
    first = _first_page(data)
    context: dict[str, Any] = {
        "columns": shown,
        "choices": [{"column": column, "is_on": column in shown} for column in columns.available(user)],
        "question": question,
        "problem": problem,
        "search": data.get("q", ""),
        "query": first.urlencode(),
        "kept": [(name, value) for name, values in first.lists() for value in values if name != "q"],
        "fields": [
            {"label": field.label, "href": _question_address(field.name)}
            for field in catalogue.seen_by(user)
            if field.is_filter
        ],
        "views": _views(first),
        "may_edit": user.may("customers.edit"),
        "may_export": user.may("customers.export"),
    }
    try:
        wanted = ListRequest.from_query(data, language=_language(), reader=user)
    except Invalid as refusal:
        context["problem"] = problem or refusal.sentence
        return render(request, "customers/list.html", context, status=HTTPStatus.BAD_REQUEST)
    page, count = customer_list(wanted)
    here = reverse("customers:list")
    context |= {
        "rows": columns.rows(
            page.rows,
            shown,
            from_list=quote(first.urlencode() or "sort=name", safe=""),
            has_boxes=context["may_export"],
        ),
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


def _views(now: QueryDict) -> list[dict[str, Any]]:
    """Lists that everybody has: plain filters, so that each can be changed at once."""
    last_month = shop.today().replace(day=1) - dt.timedelta(days=1)
    known = [
        (_("Everyone"), ""),
        (_("With orders"), "number_of_orders.min=1"),
        (_("New this month"), f"customer_added_date.after={last_month.isoformat()}"),
        (_("Came back"), "number_of_orders.min=2"),
        (_("Silent for 90 days"), "number_of_orders.min=1&last_order_date.older_than=90"),
    ]
    filters = {name: value for name, value in now.items() if name != "sort"}
    return [
        {
            "label": label,
            "href": _address(QueryDict(query)),
            "is_open": dict(QueryDict(query).items()) == filters,
            "number": number,
        }
        for number, (label, query) in enumerate(known, start=1)
    ]


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


def _picked(ids: list[int]) -> QuerySet[Customer]:
    return Customer.objects.filter(pk__in=ids).select_related("channel").order_by("sort_name", "pk")


def _everybody(wanted: ListRequest) -> Iterator[Customer]:
    """Everybody of a list, page by page, so that a million people need no memory."""
    wanted = replace(wanted, size=_EXPORT_PAGE)
    while True:
        page = customer_page(wanted)
        yield from page.rows
        if not page.next_cursor:
            return
        wanted = replace(wanted, after=wanted.key_of(page.next_cursor, "after"))


def _csv(rows: Iterable[Customer], shown: list[columns.Column]) -> Iterator[str]:
    buffer = StringIO()
    writer = SafeWriter(buffer)
    buffer.write(_BYTE_ORDER_MARK)
    writer.writerow([_("Id"), *columns.heads(shown)])
    everybody = iter(rows)
    while some := list(islice(everybody, _EXPORT_PAGE)):
        for customer, cells in zip(some, columns.texts(shown, some), strict=True):
            writer.writerow([customer.public_id, *cells])
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
    yield buffer.getvalue()


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


@lru_cache(maxsize=1024)
def _question_address(name: str) -> str:
    return reverse("customers:filter", args=[name])


def _language() -> str:
    return get_language() or "en"
