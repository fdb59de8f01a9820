"""Fetching from WooCommerce's REST API v3: everything once, then what changed; sums of days; webhooks.

Pages are numbered, in the order of the objects' own numbers. What is deleted while we read moves the rest forward,
across the edge of a page: what slipped through is found when it changes, and by comparing days.

Customers cannot be asked for by their last change: those who are new since the last reading are fetched, and what
others changed comes by webhook, and with their next order.
"""

from __future__ import annotations

import datetime as dt
import json
from base64 import b64encode
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from regulars.channels.connectors import reaching
from regulars.channels.connectors.protocol import Day, Link, Page, Unreached, Unreadable
from regulars.channels.connectors.reaching import Answer, Refused, base_of
from regulars.channels.connectors.reading import Json, identity, moment, text
from regulars.channels.connectors.woocommerce.catalogue import has_variations, product_of
from regulars.channels.connectors.woocommerce.orders import order_of, return_of
from regulars.channels.connectors.woocommerce.people import customer_of
from regulars.channels.records import AnyRecord

KINDS = ("products", "customers", "orders")
_AT_ONCE = 100
_OVERLAP = dt.timedelta(minutes=10)
_SOME_SECONDS = 10.0
_UNCOUNTED = {"cancelled", "draft"}


def pull(link: Link, cursor: Mapping[str, Any]) -> Iterator[Page]:
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
            objects, is_last = _page(link, kind, at)
            records, problems = _translated(link, kind, objects)
            if is_last:
                changed = {**changed, kind: at["began"]}
                at = _beginning(following, changed) if following else {}
            else:
                at = {**at, "page": at["page"] + 1}
            yield Page(records, {"changed": changed, "at": at}, problems, total)


def days(link: Link, since: dt.date, until: dt.date) -> Mapping[dt.date, Day]:
    """What counts of each day of the shop's time zone."""
    counts: dict[dt.date, int] = defaultdict(int)
    totals: dict[dt.date, Decimal] = defaultdict(Decimal)
    for source in _between(link, since, until):
        record = order_of(source)
        day = record.placed_at.astimezone(link.zone).date()
        if record.status not in _UNCOUNTED and since <= day <= until:
            counts[day] += 1
            totals[day] += record.total or Decimal(0)
    return {day: Day(counts[day], totals[day]) for day in counts}


def orders_of(link: Link, day: dt.date) -> Sequence[AnyRecord]:
    """The orders that were placed on a day, with their refunds."""
    return [
        record
        for source in _between(link, day, day)
        if order_of(source).placed_at.astimezone(link.zone).date() == day
        for record in of_object(link, "orders", source)
    ]


def subscribe(link: Link, address: str, topics: Sequence[str]) -> Sequence[str]:
    """Ask for each topic that is not asked for at this address yet; the topics that are, afterwards."""
    known: set[str] = set()
    page = 1
    while True:
        found = _listed(_ask(link, "webhooks", {"per_page": _AT_ONCE, "page": page, "status": "active"}))
        known |= {text(one, "topic") for one in found if text(one, "delivery_url") == address}
        if len(found) < _AT_ONCE:
            break
        page += 1
    for topic in topics:
        if topic not in known:
            webhook = {
                "name": f"Regulars {topic}",
                "topic": topic,
                "delivery_url": address,
                "secret": link.secrets.get("signing_key", ""),
                "status": "active",
            }
            _ask(link, "webhooks", method="POST", body=json.dumps(webhook).encode())
    return tuple(topics)


def of_object(link: Link, kind: str, source: Json) -> list[AnyRecord]:
    """The records of one object, with what it only numbers fetched: refunds of an order, variations of a product."""
    if kind == "customers":
        return [customer_of(source)]
    if kind == "products":
        variations = None
        if has_variations(source):
            variations = _all(link, f"products/{identity(source)}/variations")
        return [product_of(source, variations, currency=link.currency)]
    order = order_of(source)
    found: list[AnyRecord] = [order]
    if order.returns:
        refunds = _all(link, f"orders/{order.external_id}/refunds")
        found += [return_of(one, order_id=order.external_id, currency=order.currency) for one in refunds]
    return found


