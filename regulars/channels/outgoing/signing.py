"""Signatures as Standard Webhooks has them, and the one or two secrets of an address.

The header `webhook-signature` holds one `v1,…` for each living secret, so that a receiver that knows either of them
finds its own.
"""

from __future__ import annotations

import base64
import datetime as dt
import hmac
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils import timezone

from regulars.channels.models import Endpoint
from regulars.core import sealing

PREFIX = "whsec_"
OVERLAP = dt.timedelta(hours=24)
"""How long the former secret signs beside the new one."""
_BYTES = 32


@dataclass(frozen=True, slots=True)
class Secret:
    """One secret of an address, as its owner copied it; `until` is when it ends, None for the newest."""

    text: str
    until: dt.datetime | None = None


def new_secret() -> str:
    """256 random bits, as a receiver's library takes them."""
    return PREFIX + base64.b64encode(secrets.token_bytes(_BYTES)).decode()


def sealed(pk: int, kept: Sequence[Secret]) -> str:
    """The secrets of the address of this key, as its row holds them."""
    rows = [{"text": one.text, "until": one.until.isoformat() if one.until else None} for one in kept]
    return sealing.seal_secret(json.dumps(rows), place(pk))


def living(endpoint: Endpoint, *, now: dt.datetime | None = None) -> list[Secret]:
    """The secrets that sign for an address, the newest first. Raises Damaged where the keys are others."""
    now = now or timezone.now()
    rows = json.loads(sealing.open_secret(endpoint.secret, place(endpoint.pk)) or "[]")
    found = [Secret(row["text"], dt.datetime.fromisoformat(row["until"]) if row["until"] else None) for row in rows]
    return [one for one in found if one.until is None or one.until > now]


def place(pk: int) -> str:
    """Where the secrets of an address are sealed for."""
    return f"channels_endpoint.secret/{pk}"


def headers(endpoint: Endpoint, *, message_id: str, body: bytes, now: dt.datetime) -> dict[str, str]:
    """The headers that say which message this is, when it was sent, and that it is ours."""
    moment = str(int(now.timestamp()))
    return {
        "content-type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": moment,
        "webhook-signature": " ".join(
            signature(one.text, message_id=message_id, moment=moment, body=body) for one in living(endpoint, now=now)
        ),
    }


def signature(secret: str, *, message_id: str, moment: str, body: bytes) -> str:
    """`v1,` and the HMAC-SHA256 of `<id>.<timestamp>.<body>`, in base 64."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    digest = hmac.digest(key, f"{message_id}.{moment}.".encode() + body, "sha256")
    return "v1," + base64.b64encode(digest).decode()
