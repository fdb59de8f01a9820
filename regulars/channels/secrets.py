"""The secrets of a connection: sealed in its row, and never shown again.

`signing_key` is what the platform signs its deliveries with; while it is being exchanged, `signing_key_before` is the
one that still counts. What else there is, the connector's form asked for.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType

from regulars.channels.models import Connection
from regulars.core import sealing

KEY = "signing_key"
KEY_BEFORE = "signing_key_before"


def place(connection_id: int) -> str:
    """Where the secrets of a connection are sealed for."""
    return f"channels_connection.secrets/{connection_id}"


def sealed(connection_id: int, secrets: Mapping[str, str]) -> str:
    """The secrets as the row keeps them; none are the empty text."""
    return sealing.seal_secret(json.dumps(dict(secrets)), place(connection_id)) if secrets else ""


def opened(connection: Connection) -> Mapping[str, str]:
    """The secrets of a connection. Raises sealing.Damaged where they were sealed by another shop."""
    text = sealing.open_secret(connection.secrets, place(connection.pk))
    return MappingProxyType(json.loads(text) if text else {})


def live_keys(secrets: Mapping[str, str]) -> list[str]:
    """The keys that deliveries may be signed with now: one, or two while one takes the place of the other."""
    return [secrets[name] for name in (KEY, KEY_BEFORE) if secrets.get(name)]