def _beginning(kind: str, changed: Mapping[str, str]) -> dict[str, Any]:
    began = (timezone.now() - _OVERLAP).isoformat()
    return {"kind": kind, "began": began, "page": 1, **({"changed": changed[kind]} if kind in changed else {})}


def _page(link: Link, kind: str, at: Mapping[str, Any]) -> tuple[Sequence[Json], bool]:
    """One page, and whether it is the last."""
    query: dict[str, Any] = {"per_page": _AT_ONCE, "page": at["page"], "orderby": "id", "order": "asc"}
    since = at.get("changed")
    if kind == "customers":
        query["role"] = "all"
        if since:
            query |= {"orderby": "registered_date", "order": "desc"}
    elif since:
        query |= {"modified_after": _gmt(dt.datetime.fromisoformat(since)), "dates_are_gmt": "true"}
    answer = _ask(link, kind, query)
    objects = _listed(answer)
    pages = answer.headers.get("x-wp-totalpages", "")
    is_last = at["page"] >= int(pages) if pages.isdigit() else len(objects) < _AT_ONCE
    if kind == "customers" and since:
        border = dt.datetime.fromisoformat(since)
        fresh = [one for one in objects if (moment(one, "date_created_gmt") or border) >= border]
        return fresh, is_last or len(fresh) < len(objects)
    return objects, is_last or not objects


def _translated(link: Link, kind: str, objects: Sequence[Json]) -> tuple[list[AnyRecord], list[str]]:
    """The records of a page. An object that cannot be read is told of, and stops no other."""
    records: list[AnyRecord] = []
    problems = []
    for one in objects:
        try:
            records += of_object(link, kind, one)
        except Unreadable as unreadable:
            problems.append(f"{kind} {text(one, 'id')}: {unreadable.sentence}")
    return records, problems


def _between(link: Link, since: dt.date, until: dt.date) -> Iterator[Json]:
    """All orders placed on these days of the shop's time zone."""
    query: dict[str, Any] = {
        "after": _gmt(dt.datetime.combine(since, dt.time(), link.zone) - dt.timedelta(seconds=1)),
        "before": _gmt(dt.datetime.combine(until + dt.timedelta(days=1), dt.time(), link.zone)),
        "dates_are_gmt": "true",
        "orderby": "id",
        "order": "asc",
    }
    yield from _all(link, "orders", query)


def _all(link: Link, path: str, query: Mapping[str, Any] | None = None) -> Sequence[Json]:
    found: list[Json] = []
    page = 1
    while True:
        answer = _ask(link, path, {**(query or {}), "per_page": _AT_ONCE, "page": page})
        listed = _listed(answer)
        found += listed
        pages = answer.headers.get("x-wp-totalpages", "")
        if (page >= int(pages)) if pages.isdigit() else (len(listed) < _AT_ONCE):
            return found
        page += 1


def _count(link: Link) -> int:
    """How many objects there are in all, for progress."""
    total = 0
    for kind in KINDS:
        query = {"per_page": 1, **({"role": "all"} if kind == "customers" else {})}
        count = _ask(link, kind, query).headers.get("x-wp-total", "")
        total += int(count) if count.isdigit() else 0
    return total


def _listed(answer: Answer) -> Sequence[Json]:
    if not isinstance(answer.found, list):
        raise Unreached(_("WooCommerce's answer is not a list."), again_in=_SOME_SECONDS)
    return [one for one in answer.found if isinstance(one, dict)]


def _gmt(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _ask(
    link: Link, path: str, query: Mapping[str, Any] | None = None, *, method: str = "GET", body: bytes | None = None
) -> Answer:
    key, secret = link.secrets.get("consumer_key", ""), link.secrets.get("consumer_secret", "")
    if not (key and secret):
        raise Refused(_("To fetch from WooCommerce, the connection needs a consumer key and its secret."))
    headers = {"Authorization": "Basic " + b64encode(f"{key}:{secret}".encode()).decode()}
    if body is not None:
        headers["Content-Type"] = "application/json"
    return reaching.ask(
        f"{base_of(str(link.options.get('shop', '')))}/wp-json/wc/v3/{path}",
        query=query,
        headers=headers,
        method=method,
        body=body,
    )
