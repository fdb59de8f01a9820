"""The list of returns, page by page."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import Q

from regulars.orders.models import Return
from regulars.orders.queries.lists import PAGE_SIZE, cursor_of, place_of


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnRequest:
    """Which returns, from where on. `since` and `until` are moments: from the first on, and before the second."""

    number: str = ""
    states: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    customer_ids: tuple[int, ...] = ()
    order_id: int | None = None
    since: dt.datetime | None = None
    until: dt.datetime | None = None
    after: str = ""
    before: str = ""
    size: int = PAGE_SIZE


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnPage:
    """Some returns, and the cursors of what lies beyond them; an empty cursor is the end."""

    rows: list[Return]
    next_cursor: str = ""
    previous_cursor: str = ""


def return_page(request: ReturnRequest) -> ReturnPage:
    """A page of returns, the newest first, with channel and lines: two queries at most."""
    conditions = {
        "number": request.number,
        "state__in": request.states,
        "channel__code__in": request.channels,
        "customer_id__in": request.customer_ids,
        "order_id": request.order_id,
        "returned_at__gte": request.since,
        "returned_at__lt": request.until,
    }
    given = {name: value for name, value in conditions.items() if value is not None and value not in ("", ())}
    rows = Return.objects.filter(**given).select_related("channel", "customer__merged_into").prefetch_related("lines")
    cursor = request.before or request.after
    if cursor:
        at, pk = place_of(cursor)
        beyond = "gt" if request.before else "lt"
        rows = rows.filter(Q(**{f"returned_at__{beyond}": at}) | Q(returned_at=at, **{f"pk__{beyond}": pk}))
    rows = rows.order_by("returned_at", "pk") if request.before else rows.order_by("-returned_at", "-pk")
    found = list(rows[: request.size + 1])
    has_more, found = len(found) > request.size, found[: request.size]
    if request.before:
        found.reverse()
    if not found:
        return ReturnPage(rows=[])
    first, last = found[0], found[-1]
    return ReturnPage(
        rows=found,
        next_cursor=cursor_of(last.returned_at, last.pk) if has_more or request.before else "",
        previous_cursor=cursor_of(first.returned_at, first.pk) if (has_more if request.before else cursor) else "",
    )
