"""Reading what services send: any bytes may come, and only what has the right form is taken."""

from __future__ import annotations

import datetime as dt
import json
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from regulars.messaging.providers.base import Attached, Unreadable

LONGEST_TEXT = 100_000
_LONGEST_ID = 200
_EARLIEST = 946_684_800  # 2000-01-01


def parsed(body: bytes) -> dict[str, Any]:
    """The JSON object of a body. Raises Unreadable."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        raise Unreadable(_("The body is not JSON.")) from None
    if not isinstance(found, dict):
        raise Unreadable(_("The body is not a JSON object."))
    return found


def thing(value: Any) -> dict[str, Any]:
    """The object that stands there; an empty one where something else does."""
    return value if isinstance(value, dict) else {}


def things(value: Any) -> list[dict[str, Any]]:
    """The objects of a list; none where it is no list."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def text(value: Any, limit: int = LONGEST_TEXT) -> str:
    """The text or number that stands there, without what no database keeps: NUL, and halves of characters."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    found = str(value)
    if not found.isprintable():
        found = found.replace("\0", "").encode("utf-16", "surrogatepass").decode("utf-16", "ignore")
    return found[:limit]


def name(value: Any, limit: int = 200) -> str:
    """A text of one line."""
    return " ".join(text(value, limit).split())


def number(value: Any) -> str:
    """What a service calls something by; empty where it is too long to be that."""
    found = text(value, _LONGEST_ID + 1)
    return found if len(found) <= _LONGEST_ID else ""


def size(value: Any) -> int:
    """A count of bytes; 0 where it is none."""
    try:
        found = int(value)
    except (TypeError, ValueError, OverflowError):
        return 0
    return found if 0 <= found < 1 << 50 else 0


def moment(value: Any, now: dt.datetime) -> dt.datetime:
    """The moment of some seconds since 1970; now where that is none, or one that is yet to come."""
    try:
        seconds = float(value)
    except (TypeError, ValueError, OverflowError):
        return now
    if not _EARLIEST <= seconds <= now.timestamp():
        return now
    return dt.datetime.fromtimestamp(seconds, dt.UTC)


def place(latitude: Any, longitude: Any, *names: Any) -> tuple[str, dict[str, Any]]:
    """A place that somebody sent, in words with a link to a map, and as data; empty where it is none on this earth."""
    try:
        north, east = float(latitude), float(longitude)
    except (TypeError, ValueError, OverflowError):
        return "", {}
    if not (-90 <= north <= 90 and -180 <= east <= 180):
        return "", {}
    called = [name(one) for one in names if name(one)]
    found = f"{north:.6f}, {east:.6f}"
    link = f"https://www.openstreetmap.org/?mlat={north:.6f}&mlon={east:.6f}#map=17/{north:.6f}/{east:.6f}"
    words = "\n".join([*dict.fromkeys(called), found, link])
    return words, {"place": {"latitude": north, "longitude": east, "name": ", ".join(dict.fromkeys(called))}}


def lines(*parts: str) -> str:
    """Some texts beneath each other, without those that are empty."""
    return "\n".join(part for part in parts if part)


def multipart(fields: Mapping[str, str], files: Sequence[tuple[str, Attached]]) -> tuple[str, bytes]:
    """A form with files as it is sent (RFC 7578): its Content-Type, and the body."""
    edge = secrets.token_hex(16)
    body = bytearray()
    for field, value in fields.items():
        body += f'--{edge}\r\nContent-Disposition: form-data; name="{field}"\r\n\r\n{value}\r\n'.encode()
    for field, file in files:
        called = "".join("_" if one in '"\r\n\\' else one for one in file.name) or "file"
        body += (
            f'--{edge}\r\nContent-Disposition: form-data; name="{field}"; filename="{called}"\r\n'
            f"Content-Type: {file.media_type}\r\n\r\n"
        ).encode()
        body += file.data + b"\r\n"
    body += f"--{edge}--\r\n".encode()
    return f"multipart/form-data; boundary={edge}", bytes(body)
