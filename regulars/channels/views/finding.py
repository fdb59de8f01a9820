"""What an address of the settings names, or 404."""

from __future__ import annotations

from django.http import Http404
from django.utils.translation import gettext as _

from regulars.channels.connectors.protocol import Connector
from regulars.channels.connectors.registry import connector_of
from regulars.channels.models import Channel, Connection


def channel_at(channel_id: str) -> Channel:
    """The channel of this public id. Raises Http404."""
    try:
        return Channel.by_public_id(channel_id)
    except Channel.DoesNotExist as missing:
        raise Http404(_("There is no such channel.")) from missing


def connection_at(connection_id: str) -> Connection:
    """The connection of this public id, with its channel. Raises Http404."""
    try:
        return Connection.objects.select_related("channel").get(pk=Connection.pk_of(connection_id) or 0)
    except Connection.DoesNotExist as missing:
        raise Http404(_("Nothing is joined at this address.")) from missing


def connector_at(provider: str) -> Connector:
    """The connector of this name. Raises Http404."""
    try:
        return connector_of(provider)
    except KeyError as missing:
        raise Http404(_("There is no such system.")) from missing
