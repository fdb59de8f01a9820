"""How much one token and one network may write and ask: each web process counts for itself, and keeps no address."""

from __future__ import annotations

import hashlib
import ipaddress
import threading
from dataclasses import dataclass
from http import HTTPStatus
from time import monotonic
from typing import ClassVar, Final

from django.utils.translation import gettext as _

from regulars.core.errors import Refusal

_MOST: Final = 20_000
_left: dict[str, tuple[float, float]] = {}
_lock = threading.Lock()


class TooFast(Refusal):
    """So much was written or asked that the next has to wait; `seconds` says how long."""

    status: ClassVar[int] = HTTPStatus.TOO_MANY_REQUESTS
    slug: ClassVar[str] = "too-many-requests"

    def __init__(self, seconds: int) -> None:
        super().__init__(_("That was a lot at once. Wait a moment, then go on."))
        self.seconds = seconds


@dataclass(frozen=True, slots=True)
class Bound:
    """So many at once, and so many more in a minute."""

    name: str
    burst: int
    a_minute: float


WRITES: Final = Bound("writes", 20, 20)
NETWORK_WRITES: Final = Bound("network writes", 120, 120)
NETWORK_BEGINS: Final = Bound("network begins", 30, 1)
ASKS: Final = Bound("asks", 60, 60)
NETWORK_ASKS: Final = Bound("network asks", 600, 1200)


def count(*about: tuple[Bound, str]) -> None:
    """Count one of each. Raises TooFast, which counts nothing."""
    now = monotonic()
    with _lock:
        found = []
        for bound, whom in about:
            key = hashlib.sha256(f"{bound.name}\0{whom}".encode()).hexdigest()[:32]
            left, at = _left.get(key, (float(bound.burst), now))
            left = min(float(bound.burst), left + (now - at) * bound.a_minute / 60)
            if left < 1:
                raise TooFast(max(1, round((1 - left) * 60 / bound.a_minute)))
            found.append((key, left - 1))
        if len(_left) > _MOST:
            _left.clear()
        for key, left in found:
            _left[key] = (left, now)


def network_of(address: str) -> str:
    """The block that an address lies in: 256 neighbours, and with IPv6 the network of a household."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(known, ipaddress.IPv6Address) and known.ipv4_mapped:
        known = known.ipv4_mapped
    bits = 24 if isinstance(known, ipaddress.IPv4Address) else 64
    return str(ipaddress.ip_network((known, bits), strict=False))


def forget() -> None:
    """Let everybody begin anew; for tests."""
    with _lock:
        _left.clear()
