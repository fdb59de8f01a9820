"""What the wallet shows on the customer page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from regulars.customers import panels
from regulars.customers.models import Customer
from regulars.wallet.queries.statement import balances

if TYPE_CHECKING:
    from django.http import HttpRequest


def plug_in() -> None:
    """Put what somebody has into the side of their page."""
    panels.add(
        panels.Panel(
            name="wallet",
            place=panels.Place.RAIL,
            template="wallet/_rail.html",
            context=_rail,
            permission="wallet.view",
            order=15,
        )
    )


def _rail(request: HttpRequest, customer: Customer) -> dict[str, Any]:
    may_edit = request.user.may("wallet.edit")  # type: ignore[union-attr]
    return {"balances": balances(customer), "may_edit": may_edit}
