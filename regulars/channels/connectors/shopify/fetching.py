"""Fetching from Shopify's REST Admin API: everything once, then what changed; sums of days; webhooks.

1. The first time, products, customers, orders and checkouts are read by their numbers. The cursor is the last number
   of a page, which means the same next week as now; the link to the next page (`page_info`) is used while it lives.
2. After that, each kind is read by its last change. The cursor is the moment, and again the link within one reading.
3. Some minutes are read twice, for what was being written while we read: the same state twice changes nothing.

Shopify's bucket holds 40 requests and leaks 2 a second, for all programs of the shop together: from half of it on we
slow down, and whoever is told to wait is told so by `again_in`.
"""

from __future__ import annotations

import datetime as dt
import json
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from regulars.channels.connectors import reaching
from regulars.channels.connectors.protocol import Day, Link, Page, Unreached, Unreadable
from regulars.channels.connectors.reaching import Answer, Refused, base_of
from regulars.channels.connectors.reading import Json, children, rounded, text
from regulars.channels.connectors.shopify.money import purse_of
from regulars.channels.connectors.shopify.orders import gateways_of, order_of
from regulars.channels.records import AnyRecord, OrderRecord

Translate = Callable[..., Iterator[AnyRecord]]

VERSION = "2026-01"  # Shopify answers with its oldest living version where this one has ended
KINDS = ("products", "customers", "orders", "checkouts")
_AT_ONCE = 250
_OVERLAP = dt.timedelta(minutes=10)
_LEAKS = 2.0
_NOT_THIS_TOPIC = {403, 404, 422}
_LONGEST_PAUSE = 10.0
# An instant after what a webhook says of the same state: with the payments, which webhooks leave out.
_RICHER = dt.timedelta(microseconds=1)


def pull(link: Link, cursor: Mapping[str, Any], translate: Translate) -> Iterator[Page]:
    """Page after page, until nothing is left. Raises Unreached."""
    changed = dict(cursor.get("changed") or {})  # per kind: since when changes are to be read; none is the first time
    at = dict(cursor.get("at") or {})  # where a reading was left
    total = _count(link) if not changed else None
    first = KINDS.index(at["kind"]) if at.get("kind") in KINDS else 0
    for kind, following in zip(KINDS[first:], (*KINDS[first + 1 :], ""), strict=True):
        if at.get("kind") != kind:
            at = _beginning(kind, changed)
        is_last = False
        while not is_last:
            try:
                objects, where = _page(link, kind, at)
            except Refused as refused:
                if not refused.is_of_this_alone:
                    raise
                left = _beginning(following, changed) if following else {}
                yield Page((), {"changed": changed, "at": left}, [f"{kind}: {refused.sentence}"], total)
                break
            records, problems = _translated(link, kind, objects, translate)
            is_last = not where
            if is_last:
                changed = {**changed, kind: at["began"]}
                at = _beginning(following, changed) if following else {}
            else:
                at = {**at, **where}
            yield Page(records, {"changed": changed, "at": at}, problems, total)


def days(link: Link, since: dt.date, until: dt.date) -> Mapping[dt.date, Day]:
    """What counts of each day: not cancelled, no test; in the currency that our books have them in."""
    counts: dict[dt.date, int] = defaultdict(int)
    totals: dict[dt.date, Decimal] = defaultdict(Decimal)
    for order in _between(link, since, until):
        record = order_of(order, zone=link.zone, base=link.currency)
        if record.status == "cancelled" or record.is_test:
            continue
        day = record.placed_at.astimezone(link.zone).date()
        if since <= day <= until:
            counts[day] += 1
            totals[day] += _in_base(record, order, link)
    return {day: Day(counts[day], totals[day]) for day in counts}


def orders_of(link: Link, day: dt.date, translate: Translate) -> Sequence[AnyRecord]:
    """The orders that were placed on a day, whatever became of them."""
    return [
        record
        for order in _between(link, day, day)
        for record in _of_object(link, "orders", order, translate)
        if not isinstance(record, OrderRecord) or record.placed_at.astimezone(link.zone).date() == day
    ]


def subscribe(link: Link, address: str, topics: Sequence[str]) -> Sequence[str]:
    """Ask for each topic that is not asked for at this address yet; the topics that are, afterwards.

    A topic that the app may not see is left out. Raises Refused where that is all of them.
    """
    known = {
        text(one, "topic")
        for one in _listed(_ask(link, "webhooks.json", {"address": address, "limit": _AT_ONCE}), "webhooks")
        if text(one, "address") == address
    }
    last: Refused | None = None
    for topic in topics:
        if topic in known:
            continue
        body = {"webhook": {"topic": topic, "address": address, "format": "json"}}
        try:
            _ask(link, "webhooks.json", method="POST", body=json.dumps(body).encode())
        except Refused as refused:
            if refused.answered not in _NOT_THIS_TOPIC:
                raise
            last = refused
        else:
            known.add(topic)
    if last is not None and not known:
        raise last
    return tuple(topic for topic in topics if topic in known)


def _beginning(kind: str, changed: Mapping[str, str]) -> dict[str, Any]:
    began = (timezone.now() - _OVERLAP).isoformat()
    where = {"changed": changed[kind]} if kind in changed else {"since_id": 0}
    return {"kind": kind, "began": began, **where}


