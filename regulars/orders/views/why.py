"""Why a number is what it is: the account of a range, a channel or a customer, and the rows of each of its steps."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from http import HTTPStatus
from itertools import islice
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.translation import gettext as _

from regulars.channels.models import Channel
from regulars.core import shop
from regulars.core.money import Money
from regulars.customers import reads
from regulars.customers.models import Customer
from regulars.customers.people import records
from regulars.orders.queries import why
from regulars.orders.queries.lists import OrderRequest, order_count
from regulars.staff.access import requires

_ROWS = 200


@dataclass(slots=True)
class _Asked:
    scope: why.Scope
    channels: list[Channel]
    query: dict[str, str]
    problems: list[str] = field(default_factory=list)


@requires("orders.view")
def account(request: HttpRequest) -> HttpResponse:
    """The whole account; without anything asked for it is this month's of the shop."""
    asked = _read(request.GET)
    customer = asked.scope.customer
    if customer is not None:
        reads.opened([customer.pk], "orders")
    found = why.account(asked.scope) if not asked.problems else None
    context = {
        "asked": asked,
        "scope": asked.scope,
        "account": found,
        "platforms": why.platforms(asked.scope) if found else [],
        "query": urlencode(asked.query),
        "here": _here(customer) if customer and found else None,
        "may_see_customer": request.user.may("customers.view"),  # type: ignore[union-attr]
        "base": shop.current().currency,
    }
    status = HTTPStatus.BAD_REQUEST if asked.problems else HTTPStatus.OK
    return render(request, "orders/why.html", context, status=status)


@requires("orders.view")
def rows(request: HttpRequest) -> HttpResponse:
    """The orders and returns behind one step of the account, and what they come to."""
    asked = _read(request.GET)
    step = request.GET.get("step", "")
    orders, returns = why.rows(asked.scope, step)
    if asked.problems or (orders is None and returns is None):
        raise Http404(_("There is no such list. Go back to the account, and open the number again."))
    account = why.account(asked.scope)
    lines = [*account.steps, *account.beside, *(line for _name, of in account.channels for line in of)]
    label = next((line.label for line in lines if line.step == step), step.rpartition(":")[2])
    # a step is of orders, or of returns; what is kept is of both, first the orders
    count = orders.count() if orders is not None else 0
    chosen = orders if orders is not None else returns
    if chosen is None:
        raise Http404
    shown: Any = Paginator(chosen, _ROWS).get_page(request.GET.get("page"))
    beside = returns if orders is not None and returns is not None and not shown.has_next() else None
    backs = list(beside) if beside is not None else [] if orders is not None else list(shown)
    sold = list(shown) if orders is not None else []
    reads.opened([row.customer_id for row in [*sold, *backs] if row.customer_id], "orders")
    query = {**asked.query, "step": step}
    base = shop.current().currency
    context = {
        "label": label,
        "page": shown,
        "count": count or (returns.count() if returns is not None else 0),
        "orders": [(row, Money(row.total_base_minor, base)) for row in sold],
        "returns": [(row, Money(row.refund_base_minor, base)) for row in backs],
        "is_taken_off": orders is not None,
        "total": why.total_of(orders, returns),
        "base": base,
        "query": urlencode(asked.query),
        "next": f"?{urlencode({**query, 'page': shown.next_page_number()})}" if shown.has_next() else "",
        "previous": f"?{urlencode({**query, 'page': shown.previous_page_number()})}" if shown.has_previous() else "",
    }
    return render(request, "orders/why_rows.html", context)


def _here(customer: Customer) -> dict[str, Any]:
    """The number on the customer's page, the one of their list, and what each of their records has."""
    listed, is_all = order_count(OrderRequest(customer_ids=tuple(records(customer))))
    return {"figure": customer.orders_count, "spent": customer.spent, "listed": listed, "is_all": is_all}


def _read(data: QueryDict) -> _Asked:
    """What is asked about. Without days and without a customer it is this month."""
    channels = list(Channel.objects.all())
    problems = []
    days: dict[str, dt.date | None] = {}
    for name in ("from", "to"):
        text = data.get(name, "").strip()
        try:
            days[name] = dt.date.fromisoformat(text) if text else None
        except ValueError:
            days[name] = None
            problems.append(_("“%(text)s” is not a date.") % {"text": text[:40]})
    code = data.get("channel", "")
    if code and code not in {channel.code for channel in channels}:
        problems.append(_("There is no channel with the code “%(code)s”.") % {"code": code[:40]})
    customer = None
    if public_id := data.get("customer", ""):
        known = Customer.objects.filter(pk=Customer.pk_of(public_id) or 0, deleted_at__isnull=True)
        customer = next((one.person for one in known.select_related("merged_into")), None)
        if customer is None:
            problems.append(_("There is no such customer. Perhaps it was deleted."))
    if customer is None and not problems and "from" not in data and "to" not in data:
        days["from"] = shop.today().replace(day=1)
    given = {
        "from": days["from"].isoformat() if days["from"] else "",
        "to": days["to"].isoformat() if days["to"] else "",
        "channel": code,
        "customer": customer.public_id if customer else "",
    }
    # an empty first day is said, because saying nothing is this month
    query = {name: value for name, value in given.items() if value or (name == "from" and customer is None)}
    scope = why.Scope(first=days["from"], last=days["to"], channel=code if not problems else "", customer=customer)
    return _Asked(scope=scope, channels=channels, query=query, problems=list(islice(problems, 3)))
