"""Signatures as the Standard Webhooks have them: HMAC-SHA256 over id, moment and body, fresh to five minutes.

webhook-id: msg_2b…            the same for each copy of an event
webhook-timestamp: 1767225600  seconds since 1970, of this attempt
webhook-signature: v1,<base64> several with blanks between them, while keys are exchanged
"""

from __future__ import annotations

import binascii
import datetime as dt
import hashlib
import hmac
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence

from django.utils.translation import gettext as _

from regulars.channels.connectors.protocol import Incoming, NotGenuine

WINDOW = dt.timedelta(minutes=5)
_LONGEST_ID = 200
_MOST_SIGNATURES = 8


def sign(key: str, event: str, at: int, body: bytes) -> str:
    """The signature of a body, as its header has it."""
    return "v1," + b64encode(_mac(raw_key(key), event, str(at), body)).decode()


def headers(key: str, event: str, at: int, body: bytes) -> dict[str, str]:
    """The three headers of a signed body."""
    return {
        "webhook-id": event,
        "webhook-timestamp": str(at),
        "webhook-signature": sign(key, event, at, body),
    }


def check(incoming: Incoming, keys: Sequence[str]) -> tuple[str, dt.datetime]:
    """The id and the moment of a delivery that one of these keys signed. Raises NotGenuine."""
    event, stamp, given = (_header(incoming.headers, f"webhook-{name}") for name in ("id", "timestamp", "signature"))
    if len(event) > _LONGEST_ID or not event.isascii() or not event.isprintable() or "." in event:
        raise NotGenuine(_("The header “webhook-id” holds up to 200 plain characters, and no dot."))
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) < 12):
        raise NotGenuine(_("The header “webhook-timestamp” is a whole number of seconds since 1970."))
    sent_at = dt.datetime.fromtimestamp(int(stamp), dt.UTC)
    if abs(incoming.at - sent_at) > WINDOW:
        raise NotGenuine(_("The delivery was signed more than five minutes ago, or a clock is wrong."))
    offered = [part.removeprefix("v1,") for part in given.split(" ")[:_MOST_SIGNATURES] if part.startswith("v1,")]
    wanted = [b64encode(_mac(raw_key(key), event, stamp, incoming.body)) for key in keys]
    # every pair is compared, so that time tells nothing
    matches = [hmac.compare_digest(one.encode(errors="replace"), mine) for one in offered for mine in wanted]
    if not any(matches):
        raise NotGenuine(_("The signature is not that of this connection's key."))
    return event, sent_at


def raw_key(key: str) -> bytes:
    """The bytes of a key as it is shown: `whsec_` and base 64."""
    try:
        return b64decode(key.removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError):
        return key.encode()  # a key that people made up themselves


def _header(given: Mapping[str, str], name: str) -> str:
    value = given.get(name, "")
    if not value:
        raise NotGenuine(_("The header “%(name)s” is missing.") % {"name": name})
    return value


def _mac(key: bytes, event: str, stamp: str, body: bytes) -> bytes:
    return hmac.digest(key, f"{event}.{stamp}.".encode() + body, hashlib.sha256)
