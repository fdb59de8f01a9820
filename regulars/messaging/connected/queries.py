"""Reads for the pages of message services."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, Max, Q, QuerySet

from regulars.messaging.models import Account, Report
from regulars.messaging.providers.base import Provider
from regulars.messaging.providers.registry import provider_of, providers

_SHOWN = 50


@dataclass(frozen=True, slots=True)
class Line:
    """An account on the list."""

    account: Account
    service: Provider | None
    failed: int

    @property
    def light(self) -> str:
        """on, off, late (the last check went wrong) or bad (reports were not understood)."""
        if not self.account.is_on:
            return "off"
        return "bad" if self.account.problem else "late" if self.failed else "on"


def of_services() -> QuerySet[Account]:
    """All accounts at message services."""
    return Account.objects.filter(provider__in=[one.name for one in providers()])


def lines() -> Sequence[Line]:
    """All accounts, each with how many of its reports were not understood."""
    failed = Count("reports", filter=Q(reports__state=Report.State.FAILED))
    rows = of_services().annotate(failed=failed)
    return [Line(row, provider_of(row.provider), row.failed) for row in rows]


def failed_of(account: Account) -> Sequence[Report]:
    """The newest reports that were not understood."""
    rows = Report.objects.filter(account=account, state=Report.State.FAILED).defer("body").order_by("-id")
    return list(rows[:_SHOWN])


def figures_of(account: Account) -> dict[str, object]:
    """How many reports wait, how many were not understood, and when the last one came."""
    return Report.objects.filter(account=account).aggregate(
        waiting=Count("pk", filter=Q(state=Report.State.WAITING)),
        failed=Count("pk", filter=Q(state=Report.State.FAILED)),
        last=Max("received_at"),
    )
