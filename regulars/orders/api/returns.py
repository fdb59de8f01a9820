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
from regulars.orders.api.amounts import in_our_names, money_values
from regulars.orders.api.operations import routes
from regulars.orders.api.payment_shapes import how
from regulars.orders.api.return_shapes import (
    ExchangeIn,
    ExchangeOut,
    RefuseIn,
    ReturnIn,
    ReturnOut,
    ReturnsOut,
    SettleIn,
    exchange_out,
    return_lines,
    return_out,
)
from regulars.orders.api.shapes import line_values
from regulars.orders.models import Order, Return, ReturnState
from regulars.orders.queries.returned import ReturnRequest, return_page

_AS_THEY_ARE = ("number", "state", "returned_at", "reason")

_FILTERS = [
    parameter("number", "This number."),
    parameter("channel", "The codes of channels, separated by commas."),
    parameter("state", f"Any of these, separated by commas: {', '.join(ReturnState.values)}.", examples=["requested"]),
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
    """Write what came back of an order and was paid back. The order's state and all figures follow at once.

    With the state `requested` or `received` it is only asked for, and counts nowhere until it is settled.
    """
    order = find(Order, order_id, to_change=True)
    given = returned.given()
    values: dict[str, Any] = {name: given[name] for name in _AS_THEY_ARE if name in given}
    values |= money_values(returned, order.currency, ("refund",))
    with in_our_names():
        received = actions.receive_return(
            values=values,
            lines=return_lines(returned.lines, order.currency),
            customer=order.customer,
            channel=order.channel,
            order=order,
        )
    return _answer(received, location=f"/api/v1/returns/{received.public_id}")


@routes.reads("/returns/{return_id}", permission="orders.view", summary="Read a return", out=ReturnOut)
def get_return(request: HttpRequest, return_id: str) -> Answer:  # noqa: ARG001
    """A return with its lines."""
    found = find(Return, return_id)
    if found.customer_id:
        reads.opened([found.customer_id], "return")
    return _answer(found)


@routes.acts("/returns/{return_id}/receive", permission="orders.edit", summary="Receive the goods", out=ReturnOut)
def receive_goods(request: HttpRequest, return_id: str) -> Answer:  # noqa: ARG001
    """Say that what was to come back has arrived; nothing is paid back yet."""
    return _answer(actions.receive_goods(find(Return, return_id)))


@routes.acts("/returns/{return_id}/settle", permission="orders.edit", summary="Refund a return", out=ReturnOut)
def settle_return(request: HttpRequest, return_id: str, body: SettleIn) -> Answer:  # noqa: ARG001
    """Pay a requested or received return back: from now on it counts, and the order's state and figures follow."""
    found = find(Return, return_id)
    amount = money_values(body, found.currency, ("refund",))
    with in_our_names():
        return _answer(actions.settle_return(found, refund_minor=amount.get("refund_minor"), **how(body)))


@routes.acts("/returns/{return_id}/exchange", permission="orders.edit", summary="Exchange a return", out=ExchangeOut)
def exchange_return(request: HttpRequest, return_id: str, body: ExchangeIn) -> Answer:  # noqa: ARG001
    """Give something else for what comes back: a new order, which the return's worth pays as far as it goes."""
    found = find(Return, return_id)
    values = {"note": body.note, **money_values(body, found.currency, ("shipping", "discount", "tax"))}
    amount = money_values(body, found.currency, ("refund",))
    lines = line_values(body.lines, found.currency)
    with in_our_names():
        made = actions.exchange_return(
            found, lines=lines, values=values, refund_minor=amount.get("refund_minor"), **how(body)
        )
    shown = exchange_out(made)
    return Answer(body=shown, version=made.returned.version, about=shown.returned.customer or "")


@routes.acts("/returns/{return_id}/refuse", permission="orders.edit", summary="Refuse a return", out=ReturnOut)
def refuse_return(request: HttpRequest, return_id: str, body: RefuseIn) -> Answer:  # noqa: ARG001
    """Do not take something back. It never counts."""
    return _answer(actions.refuse_return(find(Return, return_id), reason=body.reason))


def _answer(returned: Return, *, location: str = "") -> Answer:
    shown = return_out(returned)
    return Answer(body=shown, version=returned.version, location=location, about=shown.customer or "")


def _page(request: HttpRequest, query: Query, *, customer_ids: tuple[int, ...], order_id: int | None) -> Answer:
    since, until = query.period("returned_at")
    wanted = ReturnRequest(
        number=query.text("number"),
        states=query.choices("state", ReturnState.values),
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
