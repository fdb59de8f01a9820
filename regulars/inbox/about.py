"""What the customer page shows of the inbox: their inquiries, and in the rail what they complained of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from regulars.customers import panels
from regulars.customers.people import records
from regulars.inbox import showing
from regulars.inbox.models import By, Conversation, Kind, Status

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest

    from regulars.customers.models import Customer

_MOST = 200
_COMPLAINTS = 3
_CHATTED = (By.SMS, By.WHATSAPP, By.TELEGRAM, By.WECHAT)


def plug_in() -> None:
    """Put the panels on the customer page."""
    panels.add(
        panels.Panel(
            name="inquiries",
            place=panels.Place.TAB,
            template="inbox/_inquiries.html",
            context=inquiries,
            permission="inbox.view",
            order=30,
            slug="inquiries",
            label=_("Inquiries"),
            count=lambda customer: _of(customer).count() or None,
        )
    )
    panels.add(
        panels.Panel(
            name="write",
            place=panels.Place.WRITE,
            template="inbox/_ways.html",
            context=ways,
            permission="inbox.edit",
        )
    )
    panels.add(
        panels.Panel(
            name="complaints",
            place=panels.Place.RAIL,
            template="inbox/_complaints.html",
            context=complaints,
            permission="inbox.view",
            order=8,
        )
    )


def ways(_request: HttpRequest, customer: Customer) -> dict[str, Any]:
    """By which ways they can be written to from here: each opens the form for them and this way at once."""
    form = f"{reverse('inbox:new')}?customer={customer.public_id}&by="
    found = [("mail", _("E-mail"), f"{form}email")] if customer.email else []
    found.append(("phone", _("Call"), f"{form}phone"))
    newest: dict[str, Conversation] = {}
    for row in _known(customer):
        if row.by in _CHATTED:
            newest.setdefault(row.by, row)
    for by, row in newest.items():
        address = reverse("inbox:page", args=[row.public_id])
        found.append((showing.ICONS.get(by, "message-circle"), By(by).label, f"{address}#text"))
    return {"ways": found}


def inquiries(request: HttpRequest, customer: Customer) -> dict[str, Any]:
    """Everything they asked, newest first."""
    return {
        "rows": _of(customer).order_by("-last_at", "-id")[:_MOST],
        "may_edit": request.user.may("inbox.edit"),  # type: ignore[union-attr]
    }


def complaints(_request: HttpRequest, customer: Customer) -> dict[str, Any]:
    """What they complained of last: to be known before anybody answers them."""
    rows = [row for row in _known(customer) if row.kind == Kind.COMPLAINT]
    return {"rows": sorted(rows, key=lambda row: (row.began_at, row.pk), reverse=True)[:_COMPLAINTS]}


def _known(customer: Customer) -> list[Conversation]:
    """Their complaints, and what they wrote by message services, the newest first: read once for a page."""
    found: list[Conversation] | None = customer.__dict__.get("_inbox_known")
    if found is None:
        rows = _of(customer).filter(Q(kind=Kind.COMPLAINT) | Q(by__in=_CHATTED)).order_by("-last_at", "-id")
        found = customer.__dict__["_inbox_known"] = list(rows[:_MOST])
    return found


def _of(customer: Customer) -> QuerySet[Conversation]:
    return Conversation.objects.filter(customer__in=records(customer), merged_into=None).exclude(status=Status.SPAM)
