"""A channel joined to a system: how it goes, what it delivered, and all that can be done with it."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from regulars.channels import health, secrets
from regulars.channels.actions import change_connection, pause, remove_connection, replay, rotate_key
from regulars.channels.actions.pulling import pull_soon
from regulars.channels.applying.engine import link_of
from regulars.channels.connectors.protocol import Pulls, Subscribes
from regulars.channels.connectors.registry import connector_of
from regulars.channels.forms import ConnectionForm
from regulars.channels.models import Connection, Delivery, Fate
from regulars.channels.views.finding import connection_at
from regulars.core import quarantine
from regulars.core.background import queue
from regulars.core.errors import Invalid, Refusal
from regulars.core.ui.toasts import toast
from regulars.staff.access import requires

_LONGEST_ID = 120


@requires("channels.view")
@require_safe
def connection(request: HttpRequest, connection_id: str) -> HttpResponse:
    """One connection. While something goes on, the page asks again for the part that shows it."""
    return connection_page(request, connection_at(connection_id))


@requires("channels.edit", recent=True)
@require_POST
def change(request: HttpRequest, connection_id: str) -> HttpResponse:
    """Another name, other options, other secrets; what is wrong stays in the form."""
    found = connection_at(connection_id)
    form = _form(found, request.POST)
    if form is None:
        return redirect("connection", connection_id)
    if form.is_valid():
        options, given = form.given()
        try:
            change_connection(connection=found, name=form.cleaned_data["name"], options=options, secrets=given)
        except Invalid as refusal:
            form.refuse(refusal)
        else:
            toast(request, _("Saved."))
            return redirect("connection", connection_id)
    return connection_page(request, found, form=form)


@requires("channels.edit")
@require_POST
def fetch(request: HttpRequest, connection_id: str) -> HttpResponse:
    """Fetch what there is, in the background."""
    found = connection_at(connection_id)
    if health.pulling_of(found) is None:
        try:
            pull_soon(found)
        except Refusal as refusal:
            return connection_page(request, found, problem=refusal.sentence)
    return redirect("connection", connection_id)


@requires("channels.edit")
@require_POST
def stop(request: HttpRequest, connection_id: str) -> HttpResponse:
    """Stop fetching; the next time goes on where this one was."""
    found = connection_at(connection_id)
    pulling = health.pulling_of(found)
    if pulling is not None:
        queue.cancel(pulling.job, by=str(request.user))
        toast(request, _("Fetching stops. The next time goes on from there."))
    return redirect("connection", connection_id)


@requires("channels.edit")
@require_POST
def switch(request: HttpRequest, connection_id: str) -> HttpResponse:
    """Pause it, or go on."""
    found = pause(connection=connection_at(connection_id), is_on=bool(request.POST.get("is_on")))
    said = _("“%(name)s” goes on.") if found.is_on else _("“%(name)s” is paused: nothing is taken from there.")
    toast(request, said % {"name": found.name})
    return redirect("connection", connection_id)


@requires("channels.edit", recent=True)
@require_POST
@never_cache
def key(request: HttpRequest, connection_id: str) -> HttpResponse:
    """A new signing key, which stands on this answer alone; or the former one ends."""
    found = connection_at(connection_id)
    if request.POST.get("drop"):
        rotate_key(connection=found, drop_old=True)
        toast(request, _("The former key counts no more."))
        return redirect("connection", connection_id)
    return connection_page(request, rotate_key(connection=found), shows_key=True)


@requires("channels.edit")
@require_POST
def subscribe(request: HttpRequest, connection_id: str) -> HttpResponse:
    """Ask the platform to deliver to us."""
    found = connection_at(connection_id)
    connector = _connector(found)
    if not isinstance(connector, Subscribes):
        return redirect("connection", connection_id)
    try:
        quarantine.check()
        topics = connector.subscribe(link_of(found), address_of(request, found))
    except Refusal as refusal:
        return connection_page(request, found, problem=refusal.sentence)
    said = ngettext(
        "The platform delivers %(count)s topic now.", "The platform delivers %(count)s topics now.", len(topics)
    )
    toast(request, said % {"count": len(topics)})
    return redirect("connection", connection_id)


@requires("channels.edit")
@require_POST
def again(request: HttpRequest, connection_id: str) -> HttpResponse:
    """Take in once more: one delivery, or all that failed."""
    found = connection_at(connection_id)
    deliveries = Delivery.objects.filter(connection=found)
    number = request.POST.get("delivery", "")
    deliveries = deliveries.filter(pk=_number(number) or 0) if number else deliveries.filter(fate=Fate.FAILED)
    count = replay(deliveries=deliveries)
    said = ngettext("%(count)s delivery is taken in again.", "%(count)s deliveries are taken in again.", count)
    toast(request, said % {"count": count})
    return redirect("connection", connection_id)


@requires("channels.edit", recent=True)
@require_POST
def remove(request: HttpRequest, connection_id: str) -> HttpResponse:
    """Take it off, with what it delivered."""
    found = connection_at(connection_id)
    remove_connection(connection=found)
    toast(request, _("“%(name)s” is taken off. Orders, people and products stay.") % {"name": found.name})
    return redirect("channel", found.channel.public_id)


def connection_page(
    request: HttpRequest,
    found: Connection,
    *,
    form: ConnectionForm | None = None,
    is_new: bool = False,
    shows_key: bool = False,
    problem: str = "",
) -> HttpResponse:
    """The page of a connection. A signing key of ours is shown when it was made just now, and never again."""
    user: Any = request.user
    may_edit = user.may("channels.edit")
    connector = _connector(found)
    fate = request.GET.get("fate", "")
    fate = fate if fate in Fate.values else ""
    wanted = request.GET.get("id", "").strip().replace("\0", "")[:_LONGEST_ID]
    rows, following = health.deliveries(
        found, fate=fate, external_id=wanted, before=_number(request.GET.get("before", ""))
    )
    (one,) = health.of([found])
    known = secrets.opened(found) if may_edit else {}
    has_own_key = connector is not None and secrets.KEY not in {option.name for option in connector.options}
    shown_key = known.get(secrets.KEY, "") if has_own_key and (is_new or shows_key) else ""
    context = {
        "one": one,
        "connection": found,
        "connector": connector,
        "address": address_of(request, found),
        "key": shown_key,
        "is_new": is_new,
        "has_own_key": has_own_key,
        "has_former_key": bool(known.get(secrets.KEY_BEFORE)),
        "pulling": health.pulling_of(found),
        "may_pull": isinstance(connector, Pulls) and found.is_on,
        "may_compare": isinstance(connector, Pulls),
        "may_subscribe": isinstance(connector, Subscribes) and found.is_on,
        "is_overdue": health.is_overdue(one),
        "options": _options(found),
        "form": form or (_form(found, None) if may_edit else None),
        "deliveries": rows,
        "following": following,
        "fate": fate,
        "fates": [("", _("All")), *Fate.choices],
        "wanted": wanted,
        "may_edit": may_edit,
        "problem": problem,
    }
    is_part = request.headers.get("HX-Target") == "state" and request.method == "GET"
    template = "channels/_state.html" if is_part else "channels/connection.html"
    is_bad = bool(problem) or (form is not None and bool(form.errors))
    response = render(request, template, context, status=HTTPStatus.UNPROCESSABLE_ENTITY if is_bad else HTTPStatus.OK)
    if shown_key:
        response["Cache-Control"] = "no-store"
    return response


def address_of(request: HttpRequest, found: Connection) -> str:
    """Where the platform delivers to."""
    return request.build_absolute_uri(reverse("hook", args=[found.public_id]))


def _connector(found: Connection) -> Any:
    try:
        return connector_of(found.provider)
    except KeyError:
        return None


def _form(found: Connection, data: Any) -> ConnectionForm | None:
    connector = _connector(found)
    if connector is None:
        return None
    initial = {"name": found.name} | {f"option_{name}": value for name, value in found.options.items()}
    return ConnectionForm(data, connector=connector, is_joined=True, initial=initial)


def _options(found: Connection) -> list[tuple[Any, str]]:
    connector = _connector(found)
    asked = connector.options if connector is not None else ()
    return [
        (option.label, str(found.options[option.name]))
        for option in asked
        if not option.is_secret and found.options.get(option.name)
    ]


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None
