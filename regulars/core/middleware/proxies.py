"""Who really calls, where a proxy stands before the shop: its word counts, and nobody else's."""

from __future__ import annotations

import ipaddress
import logging
from collections.abc import Callable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

logger = logging.getLogger("regulars.proxies")

_CLAIMS = (
    "HTTP_X_FORWARDED_FOR",
    "HTTP_X_FORWARDED_PROTO",
    "HTTP_X_FORWARDED_HOST",
    "HTTP_X_FORWARDED_PORT",
    "HTTP_X_REAL_IP",
    "HTTP_FORWARDED",
)
_MOST_STEPS = 20  # proxies in a row that are looked at
_MOST_WARNINGS = 20


class Proxies:
    """Sets REMOTE_ADDR to the caller's address, and lets X-Forwarded-Proto say that the way to the proxy was HTTPS.

    Both only where the connection comes from REGULARS_PROXIES; else whatever claims such things is taken off, so that
    nobody chooses the address that counts against their failed sign-ins.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        self._warned: set[str] = set()

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        peer = _address(request.META.get("REMOTE_ADDR", ""))
        if peer is not None and _is_trusted(peer):
            request.META["REMOTE_ADDR"] = caller(str(peer), request.META.get("HTTP_X_FORWARDED_FOR", ""))
            return self.get_response(request)
        if settings.SECURE_PROXY_SSL_HEADER and "HTTP_X_FORWARDED_PROTO" in request.META:
            self._warn(str(peer))
        for claim in _CLAIMS:
            request.META.pop(claim, None)
        return self.get_response(request)

    def _warn(self, peer: str) -> None:
        """Say which address to name: without it, pages would be sent on to HTTPS for ever."""
        if peer in self._warned or len(self._warned) >= _MOST_WARNINGS:
            return
        self._warned.add(peer)
        logger.warning("%s says that it forwards for others. If it is your proxy, name it in REGULARS_PROXIES.", peer)


def caller(peer: str, forwarded_for: str) -> str:
    """The last address in X-Forwarded-For that is none of our proxies; the proxy itself where that cannot be read."""
    known = peer
    for step in reversed(forwarded_for.split(",")[-_MOST_STEPS:]):
        address = _address(step)
        if address is None:
            return known
        known = str(address)
        if not _is_trusted(address):
            return known
    return known


def _is_trusted(address: IPv4Address | IPv6Address) -> bool:
    networks: Sequence[IPv4Network | IPv6Network] = settings.TRUSTED_PROXIES
    return any(address in network for network in networks)


def _address(text: str) -> IPv4Address | IPv6Address | None:
    """An address as proxies write it, with or without a port; an IPv4 address in IPv6 clothes is taken out of them."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
