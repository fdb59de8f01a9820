"""Fetching over Vendure's Admin API: GraphQL, with the fields that the plugin sends as well."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any

from django.utils.translation import gettext as _

from regulars.channels.connectors.protocol import Day, Link, Page, Unreadable
from regulars.channels.connectors.reaching import Refused, ask, base_of
from regulars.channels.connectors.reading import Json, child, children, whole
from regulars.channels.connectors.vendure import people, products, sales
from regulars.channels.connectors.vendure.queries import CUSTOMERS, ORDERS, PRECISION, PRODUCTS
from regulars.channels.records import AnyRecord, OrderRecord

_AT_ONCE = 100
# The next page begins a little before the last one's end: what was deleted meanwhile moves the rest forward.
_AGAIN = 10
# What changed while we read, or was written by a transaction that took long, is read once more the next time.
_OVERLAP = dt.timedelta(minutes=10)
# Vendure does not touch a product's moment when a price changes, nor an order's when money goes back. Should nobody
# have told us, we see it once a day: then the whole catalogue is read, and all orders of the last weeks.
_THOROUGHLY = dt.timedelta(days=1)
_FRESH = dt.timedelta(days=14)

Read = Callable[[Json, dt.datetime, Link], Sequence[AnyRecord]]


@dataclass(slots=True)
class _Api:
    """The Admin API of one shop. `now` is its own clock, read before the objects of the next answer were."""

    link: Link
    now: dt.datetime
    precision: int = 2

    def query(self, text: str, options: Mapping[str, Any]) -> Json:
        """What the API answers under `data`. Raises Unreached."""
        headers = {"Content-Type": "application/json", "vendure-api-key": self.link.secrets.get("api_key", "")}
        body = json.dumps({"query": text, "variables": {"options": options}}).encode()
        answer = ask(base_of(str(self.link.options["address"])), method="POST", body=body, headers=headers)
        found = answer.found if isinstance(answer.found, dict) else {}
        for error in children(found, "errors"):
            raise Refused(_("Vendure refuses what we asked: %(why)s") % {"why": str(error.get("message"))[:200]})
        if "date" in answer.headers:
            self.now = parsedate_to_datetime(answer.headers["date"])
        return child(found, "data")


def _opened(link: Link) -> _Api:
    """The API with its clock and its precision. Raises Unreached."""
    if not link.secrets.get("api_key"):
        raise Refused(_("Without an API key nothing can be fetched from Vendure."))
    api = _Api(link, dt.datetime.now(dt.UTC))
    settings = child(child(api.query(PRECISION, {}), "globalSettings"), "serverConfig")
    api.precision = whole(settings, "moneyStrategyPrecision", otherwise=2)
    return api


def pull(link: Link, cursor: Mapping[str, Any]) -> Iterator[Page]:
    """Everything that changed since the last pull was begun: products, customers, orders. Raises Unreached."""
    api = _opened(link)
    began = str(cursor.get("began") or api.now.isoformat())
    since = cursor.get("since")
    thorough_at = cursor.get("thorough_at")
    is_thorough = not thorough_at or api.now - dt.datetime.fromisoformat(thorough_at) > _THOROUGHLY
    kinds = ("products", "customers", "orders")
    start = kinds.index(cursor["kind"]) if cursor.get("kind") in kinds else 0
    for kind in kinds[start:]:
        skip = int(cursor.get("skip", 0)) if kind == cursor.get("kind") else 0
        while True:
            items, total, at = _list(api, kind, _filter(kind, since, is_thorough=is_thorough), skip)
            skip += len(items)
            is_last = skip >= total or not items
            is_end = is_last and kind == "orders"
            skip -= 0 if is_last else min(_AGAIN, len(items) - 1)
            after: dict[str, Any] = {
                "since": since,
                "thorough_at": thorough_at,
                "began": began,
                "kind": kind,
                "skip": skip,
            }
            if is_end:
                begin = dt.datetime.fromisoformat(began)
                after = {"since": (begin - _OVERLAP).isoformat(), "thorough_at": began if is_thorough else thorough_at}
            records, problems = _read(items, kind, at, api)
            yield Page(records=records, cursor=after, problems=problems, total=total)
            if is_last:
                break


def days(link: Link, since: dt.date, until: dt.date) -> Mapping[dt.date, Day]:
    """What was sold on each of these days. Raises Unreached."""
    found: dict[dt.date, Day] = {}
    for record in orders_between(link, since, until):
        if isinstance(record, OrderRecord) and record.status != "cancelled":
            day = record.placed_at.astimezone(link.zone).date()
            before = found.get(day, Day(0, Decimal(0)))
            found[day] = Day(before.count + 1, before.total + (record.total or Decimal(0)))
    return found


def orders_between(link: Link, since: dt.date, until: dt.date) -> Sequence[AnyRecord]:
    """The orders that were placed on these days, the last one included. Raises Unreached."""
    api = _opened(link)
    first = dt.datetime.combine(since, dt.time(), link.zone)
    end = dt.datetime.combine(until + dt.timedelta(days=1), dt.time(), link.zone) - dt.timedelta(milliseconds=1)
    wanted = {"orderPlacedAt": {"between": {"start": _utc(first), "end": _utc(end)}}}
    found: dict[str, AnyRecord] = {}
    skip = 0
    while True:
        items, total, at = _list(api, "orders", wanted, skip)
        records, problems = _read(items, "orders", at, api)
        if problems:
            raise Refused(problems[0])
        found |= {one.external_id: one for one in records if isinstance(one, OrderRecord)}
        skip += len(items)
        if skip >= total or not items:
            return list(found.values())
        skip -= min(_AGAIN, len(items) - 1)


def _list(api: _Api, kind: str, wanted: Mapping[str, Any], skip: int) -> tuple[list[Json], int, dt.datetime]:
    """One page, sorted by what never changes, how many there are in all, and when that was so at the earliest."""
    at = api.now
    query = {"products": PRODUCTS, "customers": CUSTOMERS, "orders": ORDERS}[kind]
    answer = api.query(query, {"filter": wanted, "sort": {"id": "ASC"}, "skip": skip, "take": _AT_ONCE})
    found = child(answer, kind)
    return list(children(found, "items")), whole(found, "totalItems"), at


def _filter(kind: str, since: str | None, *, is_thorough: bool) -> Mapping[str, Any]:
    if since is None or (kind == "products" and is_thorough):
        return {}
    changed = {"updatedAt": {"after": _utc(dt.datetime.fromisoformat(since))}}
    if kind != "orders":
        return changed
    fresh = dt.datetime.fromisoformat(since) - (_FRESH if is_thorough else dt.timedelta())
    return {"_or": [changed, {"orderPlacedAt": {"after": _utc(fresh)}}]}


def _read(items: Sequence[Json], kind: str, at: dt.datetime, api: _Api) -> tuple[list[AnyRecord], list[str]]:
    """The records of a page; what cannot be read is a sentence, and stops nothing."""
    records: list[AnyRecord] = []
    problems: list[str] = []
    for one in items:
        found = {**one, "precision": api.precision}
        try:
            if kind == "orders":
                records += sales.records_of(found, at, api.link)
            else:
                records.append(people.customer(found, at) if kind == "customers" else products.product(found, at))
        except Unreadable as unreadable:
            problems.append(unreadable.sentence)
    return records, problems


def _utc(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")
