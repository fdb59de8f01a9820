"""The operations of orders."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db.models import prefetch_related_objects
from django.http import HttpRequest
from django.utils.translation import gettext as _

from regulars.channels.models import Channel
from regulars.core import shop
from regulars.core.api.listing import PAGING, Query, neighbours, parameter, period
from regulars.core.api.preconditions import find, must_match
from regulars.core.api.routes import Answer
from regulars.customers import reads
from regulars.customers.models import Customer
from regulars.customers.people import are_one, records_of_person
from regulars.orders import actions
from regulars.orders.api.amounts import in_our_names, money_values
from regulars.orders.api.operations import routes
from regulars.orders.api.payment_shapes import payments_values
from regulars.orders.api.shapes import (
    OrderIn,
    OrderOut,
    OrderPatch,
    OrdersOut,
    hanging_values,
    line_values,
    order_out,
)
from regulars.orders.checks import invalid
from regulars.orders.models import Fulfilment, Order, Status
from regulars.orders.queries import OrderRequest, order_page

SENT = [state for state in Fulfilment.values if state]
_AMOUNTS = ("discount", "shipping", "tax")
_AS_THEY_ARE = (
    *("number", "status", "is_test", "placed_at", "is_tax_included", "payment_method", "country", "note"),
    *("fulfilment", "source", "campaign", "referrer"),
)
_HANGING = ("lines", "tags", "codes", "addresses", "payments")

_FILTERS = [
    parameter("number", "Numbers that begin like this."),
    parameter("number.is", "This number exactly."),
    parameter("customer", "The id of a customer.", examples=["cus_0q4n8c3x7m2rz"]),
    parameter("status", f"Any of these, separated by commas: {', '.join(Status.values)}.", examples=["open,paid"]),
    parameter("fulfilment", f"Any of these, separated by commas: {', '.join(SENT)}.", examples=["unfulfilled,partial"]),
    parameter("channel", "The codes of channels, separated by commas.", examples=["web"]),
    parameter("tag", "A tag, exactly.", examples=["gift"]),
    parameter("code", "A discount code, exactly.", examples=["SPRING4"]),
    parameter("source", "A source or a campaign, exactly.", examples=["instagram"]),
    parameter("product", "An SKU, or how a product's title begins.", examples=["85123A"]),
    *period("placed_at", "Placed"),
    parameter("total.min", "A total of this or more, in the shop's base currency.", examples=["100"]),
    parameter("total.max", "A total of this or less, in the shop's base currency."),
    parameter("sort", "`-placed_at`, the newest first, or `placed_at`.", enum=["-placed_at", "placed_at"]),
]


@routes.reads(
    "/orders",
    permission="orders.view",
    summary="List orders",
    out=OrdersOut,
    parameters=[*_FILTERS, *PAGING],
    refusals=(400,),
)
def list_orders(request: HttpRequest) -> Answer:
    """Orders with their lines, the newest first."""
    query = Query(request)
    since, until = query.period("placed_at")
    wanted = OrderRequest(
        number=query.text("number"),
        number_is=query.text("number.is"),
        customer_ids=records_of_person(query.row_id("customer", Customer)),
        statuses=query.choices("status", Status.values),
        fulfilments=query.choices("fulfilment", SENT),
        tag=query.text("tag"),
        code=query.text("code"),
        source=query.text("source"),
        product=query.text("product"),
        channels=query.choices("channel", list(Channel.objects.values_list("code", flat=True))),
        since=since,
        until=until,
        least_minor=query.minor("total.min"),
        most_minor=query.minor("total.max"),
        is_oldest_first=query.choices("sort", ("-placed_at", "placed_at")) == ("placed_at",),
        after=query.text("after"),
        before=query.text("before"),
        size=query.limit(),
    )
    query.refuse_rest()
    if wanted.customer_ids:
        reads.opened(wanted.customer_ids, "orders")
    page = order_page(wanted)
    prefetch_related_objects(page.rows, *_HANGING)
    links = neighbours(request, next_cursor=page.next_cursor, previous_cursor=page.previous_cursor)
    items = [order_out(order) for order in page.rows]
    return Answer(body=OrdersOut(items=items, next=links.get("next"), previous=links.get("prev")), links=links)


@routes.creates("/orders", permission="orders.edit", summary="Place an order", out=OrderOut)
def create_order(request: HttpRequest, order: OrderIn) -> Answer:  # noqa: ARG001 — every operation takes it
    """Write an order with its lines. The customer's purchase figures follow at once.

    With the status `draft` it counts nowhere until it is opened, and may have no lines yet.
    """
    currency = order.currency or shop.current().currency
    values = {**_values(order, currency), "currency": currency}
    customer = values.pop("customer", None)
    lines, channel = line_values(order.lines, currency), _channel(order.channel)
    if order.payments:
        values["payments"] = payments_values(order.payments, currency)
    is_draft = values.get("status") == Status.DRAFT
    place = actions.place_draft if is_draft else actions.place_order
    with in_our_names():
        placed = place(values=values, lines=lines, customer=customer, channel=channel)
    return _answer(placed, location=f"/api/v1/orders/{placed.public_id}")


@routes.reads("/orders/{order_id}", permission="orders.view", summary="Read an order", out=OrderOut)
def get_order(request: HttpRequest, order_id: str) -> Answer:  # noqa: ARG001
    """An order with its lines."""
    order = find(Order, order_id)
    if order.customer_id:
        reads.opened([order.customer_id], "order")
    return _answer(order)


@routes.changes("/orders/{order_id}", permission="orders.edit", summary="Change an order", out=OrderOut)
def change_order(request: HttpRequest, order_id: str, order: OrderPatch) -> Answer:
    """Change the fields that are sent. The figures of its customer follow, of the one before, too."""
    known = _to_change(request, order_id)
    values = _values(order, known.currency)
    if "customer" in values and are_one(values["customer"], known.customer):
        # the order stays with the one of a person's records that it came from
        del values["customer"]
    lines = line_values(order.lines, known.currency) if "lines" in order.model_fields_set else None
    with in_our_names():
        return _answer(actions.change_order(known, values=values, lines=lines, version=known.version))


@routes.removes("/orders/{order_id}", permission="orders.delete", summary="Delete an order")
def delete_order(request: HttpRequest, order_id: str) -> Answer:
    """Delete an order that was a mistake. A sale that fell through is cancelled instead: change its status."""
    known = _to_change(request, order_id)
    actions.delete_order(known, version=known.version)
    return Answer()


def _to_change(request: HttpRequest, order_id: str) -> Order:
    """The order, locked, and in the version that the caller means."""
    known = find(Order, order_id, to_change=True)
    must_match(request, known, shown=order_out(known))
    return known


def _values(sent: OrderIn | OrderPatch, currency: str) -> dict[str, Any]:
    """What was sent, as the verbs take it. Raises Invalid."""
    given = sent.given()
    values = {name: given[name] for name in _AS_THEY_ARE if name in given}
    values |= money_values(sent, currency, _AMOUNTS)
    values |= hanging_values(sent, currency)
    if "rate" in given:
        values["rate"] = Decimal(sent.rate)
    if "customer" in given:
        values["customer"] = _customer(sent.customer)
    return values


def _channel(code: str) -> Channel:
    channel = Channel.objects.filter(code=code).first()
    if channel is None:
        raise invalid({"channel": [_("There is no channel with the code “%(code)s”.") % {"code": code}]})
    return channel


def _customer(public_id: str | None) -> Customer | None:
    if public_id is None:
        return None
    customer = Customer.everyone.filter(pk=Customer.pk_of(public_id) or 0, deleted_at__isnull=True).first()
    if customer is None:
        raise invalid({"customer": [_("There is no customer with the id %(id)s.") % {"id": public_id}]})
    return customer


def _answer(order: Order, *, location: str = "") -> Answer:
    shown = order_out(order)
    return Answer(body=shown, version=order.version, location=location, about=shown.customer or "")
