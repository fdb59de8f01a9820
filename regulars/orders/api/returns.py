"""The operations of returns."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from regulars.channels.models import Channel
from regulars.core.api.listing import PAGING, Query, neighbours, parameter, period
from regulars.core.api.preconditions import find
from regulars.core.api.routes import Answer
from regulars.customers import reads
from regulars.customers.models import Customer
from regulars.customers.people import records_of_person
from regulars.orders import actions
from regulars.orders.api.shapes import (
    ReturnIn,
    ReturnOut,
    ReturnsOut,
    in_our_names,
    line_values,
    money_values,
    return_out,
    routes,
)
from regulars.orders.models import Order, Return
from regulars.orders.queries.returned import ReturnRequest, return_page

_AS_THEY_ARE = ("number", "returned_at", "reason")

_FILTERS = [
    parameter("number", "This number."),
    parameter("channel", "The codes of channels, separated by commas."),
    *period("returned_at", "Sent back"),
]
_BY_OWNER = [parameter("customer", "The id of a customer."), parameter("order", "The id of an order.")]


@routes.reads(
    "/returns",
    permission="orders.view",
    summary="List returns",
    out=ReturnsOut,
    parameters=[*_FILTERS, *_BY_OWNER, *PAGING],
    refusals=(400,),
)
def list_returns(request: HttpRequest) -> Answer:
    """Returns with their lines, the newest first."""
    query = Query(request)
    customer_id, order_id = query.row_id("customer", Customer), query.row_id("order", Order)
    records = records_of_person(customer_id)
    if records:
        reads.opened(records, "returns")
    return _page(request, query, customer_ids=records, order_id=order_id)


@routes.reads(
    "/orders/{order_id}/returns",
    permission="orders.view",
    summary="List the returns of an order",
    out=ReturnsOut,
    parameters=[*_FILTERS, *PAGING],
    refusals=(400,),
)
def list_order_returns(request: HttpRequest, order_id: str) -> Answer:
    """What came back of an order, the newest first."""
    return _page(request, Query(request), customer_ids=(), order_id=find(Order, order_id).pk)


@routes.creates("/orders/{order_id}/returns", permission="orders.edit", summary="Receive a return", out=ReturnOut)
def create_return(request: HttpRequest, order_id: str, returned: ReturnIn) -> Answer:  # noqa: ARG001
    """Write what came back of an order and was paid back. The order's state and all figures follow at once."""
    order = find(Order, order_id, to_change=True)
    given = returned.given()
    values: dict[str, Any] = {name: given[name] for name in _AS_THEY_ARE if name in given}
    values |= money_values(returned, order.currency, ("refund",))
    with in_our_names():
        received = actions.receive_return(
            values=values,
            lines=line_values(returned.lines, order.currency),
            customer=order.customer,
            channel=order.channel,
            order=order,
        )
    shown = return_out(received)
    location = f"/api/v1/returns/{received.public_id}"
    return Answer(body=shown, version=received.version, location=location, about=shown.customer or "")


@routes.reads("/returns/{return_id}", permission="orders.view", summary="Read a return", out=ReturnOut)
def get_return(request: HttpRequest, return_id: str) -> Answer:  # noqa: ARG001
    """A return with its lines."""
    found = find(Return, return_id)
    if found.customer_id:
        reads.opened([found.customer_id], "return")
    return Answer(body=return_out(found), version=found.version)


def _page(request: HttpRequest, query: Query, *, customer_ids: tuple[int, ...], order_id: int | None) -> Answer:
    since, until = query.period("returned_at")
    wanted = ReturnRequest(
        number=query.text("number"),
        channels=query.choices("channel", list(Channel.objects.values_list("code", flat=True))),
        customer_ids=customer_ids,
        order_id=order_id,
        since=since,
        until=until,
        after=query.text("after"),
        before=query.text("before"),
        size=query.limit(),
    )
    query.refuse_rest()
    page = return_page(wanted)
    links = neighbours(request, next_cursor=page.next_cursor, previous_cursor=page.previous_cursor)
    items = [return_out(found) for found in page.rows]
    return Answer(body=ReturnsOut(items=items, next=links.get("next"), previous=links.get("prev")), links=links)
