"""Purchases that were begun and not finished, page by page."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from django.db.models import DurationField, ExpressionWrapper, F, Q, QuerySet
from django.utils import timezone

from regulars.customers.models import Customer
from regulars.customers.people import records
from regulars.orders.models import Checkout
from regulars.orders.queries.lists import PAGE_SIZE, cursor_of, place_of

ABANDONED_AFTER = dt.timedelta(hours=1)
STATES = ("abandoned", "recovered", "open", "completed")


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckoutRequest:
    """Which checkouts. `state` is abandoned (no step for an hour), recovered (finished more than an hour after it was
    begun), open (somebody may still be at it), completed (all that became an order), or empty for all.
    """

    state: str = "abandoned"
    channels: tuple[str, ...] = ()
    customer_ids: tuple[int, ...] = ()
    since: dt.datetime | None = None
    until: dt.datetime | None = None
    after: str = ""
    before: str = ""
    size: int = PAGE_SIZE


@dataclass(frozen=True, slots=True)
class CheckoutPage:
    """Some checkouts, and the cursors of what lies beyond them; an empty cursor is the end."""

    rows: list[Checkout] = field(default_factory=list)
    next_cursor: str = ""
    previous_cursor: str = ""


def found(request: CheckoutRequest) -> QuerySet[Checkout]:
    """The checkouts asked for, without order."""
    rows = Checkout.objects.filter(_state(request.state))
    if request.state == "recovered":
        took = ExpressionWrapper(F("completed_at") - F("started_at"), output_field=DurationField())
        rows = rows.annotate(took=took).filter(took__gt=ABANDONED_AFTER)
    if request.channels:
        rows = rows.filter(channel__code__in=request.channels)
    if request.customer_ids:
        rows = rows.filter(customer_id__in=request.customer_ids)
    if request.since is not None:
        rows = rows.filter(touched_at__gte=request.since)
    if request.until is not None:
        rows = rows.filter(touched_at__lt=request.until)
    return rows


def checkout_page(request: CheckoutRequest) -> CheckoutPage:
    """A page of checkouts, the last step newest first, with channel, customer and order: one query."""
    rows = found(request).select_related("channel", "customer__merged_into", "order")
    cursor = request.before or request.after
    if cursor:
        at, pk = place_of(cursor)
        beyond = "gt" if request.before else "lt"
        rows = rows.filter(Q(**{f"touched_at__{beyond}": at}) | Q(touched_at=at, **{f"pk__{beyond}": pk}))
    rows = rows.order_by("touched_at", "pk") if request.before else rows.order_by("-touched_at", "-pk")
    some = list(rows[: request.size + 1])
    has_more, some = len(some) > request.size, some[: request.size]
    if request.before:
        some.reverse()
    if not some:
        return CheckoutPage()
    first, last = some[0], some[-1]
    return CheckoutPage(
        rows=some,
        next_cursor=cursor_of(last.touched_at, last.pk) if has_more or request.before else "",
        previous_cursor=cursor_of(first.touched_at, first.pk) if (has_more if request.before else cursor) else "",
    )


def abandoned_by(customer: Customer) -> QuerySet[Checkout]:
    """What a customer left in the basket, the newest first."""
    rows = Checkout.objects.filter(_state("abandoned"), customer__in=records(customer))
    return rows.select_related("channel").order_by("-touched_at", "-pk")


def _state(state: str) -> Q:
    left = timezone.now() - ABANDONED_AFTER
    conditions: dict[str, Q] = {
        "abandoned": Q(completed_at=None, touched_at__lt=left),
        "open": Q(completed_at=None, touched_at__gte=left),
        "recovered": Q(completed_at__isnull=False),
        "completed": Q(completed_at__isnull=False),
    }
    return conditions.get(state, Q())


def state_of(checkout: Checkout) -> str:
    """The state of a checkout in the words of a request."""
    if checkout.completed_at is not None:
        is_late = checkout.completed_at - checkout.started_at > ABANDONED_AFTER
        return "recovered" if is_late else "completed"
    return "abandoned" if checkout.touched_at < timezone.now() - ABANDONED_AFTER else "open"
