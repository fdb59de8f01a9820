"""Today: what yesterday brought, who is going quiet, what came in last."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from regulars.channels.outgoing.queries import stopped_of
from regulars.config.audit_log import problem_of_log
from regulars.core import shop
from regulars.core.backup.state import health as backup_health
from regulars.customers import mentions, notes
from regulars.customers.models import Customer
from regulars.customers.privacy.queries import late
from regulars.inbox.mail.counting import differing
from regulars.inbox.queries.pages import due_first, named_in_notes
from regulars.orders.queries import OrderRequest, order_page
from regulars.orders.queries.today import going_quiet, yesterday
from regulars.staff.access import SIGNED_IN, requires

_LATEST = 16
_MENTIONS = 12
_LATE = 8
_DUE = 6


@require_safe
@requires(SIGNED_IN)
def today(request: HttpRequest) -> HttpResponse:
    """The page the day begins with. What a person may not see is not asked for."""
    user: Any = request.user
    sees_orders = user.may("orders.view")
    sees_customers = user.may("customers.view")
    latest = order_page(OrderRequest(size=_LATEST)).rows if sees_orders else []
    has_customers = bool(latest) or (sees_customers and Customer.objects.exists())
    return render(
        request,
        "config/today.html",
        {
            "today": shop.today(),
            "mentions": notes.lines([one.note for one in mentions.waiting(user)[:_MENTIONS]]) if sees_customers else [],
            "yesterday": yesterday() if latest else None,
            "due": due_first(_DUE) if user.may("inbox.view") else [],
            "named": named_in_notes(user) if user.may("inbox.view") else [],
            "quiet": going_quiet() if latest and sees_customers else [],
            "latest": latest,
            "has_customers": has_customers,
            "sees_customers": sees_customers,
            "may_edit": user.may("customers.edit"),
            "nothing": _("Nobody has bought anything yet"),
            "late": list(late()[:_LATE]) if user.may("privacy.view") else [],
            "health": backup_health() if user.may("backups.view") else None,
            "webhooks_off": stopped_of(user.pk) if user.may("webhooks.edit") else [],
            "mailboxes_differ": differing() if user.may("inbox.setup") else [],
            "audit_problem": problem_of_log() if user.may("audit.view") else "",
        },
    )
