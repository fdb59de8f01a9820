"""The page of one order or return: all that is known of it, and all that can be done with it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from django.db.models import Prefetch, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from regulars.channels.models import Mirror
from regulars.core.money import Money
from regulars.core.sight import current
from regulars.core.ui.toasts import toast
from regulars.customers import reads
from regulars.customers.people import records_with
from regulars.orders.actions.cancelling import hindrance_of
from regulars.orders.actions.choosing import left_of
from regulars.orders.actions.links import paid_in, still_to_pay
from regulars.orders.models import (
    SETTLED,
    Fulfilment,
    Order,
    OrderLine,
    Payment,
    PaymentState,
    Return,
    ReturnLine,
    ReturnState,
    Side,
    Status,
)
from regulars.orders.views import drafts
from regulars.staff.access import requires
from regulars.timeline.models import Entry

_MOST_ENTRIES = 50


@requires("orders.view")
def page(request: HttpRequest, public_id: str) -> HttpResponse:
    """One order: what was in it, what it came to, what came back, how it was paid, and what can be done with it."""
    order = order_or_404(public_id)
    if order.status == Status.DRAFT and drafts.may_write(request):
        return drafts.edit(request, order)
    if request.method == "POST":
        # somebody made the draft an order while somebody else was writing
        toast(request, _("%(number)s is no draft any more. Nothing was changed.") % {"number": order.number})
        return drafts.go(request, order)
    return shown(request, order)


def order_or_404(public_id: str) -> Order:
    """The order with its lines and what hangs on it; raises Http404 with a sentence."""
    order = (
        Order.objects.select_related("channel", "customer__merged_into")
        .prefetch_related("lines", "codes", "tags", "addresses", "payments", "payment_links")
        .filter(pk=Order.pk_of(public_id) or 0)
    ).first()
    if order is None:
        raise Http404(_("There is no such order. Perhaps it was deleted."))
    return order


def shown(request: HttpRequest, order: Order, *, more: dict[str, Any] | None = None, status: int = 200) -> HttpResponse:
    """The page; `more` is what a form that was refused brings along: its name, its sentence, what was typed."""
    if order.customer_id:
        reads.opened([order.customer_id], "order")
    may_edit = may_change(request)
    lines = list(order.lines.all())
    returns = _returns_of(order)
    payments = list(order.payments.all())
    owed = still_to_pay(order)
    left = left_of(lines) if may_edit and order.is_counted else {}
    context = {
        "order": order,
        "lines": _with_returns(lines, returns),
        "returns": returns,
        "goods": Money(sum(line.total_minor for line in lines), order.currency),
        "kept": order.total - order.refunded,
        "payments": payments,
        "paid_by": _by_method(order, payments),
        "owed": Money(owed, order.currency),
        "paid": Money(paid_in(payments), order.currency),
        "addresses": [(label, found) for side, label in Side.choices if (found := _address(order, side))],
        "links": list(order.payment_links.all())[::-1],
        "can_come_back": [(line, left[line.pk]) for line in lines if left.get(line.pk, 0) > 0],
        "why_not_counted": _why_not_counted(order),
        "history": _history(order, returns),
        "known_as": _known_as(order),
        "may_see_channels": request.user.may("channels.view"),  # type: ignore[union-attr]
        "may_see_customer": request.user.may("customers.view"),  # type: ignore[union-attr]
        "may_edit": may_edit,
        "may_delete": request.user.may("orders.delete") and may_edit,  # type: ignore[union-attr]
        "hindrance": hindrance_of(order) if may_edit else "",
        "fulfilments": Fulfilment.choices,
        **(more or {}),
    }
    return render(request, "orders/page.html", context, status=status)


def may_change(request: HttpRequest) -> bool:
    """Whether the controls are shown: for those who may change orders, and see what they change."""
    return request.user.may("orders.edit") and current().shows("spend")  # type: ignore[union-attr]


@requires("orders.view")
def returned(request: HttpRequest, public_id: str) -> HttpResponse:
    """One return: what came back, what was refunded, and what it reverses."""
    back = return_or_404(public_id)
    if back.customer_id:
        reads.opened([back.customer_id], "return")
    lines = list(back.lines.all())
    context = {
        "back": back,
        "lines": lines,
        "reversed": {line.order_id: line.order for line in lines if line.order_id}.values() or [back.order],
        "may_see_customer": request.user.may("customers.view"),  # type: ignore[union-attr]
        "may_edit": may_change(request),
    }
    return render(request, "orders/return.html", context)


def return_or_404(public_id: str) -> Return:
    """The return with its lines; raises Http404 with a sentence."""
    back = (
        Return.objects.select_related("channel", "customer__merged_into", "order__customer", "exchange")
        .prefetch_related(Prefetch("lines", ReturnLine.objects.select_related("order")))
        .filter(pk=Return.pk_of(public_id) or 0)
    ).first()
    if back is None:
        raise Http404(_("There is no such return. Perhaps it was deleted."))
    return back


def _returns_of(order: Order) -> list[Return]:
    return list(
        Return.objects.filter(Q(order=order) | Q(pk__in=ReturnLine.objects.filter(order=order).values("parent")))
        .select_related("order", "exchange")
        .prefetch_related(Prefetch("lines", ReturnLine.objects.select_related("order")))
        .order_by("returned_at", "pk")
    )


def _with_returns(lines: Sequence[OrderLine], returns: Sequence[Return]) -> list[dict[str, Any]]:
    """Each line with how many of it came back, and how many are on their way."""
    counts: dict[tuple[int, bool], int] = defaultdict(int)
    for back in returns:
        for row in back.lines.all():
            if row.order_line_id and back.state != ReturnState.REFUSED:
                counts[row.order_line_id, back.state in SETTLED] += row.quantity
    return [{"line": line, "back": counts[line.pk, True], "coming": counts[line.pk, False]} for line in lines]


def _by_method(order: Order, payments: Sequence[Payment]) -> list[tuple[str, Money]]:
    """What came in, by means: payments that are there, the largest first."""
    sums: dict[str, int] = defaultdict(int)
    for payment in payments:
        if payment.state == PaymentState.PAID and not payment.is_refund:
            sums[payment.method] += payment.amount_minor
    return [(method, Money(amount, order.currency)) for method, amount in sorted(sums.items(), key=lambda one: -one[1])]


def _address(order: Order, side: str) -> Any:
    return next((address for address in order.addresses.all() if address.side == side), None)


def _known_as(order: Order) -> Mirror | None:
    """As what the channel knows this order, and which of its states we have."""
    return Mirror.objects.filter(kind="order", local_id=order.pk).first()


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
            {"at": back.returned_at, "icon": "undo-2", "words": _said(back), "who": back.number, "back": back}
            for back in returns
        ),
    ]
    if order.customer:
        # only the index by customer leads here; an order of a guest has its rows alone
        entries = Entry.objects.filter(
            customer_id__in=records_with(order.customer),
            subject_type="orders.order",
            subject_id=order.pk,
        ).exclude(name__in=("order.placed", "return.received"))
        lines += [
            {
                "at": entry.at,
                "icon": entry.fact.icon if entry.fact else "circle",
                "words": str(entry.fact.sentence) if entry.fact else entry.name,
                "who": entry.actor.name if entry.actor else "",
            }
            for entry in entries.select_related("actor").order_by("-pk")[:_MOST_ENTRIES]
        ]
    return sorted(lines, key=lambda line: line["at"], reverse=True)


def _said(back: Return) -> str:
    """One line of the history for a return."""
    return _("Sent back") if back.state in SETTLED else str(back.get_state_display())