def _page(link: Link, kind: str, at: Mapping[str, Any]) -> tuple[Sequence[Json], dict[str, Any]]:
    """One page from where the reading stands, and where it stands then; nothing where that was the last one."""
    answer = None
    if at.get("page_info"):
        try:
            answer = _ask(link, f"{kind}.json", {"limit": _AT_ONCE, "page_info": at["page_info"]})
        except Refused:
            # the link has died: begin again at the last number, or the last moment, that we saw
            answer = None
    if answer is None:
        query: dict[str, Any] = {"limit": _AT_ONCE}
        if kind in {"orders", "checkouts"}:
            query["status"] = "any"
        if "changed" in at:
            query |= {"updated_at_min": at["changed"], "order": "updated_at asc"}
        else:
            query["since_id"] = at["since_id"]
        answer = _ask(link, f"{kind}.json", query)
    objects = _listed(answer, kind)
    page_info = answer.next_query.get("page_info", "")
    if not page_info or not objects:
        return objects, {}
    following: dict[str, Any] = {"page_info": page_info}
    if "changed" in at:
        following["changed"] = text(objects[-1], "updated_at") or at["changed"]
    else:
        following["since_id"] = text(objects[-1], "id")
    return objects, following


def _translated(
    link: Link, kind: str, objects: Sequence[Json], translate: Translate
) -> tuple[list[AnyRecord], list[str]]:
    """The records of a page. An object that cannot be read is told of, and stops no other."""
    records: list[AnyRecord] = []
    problems = []
    for one in objects:
        try:
            records += _of_object(link, kind, one, translate)
        except Unreadable as unreadable:
            problems.append(f"{kind} {text(one, 'id')}: {unreadable.sentence}")
    return records, problems


def _of_object(link: Link, kind: str, one: Json, translate: Translate) -> list[AnyRecord]:
    """The records of one object; an order that was paid by several means is asked for how they divide it."""
    if kind != "orders" or len(gateways_of(one)) < 2 or children(one, "transactions"):
        return list(translate(kind, one, link))
    answer = _ask(link, f"orders/{text(one, 'id')}/transactions.json")
    found = list(translate(kind, one, link, _listed(answer, "transactions")))
    return [_newer(record) for record in found]


def _newer(record: AnyRecord) -> AnyRecord:
    if isinstance(record, OrderRecord):
        return replace(record, version=record.version + _RICHER)
    return record


def _between(link: Link, since: dt.date, until: dt.date) -> Iterator[Json]:
    """All orders placed on these days of the shop's time zone, and some around them."""
    first = dt.datetime.combine(since, dt.time(), link.zone)
    last = dt.datetime.combine(until + dt.timedelta(days=1), dt.time(), link.zone)
    query: dict[str, Any] = {
        "status": "any",
        "limit": _AT_ONCE,
        "processed_at_min": first.isoformat(),
        "processed_at_max": last.isoformat(),
    }
    while True:
        answer = _ask(link, "orders.json", query)
        yield from _listed(answer, "orders")
        page_info = answer.next_query.get("page_info", "")
        if not page_info:
            return
        query = {"limit": _AT_ONCE, "page_info": page_info}


def _in_base(record: OrderRecord, source: Json, link: Link) -> Decimal:
    """The total as our books have it: in our base currency where the order says its rate, else as it was written."""
    total = record.total or Decimal(0)
    purse = purse_of(source, link.currency)
    return rounded(total * purse.rate, link.currency) if purse.rate is not None else total


def _count(link: Link) -> int:
    """How many objects there are in all, for progress."""
    total = 0
    for kind in KINDS:
        query = {"status": "any"} if kind in {"orders", "checkouts"} else {}
        found = _ask(link, f"{kind}/count.json", query).found
        count = found.get("count") if isinstance(found, dict) else None
        total += count if isinstance(count, int) and count > 0 else 0
    return total


def _listed(answer: Answer, name: str) -> Sequence[Json]:
    if not isinstance(answer.found, dict) or not isinstance(answer.found.get(name), list):
        raise Unreached(_("Shopify's answer holds no “%(name)s”.") % {"name": name}, again_in=_LONGEST_PAUSE)
    return children(answer.found, name)


def _ask(
    link: Link, path: str, query: Mapping[str, Any] | None = None, *, method: str = "GET", body: bytes | None = None
) -> Answer:
    token = link.secrets.get("access_token", "")
    if not token:
        raise Refused(_("To fetch from Shopify, the connection needs an Admin API access token."))
    headers = {"X-Shopify-Access-Token": token}
    if body is not None:
        headers["Content-Type"] = "application/json"
    answer = reaching.ask(
        f"{base_of(str(link.options.get('shop', '')))}/admin/api/{VERSION}/{path}",
        query=query,
        headers=headers,
        method=method,
        body=body,
    )
    _rest(answer.headers.get("x-shopify-shop-api-call-limit", ""))
    return answer


def _rest(said: str) -> None:
    """Let the bucket leak to its half: “32/40” is how full it is."""
    used, _slash, size = said.partition("/")
    if used.isdigit() and size.isdigit() and int(used) * 2 > int(size):
        time.sleep(min((int(used) - int(size) / 2) / _LEAKS, _LONGEST_PAUSE))
