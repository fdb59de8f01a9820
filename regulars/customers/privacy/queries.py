"""Reads of requests, erasures and the consent register: each page a fixed number of queries."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Max, Min, QuerySet

from regulars.core import shop
from regulars.customers.consents import WORDS
from regulars.customers.models import Consent, ConsentRecord, Erasure, Limit, PrivacyRequest, Wording

PAGE = 50


@dataclass(frozen=True, slots=True)
class Register:
    """How many people agreed to a purpose by one medium and in one wording, and how many refused."""

    purpose: str
    medium: str
    wording: Wording | None
    agreed: int
    refused: int
    asked: int
    first: Any
    last: Any


def waiting(_actor: Any = None) -> int:
    """How many requests wait for an answer."""
    return PrivacyRequest.objects.filter(state=PrivacyRequest.State.OPEN).count()


def late() -> QuerySet[PrivacyRequest]:
    """Requests whose answer is due, the earliest first."""
    rows = PrivacyRequest.objects.filter(state=PrivacyRequest.State.OPEN, due_on__lt=shop.today())
    return rows.select_related("customer", "customer__merged_into").order_by("due_on", "pk")


def requests(*, state: str = "", before: int = 0) -> QuerySet[PrivacyRequest]:
    """Requests: those to answer by when they are due, all others the newest first."""
    rows = PrivacyRequest.objects.select_related("customer", "customer__merged_into", "made_by")
    if state:
        rows = rows.filter(state=state)
    if before:
        rows = rows.filter(pk__lt=before)
    return rows.order_by("due_on", "pk") if state == PrivacyRequest.State.OPEN else rows.order_by("-pk")


def erasures(*, before: int = 0) -> QuerySet[Erasure]:
    """Cases of erasing, the newest first."""
    rows = Erasure.objects.select_related("made_by", "request").order_by("-pk")
    return rows.filter(pk__lt=before) if before else rows


def limited(*, before: int = 0) -> QuerySet[Limit]:
    """Limits that hold, the newest first."""
    rows = Limit.objects.filter(lifted_at__isnull=True).select_related("customer", "customer__merged_into", "set_by")
    rows = rows.order_by("-pk")
    return rows.filter(pk__lt=before) if before else rows


def register() -> list[Register]:
    """Who agreed to what: the state that holds, by purpose, medium and the words people agreed to."""
    counts = (
        Consent.objects.values("purpose", "medium", "record__wording_id", "state")
        .annotate(count=Count("pk"), first=Min("since"), last=Max("since"))
        .order_by("purpose", "medium", "record__wording_id")
    )
    rows: dict[tuple[str, str, int | None], dict[str, Any]] = {}
    for one in counts:
        key = one["purpose"], one["medium"], one["record__wording_id"]
        row = rows.setdefault(key, {"first": one["first"], "last": one["last"]})
        row[one["state"]] = one["count"]
        row["first"], row["last"] = min(row["first"], one["first"]), max(row["last"], one["last"])
    wordings = Wording.objects.in_bulk({number for _p, _m, number in rows if number})
    return [
        Register(
            purpose,
            medium,
            wordings.get(wording or 0),
            row.get("agreed", 0),
            row.get("refused", 0),
            row.get("asked", 0),
            row["first"],
            row["last"],
        )
        for (purpose, medium, wording), row in rows.items()
    ]


def register_lines() -> Iterator[list[str]]:
    """Every line of the consent ledger for a file: whose, what for, by which way, to which words, when, how we know."""
    yield ["customer", "purpose", "channel", "state", "value", "wording", "source", "reason", "at"]
    rows = ConsentRecord.objects.select_related("customer", "wording").order_by("pk")
    for one in rows.iterator(chunk_size=2000):
        yield [
            one.customer.public_id,
            one.purpose,
            one.medium,
            WORDS.get(one.state, one.state),
            one.value,
            one.wording.text if one.wording else "",
            one.source,
            one.reason,
            one.at.isoformat(),
        ]
