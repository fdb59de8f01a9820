"""Settings > What was sent: every message with what became of it, and what can be done where that is nothing good."""

from __future__ import annotations

from typing import Any, Final

from django.db.models import Count, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST, require_safe

from regulars.core.ui.toasts import toast
from regulars.messaging import digests, sending
from regulars.messaging.models import Message, Way
from regulars.staff.access import requires
from regulars.staff.policy import require_full

State = Message.State

_SHOWN = 50
# what the page calls them, and the states it means
SORTS: Final[dict[str, tuple[str | Promise, frozenset[str]]]] = {
    "": (gettext_lazy("All"), frozenset()),
    "waiting": (gettext_lazy("Waiting"), frozenset({State.PLANNED, State.CLAIMED, State.HANDED, State.HELD})),
    "sent": (gettext_lazy("Sent"), frozenset({State.ACCEPTED, State.DELIVERED})),
    "bad": (gettext_lazy("Not delivered"), frozenset({State.FAILED, State.BOUNCED, State.COMPLAINED, State.CANCELLED})),
    "unknown": (gettext_lazy("Not known"), frozenset({State.UNKNOWN})),
}


@requires("messages.view")
@require_safe
def messages(request: HttpRequest) -> HttpResponse:
    """The newest messages, by what became of them, by way, or to one address."""
    sort = request.GET.get("state", "")
    sort = sort if sort in SORTS else ""
    way = request.GET.get("way", "")
    way = way if way in Way.values else ""
    to = request.GET.get("to", "").strip()[:254]
    if to:
        require_full("email", "phone")  # that somebody is found by an address tells the address
    rows = found(states=SORTS[sort][1], way=way, to=to)
    before = request.GET.get("before", "")
    if before:
        rows = rows.filter(pk__lt=Message.pk_of(before) or 0)
    shown = list(rows[: _SHOWN + 1])
    counts = dict(Message.objects.order_by().values_list("state").annotate(count=Count("pk")))
    context = {
        "rows": shown[:_SHOWN],
        "following": shown[_SHOWN - 1].public_id if len(shown) > _SHOWN else "",
        "sorts": [(key, label, sum(counts.get(one, 0) for one in states)) for key, (label, states) in SORTS.items()],
        "sort": sort,
        "way": way,
        "ways": Way.choices,
        "to": to,
        "held": counts.get(State.HELD, 0),
        "unknown": counts.get(State.UNKNOWN, 0),
    }
    return render(request, "messaging/sent.html", context)


@requires("messages.view")
@require_safe
def message(request: HttpRequest, message_id: str) -> HttpResponse:
    """One message: to whom, what it said, which line allowed it, and how it went."""
    row = _found(message_id)
    context = {
        "message": row,
        "files": list(row.files.order_by("pk")),
        "steps": _steps(row),
        "can_go_again": row.state in {State.HELD, State.FAILED, State.UNKNOWN},
        "can_be_taken_back": row.state in {State.PLANNED, State.HELD},
    }
    return render(request, "messaging/message.html", context)


@requires("messages.setup")
@require_POST
def act(request: HttpRequest, message_id: str) -> HttpResponse:
    """Send one again, say that it arrived, or take it back."""
    row = _found(message_id)
    what = request.POST.get("what", "again")
    if what == "arrived":
        sending.arrived(row)
        toast(request, _("It is written down that it arrived."))
    elif what == "cancel":
        is_back = sending.cancel(row)
        toast(request, _("It is taken back.") if is_back else _("It is too late: it has left, or is leaving."))
    else:
        sending.send_again(row)
        toast(request, _("The message to %(to)s is on its way.") % {"to": row.to})
    return redirect("messaging:message", message_id)


@requires("messages.setup")
@require_POST
def send_held(request: HttpRequest) -> HttpResponse:
    """Send on all that is held, now that there is a sender; those that may not go any more are taken back."""
    count = 0
    for row in Message.objects.filter(state=State.HELD).order_by("pk")[:1000]:
        try:
            sending.send_again(row)
            count += 1
        except sending.MayNotWrite:
            sending.cancel(row)
    said = ngettext("%(count)s message is on its way.", "%(count)s messages are on their way.", count)
    toast(request, said % {"count": count})
    return redirect("messaging:messages")


def found(*, states: frozenset[str], way: str = "", to: str = "") -> QuerySet[Message]:
    """Messages in some states, by a way, to an address; the newest first."""
    rows = Message.objects.select_related("customer", "account").defer("text", "html").order_by("-id")
    if states:
        rows = rows.filter(state__in=states)
    if way:
        rows = rows.filter(way=way)
    if to:
        every = [way] if way else Way.values
        rows = rows.filter(to_digest__in=[digest for one in every for digest in digests.all_of(one, to)])
    return rows


def _found(message_id: str) -> Message:
    rows = Message.objects.select_related("customer", "account", "consent", "consent__wording")
    row = rows.filter(pk=Message.pk_of(message_id) or 0).first()
    if row is None:
        raise Http404(_("There is no such message."))
    return row


def _steps(row: Message) -> list[tuple[str, Any]]:
    steps = [
        (_("Written"), row.created_at),
        (_("To leave at"), row.due_at if row.due_at > row.created_at else None),
        (_("Handed over"), row.handed_at),
        (_("Taken by the server"), row.sent_at),
        (_("Last heard of"), row.settled_at),
    ]
    return [(label, at) for label, at in steps if at is not None]
