"""The page of one order or return."""

from __future__ import annotations

from typing import Any

from django.db.models import Prefetch, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from regulars.core.money import Money
from regulars.customers import reads
from regulars.customers.people import records_with
from regulars.orders.models import Order, Return, ReturnLine, Status
from regulars.staff.access import requires
from regulars.timeline.models import Entry


@requires("orders.view")
def page(request: HttpRequest, public_id: str) -> HttpResponse:
    """One order: what was in it, what it came to, what came back, and whether it counts."""
    order = (
        Order.objects.select_related("channel", "customer__merged_into")
        .prefetch_related("lines")
        .filter(pk=Order.pk_of(public_id) or 0)
    ).first()
    if order is None:
        raise Http404(_("There is no such order. Perhaps it was deleted."))
    if order.customer_id:
        reads.opened([order.customer_id], "order")
    lines = list(order.lines.all())
    returns = list(
        Return.objects.filter(Q(order=order) | Q(pk__in=ReturnLine.objects.filter(order=order).values("parent")))
        .select_related("order")
        .prefetch_related(Prefetch("lines", ReturnLine.objects.select_related("order")))
        .order_by("returned_at", "pk")
    )
    context = {
        "order": order,
        "lines": lines,
        "returns": returns,
        "goods": Money(sum(line.total_minor for line in lines), order.currency),
        "kept": order.total - order.refunded,
        "why_not_counted": _why_not_counted(order),
        "history": _history(order, returns),
        "may_see_customer": request.user.may("customers.view"),  # type: ignore[union-attr]
    }
    return render(request, "orders/page.html", context)


@requires("orders.view")
def returned(request: HttpRequest, public_id: str) -> HttpResponse:
    """One return: what came back, what was refunded, and what it reverses."""
    back = (
        Return.objects.select_related("channel", "customer__merged_into", "order")
        .prefetch_related(Prefetch("lines", ReturnLine.objects.select_related("order")))
        .filter(pk=Return.pk_of(public_id) or 0)
    ).first()
    if back is None:
        raise Http404(_("There is no such return. Perhaps it was deleted."))
    if back.customer_id:
        reads.opened([back.customer_id], "return")
    lines = list(back.lines.all())
    context = {
        "back": back,
        "lines": lines,
        "reversed": {line.order_id: line.order for line in lines if line.order_id}.values() or [back.order],
        "may_see_customer": request.user.may("customers.view"),  # type: ignore[union-attr]
    }
    return render(request, "orders/return.html", context)


def _why_not_counted(order: Order) -> str:
    """Why an order is in no figure; empty for one that counts (docs/definitions.md)."""
    if order.is_test:
        return _("It is a test order.")
    return {
        str(Status.DRAFT): _("It is a draft: nobody has bought it yet."),
        str(Status.CANCELLED): _("It was cancelled."),
    }.get(order.status, "")


def _history(order: Order, returns: list[Return]) -> list[dict[str, Any]]:
    """What happened to an order, newest first: its own row, its returns, and the entries of its customer about it."""
    lines: list[dict[str, Any]] = [
        {"at": order.placed_at, "icon": "receipt", "words": _("Placed"), "who": order.channel.name},
        *(
            {"at": back.returned_at, "icon": "undo-2", "words": _("Sent back"), "who": back.number, "back": back}
            for back in returns
        ),
    ]
    if order.customer:
        # only the index by customer leads here; an order of a guest has its rows alone
        entries = Entry.objects.filter(
            customer_id__in=records_with(order.customer),
            subject_type="orders.order",
            subject_id=order.pk,
            at__gte=order.placed_at,
        ).exclude(name__in=("order.placed", "return.received"))
        lines += [
            {
                "at": entry.at,
                "icon": entry.fact.icon if entry.fact else "circle",
                "words": str(entry.fact.sentence) if entry.fact else entry.name,
                "who": entry.actor.name if entry.actor else "",
            }
            for entry in entries.select_related("actor")[:50]
        ]
    return sorted(lines, key=lambda line: line["at"], reverse=True)
