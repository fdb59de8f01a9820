"""What a connector may know of a connection: its options, its secrets open, the shop's time zone and base currency."""

from __future__ import annotations

from regulars.channels import secrets
from regulars.channels.connectors.protocol import Link
from regulars.channels.models import Connection
from regulars.core import shop


def link_of(connection: Connection) -> Link:
    """The link that a connector's methods are called with. Raises sealing.Damaged."""
    return Link(
        options=connection.options,
        secrets=secrets.opened(connection),
        zone=shop.zone(),
        currency=shop.current().currency,
    )
