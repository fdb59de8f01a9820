"""The list: tabs, filters, kept views, and what is done with many at once."""

from __future__ import annotations

import datetime as dt
from typing import Any
from urllib.parse import urlencode

from django.core.cache import cache
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_POST, require_safe

from regulars.core import live, shop
from regulars.core.sight import current
from regulars.inbox.actions.views import save_view
from regulars.inbox.figures.counting import glance
from regulars.inbox.figures.periods import Period
from regulars.inbox.models import Conversation, InboxView
from regulars.inbox.queries import macros, pages
from regulars.inbox.queries.pages import InboxRequest
from regulars.staff.access import requires

_A_MINUTE = 60


@requires("inbox.view")
@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """The list, and beside it nothing yet."""
    user: Any = request.user
    asked = InboxRequest.from_query(request.GET)
    return render(request, "inbox/page.html", {**frame(request, asked), "page": pages.inbox_page(asked, user)})


@requires("inbox.view")
@require_safe
def rows(request: HttpRequest) -> HttpResponse:
    """The rows alone: for a page that is open, and hears that something came."""
    user: Any = request.user
    asked = InboxRequest.from_query(request.GET)
    return render(
        request,
        "inbox/_rows.html",
        {
            "asked": asked,
            "page": pages.inbox_page(asked, user),
            "may_edit": user.may("inbox.edit"),
            "open_id": request.GET.get("open", ""),
        },
    )


@requires("inbox.edit")
@require_POST
def bulk(request: HttpRequest) -> HttpResponse:
    """Do one thing with all that were chosen; it can be taken back as one."""
    from regulars.inbox.views.working import many  # noqa: PLC0415 — which draws this list

    return many(request, [one for one in map(_by_id, request.POST.getlist("chosen")[:500]) if one is not None])


@requires("inbox.edit")
@require_POST
def keep_view(request: HttpRequest) -> HttpResponse:
    """Keep the filters of the list by a name."""
    user: Any = request.user
    query = request.POST.get("query", "")
    save_view(user=user, name=request.POST.get("name", ""), query=query)
    return redirect(f"{reverse('inbox:list')}?{query}")


def frame(request: HttpRequest, asked: InboxRequest) -> dict[str, Any]:
    """What stands around the rows: tabs with counts, kept views, filters."""
    user: Any = request.user
    counted = pages.counts(user)
    return {
        "asked": asked,
        "tabs": [
            _tab(asked, pages.OPEN, pgettext("inquiries", "Open"), counted["open"]),
            _tab(asked, pages.MINE, _("Mine"), counted["mine"]),
            _tab(asked, pages.NOBODY, _("Nobody’s"), counted["nobody"]),
            _tab(asked, pages.DONE, pgettext("inquiries", "Done"), None),
        ],
        "more_tabs": [
            _tab(asked, pages.LATER, _("Later"), None) | {"icon": "clock"},
            _tab(asked, pages.SPAM, _("Spam"), None) | {"icon": "shield-x"},
        ],
        "views": InboxView.objects.filter(Q(user=user) | Q(is_shared=True)),
        "filters": _filters(asked),
        "chips": _chips(asked),
        "may_edit": user.may("inbox.edit"),
        "macros": macros.offered() if user.may("inbox.edit") else [],
        "sees_customers": user.may("customers.view"),
        "live_after": live.mark(),
        "kept": _kept_yesterday,
    }


def _kept_yesterday() -> dict[str, int] | None:
    """How many answers were in time yesterday; None where none was due. A minute old at most."""
    yesterday = shop.today() - dt.timedelta(days=1)
    key = f"inbox.kept.{yesterday}.{current().key}"
    known: tuple[int, int] | None = cache.get(key)
    if known is None:
        known = glance(Period(yesterday, yesterday))
        cache.set(key, known, _A_MINUTE)
    met, due = known
    return {"met": met, "all": due, "late": due - met} if due else None


def back_to(request: HttpRequest, otherwise: str) -> str:
    """Where a form says it came from, if that is one of our pages."""
    wanted = request.POST.get("next", "")
    return wanted if url_has_allowed_host_and_scheme(wanted, allowed_hosts=None) else otherwise


def _tab(asked: InboxRequest, name: str, label: str, count: int | None) -> dict[str, Any]:
    query = asked.with_tab(name).query
    address = reverse("inbox:list")
    return {
        "name": name,
        "label": label,
        "count": count,
        "is_open": asked.tab == name,
        "href": f"{address}?{query}" if query else address,
    }


def _filters(asked: InboxRequest) -> list[dict[str, Any]]:
    known, said = pages.choices(None), dict(asked.filters)
    offered = {
        "by": (_("Way"), known["ways"]),
        "topic": (_("Topic"), [(one.pk, one.name) for one in known["topics"]]),
        "label": (_("Label"), [(one.pk, one.name) for one in known["labels"]]),
        "kind": (_("Kind"), known["kinds"]),
        "priority": (_("Priority"), known["priorities"]),
        "assignee": (_("Whose"), [(0, _("Nobody’s")), *((one.pk, one.name) for one in known["colleagues"])]),
        "team": (_("Team"), [(one.pk, one.name) for one in known["teams"]]),
    }
    return [
        {"name": name, "label": label, "choices": choices, "value": said.get(name, "")}
        for name, (label, choices) in offered.items()
    ]


def _chips(asked: InboxRequest) -> list[dict[str, str]]:
    """What narrows the list, each with the address that drops it."""
    words = {one["name"]: {str(value): str(label) for value, label in one["choices"]} for one in _filters(asked)}
    said = [("q", asked.words, f"“{asked.words}”")] if asked.words else []
    said += [(name, value, words[name].get(value, value)) for name, value in asked.filters]
    everything = dict(asked.filters) | ({"q": asked.words} if asked.words else {})
    everything |= {"tab": asked.tab} if asked.tab != pages.OPEN else {}
    address = reverse("inbox:list")
    return [
        {"label": label, "without": f"{address}?{urlencode({k: v for k, v in everything.items() if k != name})}"}
        for name, _value, label in said
    ]


def _by_id(public_id: str) -> Conversation | None:
    return Conversation.objects.filter(pk=Conversation.pk_of(public_id) or 0).first()
