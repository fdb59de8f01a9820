"""Settings > Channels: where the shop sells, how each of them goes, and joining one to its system."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from regulars.channels import health
from regulars.channels.actions import connect
from regulars.channels.actions.adding import add_channel, change_channel
from regulars.channels.connectors.registry import connectors
from regulars.channels.forms import ChannelForm, ConnectionForm, NewChannelForm
from regulars.channels.models import Channel, Connection
from regulars.channels.views.connections import connection_page
from regulars.channels.views.finding import channel_at, connector_at
from regulars.core.errors import Invalid
from regulars.core.ui.toasts import toast
from regulars.staff.access import requires


@requires("channels.view")
@require_safe
def channels(request: HttpRequest) -> HttpResponse:
    """All channels with their connections, and the form for a new one."""
    return _channels(request, NewChannelForm())


@requires("channels.edit")
@require_POST
def add(request: HttpRequest) -> HttpResponse:
    """A new channel; what is wrong stays in the form."""
    form = NewChannelForm(request.POST)
    if form.is_valid():
        try:
            made = add_channel(**form.cleaned_data)
        except Invalid as refusal:
            form.refuse(refusal)
        else:
            toast(request, _("“%(name)s” is a channel now.") % {"name": made.name})
            return redirect("channel", made.public_id)
    return _channels(request, form)


@requires("channels.view")
@require_safe
def channel(request: HttpRequest, channel_id: str) -> HttpResponse:
    """One channel: its name, what it is joined to, and what it can be joined to."""
    return _channel(request, channel_at(channel_id))


@requires("channels.edit")
@require_POST
def change(request: HttpRequest, channel_id: str) -> HttpResponse:
    """Another name or kind."""
    found, form = channel_at(channel_id), ChannelForm(request.POST)
    if form.is_valid():
        try:
            change_channel(found, **form.cleaned_data)
        except Invalid as refusal:
            form.refuse(refusal)
        else:
            toast(request, _("Saved."))
            return redirect("channel", channel_id)
    return _channel(request, found, form=form)


@requires("channels.edit", recent=True)
def join(request: HttpRequest, channel_id: str, provider: str) -> HttpResponse:
    """Join a channel to a system: what its connector asks for, and where in the system that is found."""
    found, connector = channel_at(channel_id), connector_at(provider)
    form = ConnectionForm(
        request.POST if request.method == "POST" else None,
        connector=connector,
        initial={"name": f"{found.name} ({connector.label})"[:80]},
    )
    if request.method == "POST" and form.is_valid():
        options, secrets = form.given()
        try:
            made = connect(
                channel=found, provider=provider, name=form.cleaned_data["name"], options=options, secrets=secrets
            )
        except Invalid as refusal:
            form.refuse(refusal)
        else:
            return connection_page(request, made, is_new=True)
    context = {"channel": found, "connector": connector, "form": form}
    return render(request, "channels/join.html", context, status=_status(form))


def _channels(request: HttpRequest, form: NewChannelForm) -> HttpResponse:
    user: Any = request.user
    context = {"listed": health.places(), "form": form, "may_edit": user.may("channels.edit")}
    is_part = bool(request.headers.get("HX-Request")) and not form.errors
    template = "channels/_channels.html" if is_part else "channels/channels.html"
    return render(request, template, context, status=_status(form))


def _channel(request: HttpRequest, found: Channel, *, form: ChannelForm | None = None) -> HttpResponse:
    user: Any = request.user
    context = {
        "channel": found,
        "joined": health.of(Connection.objects.filter(channel=found).select_related("channel")),
        "connectors": connectors(),
        "form": form or ChannelForm(initial={"name": found.name, "kind": found.kind}),
        "may_edit": user.may("channels.edit"),
    }
    return render(request, "channels/channel.html", context, status=_status(form))


def _status(form: Any) -> int:
    return HTTPStatus.UNPROCESSABLE_ENTITY if form is not None and form.errors else HTTPStatus.OK
