"""What stands beside a conversation: who asks, what they bought, what they asked before, what has to be known."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from regulars.core import shop
from regulars.core.money import Money
from regulars.customers import consents, notes
from regulars.customers.people import records
from regulars.customers.places import country_name, time_of
from regulars.inbox.models import Conversation, ConversationOrder, Status
from regulars.inbox.showing import duration
from regulars.orders.models import Order
from regulars.orders.panels import small_rhythms
from regulars.orders.queries import purchase_summary
from regulars.orders.queries.contents import with_first_lines

if TYPE_CHECKING:
    from regulars.customers.models import Customer
    from regulars.staff.models import User

_EARLIER = 6
_ORDERS = 3


@dataclass(frozen=True, slots=True)
class Earlier:
    """An inquiry of before, and in words how long it took; empty where it is not done."""

    conversation: Conversation
    words: str


def beside(conversation: Conversation, user: User) -> dict[str, Any]:
    """The rail: what somebody may not see is not asked for."""
    customer = conversation.customer.person
    sees_orders = user.may("orders.view")
    known: dict[str, Any] = {
        "customer": customer,
        "place": ", ".join(
            part for part in (customer.city, country_name(customer.country) if customer.country else "") if part
        ),
        "time_there": _time_there(customer),
        "earlier": earlier(conversation),
        "good_to_know": notes.rail(None, customer)["lines"],  # type: ignore[arg-type]
        "stands": consents.stands(records(customer)),
    }
    if sees_orders:
        summary = purchase_summary(customer)
        known |= {
            "summary": summary,
            "usual_days": round(summary.usual_gap_days) if summary.usual_gap_days else None,
            "rhythm": small_rhythms([customer]).get(customer.pk) if customer.orders_count else None,
            "orders": [
                (order, [(line, Money(line.total_minor, order.currency)) for line in lines], more)
                for order, lines, more in with_first_lines(orders_of(conversation)[:_ORDERS])
            ],
        }
    return known


def orders_of(conversation: Conversation) -> Any:
    """The orders it is about, as the walls let them be seen."""
    keys = ConversationOrder.objects.filter(conversation=conversation).values_list("order", flat=True)
    return Order.objects.filter(pk__in=list(keys)).order_by("-placed_at")


def earlier(conversation: Conversation) -> list[Earlier]:
    """What the same person asked before, newest first."""
    rows = (
        Conversation.objects.filter(customer__in=records(conversation.customer), merged_into=None)
        .exclude(pk=conversation.pk)
        .exclude(status=Status.SPAM)
        .order_by("-began_at", "-id")[:_EARLIER]
    )
    return [Earlier(row, _took(row)) for row in rows]


def _took(row: Conversation) -> str:
    return duration(int((row.closed_at - row.began_at).total_seconds() // 60)) if row.closed_at else ""


def _time_there(customer: Customer) -> dt.datetime | None:
    """The time where they are, where it is not the shop's own."""
    there = time_of(customer) if customer.time_zone or customer.country != shop.current().country else None
    return there if there and there.utcoffset() != there.astimezone(shop.zone()).utcoffset() else None
